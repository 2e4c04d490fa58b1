import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runGit } from '../git.ts'
import { moveLooseRef, writeObject } from './loose-files.ts'
import { openObjectReader } from './object-reader.ts'
import {
  formatCommit,
  formatTag,
  parseCommit,
  parseTag,
  type StoredCommit,
  type StoredTag,
} from './object-text.ts'
import { changeTree, openTreeStore, type TreeEntry, walkTree } from './tree-store.ts'

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
  const trees = openTreeStore(gitDir, objects)

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

    /** The ids of the commits of a range, newest first. @param path only those that touch it */
    async listRange(
      range: string,
      { count, reverse = false, path }: { count?: number; reverse?: boolean; path?: string } = {},
    ): Promise<readonly string[]> {
      const limits = [...(count === undefined ? [] : [`-n${count}`]), ...(reverse ? ['--reverse'] : [])]
      const paths = path === undefined ? [] : [`:(literal)${path}`]
      const ids = await text('rev-list', ...limits, range, '--', ...paths)
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
      if (!recursive || under !== undefined) return walkTree({ trees, objects }, sha, { recursive, under })
      const out = await text('ls-tree', '-z', '-l', '--full-tree', '-r', '-t', sha)
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
      const isFolder = ({ mode, sha }: TreeChange) => sha !== null && mode === '040000'
      // what goes makes room first, then come folders, and then the files that are put into these by the same request
      const steps = [
        changes.filter(({ sha }) => sha === null),
        changes.filter(isFolder),
        changes.filter((each) => each.sha !== null && !isFolder(each)),
      ]
      let tree = base === undefined ? undefined : (await objects.find(`${base}^{tree}`))?.sha
      if (base !== undefined && tree === undefined) throw new Error(`${base} has no tree`)
      for (const step of steps.filter(({ length }) => length > 0)) {
        const entries = step.map(({ path, mode, sha }) => ({
          names: Buffer.from(path).toString('latin1').split('/'),
          entry: sha === null ? null : { mode, sha },
        }))
        tree = await changeTree(trees, tree, entries)
      }
      return tree ?? trees.write(new Map())
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
