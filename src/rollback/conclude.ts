import { sayDuration } from '../text/duration.ts'
import type { RollbackReport } from './carry-out.ts'
import type { Prepared } from './prepare.ts'
import type { RehearsalReport } from './rehearse.ts'

/** What a run came to, in words that programs and people read. */
export interface Conclusion {
  readonly decision:
    | 'complete'
    | 'partial'
    | 'failed'
    | 'undone'
    | 'planned'
    | 'nothing'
    | 'already-rolled-back'
    | 'well'
    | 'rehearsed'
    | 'held'
  /** one word */
  readonly reasonCode: string
  readonly headline: string
  /** what somebody has to look at: the step fails with each; empty when all is well */
  readonly problems: readonly string[]
}

const settled = {
  nothing: ['nothing', 'nothing-changed', 'Nothing to roll back'],
  done: ['already-rolled-back', 'done-before', 'Already rolled back'],
  well: ['well', 'not-failing', 'Not rolled back: nothing is failing'],
  held: ['held', 'guard', 'Not rolled back: a person has to'],
} as const

const headlines = {
  complete: 'Rolled back',
  partial: 'Rolled back in part',
  failed: 'Not rolled back',
  undone: 'The rollback failed, and was taken back',
} as const

/** Concludes a run. @param report absent when nothing was carried out */
export function conclude(prepared: Prepared, report: RollbackReport | undefined): Conclusion {
  if (prepared.kind !== 'ready') {
    const [decision, reasonCode, headline] = settled[prepared.kind]
    return { decision, reasonCode, headline, problems: prepared.kind === 'held' ? [prepared.because] : [] }
  }
  if (report === undefined)
    return {
      decision: 'planned',
      reasonCode: 'dry-run',
      headline: 'Rollback planned: nothing was changed',
      problems: [],
    }
  const { ending, layers, recovery, problems } = report
  const isProposed = layers.some(({ outcome }) => outcome === 'proposed')
  const reasonCode =
    ending !== 'complete'
      ? `layers-${ending}`
      : recovery.outcome === 'not-recovered'
        ? 'not-recovered'
        : isProposed
          ? 'pull-request'
          : 'restored'
  return {
    decision: ending,
    reasonCode,
    headline: isProposed && ending === 'complete' ? 'Rollback proposed' : headlines[ending],
    // what is left to do when only some of it is done is how to go on
    problems:
      ending === 'partial' ? [...problems, 'run the rollback again: it goes on where it stopped'] : problems,
  }
}

/**
 * Concludes a rehearsal: what went wrong when it was only practised would have gone wrong at night.
 * @param objectiveMs how long recovery may take; undefined where nobody has said
 */
export function concludeRehearsal(
  { tookMs, problems }: RehearsalReport,
  objectiveMs: number | undefined,
): Conclusion {
  const isLate = objectiveMs !== undefined && tookMs > objectiveMs
  const late = isLate
    ? [`recovery took ${sayDuration(tookMs)}, and the objective is ${sayDuration(objectiveMs)}`]
    : []
  return {
    decision: 'rehearsed',
    reasonCode: problems.length > 0 ? 'rehearsal-failed' : isLate ? 'objective-missed' : 'rehearsed',
    headline:
      problems.length > 0
        ? 'The rehearsal failed'
        : isLate
          ? 'Rehearsed: the objective was missed'
          : 'Rehearsed: rolled back, and taken back again',
    problems: [...problems, ...late],
  }
}
