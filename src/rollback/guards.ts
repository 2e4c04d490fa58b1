import { RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readCommit } from '../github/commits.ts'
import type { Event } from '../history/event.ts'
import { demandNoHold } from '../history/hold.ts'
import { demandGuards } from '../layers/code/guards.ts'
import { type Plan, viewsOf } from './plan.ts'

/** What keeps a machine from rolling back what it should not, or too often. A person may do all of it. */
export interface AutomaticRules {
  readonly environment: string
  readonly incident: string
  /** the failed revision */
  readonly revision: string
  /** commits that one rollback may undo */
  readonly maxCommits: number
  /** how old the failed revision may be, ms */
  readonly maxAgeMs: number
  /** automatic rollbacks of the environment within 24 hours */
  readonly dailyCap: number
  /** why the workflow holds automatic rollbacks; '' if it does not */
  readonly hold: string
  /** the rollback began before, and was held against the other guards then, or is a rehearsal: only a hold may stop it */
  readonly isAgreed: boolean
  /** the history, all of it */
  readonly events: readonly Event[]
  /** ms since the epoch */
  readonly now: number
  readonly log: (line: string) => void
}

/**
 * Holds a rollback that no person asked for against its guards: no hold, once a revision, not too often, not too much, not
 * for an old revision.
 * @throws RefusedError that names the guard and the way past it
 */
export async function demandAutomatic(
  repository: Repository,
  plan: Plan,
  rules: AutomaticRules,
): Promise<void> {
  const { environment, incident, revision, events, now, log } = rules
  const byHand = 'look at it, and run the rollback by hand if it is right'
  await demandNoHold(repository, { environment, text: rules.hold, events }, log)
  if (rules.isAgreed) return
  const before = events.find(
    (event) => event.kind === 'rollback-ended' && event.incident === incident && event.outcome === 'complete',
  )
  if (before !== undefined) {
    throw new RefusedError(
      `${revision.slice(0, 7)} was rolled back from ${environment} at ${before.at} and is there again, and a machine does that once: ${byHand}`,
    )
  }
  const { committedAt } = await readCommit(repository, revision)
  const code = viewsOf(plan).find(({ layer }) => layer === 'code')
  const undoneCount = code?.undoneCount ?? code?.undone.length ?? 0
  demandGuards(
    // the code layer says for itself when the failed revision is a rollback
    { environment, undoneCount, badCommittedAt: committedAt, badIsRollback: false },
    { guards: rules, past: events, now },
  )
}
