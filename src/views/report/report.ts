import type { LayerName } from '../../history/event.ts'
import { measureDora } from './dora.ts'
import { measureDowntime } from './downtime.ts'
import type { Records } from './failures.ts'
import { countUp, groupBy, layersIn, mostFrequent } from './group.ts'
import type { Report } from './model.ts'
import { describeDurations, present } from './numbers.ts'
import { bucketLength, dayMs, isIn, lengthOf, monthOf, type Period } from './period.ts'
import { describeRecent } from './recent.ts'
import { recommend, type Thresholds, usualThresholds } from './recommend.ts'
import type { Rollback } from './rollbacks.ts'
import { measureTrends } from './trends.ts'

export { Collector, type DeploymentFact } from './collect.ts'
export { makeRecords, type Records } from './failures.ts'
export { type Report, reportSchema } from './model.ts'
export { type Period, periodBefore } from './period.ts'
export { shareOfPercent, type Thresholds, usualThresholds } from './recommend.ts'

/** What a report is about. */
export interface ReportOptions {
  readonly period: Period
  /** when it is made */
  readonly now: Date
  /** the only environment; all of them without one */
  readonly environment?: string | undefined
  /** only rollbacks of this layer, counted by what became of it; deployments have no layer */
  readonly layer?: LayerName | undefined
  readonly thresholds?: Thresholds
  /** lines of the histories that could not be read */
  readonly unreadable?: number
  /** how many of the newest rollbacks are listed with their timelines */
  readonly recent?: number
  /** false where nobody reads the groups: they stay empty */
  readonly hasGroups?: boolean
}

/**
 * Makes the report of a period: pure arithmetic of the records. The same records give the same report, whatever the order and
 * repetition of the events that they were made of.
 */
export function makeReport(
  records: Records,
  {
    period,
    now,
    environment,
    layer,
    thresholds = usualThresholds,
    unreadable = 0,
    recent = 20,
    hasGroups = true,
  }: ReportOptions,
): Report {
  const isMeant = (each: { readonly environment: string }) =>
    environment === undefined || each.environment === environment
  const rollbacks = records.rollbacks
    .filter((each) => isMeant(each) && isIn(period, each.at))
    .filter(({ layers }) => layer === undefined || layers.some((each) => each.layer === layer))
  const rehearsals = records.rehearsals.filter((each) => isMeant(each) && isIn(period, each.at))
  const failures = records.failures.filter(isMeant)
  const deployments = records.deployments.filter(isMeant)
  const failed = failures.filter(({ introducedAt }) => isIn(period, introducedAt))
  const places = placesOf([...deployments, ...failures])
  const pending = records.pendingDeployments.filter((each) => isMeant(each) && isIn(period, each.at)).length
  const dora = measureDora(failures, deployments, { period, pending })
  const downtime = measureDowntime(failures, places, period)
  const layers =
    hasGroups || layer !== undefined
      ? layersIn(rollbacks).filter((each) => layer === undefined || each.layer === layer)
      : []
  const grouped = hasGroups ? rollbacks : []
  const counted = {
    ...countUp(layer === undefined ? rollbacks : layers),
    by: groupsOf(grouped, hasGroups ? layers : []),
  }
  return {
    schema: 1,
    generatedAt: now.toISOString(),
    period: {
      from: new Date(period.from).toISOString(),
      to: new Date(period.to).toISOString(),
      days: lengthOf(period) / dayMs,
      bucketDays: bucketLength(period) / dayMs,
    },
    repositories: [...records.repositories],
    environments: [...new Set(places.map((place) => place.environment))].sort(),
    data: {
      ...{ events: records.events, duplicates: records.duplicates, unreadable },
      first: timeOf(records.first),
      last: timeOf(records.last),
      skewed: rollbacks.filter(({ isSkewed }) => isSkewed).length,
    },
    rollbacks: counted,
    rehearsals: {
      total: rehearsals.length,
      last: timeOf(rehearsals.at(-1)?.at),
      duration: describeDurations(rehearsals.map(({ durationMs }) => durationMs).filter(present)),
    },
    ...{ downtime, dora },
    trends: [...measureTrends({ rollbacks, failures: failed, deployments }, period)],
    recommendations: [
      ...recommend({ rollbacks: counted, downtime, dora, own: rollbacks, failures: failed }, thresholds),
    ],
    holds: [...records.holds.values()]
      .filter((hold) => hold.isSet && isMeant(hold))
      .map(({ at, isSet: _, ...hold }) => ({ ...hold, since: new Date(at).toISOString() })),
    recent: rollbacks.toReversed().slice(0, recent).map(describeRecent),
  }
}

function groupsOf(
  rollbacks: readonly Rollback[],
  layers: ReturnType<typeof layersIn>,
): Report['rollbacks']['by'] {
  return {
    environment: [...groupBy(rollbacks, (each) => each.environment)],
    layer: [...groupBy(layers, (each) => each.layer)],
    method: [...groupBy(layers, (each) => `${each.layer}: ${each.method}`)],
    trigger: [...groupBy(rollbacks, (each) => each.trigger)],
    reason: [...mostFrequent(rollbacks, (each) => each.reason, 10)],
    outcome: [...groupBy(rollbacks, (each) => each.outcome)],
    month: [...groupBy(rollbacks, (each) => monthOf(each.at))].sort((a, b) => (a.name < b.name ? -1 : 1)),
    repository: [...groupBy(rollbacks, (each) => each.repository)],
  }
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}

interface Place {
  readonly repository: string
  readonly environment: string
}

function placesOf(all: readonly Place[]): readonly Place[] {
  const places = new Map(
    all.map(({ repository, environment }) => [`${repository}\n${environment}`, { repository, environment }]),
  )
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
}
