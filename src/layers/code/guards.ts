import ms from 'ms'
import { message, RefusedError, setting } from '../../errors.ts'
import type { Event } from '../../history/event.ts'

/** What keeps a machine from rolling back too much, too often or the wrong thing. A person may do all of it. */
export interface Guards {
  /** commits that one automatic rollback may undo at most */
  readonly maxCommits: number
  /** how old the failed revision may be at most, ms; undefined for any age */
  readonly maxAgeMs: number | undefined
  /** automatic rollbacks of the environment within 24 hours */
  readonly dailyCap: number
}

export interface GuardedRollback {
  readonly environment: string
  readonly undoneCount: number
  /** when the failed revision was committed */
  readonly badCommittedAt: Date
  /** the failed revision is itself a rollback */
  readonly badIsRollback: boolean
}

/**
 * Holds an automatic rollback against its guards.
 * @param past events of at least the last 24 hours
 * @param now ms since the epoch
 * @throws RefusedError that names the guard and the way past it
 */
export function demandGuards(
  { environment, undoneCount, badCommittedAt, badIsRollback }: GuardedRollback,
  { guards, past, now }: { guards: Guards; past: readonly Event[]; now: number },
): void {
  const byHand = 'look at it, and run the rollback by hand if it is right'
  if (badIsRollback)
    throw new RefusedError(
      `the failed revision is itself a rollback, and one is not rolled back by a machine: ${byHand}`,
    )
  if (undoneCount > guards.maxCommits) {
    throw new RefusedError(
      message`the rollback would undo ${undoneCount} commits, and ${setting('code.max-commits')} allows ${guards.maxCommits} without a person: ${byHand}`,
    )
  }
  const age = now - badCommittedAt.getTime()
  if (guards.maxAgeMs !== undefined && age > guards.maxAgeMs) {
    throw new RefusedError(
      message`the failed revision is ${ms(age, { long: true })} old, and ${setting('rollback.max-age')} allows ${ms(guards.maxAgeMs, { long: true })}: what broke is likely something else; ${byHand}`,
    )
  }
  const today = new Set(
    past.flatMap((event) => {
      const counts = event.kind === 'rollback-applied' && event.automatic && event.environment === environment
      return counts && now - Date.parse(event.at) < ms('24h') ? [event.incident] : []
    }),
  )
  if (today.size >= guards.dailyCap) {
    throw new RefusedError(
      message`${environment} was rolled back automatically ${today.size} times within 24 hours, and ${setting('rollback.daily-cap')} allows ${guards.dailyCap}: ${byHand}`,
    )
  }
}
