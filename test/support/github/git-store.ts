import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface Person {
  readonly name: string
  readonly email: string
  readonly date: Date
}

export interface StoredCommit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  readonly message: string
}

export interface StoredTag {
  readonly sha: string
  readonly object: { readonly sha: string; readonly type: string }
  readonly tag: string
  readonly tagger: Person
  readonly message: string
}

export interface TreeEntry {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly sha: string
  readonly size?: number
}

export interface Ref {
  readonly name: string
  readonly sha: string
  readonly type: string
}

export interface FileChange {
  readonly path: string
  readonly previousPath?: string
  readonly status: 'added' | 'removed' | 'modified' | 'renamed'
  readonly additions: number
  readonly deletions: number
  /** null when the file is gone */
  readonly blob: string | null
}

/** A change to a tree: a file's mode and blob, a folder's tree, or, with null, its end. */
export interface TreeChange {
  readonly path: string
  readonly mode: string
  readonly sha: string | null
}

/** A bare repository on disk, asked and changed by real git. */
export type GitStore = ReturnType<typeof openGitStore>

const commitFormat = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00')

/** Opens a bare repository that `git init --bare` made. */
export function openGitStore(gitDir: string) {
  const git = (args: readonly string[], options: GitOptions = {}) => runGit(gitDir, args, options)
  const text = async (...args: string[]) => (await git(args)).toString('utf8').trimEnd()
  /** @param pattern a whole name, or a folder of names */
  const readRefs = async (...pattern: string[]): Promise<readonly Ref[]> => {
    const lines = await text('for-each-ref', '--format=%(refname) %(objectname) %(objecttype)', ...pattern)
    return lines.split('\n').flatMap((line) => {
      const [name, sha, type] = line.split(' ')
      return name && sha && type ? [{ name, sha, type }] : []
    })
  }
  const maybe = (...args: string[]) => text(...args).catch(() => undefined)

  const store = {
    gitDir,
    git,

    async readRef(name: string): Promise<Ref | undefined> {
      const refs = await readRefs(name)
      return refs.find((ref) => ref.name === name)
    },

    async listRefs(prefix: string): Promise<readonly Ref[]> {
      return (await readRefs()).filter(({ name }) => name.startsWith(prefix))
    },

    /** Moves a ref from where it was seen ('' when it was not there); false when it is elsewhere by now. */
    async moveRef(name: string, { from, to }: { from: string; to: string }): Promise<boolean> {
      return git(['update-ref', name, to, from || '0'.repeat(40)]).then(
        () => true,
        () => false,
      )
    },

    async deleteRef(name: string): Promise<void> {
      await text('update-ref', '-d', name)
    },

    isRefName: async (name: string): Promise<boolean> =>
      (await maybe('check-ref-format', name)) !== undefined,

    /** The commit that a branch, tag or commit id names. */
    async resolve(revision: string): Promise<string | undefined> {
      if (/^-|[\s:]/.test(revision)) return undefined
      const names = [`refs/heads/${revision}`, `refs/tags/${revision}`, revision]
      for (const name of /^[0-9a-f]{40}$/.test(revision) ? [revision] : names) {
        const sha = await maybe('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)
        const found = sha?.split('\n').at(-1)
        if (found !== undefined && /^[0-9a-f]{40}$/.test(found)) return found
      }
      return undefined
    },

    typeOf: (sha: string) => maybe('cat-file', '-t', sha),

    async readCommit(sha: string): Promise<StoredCommit> {
      const [commit] = await store.log(sha, { count: 1 })
      if (commit === undefined) throw new Error(`${sha} is no commit`)
      return commit
    },

    async log(
      range: string,
      { count, skip = 0, reverse = false }: { count?: number; skip?: number; reverse?: boolean } = {},
    ) {
      const limits = [
        ...(count === undefined ? [] : [`-n${count}`]),
        `--skip=${skip}`,
        ...(reverse ? ['--reverse'] : []),
      ]
      const out = await text('log', '-z', `--format=${commitFormat}%x00%x01`, ...limits, range, '--')
      return out.split('\u0001').flatMap((record) => {
        const fields = record.replace(/^\0+/, '').split('\0')
        const [sha, tree, parents, an, ae, ai, cn, ce, ci, message] = fields
        if (!sha || !tree || !ai || !ci) return []
        const commit: StoredCommit = {
          sha,
          tree,
          parents: parents ? parents.split(' ') : [],
          author: { name: an ?? '', email: ae ?? '', date: new Date(ai) },
          committer: { name: cn ?? '', email: ce ?? '', date: new Date(ci) },
          message: (message ?? '').trimEnd(),
        }
        return [commit]
      })
    },

    async isAncestor(older: string, newer: string): Promise<boolean> {
      return (await maybe('merge-base', '--is-ancestor', older, newer)) !== undefined
    },

    mergeBase: (a: string, b: string) => maybe('merge-base', a, b),

    /** The tree of one commit merged into another; undefined when they conflict. */
    async mergeTrees(ours: string, theirs: string): Promise<string | undefined> {
      return (await maybe('merge-tree', '--write-tree', ours, theirs))?.split('\n')[0]
    },

    async count(range: string): Promise<number> {
      return Number(await text('rev-list', '--count', range, '--'))
    },

    /** What changed from one tree or commit to another, with renames as GitHub shows them. */
    async diff(from: string, to: string): Promise<readonly FileChange[]> {
      const raw = await text('diff-tree', '-r', '-z', '-M', '--raw', '--numstat', from, to)
      return parseDiff(raw)
    },

    /** @param under only what is at or below this path, and the folders above it: a large tree is not read for one file */
    async readTree(
      sha: string,
      { recursive, under }: { recursive: boolean; under?: string },
    ): Promise<readonly TreeEntry[]> {
      const which = under === undefined ? [] : ['--', under]
      const out = await text(
        'ls-tree',
        '-z',
        '-l',
        '--full-tree',
        ...(recursive ? ['-r', '-t'] : []),
        sha,
        ...which,
      )
      return out.split('\0').flatMap((line) => {
        const [, mode, type, id, size, path] = /^(\d+) (\w+) ([0-9a-f]+) +(\S+)\t(.*)$/s.exec(line) ?? []
        if (!mode || !type || !id || !path) return []
        return [{ mode, type, sha: id, path, ...(size !== '-' && { size: Number(size) }) }]
      })
    },

    readBlob: (sha: string) => git(['cat-file', 'blob', sha]),

    async writeBlob(content: Buffer): Promise<string> {
      return (await git(['hash-object', '-w', '--stdin'], { input: content })).toString('utf8').trim()
    },

    async writeTree(base: string | undefined, changes: readonly TreeChange[]): Promise<string> {
      const env = { GIT_INDEX_FILE: join(gitDir, `index-${randomUUID()}`) }
      try {
        await git(base === undefined ? ['read-tree', '--empty'] : ['read-tree', base], { env })
        const isFolder = ({ mode, sha }: TreeChange) => sha !== null && mode === '040000'
        for (const { path, sha } of changes.filter((each) => each.sha === null || isFolder(each))) {
          const remove = ['--literal-pathspecs', 'rm', '-r', '--cached', '--quiet', '--ignore-unmatch']
          await git([...remove, '--', path], { env })
          if (sha !== null) await git(['read-tree', '-i', `--prefix=${path}/`, sha], { env })
        }
        // files last: they change the folders that are put in place by the same request
        const files = changes.filter((each) => each.sha !== null && !isFolder(each))
        const lines = files.map(({ path, mode, sha }) => `${mode} ${sha}\t${path}\0`)
        await git(['update-index', '-z', '--index-info'], {
          env,
          input: Buffer.from(lines.join('')),
        })
        return (await git(['write-tree'], { env })).toString('utf8').trim()
      } finally {
        await rm(env.GIT_INDEX_FILE, { force: true })
      }
    },

    async writeCommit(commit: Omit<StoredCommit, 'sha'>): Promise<string> {
      const parents = commit.parents.map((parent) => `parent ${parent}\n`).join('')
      const people = `author ${identity(commit.author)}\ncommitter ${identity(commit.committer)}\n`
      return writeObject(git, 'commit', `tree ${commit.tree}\n${parents}${people}\n${commit.message}`)
    },

    async writeTag({ object, tag, tagger, message }: Omit<StoredTag, 'sha'>): Promise<string> {
      const head = `object ${object.sha}\ntype ${object.type}\ntag ${tag}\ntagger ${identity(tagger)}\n`
      return writeObject(git, 'tag', `${head}\n${message}`)
    },

    async readTag(sha: string): Promise<StoredTag> {
      const raw = await text('cat-file', 'tag', sha)
      const match =
        /^object (?<sha>\w+)\ntype (?<type>\w+)\ntag (?<tag>.+)\ntagger (?<name>.*) <(?<email>.*)> (?<at>\d+) [+-]\d+\n\n?(?<message>[\s\S]*)$/.exec(
          raw,
        )?.groups
      if (match === undefined) throw new Error(`${sha} is no annotated tag`)
      const { sha: object = '', type = '', tag = '', name = '', email = '', at = '0', message = '' } = match
      const tagger = { name, email, date: new Date(Number(at) * 1000) }
      return { sha, object: { sha: object, type }, tag, tagger, message }
    },
  }
  return store
}

interface GitOptions {
  readonly input?: Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** Runs git on a bare repository with none of the user's own settings. @throws Error with what git said */
export function runGit(
  gitDir: string,
  args: readonly string[],
  { input, env = {} }: GitOptions = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['--git-dir', gitDir, ...args], {
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    const said: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out))
      else
        reject(new Error(`git ${args.join(' ')} ended with ${code}: ${Buffer.concat(said).toString('utf8')}`))
    })
  })
}

