import type { Commit } from '../../github/commits.ts'
import { readMessage, type ToldRollback } from './message.ts'
import { type CodeRepository, compareHistories, readCommit } from './repository.ts'

/** A rollback that is on the branch already. */
export interface EarlierRollback extends ToldRollback {
  readonly commit: Commit
}

/** What became of a rollback since it was made. */
export interface Aftermath {
  /** what came on top of it, oldest first */
  readonly since: readonly Commit[]
  /** the one of these that brought back what the rollback had undone; undefined while the rollback holds */
  readonly takenBackBy: Commit | undefined
}

/** The rollbacks among the newest commits of a branch, newest first. A commit that only claims to be one does not count: its parent decides. */
export function findRollbacks(recent: readonly Commit[]): readonly EarlierRollback[] {
  return recent.flatMap((commit) => {
    const said = readMessage(commit.message)
    return said !== undefined && commit.parents[0] === said.from ? [{ commit, ...said }] : []
  })
}

/** Checks whether a rollback still holds: people may have gone on from it, or taken it back. */
export async function lookAfter(
  repository: CodeRepository,
  { commit, from }: Pick<EarlierRollback, 'commit' | 'from'>,
  head: string,
): Promise<Aftermath> {
  if (commit.sha === head) return { since: [], takenBackBy: undefined }
  const { commits: since } = await compareHistories(repository, { base: commit.sha, head })
  const { tree: undoneTree } = await readCommit(repository, from)
  let takenBackBy: Commit | undefined
  for (const each of since) {
    if (each.tree === undoneTree || each.message.includes(`This reverts commit ${commit.sha}`))
      takenBackBy = each
    else if (each.tree === commit.tree) takenBackBy = undefined
  }
  return { since, takenBackBy }
}
