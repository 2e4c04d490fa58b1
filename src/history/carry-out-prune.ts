import { ConflictError, InputError, message, setting, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { commitFiles } from '../github/commit-files.ts'
import { readFolder } from '../github/folder.ts'
import { readRef } from '../github/ref.ts'
import { count } from '../text/count.ts'
import { historyFolder } from './branch-history.ts'
import { planPrune } from './prune.ts'

const dayMs = 24 * 60 * 60_000
/** Guards look back for days, and people for weeks. */
const leastDays = 90
const tries = 5

export interface PruneOptions {
  /** of the history */
  readonly branch: string
  /** events of so many days are kept */
  readonly retentionDays: number
  readonly now: Date
  readonly log: (line: string) => void
}

/** What was done. */
export interface Pruned {
  readonly removed: number
  /** months that were written anew */
  readonly months: number
}

/**
 * Prunes a history: a commit for each month, each only if nobody else has written since the history was read. Killed between two of
 * them, or done again, it loses nothing: the next run does what is left.
 * @throws InputError for a time that is too short, UnavailableError when others kept writing
 */
export async function pruneHistory(
  repository: Repository,
  { branch, retentionDays, now, log }: PruneOptions,
): Promise<Pruned> {
  if (retentionDays < leastDays)
    throw new InputError(
      message`${setting('retention-days')} is ${retentionDays}; write at least ${leastDays}`,
    )
  const done = { removed: 0, months: 0 }
  for (let n = 0; n < tries; n += 1) {
    const head = await readRef(repository, `heads/${branch}`)
    if (head === undefined) return done
    const files = await readFolder(repository, { ...historyFolder(branch), ref: head })
    const { steps, left } = planPrune(files, { before: new Date(now.getTime() - retentionDays * dayMs), now })
    if (n === 0) for (const path of left) log(`${path} stays as it is: it has a line that cannot be read`)
    try {
      let from = head
      for (const { message: said, additions, deletions, removed } of steps) {
        from = (await commitFiles(repository, { branch, from, message: said, additions, deletions })) ?? from
        log(said)
        done.removed += removed
        done.months += 1
      }
      log(`pruned: ${count(done.removed, 'event')} removed, ${count(done.months, 'month')} rewritten`)
      return done
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
  throw new UnavailableError(
    `the history was pruned in part: others kept writing to the branch ${branch}, ${tries} tries; run it again`,
  )
}
