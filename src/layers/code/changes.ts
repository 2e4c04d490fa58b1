import type { Comparison } from '../../github/commits.ts'
import { readFile } from '../../github/contents.ts'
import { listWholeTree, type TreeEntry } from '../../github/trees.ts'
import { type CodeRepository, isPlain } from './repository.ts'
import { diffTrees, type TreeEdit } from './revert.ts'
import { listFolder } from './tree-walk.ts'

/** A comparison lists no more: https://docs.github.com/en/rest/commits/commits#compare-two-commits */
export const listedFiles = 300

/** What differs between two revisions, as far as GitHub tells. */
export interface Changes {
  readonly paths: readonly string[]
  /** those of them at which a submodule's commit is pinned */
  readonly submodules: readonly string[]
  /** false when more differs than is listed */
  readonly isComplete: boolean
}

const workflows = '.github/workflows'

/**
 * What differs between two revisions. A comparison has it all, unless it is cut off or there may be submodules among it,
 * which it does not tell from files: then both trees are read. Of trees that are too large for that, the workflow files are.
 * @param files those of the comparison
 */
export async function findChanges(
  repository: CodeRepository,
  files: Comparison['files'],
  {
    current,
    target,
  }: { current: { readonly sha: string; readonly tree: string }; target: { readonly tree: string } },
): Promise<Changes> {
  if (isPlain(repository)) {
    // the comparison has brought the folders in which they differ
    return changesOf(await diffTrees(repository.git, { from: current.tree, to: target.tree }))
  }
  const paths = files.map(({ path }) => path)
  const isComplete = paths.length < listedFiles
  if (isComplete && (await readFile(repository, { path: '.gitmodules', ref: current.sha })) === undefined)
    return { paths, submodules: [], isComplete }
  const [now, then] = await Promise.all([current, target].map(({ tree }) => listWholeTree(repository, tree)))
  if (now !== undefined && then !== undefined) {
    const changed = changedPaths(now, then)
    const submodules = changed.filter((path) => [now, then].some((tree) => tree.get(path)?.type === 'commit'))
    return { paths: changed, submodules, isComplete: true }
  }
  const [today, before] = await Promise.all(
    [current, target].map(({ tree }) => listFolder(repository, { tree, path: workflows })),
  )
  const others = changedPaths(today ?? new Map(), before ?? new Map()).map((name) => `${workflows}/${name}`)
  return { paths: [...new Set([...paths, ...others])], submodules: [], isComplete }
}

/** The same of what git itself compared. */
export function changesOf(edits: readonly TreeEdit[]): Changes {
  const submodules = edits.filter(({ mode }) => mode === '160000').map(({ path }) => path)
  return { paths: edits.map(({ path }) => path), submodules, isComplete: true }
}

/** What is not the same in both, folders left out. */
function changedPaths(now: ReadonlyMap<string, TreeEntry>, then: ReadonlyMap<string, TreeEntry>): string[] {
  return [...new Set([...now.keys(), ...then.keys()])].filter((path) => {
    const [a, b] = [now.get(path), then.get(path)]
    const isFolder = [a, b].every((entry) => entry === undefined || entry.type === 'tree')
    return !isFolder && (a?.sha !== b?.sha || a?.mode !== b?.mode)
  })
}
