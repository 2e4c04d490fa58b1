import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { runGit } from '../git.ts'
import { openObjectReader } from './object-reader.ts'
import {
  formatCommit,
  formatTag,
  parseCommit,
  parseTag,
  type StoredCommit,
  type StoredTag,
} from './object-text.ts'

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

/** Opens a bare repository that `git init --bare` made. */
export function openGitStore(gitDir: string) {
  const git = (args: readonly string[], options: GitOptions = {}) =>
    runGit({ ...options, args: ['--git-dir', gitDir, ...args] })
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
  const objects = openObjectReader(gitDir)

  const store = {
    gitDir,
    git,

    async readRef(name: string): Promise<Ref | undefined> {
      // a ref is a file of its own until it is packed
      const loose = await readFile(join(gitDir, name), 'utf8').catch(() => '')
      const sha = /^[0-9a-f]{40}$/.exec(loose.trim())?.[0]
      const found = sha && (await objects.find(sha))
      if (found) return { name, sha: found.sha, type: found.type }
      const packed = existsSync(join(gitDir, 'packed-refs')) ? await readRefs(name) : []
      return packed.find((ref) => ref.name === name)
    },

    async listRefs(prefix: string): Promise<readonly Ref[]> {
      return (await readRefs()).filter(({ name }) => name.startsWith(prefix))
    },

    /** Moves a ref from where it was seen ('' when it was not there); false when it is elsewhere by now. */
    async moveRef(name: string, { from, to }: { from: string; to: string }): Promise<boolean> {
      const type = (await objects.find(to))?.type
      const mayPoint = name.startsWith('refs/heads/') ? type === 'commit' : type !== undefined
      const moved = mayPoint ? await moveLooseRef(gitDir, name, { from, to }) : undefined
      if (moved !== undefined) return moved
      return git(['update-ref', name, to, from || '0'.repeat(40)]).then(
        () => true,
        () => false,
      )
    },

    async deleteRef(name: string): Promise<void> {
      await text('update-ref', '-d', name)
    },

    isRefName: async (name: string): Promise<boolean> =>
      /^refs(\/\w[\w-]*)+$/.test(name) || (await maybe('check-ref-format', name)) !== undefined,

    /** The commit that a branch, tag or commit id names. */
    async resolve(revision: string): Promise<string | undefined> {
      if (/^-|[\s:]/.test(revision)) return undefined
      const names = [`refs/heads/${revision}`, `refs/tags/${revision}`, revision]
      for (const name of /^[0-9a-f]{40}$/.test(revision) ? [revision] : names) {
        const found = await objects.find(`${name}^{commit}`)
        if (found !== undefined) return found.sha
      }
      return undefined
    },

    typeOf: async (revision: string) => (await objects.find(revision))?.type,

    async readCommit(revision: string): Promise<StoredCommit> {
      const found = await objects.read(`${revision}^{commit}`)
      if (found === undefined) throw new Error(`${revision} is no commit`)
      return parseCommit(found)
    },

    /** The ids of the commits of a range, newest first. */
    async listRange(
      range: string,
      { count, reverse = false }: { count?: number; reverse?: boolean } = {},
    ): Promise<readonly string[]> {
      const limits = [...(count === undefined ? [] : [`-n${count}`]), ...(reverse ? ['--reverse'] : [])]
      const ids = await text('rev-list', ...limits, range, '--')
      return ids === '' ? [] : ids.split('\n')
    },

    readCommits: (ids: readonly string[]) => Promise.all(ids.map((id) => store.readCommit(id))),

    async log(
      range: string,
      options: { count?: number; reverse?: boolean } = {},
    ): Promise<readonly StoredCommit[]> {
      return store.readCommits(await store.listRange(range, options))
    },

    async isAncestor(older: string, newer: string): Promise<boolean> {
      // mostly it is one commit further
      const found = await objects.read(`${newer}^{commit}`)
      if (found !== undefined && parseCommit(found).parents.includes(older)) return true
      return (await maybe('merge-base', '--is-ancestor', older, newer)) !== undefined
    },

    /** How a commit stands to another: how many each has of its own, and where they part; undefined when they have nothing in common. */
    async compare(base: string, head: string) {
      const counts = await text('rev-list', '--left-right', '--count', `${base}...${head}`, '--')
      const [behind = 0, ahead = 0] = counts.split('\t').map(Number)
      const mergeBase = behind === 0 ? base : ahead === 0 ? head : await maybe('merge-base', base, head)
      return mergeBase === undefined ? undefined : { ahead, behind, mergeBase }
    },

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

    async readBlob(sha: string): Promise<Buffer> {
      const found = await objects.read(sha)
      if (found?.type !== 'blob') throw new Error(`${sha} is no blob`)
      return found.content
    },

    writeBlob: (content: Buffer) => writeObject(gitDir, 'blob', content),

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

    writeCommit: (commit: Omit<StoredCommit, 'sha'>) =>
      writeObject(gitDir, 'commit', Buffer.from(formatCommit(commit))),

    writeTag: (tag: Omit<StoredTag, 'sha'>) => writeObject(gitDir, 'tag', Buffer.from(formatTag(tag))),

    async readTag(sha: string): Promise<StoredTag> {
      const found = await objects.read(sha)
      if (found?.type !== 'tag') throw new Error(`${sha} is no annotated tag`)
      return parseTag(found)
    },

    /** Ends what stays open for it. */
    close: objects.close,
  }
  return store
}

interface GitOptions {
  readonly input?: Buffer
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Moves a ref that is a file of its own, by git's own lock of it, so that a push at the same time is kept out.
 * @returns undefined where git itself has to look: when refs are packed, when the lock is taken, when the name cannot be a file
 */
async function moveLooseRef(
  gitDir: string,
  name: string,
  { from, to }: { from: string; to: string },
): Promise<boolean | undefined> {
  const path = join(gitDir, name)
  const lock = `${path}.lock`
  if (existsSync(join(gitDir, 'packed-refs'))) return undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(lock, `${to}\n`, { flag: 'wx' })
  } catch {
    return undefined
  }
  try {
    const current = await readFile(path, 'utf8').catch(() => '')
    if (current.trim() !== from) return false
    await rename(lock, path)
    return true
  } catch {
    return undefined
  } finally {
    await rm(lock, { force: true })
  }
}

/** Stores an object as git itself does: in a file of its own, which is there whole or not at all. */
async function writeObject(gitDir: string, type: string, content: Buffer): Promise<string> {
  const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])
  const sha = createHash('sha1').update(bytes).digest('hex')
  const folder = join(gitDir, 'objects', sha.slice(0, 2))
  const path = join(folder, sha.slice(2))
  if (existsSync(path)) return sha
  await mkdir(folder, { recursive: true })
  const partial = join(folder, `tmp_obj_${randomUUID()}`)
  await writeFile(partial, deflateSync(bytes))
  await rename(partial, path)
  return sha
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
