import { type Message, message, RefusedError } from '../errors.ts'
import type { Event, LayerName } from '../history/event.ts'
import { describeHold, findHold, lookForLabels } from '../history/hold.ts'
import { findRollbacks } from '../layers/code/earlier.ts'
import { type CodeRepository, isPlain, readCommit } from '../layers/code/repository.ts'
import { type GuardedRollback, type GuardLimits, type Refusal, refusalOf } from './guard.ts'
import { isUnfinished } from './record.ts'

/** A rollback that is about to be applied. */
export interface Intent {
  readonly environment: string
  readonly incident: string
  /** the failed revision */
  readonly revision: string
  /** not requested by a person */
  readonly automatic: boolean
  /** the layers to roll back; undefined for all that the deployment changed */
  readonly layers: readonly LayerName[] | undefined
  /** what is taken away, as the history names it, where a layer has several targets */
  readonly from?: readonly string[]
  /** the only paths of the code to restore; undefined for all */
  readonly paths?: readonly string[] | undefined
  /** how many commits are undone; undefined before the plan is made */
  readonly undoneCount?: number | undefined
  /** it undoes a rollback */
  readonly takesBack?: boolean
  /** why the plan must not be applied automatically; empty or absent if it may be */
  readonly needsApproval?: readonly string[]
  /** it is what began before, leaves the layers as they are, or is a rehearsal; undefined where only the history shows it */
  readonly isAgreed?: boolean
}

export interface GuardOptions {
  readonly limits: GuardLimits
  /** why the workflow holds automatic rollbacks; '' if it does not */
  readonly hold: string
  /** the history, all of it; read only when it is needed */
  readonly readHistory: () => Promise<readonly Event[]>
  /** false before anything is planned: neither the age of the failed revision nor what it is counts yet */
  readonly isPlanned?: boolean
  /** ms since the epoch */
  readonly now: number
  /** receives messages about holds that do not count or could not be read */
  readonly log: (line: string) => void
}

/**
 * Checks the guards of a rollback: reads the facts they need, and evaluates each.
 * @returns the first guard that does not allow it; undefined if all do
 */
export async function findRefusal(
  repository: CodeRepository,
  intent: Intent,
  { limits, hold, readHistory, isPlanned = true, now, log }: GuardOptions,
): Promise<Refusal | undefined> {
  if (!intent.automatic) return undefined
  const { environment, incident, revision } = intent
  // only GitHub has labels that hold
  if (!isPlain(repository) && hold === '') lookForLabels(repository, environment)
  const past = await readHistory()
  const own = past.filter((event) => event.incident === incident)
  const isResumed = intent.isAgreed ?? isUnfinished(own, intent.layers)
  const [commit, answer] = await Promise.all([
    isPlanned && !isResumed ? readCommit(repository, revision) : undefined,
    findHold(isPlain(repository) ? undefined : repository, { environment, text: hold, events: past }),
  ])
  for (const remark of answer.remarks) log(remark)
  const rollback: GuardedRollback = {
    ...intent,
    from: intent.from,
    paths: intent.paths ?? [],
    undoneCount: intent.undoneCount,
    committedAt: commit?.committedAt,
    isRollback: commit && findRollbacks([commit]).length > 0,
    takesBack: intent.takesBack === true,
    needsApproval: intent.needsApproval ?? [],
    isResumed,
    hold: answer.hold && describeHold(answer.hold),
  }
  return refusalOf(rollback, { limits, past, now })
}

/** The way past a guard. */
export function describeRefusal({ because }: Refusal): Message {
  return message`manual approval required: ${because}. Check the plan, and run the rollback manually if it is needed`
}

/** @throws RefusedError that names the guard and the way past it */
export async function demandAllowed(
  repository: CodeRepository,
  intent: Intent,
  options: GuardOptions,
): Promise<void> {
  const refusal = await findRefusal(repository, intent, options)
  if (refusal !== undefined) throw new RefusedError(describeRefusal(refusal))
}
