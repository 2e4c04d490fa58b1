import { InputError, message, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { sayDuration } from '../../text/duration.ts'
import type { Failure } from './failure-table.ts'
import type { Recommendation, Report } from './model.ts'
import { share } from './numbers.ts'
import type { Rollback } from './rollbacks.ts'
import type { Rows } from './rows.ts'

/** From where on a number is worth a recommendation. */
export interface Thresholds {
  /** least share of rollbacks that succeed */
  readonly successRate: number
  /** most rollbacks in the period */
  readonly rollbacks: number
  /** most of the rollbacks that no check had called for, a share */
  readonly undetected: number
  /** longest average downtime of an incident, ms */
  readonly downtimeMs: number
  /** most rollbacks called for by the same check */
  readonly sameCheck: number
  /** the recovery time objective, ms; undefined where there is none */
  readonly objectiveMs: number | undefined
}

export const usualThresholds: Thresholds = {
  successRate: 0.9,
  rollbacks: 10,
  undetected: 0.3,
  downtimeMs: 30 * 60_000,
  sameCheck: 2,
  objectiveMs: undefined,
}

/**
 * A share that is given in percent.
 * @param name of the setting
 * @throws InputError for more than all
 */
export function shareOfPercent(name: string, percent: number): number {
  if (percent > 100)
    throw new InputError(message`${setting(name)} is ${percent}; write a percentage from 0 to 100`)
  return percent / 100
}

/** A share of fewer than these is chance. */
const leastForShare = 3

interface Seen extends Pick<Report, 'rollbacks' | 'downtime' | 'dora'> {
  readonly own: Rows<Rollback>
  readonly failures: Rows<Failure>
}

/** What the numbers give reason to do, each with its evidence; none where a number is as it should be, or says too little. */
export function recommend(seen: Seen, thresholds: Thresholds): readonly Recommendation[] {
  return [
    ...aboutSuccess(seen, thresholds),
    ...aboutCount(seen, thresholds),
    ...aboutUndetected(seen, thresholds),
    ...aboutDowntime(seen, thresholds),
    ...aboutObjective(seen, thresholds),
    ...aboutDetection(seen),
    ...aboutRecurrence(seen, thresholds),
    ...aboutOpen(seen),
  ]
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`
}

function aboutSuccess(
  { rollbacks }: Seen,
  { successRate: threshold }: Thresholds,
): readonly Recommendation[] {
  const { successRate: value, succeeded, failed } = rollbacks
  const n = succeeded + failed
  if (value === null || n < leastForShare || value >= threshold) return []
  const text = 'Rehearse rollbacks, and run the doctor: too many of them fail when they are needed.'
  const evidence = `${succeeded} of ${n} rollbacks succeeded (${percent(value)}, target: at least ${percent(threshold)})`
  return [{ id: 'success-rate', text, evidence, value, threshold, n }]
}

function aboutCount(
  { rollbacks, dora }: Seen,
  { rollbacks: threshold }: Thresholds,
): readonly Recommendation[] {
  const { total: value } = rollbacks
  const { deployments } = dora.changeFailRate
  if (value <= threshold) return []
  const text =
    'Test more before a deployment, or deploy to a part of production first: rollbacks are frequent.'
  const evidence = `${count(value, 'rollback')} in the period, of ${count(deployments, 'deployment')} (target: at most ${threshold})`
  return [{ id: 'frequent-rollbacks', text, evidence, value, threshold, n: value }]
}

function aboutUndetected({ own }: Seen, { undetected: threshold }: Thresholds): readonly Recommendation[] {
  const known = own.filter(({ isImported }) => !isImported)
  const missed = known.count(({ isDetected }) => !isDetected)
  const n = known.length
  const value = share(missed, n)
  if (value === null || n < leastForShare || value <= threshold) return []
  const text = 'Add a check that detects what people noticed: no check had called for these rollbacks.'
  const evidence = `${missed} of ${n} rollbacks began before any check said unhealthy (${percent(value)}, target: at most ${percent(threshold)})`
  return [{ id: 'undetected', text, evidence, value, threshold, n }]
}

function aboutDowntime({ downtime }: Seen, { downtimeMs: threshold }: Thresholds): readonly Recommendation[] {
  const { averageMs: value, incidents, open } = downtime
  if (value === null || value <= threshold) return []
  const n = incidents - open
  const text = 'Shorten incidents: roll back automatically, and watch each deployment.'
  const evidence = `an incident lasted ${sayDuration(value)} on average, of ${n} that ended (target: at most ${sayDuration(threshold)})`
  return [{ id: 'long-downtime', text, evidence, value, threshold, n }]
}

function aboutObjective(
  { rollbacks }: Seen,
  { objectiveMs: threshold }: Thresholds,
): readonly Recommendation[] {
  const { p90Ms: value, n } = rollbacks.duration
  if (threshold === undefined || value === null || value <= threshold) return []
  const text = 'Make the slowest phase of a rollback faster, or change the recovery time objective.'
  const evidence = `nine of ten rollbacks took up to ${sayDuration(value)}, of ${n} (the objective is ${sayDuration(threshold)})`
  return [{ id: 'objective-missed', text, evidence, value, threshold, n }]
}

/** Most of the time to recover is lost before anybody knows. */
function aboutDetection({ dora }: Seen): readonly Recommendation[] {
  const { medianMs: detect, n } = dora.timeToDetect
  const { medianMs: recover } = dora.failedDeploymentRecoveryTime
  if (detect === null || recover === null || recover === 0 || n < leastForShare) return []
  const [value, threshold] = [detect / recover, 0.5]
  if (value <= threshold) return []
  const text = 'Detect sooner: a shorter interval, a stricter limit or a check of the failing path.'
  const evidence = `half of the failed deployments were detected after ${sayDuration(detect)} or later, and recovery took ${sayDuration(recover)}`
  return [{ id: 'slow-detection', text, evidence, value, threshold, n }]
}

function aboutRecurrence(
  { failures }: Seen,
  { sameCheck: threshold }: Thresholds,
): readonly Recommendation[] {
  const counts = new Map<string, number>()
  for (const { detectedBy, environment } of failures)
    for (const check of detectedBy) {
      const name = `${check} in ${environment}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  const [check, value] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0] ?? []
  if (check === undefined || value === undefined || value <= threshold) return []
  const text = 'Look for the common cause: the same check keeps failing after deployments.'
  const evidence = `the check ${check} failed after ${count(value, 'deployment')} of the period`
  return [{ id: 'recurrence', text, evidence, value, threshold, n: failures.length }]
}

function aboutOpen({ downtime }: Seen): readonly Recommendation[] {
  const { open: value, incidents: n } = downtime
  if (value === 0) return []
  const text = 'Verify the recovery: run the rollback or the gate again to end the incident.'
  const evidence = `incidents without a verified recovery: ${value} of ${n}; their duration is not counted`
  return [{ id: 'open-incidents', text, evidence, value, threshold: 0, n }]
}