async function writeObject(
  git: (args: readonly string[], options: GitOptions) => Promise<Buffer>,
  type: string,
  content: string,
): Promise<string> {
  const sha = await git(['hash-object', '-w', '-t', type, '--stdin'], { input: Buffer.from(content) })
  return sha.toString('utf8').trim()
}

function identity({ name, email, date }: Person): string {
  const clean = (value: string) => value.replace(/[<>\n]/g, '')
  return `${clean(name)} <${clean(email)}> ${Math.floor(date.getTime() / 1000)} +0000`
}

const statuses = { A: 'added', D: 'removed', M: 'modified', T: 'modified', R: 'renamed' } as const

/** `git diff-tree -z --raw --numstat`: first a raw record for each file, then a numstat record for each in the same order. */
function parseDiff(raw: string): readonly FileChange[] {
  const fields = raw.split('\0')
  const changes: Omit<FileChange, 'additions' | 'deletions'>[] = []
  let index = 0
  while (fields[index]?.startsWith(':')) {
    const [, , , blob = null, status = ''] = fields[index]?.split(' ') ?? []
    const letter = status[0] as keyof typeof statuses
    const isRename = letter === 'R'
    const [first = '', second = ''] = [fields[index + 1], fields[index + 2]]
    changes.push({
      path: isRename ? second : first,
      status: statuses[letter],
      blob: letter === 'D' ? null : blob,
      ...(isRename && { previousPath: first }),
    })
    index += isRename ? 3 : 2
  }
  return changes.map((change) => {
    const [additions = '0', deletions = '0', path] = (fields[index] ?? '').split('\t')
    // a rename's numstat has an empty path, followed by the old and the new one
    index += path === '' ? 3 : 1
    return { ...change, additions: Number(additions) || 0, deletions: Number(deletions) || 0 }
  })
}
