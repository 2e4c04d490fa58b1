import type { Severity } from '../text/severity.ts'
import type { Incident } from './incident.ts'

/** How long people have, and how many levels of people there are. */
export interface EscalationPolicy {
  /** ms to acknowledge an incident, by severity */
  readonly respondMs: Readonly<Record<Severity, number>>
  /** 1 for no escalation */
  readonly levels: number
}

/** A level that has to be notified now. */
export interface Escalation {
  readonly level: number
  /** the level that was notified last: those between are notified by the same message */
  readonly after: number
  readonly dueAt: Date
  readonly lateMs: number
}

/** An incident that nobody has touched for so long notifies nobody any more. */
const oldestMs = 7 * 24 * 60 * 60_000

/**
 * The level to notify now: the highest that is due, once, however many deadlines have passed since anything looked. A pure
 * function of the record and a clock: a restart or an outage of the schedule changes nothing but how late it is.
 * @returns undefined when none is due: acknowledged, resolved, too old, or in time
 */
export function dueEscalation(
  incident: Incident,
  policy: EscalationPolicy,
  now: Date,
): Escalation | undefined {
  const deadline = nextDeadline(incident, policy)
  if (deadline === undefined || deadline > now) return undefined
  if (now.getTime() - Date.parse(incident.base.at) > oldestMs) return undefined
  const { base, level: after } = incident
  const respondMs = policy.respondMs[incident.severity]
  const passed = Math.floor((now.getTime() - Date.parse(base.at)) / respondMs)
  const level = Math.min(policy.levels, base.level + passed)
  const dueAt = deadlineOf(incident, policy, level)
  return { level, after, dueAt, lateMs: now.getTime() - dueAt.getTime() }
}

/** When the next level is due; undefined when the incident needs no response any more, or there is no further level. */
export function nextDeadline(incident: Incident, policy: EscalationPolicy): Date | undefined {
  if (incident.status !== 'open' || incident.level >= policy.levels) return undefined
  return deadlineOf(incident, policy, incident.level + 1)
}

function deadlineOf({ base, severity }: Incident, { respondMs }: EscalationPolicy, level: number): Date {
  return new Date(Date.parse(base.at) + (level - base.level) * respondMs[severity])
}
