import type { Commit } from '../../github/commits.ts'
import { type Changes, findChanges } from './changes.ts'
import { isBelow } from './paths.ts'
import { type CodeRepository, compareCommits, readCommit } from './repository.ts'
import { findLaterWarnings, type Warning } from './warnings.ts'

interface Undone {
  /** the failed revision */
  readonly bad: string
  /** what the branch has now */
  readonly current: Pick<Commit, 'sha' | 'tree'>
  /** all that is undone, as far as it is listed */
  readonly undone: readonly Commit[]
  /** those of them that came after the failed revision */
  readonly collateral: readonly Commit[]
  /** the only paths that go back; empty for all */
  readonly paths: readonly string[]
}

/** What among the changes after the failed revision, which are undone with it, needs a second look. */
export async function warnOfLater(
  repository: CodeRepository,
  { bad, current, undone, collateral, paths }: Undone,
): Promise<readonly Warning[]> {
  if (collateral.length === 0) return []
  const [{ files }, failed] = await Promise.all([
    compareCommits(repository, { base: bad, head: current.sha }),
    undone.find(({ sha }) => sha === bad) ?? readCommit(repository, bad),
  ])
  const changes = await findChanges(repository, files, { current, target: failed })
  return findLaterWarnings(within(changes, paths))
}

function within(changes: Changes, paths: readonly string[]): Changes {
  if (paths.length === 0) return changes
  return { ...changes, paths: changes.paths.filter((path) => isBelow(path, paths)) }
}
