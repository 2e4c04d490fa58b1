import type { Comparison } from '../github/commits.ts'
import type { CodeRepository } from './repository.ts'
import { listFolder } from './tree-walk.ts'

/** A comparison lists no more: https://docs.github.com/en/rest/commits/commits#compare-two-commits */
export const listedFiles = 300

const workflows = '.github/workflows'

/**
 * The paths that differ between two trees, as a comparison lists them; where it may have left some out, the workflow files
 * among them are read from the trees.
 */
export async function changedPaths(
  repository: CodeRepository,
  files: Comparison['files'],
  { current, target }: { current: string; target: string },
): Promise<readonly string[]> {
  const listed = files.map(({ path }) => path)
  if (listed.length < listedFiles) return listed
  const [today, before] = await Promise.all(
    [current, target].map((tree) => listFolder(repository, { tree, path: workflows })),
  )
  const names = new Set([...(today?.keys() ?? []), ...(before?.keys() ?? [])])
  const changed = [...names].filter((name) => today?.get(name)?.sha !== before?.get(name)?.sha)
  return [...new Set([...listed, ...changed.map((name) => `${workflows}/${name}`)])]
}
