import { RefusedError } from '../../errors.ts'
import type { Event } from '../../history/event.ts'
import { demandNoHold } from '../../history/hold.ts'
import { demandGuards, type Guards } from './guards.ts'
import type { RollbackPlan } from './plan.ts'
import { type CodeRepository, isPlain, readCommit } from './repository.ts'

export interface AutomaticRun {
  readonly environment: string
  /** the failed revision */
  readonly revision: string
  readonly guards: Guards
  /** why the workflow holds automatic rollbacks; '' if it does not */
  readonly hold: string
  /** the history, all of it; read only when it is needed */
  readonly readHistory: () => Promise<readonly Event[]>
  /** ms since the epoch */
  readonly now: number
  readonly log: (line: string) => void
}

/**
 * Holds a plan that no person asked for against the guards. Bringing the undone work back as a draft is always allowed.
 * @throws RefusedError that names the guard and the way past it
 */
export async function demandAutomatic(
  repository: CodeRepository,
  plan: RollbackPlan,
  { environment, revision, guards, hold, readHistory, now, log }: AutomaticRun,
): Promise<void> {
  if (plan.mode === 'undo') throw needsPerson()
  if (plan.mode === 'reapply') return
  const [bad, past] = await Promise.all([readCommit(repository, revision), readHistory()])
  // only GitHub has labels that hold
  const labels = isPlain(repository) ? undefined : repository
  await demandNoHold(labels, { environment, text: hold, events: past }, log)
  const { undoneCount, badIsRollback } = plan
  demandGuards(
    { environment, undoneCount, badCommittedAt: bad.committedAt, badIsRollback },
    { guards, past, now },
  )
}

/** What takes a rollback back is asked for by a person. @throws RefusedError when it is not */
export function demandPerson(byHand: boolean): void {
  if (!byHand) throw needsPerson()
}

function needsPerson(): RefusedError {
  return new RefusedError(
    'a rollback is not taken back without a person: look at it, and run this by hand if it is right',
  )
}
