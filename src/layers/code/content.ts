import type { TreeEdit, TreeEntry } from '../../github/trees.ts'
import type { Git } from './command.ts'
import { isSamePair, type PathPair } from './paths.ts'
import { type CodeRepository, createTree } from './repository.ts'
import type { RevertedTree } from './revert.ts'

/** What a rollback puts on the branch: a tree that the repository has, or the head's with some paths changed. */
export type Content =
  | { readonly kind: 'tree'; readonly tree: string }
  | { readonly kind: 'edits'; readonly base: string; readonly edits: readonly TreeEdit[] }

/** The tree of a content; made, where there is none yet, which changes nothing. */
export async function treeOf(repository: CodeRepository, content: Content): Promise<string> {
  return content.kind === 'tree' ? content.tree : createTree(repository, content)
}

/** The head's content with some paths as they were. Paths that are the same in both are left out. */
export function contentOfPaths(head: string, pairs: readonly PathPair[]): Content {
  const changed = pairs.filter((pair) => !isSamePair(pair))
  return {
    kind: 'edits',
    base: head,
    edits: changed.map(({ path, before }) => ({ path, entry: before ?? null })),
  }
}

/** The head's content with some files edited; they keep their modes. */
export function contentOfEdits(
  head: string,
  pairs: readonly PathPair[],
  edited: ReadonlyMap<string, Uint8Array>,
): Content {
  const edits = pairs.flatMap(({ path, now }): readonly TreeEdit[] => {
    const content = edited.get(path)
    return content === undefined ? [] : [{ path, mode: now?.mode ?? '100644', content }]
  })
  return { kind: 'edits', base: head, edits }
}

/** The content that a revert leaves. Files that a merge made anew are sent; all others the repository has. */
export async function contentOfRevert(
  git: Git,
  { head, reverted }: { head: string; reverted: RevertedTree },
): Promise<Content> {
  const base = (await git.run(['rev-parse', `${head}^{tree}`])).trim()
  const known = await knownObjects(git)
  const edits = await Promise.all(
    reverted.edits.map(async ({ path, mode, blob }): Promise<TreeEdit> => {
      if (blob === null) return { path, entry: null }
      const entry = entryOf(mode, blob)
      // the pointer of a submodule names a commit of another repository: there is nothing to read
      if (entry.type === 'commit' || known.has(blob)) return { path, entry }
      return { path, mode: entry.mode, content: await git.read(blob) }
    }),
  )
  return { kind: 'edits', base, edits }
}

/** Every object that the other side has: those that came, and those that are promised, which git marks with `?`. */
async function knownObjects(git: Git): Promise<ReadonlySet<string>> {
  const what = ['--objects', '--no-object-names', '--missing=print', 'FETCH_HEAD']
  const lines = (await git.run(['rev-list', ...what])).split('\n')
  return new Set(lines.map((line) => line.replace('?', '')))
}

function entryOf(mode: string, sha: string): TreeEntry {
  if (mode === '160000') return { mode, type: 'commit', sha }
  if (mode === '100755' || mode === '120000') return { mode, type: 'blob', sha }
  return { mode: '100644', type: 'blob', sha }
}
