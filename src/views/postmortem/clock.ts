import { firstBadAnswer } from '../../history/detection.ts'
import type { Event } from '../../history/event.ts'
import type { Evidence } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'

/** When each thing of an incident happened, ms since the epoch; undefined for what did not, or is not known. */
export interface Clock {
  /** the failed revision was in the environment */
  readonly deployedAt: number | undefined
  /** the first bad answer of those that led to the verdict */
  readonly firstBadAt: number | undefined
  /** the first check said unhealthy */
  readonly detectedAt: number | undefined
  readonly acknowledgedAt: number | undefined
  /** the last layer was back */
  readonly rolledBackAt: number | undefined
  /** production was seen well */
  readonly recoveredAt: number | undefined
}

/**
 * The clock of an incident. It starts with the deployment, as DORA counts, and not when somebody began to watch: a bad answer
 * before GitHub had the deployment as a success moves the start to that answer.
 */
export function clockOf(
  { detection, rollbacks, recovery, incidentNow, events }: ClockFacts,
  { deployment }: Pick<Evidence, 'deployment'>,
): Clock {
  const detectedAt = timeOf(detection)
  const firstBadAt = firstBadAnswer(detection)
  const recovered = events.find(
    (event) =>
      event.kind === 'recovery-verified' &&
      event.outcome === 'recovered' &&
      Date.parse(event.at) >= (detectedAt ?? 0),
  )
  return {
    deployedAt: deployedAt(deployment, firstBadAt),
    firstBadAt,
    detectedAt,
    acknowledgedAt: timeOf(incidentNow?.acknowledged),
    rolledBackAt: timeOf(rollbacks.at(-1)),
    recoveredAt: recovery?.outcome === 'recovered' ? timeOf(recovered ?? recovery) : undefined,
  }
}

type ClockFacts = Pick<IncidentFacts, 'detection' | 'rollbacks' | 'recovery' | 'incidentNow' | 'events'>

function timeOf(what: { readonly at: string } | undefined): number | undefined {
  return what === undefined ? undefined : Date.parse(what.at)
}

function deployedAt(deployment: Evidence['deployment'], firstBadAt: number | undefined): number | undefined {
  if (deployment === undefined) return undefined
  const created = deployment.createdAt.getTime()
  const succeeded = deployment.succeededAt?.getTime() ?? created
  return firstBadAt === undefined ? succeeded : Math.max(created, Math.min(succeeded, firstBadAt))
}

/** A time that took so long, from one moment of the clock to another. */
export interface Measure {
  readonly name: string
  readonly ms: number
  readonly from: string
  readonly to: string
}

const measures = [
  ['Time to detect', 'deployedAt', 'detectedAt'],
  ['Time from the first bad answer to the detection', 'firstBadAt', 'detectedAt'],
  ['Time to acknowledge', 'detectedAt', 'acknowledgedAt'],
  ['Time to roll back', 'detectedAt', 'rolledBackAt'],
  ['Time to recover', 'deployedAt', 'recoveredAt'],
  ['Production failing', 'firstBadAt', 'recoveredAt'],
] as const satisfies readonly (readonly [string, keyof Clock, keyof Clock])[]

const moments: Readonly<Record<keyof Clock, string>> = {
  deployedAt: 'the deployment',
  firstBadAt: 'the first bad answer',
  detectedAt: 'the detection',
  acknowledgedAt: 'the acknowledgement',
  rolledBackAt: 'the rollback of the last layer',
  recoveredAt: 'the verified recovery',
}

/** How long each part took; only what both ends of are known. None is negative: a person can be faster than a check. */
export function measuresOf(clock: Clock): readonly Measure[] {
  return measures.flatMap(([name, from, to]) => {
    const [start, end] = [clock[from], clock[to]]
    if (start === undefined || end === undefined) return []
    return [{ name, ms: Math.max(0, end - start), from: moments[from], to: moments[to] }]
  })
}

/** Where the offsets of a timeline start: the deployment, the first bad answer, or the first event. */
export function startOf({ deployedAt, firstBadAt }: Clock, events: readonly Event[]): number {
  return deployedAt ?? firstBadAt ?? Date.parse(events[0]?.at ?? '')
}
