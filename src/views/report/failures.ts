import type { Collected, DeploymentFact } from './collect.ts'
import { Column, numberOf } from './column.ts'
import { type Deployment, Deployments } from './deployments.ts'
import { type Failure, Failures } from './failure-table.ts'
import type { IncidentRecord, Incidents } from './incidents.ts'
import type { Mark } from './marks.ts'
import { placeOf, Rehearsed } from './rehearsed.ts'
import { Rollbacks } from './rollback-table.ts'
import { type Rollback, rollbacksOf } from './rollbacks.ts'
import type { Rows } from './rows.ts'

/** Everything that happened, as the statistics count it. Nothing of it depends on the order in which events came. */
export interface Records {
  /** what more there is to say of the incidents that rollbacks and failures name */
  readonly incidents: Incidents
  /** oldest first; without the rehearsals */
  readonly rollbacks: Rows<Rollback>
  readonly rehearsals: Rows<Rollback>
  readonly failures: Rows<Failure>
  readonly deployments: Rows<Deployment>
  /** deployments that were started and are neither there nor failed: where, and since when */
  readonly pendingDeployments: readonly Pick<Deployment, 'environment' | 'at'>[]
  readonly holds: Collected['holds']
  readonly repositories: readonly string[]
  readonly events: number
  readonly duplicates: number
  readonly imported: number
  readonly first: number | undefined
  readonly last: number | undefined
}

/** Makes the records of what was collected. */
export function makeRecords(collected: Collected): Records {
  const { incidents, facts, redeployments, holds, repositories, events, duplicates, imported, first, last } =
    collected
  const latest = latestFacts(facts)
  const deployedAt = firstDeployments(latest)
  const [rollbacks, rehearsals] = [new Rollbacks(incidents), new Rollbacks(incidents)]
  const failures = new Failures(incidents)
  const rehearsed = new Rehearsed()
  /** when the deployment of each incident was there first, where only checks and rollbacks know of it; else NaN */
  const unrecorded = new Column(Float64Array)
  const hasFailed = new Column(Uint8Array)
  for (const record of incidents) {
    const marks = record.hasMarks ? incidents.marksOf(record.index) : []
    const own = rollbacksOf(record, marks)
    rehearsed.note(own)
    const real = own.filter(({ isRehearsal }) => !isRehearsal)
    for (const each of own) (each.isRehearsal ? rehearsals : rollbacks).push(each)
    const recordedAt = deployedAt.size === 0 ? undefined : deployedAt.get(placeIn(incidents, record))
    const introducedAt = recordedAt ?? record.watchedFrom ?? record.firstAt
    const isFailure = record.detectedAt !== undefined || real.length > 0
    hasFailed.push(isFailure ? 1 : 0)
    if (isFailure) failures.push(failureOf(record, { marks, rollbacks: real, introducedAt, rehearsed }))
    const isThere = record.watchedFrom !== undefined || real.length > 0
    unrecorded.push(recordedAt === undefined && isThere ? introducedAt : Number.NaN)
  }
  rehearsed.noteDeployments(redeployments)
  // a string for each of a million incidents would be garbage: only what rehearsals deployed is looked up
  const failed = new Set<string>()
  for (let index = 0; index < hasFailed.length && !rehearsed.isEmpty; index += 1)
    if (hasFailed.at(index) === 1 && rehearsed.deployed(incidents.revisionOf(index)))
      failed.add(placeIn(incidents, incidents.record(index)))
  return {
    deployments: deploymentsOf(collected, { latest, deployedAt, rehearsed, unrecorded, failed }),
    incidents,
    rollbacks: rollbacks.rows(),
    rehearsals: rehearsals.rows(),
    failures: failures.rows(),
    pendingDeployments: latest
      .filter(({ outcome }) => outcome === 'pending')
      .map(({ environment, createdAt: at }) => ({ environment, at })),
    ...{ holds, repositories: [...repositories].sort(), events, duplicates, imported },
    ...{ first, last },
  }
}

