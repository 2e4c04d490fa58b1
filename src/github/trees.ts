import { type Repository, repeatable } from './client.ts'
import { askedOnce } from './once.ts'
import { explained, isRefused } from './refusal.ts'

/** What a path of a tree is: a file, a folder or a submodule's commit, with git's mode of it. */
export interface TreeEntry {
  readonly mode: '100644' | '100755' | '040000' | '160000' | '120000'
  readonly type: 'blob' | 'tree' | 'commit'
  readonly sha: string
}

/** What is to be at a path: an entry that the repository has, new content, or nothing. */
export type TreeEdit = { readonly path: string } & (
  | { readonly entry: TreeEntry }
  | { readonly mode: TreeEntry['mode']; readonly content: Uint8Array }
  | { readonly entry: null }
)

const modes = new Set<string>(['100644', '100755', '040000', '160000', '120000'])

/** The entries of one folder of a tree, by name; undefined when there is no such tree. @param sha the id of a tree */
export const listTree = askedOnce<string, ReadonlyMap<string, TreeEntry> | undefined>(
  (sha) => sha,
  ({ octokit, owner, repo }, sha) =>
    explained(readingTree(sha), async () => {
      try {
        const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: sha })
        return byPath(data.tree)
      } catch (error) {
        if (isRefused(error, 'not-found')) return undefined
        throw error
      }
    }),
)

/** All entries of a tree and the folders below it, by path; undefined when they are more than GitHub lists, 100,000. */
export const listWholeTree = askedOnce<string, ReadonlyMap<string, TreeEntry> | undefined>(
  (sha) => sha,
  ({ octokit, owner, repo }, sha) =>
    explained(readingTree(sha), async () => {
      const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: sha, recursive: '1' })
      return data.truncated ? undefined : byPath(data.tree)
    }),
)

const readingTree = (sha: string) => ({
  doing: `read the tree ${sha.slice(0, 7)}`,
  permission: 'contents: read',
})

function byPath(
  entries: readonly { path: string; mode?: string; type?: string; sha: string }[],
): ReadonlyMap<string, TreeEntry> {
  return new Map(
    entries.flatMap(({ path, ...raw }) => {
      const entry = toTreeEntry(raw)
      return entry === undefined ? [] : [[path, entry] as const]
    }),
  )
}

/** Makes the tree that the edits turn another one into. Nothing points at it yet, so it changes nothing. @returns its id */
export async function createTree(
  { octokit, owner, repo }: Repository,
  { base, edits }: { base: string; edits: readonly TreeEdit[] },
): Promise<string> {
  // an object that nothing points at may be made twice
  const request = repeatable
  return explained({ doing: 'create the tree', permission: 'contents: write' }, async () => {
    const tree = await Promise.all(
      edits.map(async (edit) => {
        const { path } = edit
        if ('content' in edit) {
          const content = Buffer.from(edit.content).toString('base64')
          const blob = { owner, repo, content, encoding: 'base64', request }
          const { data } = await octokit.rest.git.createBlob(blob)
          return { path, mode: edit.mode, type: 'blob' as const, sha: data.sha }
        }
        if (edit.entry === null) return { path, mode: '100644' as const, type: 'blob' as const, sha: null }
        return { path, ...edit.entry }
      }),
    )
    const { data } = await octokit.rest.git.createTree({ owner, repo, base_tree: base, tree, request })
    return data.sha
  })
}

/** An entry as git or GitHub give it; undefined for a mode that only old versions of git wrote. */
export function toTreeEntry({
  mode,
  type,
  sha,
}: {
  readonly mode?: string
  readonly type?: string
  readonly sha: string
}): TreeEntry | undefined {
  return isMode(mode) && isType(type) ? { mode, type, sha } : undefined
}

function isMode(mode: string | undefined): mode is TreeEntry['mode'] {
  return mode !== undefined && modes.has(mode)
}

function isType(type: string | undefined): type is TreeEntry['type'] {
  return type === 'blob' || type === 'tree' || type === 'commit'
}
