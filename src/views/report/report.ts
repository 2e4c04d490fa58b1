import type { LayerName } from '../../history/event.ts'
import { measureDora } from './dora.ts'
import { measureDowntime } from './downtime.ts'
import type { Records } from './failures.ts'
import { type Counted, countUp, groupBy, layersIn, mostFrequent } from './group.ts'
import type { Report } from './model.ts'
import { bucketLength, dayMs, isIn, lengthOf, monthOf, type Period } from './period.ts'
import { describeRecent } from './recent.ts'
import { recommend, type Thresholds, usualThresholds } from './recommend.ts'
import { measureRehearsals } from './rehearsals.ts'
import type { Rollback } from './rollbacks.ts'
import { Rows } from './rows.ts'
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
  /** false where nobody reads the groups and the rehearsals: they stay empty */
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
  const all = ofEnvironment(records, environment)
  const inPeriod = all.rollbacks.between(period, ({ at }) => at)
  const rollbacks =
    layer === undefined
      ? inPeriod
      : inPeriod.filter(({ layers }) => layers.some((each) => each.layer === layer))
  const rehearsals = hasGroups ? all.rehearsals.between(period, ({ at }) => at) : Rows.none<Rollback>()
  const { failures, deployments } = all
  const failed = failures.between(period, ({ introducedAt }) => introducedAt)
  const places = placesOf(deployments, failures)
  const pending = all.pendingDeployments.filter(({ at }) => isIn(period, at)).length
  const dora = measureDora(failures, deployments, { period, pending })
  const downtime = measureDowntime(failures, places, period)
  const layers = () => layersIn(rollbacks, layer)
  const counted = {
    ...countUp(layer === undefined ? rollbacks : layers()),
    by: hasGroups ? groupsOf(rollbacks, layers) : groupsOf(Rows.none(), () => []),
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
      ...{ events: records.events, duplicates: records.duplicates, imported: records.imported, unreadable },
      first: timeOf(records.first),
      last: timeOf(records.last),
      skewed: rollbacks.count(({ isSkewed }) => isSkewed),
    },
    rollbacks: counted,
    rehearsals: measureRehearsals(rehearsals, records.incidents, thresholds.objectiveMs),
    ...{ downtime, dora },
    trends: [...measureTrends({ rollbacks, failures: failed, deployments }, period)],
    recommendations: [
      ...recommend({ rollbacks: counted, downtime, dora, own: rollbacks, failures: failed }, thresholds),
    ],
    holds: [...records.holds.values()]
      .filter((hold) => hold.isSet && isMeant(hold))
      .map(({ at, isSet: _, ...hold }) => ({ ...hold, since: new Date(at).toISOString() })),
    recent: [...rollbacks.slice(Math.max(0, rollbacks.length - recent))]
      .reverse()
      .map((each) => describeRecent(records.incidents, each)),
  }
}

function groupsOf(
  rollbacks: Rows<Rollback>,
  layers: () => Iterable<Counted & { readonly layer: string; readonly method: string }>,
): Report['rollbacks']['by'] {
  return {
    environment: [...groupBy(rollbacks, (each) => each.environment)],
    layer: [...groupBy(layers(), (each) => each.layer)],
    method: [...groupBy(layers(), (each) => `${each.layer}: ${each.method}`)],
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

/** The records of one environment; all of them without one. */
export function ofEnvironment(records: Records, environment: string | undefined): Records {
  if (environment === undefined) return records
  const isMeant = (each: { readonly environment: string }) => each.environment === environment
  return {
    ...records,
    rollbacks: records.rollbacks.filter(isMeant),
    rehearsals: records.rehearsals.filter(isMeant),
    failures: records.failures.filter(isMeant),
    deployments: records.deployments.filter(isMeant),
    pendingDeployments: records.pendingDeployments.filter(isMeant),
  }
}

interface Place {
  readonly repository: string
  readonly environment: string
}

function placesOf(...tables: readonly Iterable<Place>[]): readonly Place[] {
  const environments = new Map<string, Set<string>>()
  for (const table of tables)
    for (const { repository, environment } of table) {
      const own = environments.get(repository) ?? new Set()
      environments.set(repository, own)
      own.add(environment)
    }
  const places = [...environments].flatMap(([repository, own]) =>
    [...own].map((environment) => ({ repository, environment })),
  )
  const keyOf = ({ repository, environment }: Place) => `${repository}\n${environment}`
  return places.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}
