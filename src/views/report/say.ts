import { count } from '../../text/count.ts'
import { sayDuration } from '../../text/duration.ts'
import type { Rehearsal, Report, TrendReport } from './model.ts'

/** A duration as people read it; a dash where there is none. */
export function sayMs(ms: number | null): string {
  return ms === null ? '–' : sayDuration(ms)
}

/** A share as people read it: not rounded to what it is not. */
export function sayShare(value: number | null, digits = 0): string {
  if (value === null) return '–'
  const percent = (value * 100).toFixed(digits)
  // 99.96 % of the time is not all of it
  if (Number(percent) === 100 && value < 1)
    return `${(100 - 10 ** -Math.max(digits, 1)).toFixed(Math.max(digits, 1))} %`
  return `${percent} %`
}

/** Date and time to the minute, of an ISO time in UTC. */
export function sayMinute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

/** The result of a rehearsal. */
export function sayResult(result: Rehearsal['result']): string {
  return result.replaceAll('-', ' ')
}

/** The metrics of trends, as people call them. */
export const trendNames: Readonly<Record<TrendReport['metric'], string>> = {
  rollbacks: 'Rollbacks',
  'success-rate': 'Success rate of rollbacks',
  duration: 'Duration of rollbacks',
  'change-fail-rate': 'Change fail rate',
  'recovery-time': 'Failed deployment recovery time',
  deployments: 'Deployments',
}

/** What a value of a trend is, in words. */
export function sayValue({ unit }: Pick<TrendReport, 'unit'>, value: number | null): string {
  if (value === null) return '–'
  if (unit === 'ms') return sayMs(value)
  return unit === 'share' ? sayShare(value) : String(Math.round(value * 100) / 100)
}

/** Where a trend goes, with its interval: `declining: +12 s a week (+4 s to +20 s)`. */
export function sayTrend(trend: TrendReport, bucketDays: number): string {
  if (trend.slope === null) return `too little data (${count(trend.n, 'point')})`
  const bucket = bucketDays === 1 ? 'day' : bucketDays === 7 ? 'week' : `${bucketDays} days`
  const say = (slope: number | null) => saySlope(trend, slope ?? 0)
  return `${trend.direction}: ${say(trend.slope)} a ${bucket} (95 % interval ${say(trend.low)} to ${say(trend.high)})`
}

function saySlope({ unit }: Pick<TrendReport, 'unit'>, slope: number): string {
  const sign = slope < 0 ? '−' : '+'
  const size = Math.abs(slope)
  if (unit === 'ms') return `${sign}${sayDuration(size)}`
  const shown = unit === 'share' ? (size * 100).toFixed(1) : size.toFixed(2)
  // nothing is not minus nothing
  return `${Number(shown) === 0 ? '' : sign}${shown}${unit === 'share' ? ' points' : ''}`
}

/** Where the recovery time goes from one rehearsal to the next. */
export function sayRehearsalTrend(trend: Report['rehearsals']['trend']): string {
  if (trend.slope === null) return `too little data (${count(trend.n, 'measured rehearsal')})`
  const say = (slope: number | null) => saySlope({ unit: 'ms' }, slope ?? 0)
  return `${trend.direction}: ${say(trend.slope)} a rehearsal (95 % interval ${say(trend.low)} to ${say(trend.high)})`
}

/** What would not have worked, with the part of the rollback that it is about. */
export function sayProblem({ part, because }: Rehearsal['problems'][number]): string {
  return `${part}: ${because}`
}

/** The five metrics of DORA and the time to detect, as rows: name, figure, what it is of. */
export function doraRows({ dora }: Pick<Report, 'dora'>): readonly (readonly [string, string, string])[] {
  const { changeFailRate, failedDeploymentRecoveryTime: recovery, timeToDetect, deploymentFrequency } = dora
  const { leadTime, reworkRate } = dora
  const ofDurations = ({ p90Ms, n }: typeof leadTime) => `median, p90 ${sayMs(p90Ms)}, n = ${n}`
  return [
    [
      'Change fail rate',
      sayShare(changeFailRate.value),
      `${changeFailRate.failed} failed of ${count(changeFailRate.deployments, 'deployment')}; ${changeFailRate.unjudged} without a verdict, ${changeFailRate.pending} pending`,
    ],
    [
      'Failed deployment recovery time',
      sayMs(recovery.medianMs),
      `${ofDurations(recovery)}; ${recovery.pending} not verified as recovered`,
    ],
    [
      'Deployment frequency',
      `${deploymentFrequency.perDay.toFixed(2)} a day`,
      `n = ${deploymentFrequency.n}, on ${count(deploymentFrequency.daysWithDeployment, 'day')}`,
    ],
    [
      'Lead time for changes',
      sayMs(leadTime.medianMs),
      `${ofDurations(leadTime)}; ${leadTime.pending} of unknown commit time`,
    ],
    [
      'Deployment rework rate',
      sayShare(reworkRate.value),
      `${reworkRate.rework} of ${count(reworkRate.deployments, 'deployment')}`,
    ],
    [
      'Time to detect',
      sayMs(timeToDetect.medianMs),
      `${ofDurations(timeToDetect)}; ${timeToDetect.pending} not detected by a check`,
    ],
  ]
}
