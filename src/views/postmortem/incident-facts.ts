import type { Event, EventOf } from '../../history/event.ts'

/** What the history says of one incident, for the document. */
export interface IncidentFacts {
  readonly incident: string
  readonly environment: string
  /** the failed revision */
  readonly revision: string
  /** all events of the incident, oldest first */
  readonly events: readonly Event[]
  /** the first check that said unhealthy */
  readonly detection: EventOf<'health-checked'> | undefined
  readonly rollbacks: readonly EventOf<'rollback-applied'>[]
  readonly proposals: readonly EventOf<'rollback-proposed'>[]
  readonly failures: readonly EventOf<'rollback-failed'>[]
  /** the rollbacks that do not hold any more, by where they had put their layer (`now`) */
  readonly takenBack: ReadonlySet<string>
  readonly status:
    | 'rolled back'
    | 'rollback taken back'
    | 'rollback proposed'
    | 'rollback failed'
    | 'unhealthy'
  /** the last look at production after a rollback; undefined when nobody looked */
  readonly recovery: EventOf<'recovery-verified'> | undefined
  /** from the first failing check to the last layer's rollback, ms */
  readonly rollbackAfterMs: number | undefined
  /** from the start of the watch to its verdict, ms */
  readonly detectedAfterMs: number | undefined
}

/** Gathers the facts; undefined when nothing in the history says that there is an incident. */
export function gatherFacts(events: readonly Event[], incident: string): IncidentFacts | undefined {
  const own = events.filter((event) => event.incident === incident)
  const detection = own.find((event) => event.kind === 'health-checked' && event.verdict === 'unhealthy')
  const rollbacks = own.filter((event) => event.kind === 'rollback-applied')
  const proposals = own.filter((event) => event.kind === 'rollback-proposed')
  const failures = own.filter((event) => event.kind === 'rollback-failed')
  const takenBack = new Set(own.flatMap((event) => (event.kind === 'rollback-undone' ? [event.from] : [])))
  const [first] = own
  if (
    first === undefined ||
    (detection === undefined && rollbacks.length + proposals.length + failures.length === 0)
  )
    return undefined
  const detected = detection?.kind === 'health-checked' ? detection : undefined
  const last = rollbacks.at(-1)
  const detectedAt = detected === undefined ? undefined : Date.parse(detected.at)
  return {
    incident,
    environment: first.environment,
    revision: first.revision,
    events: own,
    detection: detected,
    rollbacks,
    proposals,
    failures,
    takenBack,
    recovery: own.findLast((event) => event.kind === 'recovery-verified'),
    status: statusOf({ rollbacks, proposals, failures, takenBack }),
    rollbackAfterMs:
      last === undefined || detectedAt === undefined
        ? undefined
        : Math.max(0, Date.parse(last.at) - detectedAt),
    detectedAfterMs:
      detected === undefined || detectedAt === undefined
        ? undefined
        : detectedAt - Date.parse(detected.startedAt),
  }
}

function statusOf({
  rollbacks,
  proposals,
  failures,
  takenBack,
}: Pick<IncidentFacts, 'rollbacks' | 'proposals' | 'failures' | 'takenBack'>): IncidentFacts['status'] {
  if (rollbacks.length > 0 && rollbacks.every(({ now }) => takenBack.has(now))) return 'rollback taken back'
  if (rollbacks.length > 0) return 'rolled back'
  if (proposals.length > 0) return 'rollback proposed'
  return failures.length > 0 ? 'rollback failed' : 'unhealthy'
}
