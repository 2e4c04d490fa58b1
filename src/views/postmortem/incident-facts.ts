import { isDetection } from '../../history/detection.ts'
import type { Event, EventOf } from '../../history/event.ts'
import { withoutRehearsals } from '../../history/rehearsal.ts'
import { type Incident, incidentOf } from '../../incident/incident.ts'
import { type EarlierIncident, earlierIncidents } from './earlier.ts'

/** What the history says of one incident, for the document. */
export interface IncidentFacts {
  readonly incident: string
  readonly environment: string
  /** the failed revision */
  readonly revision: string
  /** all events of the incident, oldest first, without those of rehearsals */
  readonly events: readonly Event[]
  /** the first check that said unhealthy */
  readonly detection: EventOf<'health-checked'> | undefined
  readonly rollbacks: readonly EventOf<'rollback-applied'>[]
  readonly proposals: readonly EventOf<'rollback-proposed'>[]
  readonly failures: readonly EventOf<'rollback-failed'>[]
  /** the rollbacks that do not hold any more, by where they had put their layer (`now`) */
  readonly takenBack: ReadonlySet<string>
  readonly status: 'rolled back' | 'rollback undone' | 'rollback proposed' | 'rollback failed' | 'unhealthy'
  /** what is missing from a rollback, such as `, and is not deployed`; '' where nothing is known to be */
  readonly shortfall: string
  /** the last look at production after a rollback; undefined when nobody looked */
  readonly recovery: EventOf<'recovery-verified'> | undefined
  /** the end of the last run of a rollback; undefined when none ended */
  readonly ended: EventOf<'rollback-ended'> | undefined
  /** what users noticed, as it was measured */
  readonly impact: readonly EventOf<'impact-assessed'>[]
  /** how it stands to those who respond; undefined when it is no incident to them */
  readonly incidentNow: Incident | undefined
  /** those before it with something in common, the newest first */
  readonly earlier: readonly EarlierIncident[]
}

/** Gathers the facts; undefined when nothing in the history says that there is an incident: a rehearsal is none. */
export function gatherFacts(events: readonly Event[], incident: string): IncidentFacts | undefined {
  const real = withoutRehearsals(events)
  const own = real.filter((event) => event.incident === incident)
  const detection = own.find(isDetection)
  const rollbacks = own.filter((event) => event.kind === 'rollback-applied')
  const proposals = own.filter((event) => event.kind === 'rollback-proposed')
  const failures = own.filter((event) => event.kind === 'rollback-failed')
  const takenBack = new Set(own.flatMap((event) => (event.kind === 'rollback-undone' ? [event.from] : [])))
  const [first] = own
  const isOpened = own.some(({ kind }) => kind === 'incident-opened')
  if (
    first === undefined ||
    (detection === undefined && !isOpened && rollbacks.length + proposals.length + failures.length === 0)
  )
    return undefined
  const recovery = own.findLast((event) => event.kind === 'recovery-verified')
  const ended = own.findLast((event) => event.kind === 'rollback-ended')
  return {
    incident,
    environment: first.environment,
    revision: first.revision,
    events: own,
    ...{ detection, rollbacks, proposals, failures, takenBack },
    status: statusOf({ rollbacks, proposals, failures, takenBack }),
    ...{ recovery, ended, shortfall: shortfallOf(recovery, ended) },
    impact: own.filter((event) => event.kind === 'impact-assessed'),
    incidentNow: incidentOf(own, incident),
    earlier: earlierIncidents(real, { incident, environment: first.environment, own }),
  }
}

/** Nobody who reads only the title is to think that production is well. */
function shortfallOf(
  recovery: IncidentFacts['recovery'],
  ended: IncidentFacts['ended'],
): IncidentFacts['shortfall'] {
  if (recovery?.outcome === 'recovered') return ''
  if (recovery?.outcome === 'not-recovered') return ', and is still failing'
  if (ended?.outcome === 'not-deployed') return ', and is not deployed'
  return ended?.outcome === 'not-verified' ? ', and is not verified' : ''
}

function statusOf({
  rollbacks,
  proposals,
  failures,
  takenBack,
}: Pick<IncidentFacts, 'rollbacks' | 'proposals' | 'failures' | 'takenBack'>): IncidentFacts['status'] {
  if (rollbacks.length > 0 && rollbacks.every(({ now }) => takenBack.has(now))) return 'rollback undone'
  if (rollbacks.length > 0) return 'rolled back'
  if (proposals.length > 0) return 'rollback proposed'
  return failures.length > 0 ? 'rollback failed' : 'unhealthy'
}
