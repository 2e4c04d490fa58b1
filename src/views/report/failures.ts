import type { Collected, DeploymentFact, IncidentRecord } from './collect.ts'
import { type Rollback, rollbacksOf } from './rollbacks.ts'

/** A deployment that reached its environment. Times are ms since the epoch. */
export interface Deployment {
  readonly repository: string
  readonly environment: string
  readonly at: number
  /** true for one that only undid another: it is rework */
  readonly isRework: boolean
  /** true when a check gave a verdict on it */
  readonly isJudged: boolean
  /** from the commit to the environment, ms; undefined where the commit's time is not known, and for rework */
  readonly leadMs: number | undefined
}

/** A deployment that failed in its environment, once, however many incidents, checks and rollbacks there were. */
export interface Failure {
  readonly repository: string
  readonly environment: string
  readonly incident: string
  readonly revision: string
  /** when the deployment was there; else when it was first looked at; else its first event */
  readonly introducedAt: number
  /** the first look that said unhealthy; undefined when only people noticed */
  readonly detectedAt: number | undefined
  /** the first bad answer that is known of, not before the deployment; else when it was detected, or first rolled back */
  readonly failingFrom: number
  /** when production was first seen to be well again after it was detected or rolled back; undefined while that is open */
  readonly restoredAt: number | undefined
  readonly detectedBy: readonly string[]
  readonly issue: string | undefined
}

/** Everything that happened, as the statistics count it. Nothing of it depends on the order in which events came. */
export interface Records {
  /** oldest first; without the rehearsals */
  readonly rollbacks: readonly Rollback[]
  readonly rehearsals: readonly Rollback[]
  readonly failures: readonly Failure[]
  readonly deployments: readonly Deployment[]
  /** deployments that were started and are neither there nor failed: where, and since when */
  readonly pendingDeployments: readonly Pick<Deployment, 'environment' | 'at'>[]
  readonly holds: Collected['holds']
  readonly repositories: readonly string[]
  readonly events: number
  readonly duplicates: number
  readonly first: number | undefined
  readonly last: number | undefined
}

/** Makes the records of what was collected. */
export function makeRecords(collected: Collected): Records {
  const { facts, redeployments, holds, repositories, events, duplicates, first, last } = collected
  const latest = latestFacts(facts)
  const deployedAt = firstDeployments(latest)
  const rollbacks: Rollback[] = []
  const rehearsals: Rollback[] = []
  const failures: Failure[] = []
  const deployments: Deployment[] = []
  for (const record of collected.incidents.values()) {
    const own = rollbacksOf(record)
    const real = own.filter(({ isRehearsal }) => !isRehearsal)
    rollbacks.push(...real)
    rehearsals.push(...own.filter(({ isRehearsal }) => isRehearsal))
    const recordedAt = deployedAt.size === 0 ? undefined : deployedAt.get(placeOf(record))
    const introducedAt = recordedAt ?? record.watchedFrom ?? record.firstAt
    if (record.detectedAt !== undefined || real.length > 0)
      failures.push(failureOf(record, real, introducedAt))
    const isThere = record.watchedFrom !== undefined || real.length > 0
    if (recordedAt === undefined && isThere) {
      const { repository, environment, isJudged } = record
      deployments.push({
        repository,
        environment,
        at: introducedAt,
        isRework: false,
        isJudged,
        leadMs: undefined,
      })
    }
  }
  const restored = restoredSince(collected)
  for (const { repository, environment, revision, at } of redeployments)
    if (!deployedAt.has(placeOf({ repository, environment, revision })))
      deployments.push({ repository, environment, at, isRework: true, isJudged: false, leadMs: undefined })
  const judged = new Set<string>()
  // of a million deployments without a record none is looked up
  for (const record of deployedAt.size === 0 ? [] : collected.incidents.values())
    if (record.isJudged) judged.add(placeOf(record))
  for (const fact of latest) {
    const { repository, environment, deployedAt: at, committedAt, isRollback } = fact
    if (at === undefined) continue
    const since = restored.get(placeOf(fact))
    const isRework = isRollback || (since !== undefined && at >= since)
    const lead = isRework || committedAt === undefined ? undefined : at - committedAt
    const leadMs = lead === undefined || lead < 0 ? undefined : lead
    deployments.push({ repository, environment, at, isRework, isJudged: judged.has(placeOf(fact)), leadMs })
  }
  return {
    rollbacks: rollbacks.sort((a, b) => a.at - b.at),
    rehearsals: rehearsals.sort((a, b) => a.at - b.at),
    failures: failures.sort((a, b) => a.introducedAt - b.introducedAt),
    deployments: deployments.sort((a, b) => a.at - b.at),
    pendingDeployments: latest
      .filter(({ outcome }) => outcome === 'pending')
      .map(({ environment, createdAt: at }) => ({ environment, at })),
    ...{ holds, repositories: [...repositories].sort(), events, duplicates, first, last },
  }
}

function failureOf(record: IncidentRecord, rollbacks: readonly Rollback[], introducedAt: number): Failure {
  const { repository, environment, incident, revision, detectedAt, failingSince, detectedBy, issue } = record
  const began = rollbacks[0]?.at ?? Number.POSITIVE_INFINITY
  const noticedAt = Math.min(detectedAt ?? Number.POSITIVE_INFINITY, began)
  const restored = record.marks
    .filter((mark) => mark.kind === 'recovery' && mark.outcome === 'recovered' && mark.at >= noticedAt)
    .map(({ at }) => at)
  return {
    ...{ repository, environment, incident, revision, introducedAt, detectedAt, detectedBy, issue },
    failingFrom: Math.min(noticedAt, Math.max(failingSince ?? noticedAt, introducedAt)),
    restoredAt: restored.length === 0 ? undefined : Math.min(...restored),
  }
}

function placeOf({
  repository,
  environment,
  revision,
}: Pick<DeploymentFact, 'repository' | 'environment' | 'revision'>): string {
  return `${repository}\n${environment}\n${revision}`
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
function restoredSince({ redeployments, incidents }: Collected): ReadonlyMap<string, number> {
  const since = new Map<string, number>()
  for (const { repository, environment, incident, revision, at } of redeployments) {
    const record = incidents.get(repository === '' ? incident : `${repository}\n${incident}`)
    const from = Math.min(at, record?.firstAt ?? at)
    const place = placeOf({ repository, environment, revision })
    since.set(place, Math.min(since.get(place) ?? Number.POSITIVE_INFINITY, from))
  }
  return since
}