/** A deployment counts once, and those of rehearsals only if they failed. */
function deploymentsOf(
  collected: Collected,
  {
    latest,
    deployedAt,
    rehearsed,
    unrecorded,
    failed,
  }: {
    readonly latest: readonly DeploymentFact[]
    readonly deployedAt: ReadonlyMap<string, number>
    readonly rehearsed: Rehearsed
    readonly unrecorded: Column
    readonly failed: ReadonlySet<string>
  },
): Rows<Deployment> {
  const { incidents, redeployments } = collected
  const deployments = new Deployments()
  const judged = new Set<string>()
  for (const record of incidents) {
    const { repository, environment, isJudged } = record
    // of a million deployments without a record none is looked up
    if (isJudged && deployedAt.size > 0) judged.add(placeIn(incidents, record))
    const at = numberOf(unrecorded.at(record.index))
    if (at === undefined) continue
    if (!rehearsed.isEmpty && rehearsed.deployed(incidents.revisionOf(record.index))) {
      const place = placeIn(incidents, record)
      if (!failed.has(place) && rehearsed.isSeenSince(place, at)) continue
    }
    deployments.push({ repository, environment, at, isRework: false, isJudged, leadMs: undefined })
  }
  const restored = latest.length === 0 ? undefined : restoredSince(collected, rehearsed)
  for (const each of redeployments) {
    const { repository, environment, at } = each
    const isRecorded = deployedAt.size > 0 && deployedAt.has(placeOf(each))
    if (!isRecorded && !rehearsed.made(each))
      deployments.push({ repository, environment, at, isRework: true, isJudged: false, leadMs: undefined })
  }
  for (const fact of latest) {
    const { repository, environment, deployedAt: at, committedAt, isRollback } = fact
    const place = placeOf(fact)
    if (at === undefined || (!failed.has(place) && rehearsed.madeFact(place, fact))) continue
    const since = restored?.get(place)
    const isRework = isRollback || (since !== undefined && at >= since)
    const lead = isRework || committedAt === undefined ? undefined : at - committedAt
    const leadMs = lead === undefined || lead < 0 ? undefined : lead
    deployments.push({ repository, environment, at, isRework, isJudged: judged.has(place), leadMs })
  }
  return deployments.rows()
}

function failureOf(
  record: IncidentRecord,
  {
    marks,
    rollbacks,
    introducedAt,
    rehearsed,
  }: {
    readonly marks: readonly Mark[]
    readonly rollbacks: readonly Rollback[]
    readonly introducedAt: number
    readonly rehearsed: Rehearsed
  },
): Pick<Failure, 'incident' | 'introducedAt' | 'failingFrom' | 'restoredAt'> {
  const { index: incident, detectedAt, failingSince } = record
  const began = rollbacks[0]?.at ?? Number.POSITIVE_INFINITY
  const noticedAt = Math.min(detectedAt ?? Number.POSITIVE_INFINITY, began)
  const restored = marks
    .filter((mark) => mark.kind === 'recovery' && mark.outcome === 'recovered' && mark.at >= noticedAt)
    // that of a rehearsal is taken back
    .filter(({ at }) => !rehearsed.sawSince(incident, at, noticedAt))
    .map(({ at }) => at)
  return {
    ...{ incident, introducedAt },
    failingFrom: Math.min(noticedAt, Math.max(failingSince ?? noticedAt, introducedAt)),
    restoredAt: restored.length === 0 ? undefined : Math.min(...restored),
  }
}

function placeIn(incidents: Incidents, { repository, environment, index }: IncidentRecord): string {
  return placeOf({ repository, environment, revision: incidents.revisionOf(index) })
}

/** The same deployment may be read twice: each counts once. */
function latestFacts(facts: readonly DeploymentFact[]): readonly DeploymentFact[] {
  return [...new Map(facts.map((fact) => [`${placeOf(fact)}\n${fact.createdAt}`, fact])).values()]
}

/** When each revision was in its environment first. */
function firstDeployments(facts: readonly DeploymentFact[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const fact of facts) {
    if (fact.deployedAt === undefined) continue
    const place = placeOf(fact)
    first.set(place, Math.min(first.get(place) ?? Number.POSITIVE_INFINITY, fact.deployedAt))
  }
  return first
}

/** For each restored revision, from when on its deployments are those of a rollback. */
function restoredSince(
  { redeployments, incidents }: Collected,
  rehearsed: Rehearsed,
): ReadonlyMap<string, number> {
  const since = new Map<string, number>()
  for (const each of redeployments) {
    if (rehearsed.made(each)) continue
    const from = Math.min(each.at, incidents.firstAtOf(each.incident))
    const place = placeOf(each)
    since.set(place, Math.min(since.get(place) ?? Number.POSITIVE_INFINITY, from))
  }
  return since
}
