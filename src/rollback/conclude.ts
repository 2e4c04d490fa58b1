import { type Message, message } from '../errors.ts'
import type { Ending } from '../history/event.ts'
import { sayDuration } from '../text/duration.ts'
import { shortRevision } from '../text/revision.ts'
import { isFailing, sayBefore } from './assessment.ts'
import type { RollbackReport } from './carry-out.ts'
import type { Recovery } from './ending.ts'
import { viewsOf } from './plan.ts'
import type { Prepared } from './prepare.ts'
import type { RehearsalReport } from './rehearse.ts'
import { sayLayers } from './say-layers.ts'

/** The result of a run, in terms for programs and people. */
export interface Conclusion {
  readonly decision: Ending | 'planned' | 'nothing' | 'already-rolled-back' | 'well' | 'rehearsed' | 'held'
  /** one word */
  readonly reasonCode: string
  readonly headline: string
  /** what needs attention: the step fails with each; empty if nothing is wrong */
  readonly problems: readonly (string | Message)[]
  /** what is true now, and what was not checked: with environment and decision, the last line of the log */
  readonly now: string | Message
}

const settled = {
  nothing: ['nothing', 'nothing-changed', 'Nothing to roll back'],
  done: ['already-rolled-back', 'done-before', 'Already rolled back'],
  well: ['well', 'not-failing', 'Not rolled back: nothing is failing'],
  held: ['held', 'guard', 'Not rolled back: manual approval required'],
} as const

/** Nothing differs from the target, but the state could not be verified. */
const notVerified = {
  decision: 'not-verified',
  reasonCode: 'not-verified',
  headline: 'Nothing to roll back, and not verified',
} as const

const endings: Readonly<Record<Ending, readonly [reasonCode: string, headline: string]>> = {
  complete: ['restored', 'Rolled back'],
  'rolled-back': ['not-checked', 'Rolled back; production was not checked'],
  proposed: ['pull-request', 'Rollback proposed'],
  'not-deployed': ['not-deployed', 'Rolled back, and not deployed'],
  'not-recovered': ['not-recovered', 'Rolled back, and production is still failing'],
  'not-verified': ['not-verified', 'Rolled back, and not verified'],
  partial: ['layers-partial', 'Rolled back in part'],
  failed: ['layers-failed', 'Not rolled back'],
  undone: ['layers-undone', 'The rollback failed and was undone'],
}

/** What the next run does about it; undefined if it cannot do more. */
function nextStepOf({ ending, deployedBy, recovery }: RollbackReport): string | undefined {
  switch (ending) {
    case 'partial':
      return 'run the rollback again: it continues where it stopped'
    case 'not-deployed':
      return deployedBy === 'workflow'
        ? 'run the rollback again: it deploys the restored revision and verifies it'
        : undefined
    case 'not-verified':
      return recovery.looked ? 'run the rollback again: it verifies what is there' : undefined
    default:
      return undefined
  }
}

/** Concludes a run. @param report absent if nothing was applied */
export function conclude(prepared: Prepared, report: RollbackReport | undefined): Conclusion {
  if (prepared.kind !== 'ready') {
    const [decision, reasonCode, headline] = settled[prepared.kind]
    const { unverified = [] } = prepared
    if (unverified.length > 0) return { ...notVerified, problems: unverified, now: prepared.because }
    const problems = prepared.kind === 'held' ? [prepared.because] : []
    return { decision, reasonCode, headline, problems, now: nowOf(prepared) }
  }
  if (report === undefined)
    return {
      decision: 'planned',
      reasonCode: 'dry-run',
      headline: 'Rollback planned: nothing was changed',
      problems: [],
      now: `${[describeUnchanged(prepared), ...failingBefore(prepared)].join('; ')}; nothing was changed`,
    }
  const { ending, problems } = report
  const [reasonCode, headline] = endings[ending]
  const next = nextStepOf(report)
  return {
    decision: ending,
    reasonCode,
    headline,
    problems: next === undefined ? problems : [...problems, next],
    now: describeNow(report),
  }
}

/** Why nothing was done although production is failing. */
function nowOf(prepared: Exclude<Prepared, { kind: 'ready' }>): string | Message {
  // what was checked after the layers were rolled back is part of their description
  if (prepared.kind === 'done') return prepared.because
  const [failing] = failingBefore(prepared)
  return failing === undefined ? prepared.because : message`${prepared.because}; ${failing}`
}

function failingBefore({ assessment }: Prepared): readonly string[] {
  return assessment !== undefined && isFailing(assessment) ? [sayBefore(assessment)] : []
}

/** The current state of each layer before the plan is applied. */
function describeUnchanged({ plan }: Prepared): string {
  return viewsOf(plan)
    .map(({ layer, from, now }) => `${layer} is at ${shortRevision(now ?? from) || 'nothing'}`)
    .join('; ')
}

/** The current state: each layer, what is deployed, and production as last checked. */
function describeNow(report: RollbackReport): string {
  const { ending, layers, redeployed, deploymentSeen, isDeploymentUnknown, recovery } = report
  const stand = [...sayLayers(layers)]
  if (ending === 'not-deployed' && !isDeploymentUnknown) stand.push('it is not deployed')
  if (redeployed !== undefined)
    stand.push(`${redeployed.workflow} deployed ${shortRevision(redeployed.revision)}`)
  else if (deploymentSeen !== undefined) stand.push(deploymentSeen)
  else if (ending === 'complete' && layers.some(({ receipt }) => (receipt?.deploys ?? []).length > 0))
    // GitHub knows of no deployment: production that was failing and is healthy shows it
    stand.push('its deployment was not checked')
  stand.push(sayRecovery(recovery))
  return stand.join('; ')
}

function sayRecovery({ outcome, because, looked, before }: Recovery): string {
  if (!looked && before !== undefined) return `${before}, and has not been checked since: ${because}`
  if (!looked) return `production was not checked: ${because}`
  if (outcome === 'unknown') return `whether production recovered is unknown: ${because}`
  return outcome === 'recovered' ? 'production is healthy' : 'production is still failing'
}

/**
 * Concludes a rehearsal: what went wrong when it was only practised would have gone wrong at night.
 * @param objectiveMs how long recovery may take; undefined where nobody has said
 */
export function concludeRehearsal(
  { tookMs, problems, afterwards }: RehearsalReport,
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
          : 'Rehearsed: rolled back, then undone',
    problems: [...problems, ...late],
    now: `everything was undone; afterwards ${afterwards.outcome}: ${afterwards.because}`,
  }
}
