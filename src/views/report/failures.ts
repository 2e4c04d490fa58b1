import type { Collected, DeploymentFact } from './collect.ts'
import { type Deployment, Deployments } from './deployments.ts'
import { type Failure, Failures } from './failure-table.ts'
import type { IncidentRecord, Incidents } from './incidents.ts'
import type { Mark } from './marks.ts'
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
  const deployments = new Deployments()
  for (const record of incidents) {
    const marks = record.hasMarks ? incidents.marksOf(record.index) : []
    const own = rollbacksOf(record, marks)
    const real = own.filter(({ isRehearsal }) => !isRehearsal)
    for (const each of own) (each.isRehearsal ? rehearsals : rollbacks).push(each)
    const recordedAt = deployedAt.size === 0 ? undefined : deployedAt.get(placeIn(incidents, record))
    const introducedAt = recordedAt ?? record.watchedFrom ?? record.firstAt
    if (record.detectedAt !== undefined || real.length > 0)
      failures.push(failureOf(record, { marks, rollbacks: real, introducedAt }))
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
  for (const record of deployedAt.size === 0 ? [] : incidents)
    if (record.isJudged) judged.add(placeIn(incidents, record))
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
    incidents,
    rollbacks: rollbacks.rows(),
    rehearsals: rehearsals.rows(),
    failures: failures.rows(),
    deployments: deployments.rows(),
    pendingDeployments: latest
      .filter(({ outcome }) => outcome === 'pending')
      .map(({ environment, createdAt: at }) => ({ environment, at })),
    ...{ holds, repositories: [...repositories].sort(), events, duplicates, imported },
    ...{ first, last },
  }
}

function failureOf(
  record: IncidentRecord,
  {
    marks,
    rollbacks,
    introducedAt,
  }: {
    readonly marks: readonly Mark[]
    readonly rollbacks: readonly Rollback[]
    readonly introducedAt: number
  },
): Pick<Failure, 'incident' | 'introducedAt' | 'failingFrom' | 'restoredAt'> {
  const { index: incident, detectedAt, failingSince } = record
  const began = rollbacks[0]?.at ?? Number.POSITIVE_INFINITY
  const noticedAt = Math.min(detectedAt ?? Number.POSITIVE_INFINITY, began)
  const restored = marks
    .filter((mark) => mark.kind === 'recovery' && mark.outcome === 'recovered' && mark.at >= noticedAt)
    .map(({ at }) => at)
  return {
    ...{ incident, introducedAt },
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
function restoredSince({ redeployments, incidents }: Collected): ReadonlyMap<string, number> {
  const since = new Map<string, number>()
  for (const { repository, environment, incident, revision, at } of redeployments) {
    const from = Math.min(at, incidents.firstAtOf(incident))
    const place = placeOf({ repository, environment, revision })
    since.set(place, Math.min(since.get(place) ?? Number.POSITIVE_INFINITY, from))
  }
  return since
}
