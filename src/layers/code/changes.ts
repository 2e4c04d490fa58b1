import type { Comparison } from '../../github/compare.ts'
import { readFile } from '../../github/contents.ts'
import type { TreeEntry } from '../../github/trees.ts'
import { isSamePair, type PathPair } from './paths.ts'
import { compareTrees } from './plain/trees.ts'
import { type CodeRepository, isPlain, listWholeTree } from './repository.ts'
import type { TreeEdit } from './revert.ts'
import { listFolder } from './tree-walk.ts'

/** A comparison lists no more: https://docs.github.com/en/rest/commits/commits#compare-two-commits */
export const listedFiles = 300

/** What differs between two revisions, as far as it can be read. */
export interface Changes {
  readonly paths: readonly string[]
  /** those of them at which a submodule's commit is pinned */
  readonly submodules: readonly string[]
  /** false when more differs than is listed */
  readonly isComplete: boolean
}

const workflows = '.github/workflows'

interface Compared {
  /** what the branch has now */
  readonly current: { readonly sha: string; readonly tree: string }
  /** what it is to have */
  readonly target: { readonly tree: string }
}

/**
 * What differs between two revisions. A comparison has it all, unless it is cut off or there may be submodules among it,
 * which it does not distinguish from files: then both trees are read. Of trees that are too large for that, the workflow files are.
 * @param files those of a comparison of the two; undefined where there is none, as it compares with where they parted
 */
export async function findChanges(
  repository: CodeRepository,
  files: Comparison['files'] | undefined,
  { current, target }: Compared,
): Promise<Changes> {
  if (isPlain(repository)) {
    const range = { from: current.tree, to: target.tree }
    return changesOf(await repository.inTurn(() => compareTrees(repository, range)))
  }
  const paths = (files ?? []).map(({ path }) => path)
  const isComplete = files !== undefined && paths.length < listedFiles
  if (isComplete && !(await hasSubmodules(repository, current.sha)))
    return { paths, submodules: [], isComplete }
  const whole = (sha: string) => ({ mode: '040000', type: 'tree', sha }) as const
  const changes = await changesAt(repository, [
    { path: '', now: whole(current.tree), before: whole(target.tree) },
  ])
  if (changes.isComplete) return changes
  const [today, before] = await Promise.all(
    [current, target].map(({ tree }) => listFolder(repository, { tree, path: workflows })),
  )
  const others = changedPaths(today ?? new Map(), before ?? new Map()).map((name) => `${workflows}/${name}`)
  return { paths: [...new Set([...paths, ...others])], submodules: [], isComplete }
}

/** True where a revision may have submodules. Plain git distinguishes them from files. */
export async function hasSubmodules(repository: CodeRepository, sha: string): Promise<boolean> {
  if (isPlain(repository)) return false
  return (await readFile(repository, { path: '.gitmodules', ref: sha })) !== undefined
}

/** What differs at some paths, and in the folders there. Of one that is too large to be read, only the folder itself is listed. */
export async function changesAt(repository: CodeRepository, pairs: readonly PathPair[]): Promise<Changes> {
  const found = await Promise.all(
    pairs.filter((pair) => !isSamePair(pair)).map((pair) => changesOfPair(repository, pair)),
  )
  return {
    paths: found.flatMap(({ paths }) => paths),
    submodules: found.flatMap(({ submodules }) => submodules),
    isComplete: found.every(({ isComplete }) => isComplete),
  }
}

async function changesOfPair(
  repository: CodeRepository,
  { path, now: current, before: target }: PathPair,
): Promise<Changes> {
  const [now, then] = await Promise.all([current, target].map((entry) => filesAt(repository, path, entry)))
  if (now === undefined || then === undefined) return { paths: [path], submodules: [], isComplete: false }
  const paths = changedPaths(now, then)
  const isModule = (each: string) => [now, then].some((tree) => tree.get(each)?.type === 'commit')
  return { paths, submodules: paths.filter(isModule), isComplete: true }
}

/** What an entry of a tree holds, by path from the root: itself, or all in its folder; undefined when that is too much. */
async function filesAt(
  repository: CodeRepository,
  path: string,
  entry: TreeEntry | undefined,
): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
  if (entry === undefined) return new Map()
  if (entry.type !== 'tree') return new Map([[path, entry]])
  const tree = await listWholeTree(repository, entry.sha)
  const above = path === '' ? '' : `${path}/`
  return tree && new Map([...tree].map(([name, each]) => [`${above}${name}`, each]))
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
