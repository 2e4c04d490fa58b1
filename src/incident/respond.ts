import type { Event, Occurrence } from '../history/event.ts'
import { sayDuration } from '../text/duration.ts'
import type { Severity } from '../text/severity.ts'
import { dueEscalation, type EscalationPolicy } from './escalation.ts'
import { type Incident, incidentOf } from './incident.ts'
import type { UserText } from './user-text.ts'

/** What somebody, or the schedule, wants of an incident. */
export type Wish =
  | { readonly kind: 'acknowledge' | 'resolve'; readonly because: string }
  /** due: only when nobody acknowledged it in time; now: a person wants the next level */
  | { readonly kind: 'escalate'; readonly when: 'due' | 'now'; readonly because: string }
  | { readonly kind: 'severity'; readonly severity: Severity; readonly because: string }
  | { readonly kind: 'note'; readonly note: string; readonly happenedAt: Date }
  /** a text for the users of the product */
  | ({ readonly kind: 'publish' } & UserText)

/** What follows from a wish: an event to record, or why nothing changes. */
export type Response =
  | { readonly kind: 'record'; readonly what: Occurrence; readonly naturalKey: readonly string[] }
  | { readonly kind: 'unchanged'; readonly reasonCode: Unchanged; readonly why: string }

export type Unchanged =
  | 'already-acknowledged'
  | 'already-resolved'
  | 'same-severity'
  | 'not-due'
  | 'last-level'

/**
 * Decides what a wish comes to. The event that is recorded is the same for the same wish of the same incident, so that two at the
 * same moment, or a button that is pressed twice, are one.
 * @param key of this wish alone, such as the id of a comment
 */
export function respond(
  incident: Incident,
  wish: Wish,
  { policy, now, key }: { readonly policy: EscalationPolicy; readonly now: Date; readonly key: string },
): Response {
  const { status, severity, level } = incident
  const episode = String(incident.episode)
  const unchanged = (reasonCode: Unchanged, why: string): Response => ({ kind: 'unchanged', reasonCode, why })
  if (wish.kind === 'note') {
    const { note, happenedAt } = wish
    return record({ kind: 'incident-noted', note, happenedAt: happenedAt.toISOString() }, [key])
  }
  if (wish.kind === 'publish') {
    const { title, text, status: shown } = wish
    return record({ kind: 'incident-published', title, text, status: shown }, [episode, key])
  }
  if (status === 'resolved')
    return unchanged('already-resolved', `the incident was resolved by ${incident.resolved?.by}`)
  const { because } = wish
  switch (wish.kind) {
    case 'acknowledge':
      return status === 'acknowledged'
        ? unchanged(
            'already-acknowledged',
            `the incident was acknowledged by ${incident.acknowledged?.by} before`,
          )
        : record({ kind: 'incident-acknowledged', because }, [episode])
    case 'resolve':
      return record({ kind: 'incident-resolved', because }, [episode])
    case 'severity':
      return wish.severity === severity && incident.isSeveritySet
        ? unchanged('same-severity', `the severity is ${severity} already`)
        : record({ kind: 'incident-severity-set', severity: wish.severity, because }, [episode, key])
    case 'escalate':
      if (level >= policy.levels)
        return unchanged('last-level', `level ${level} was notified, and it is the last level`)
      return wish.when === 'now' ? escalateNow(incident, because) : escalateDue(incident, policy, now)
  }
}

function escalateNow({ level, episode }: Incident, because: string): Response {
  const what = {
    kind: 'incident-escalated',
    level: level + 1,
    after: level,
    requested: true,
    because,
  } as const
  return record(what, [String(episode), String(level + 1)])
}

function escalateDue(incident: Incident, policy: EscalationPolicy, now: Date): Response {
  const due = dueEscalation(incident, policy, now)
  if (due === undefined) return { kind: 'unchanged', reasonCode: 'not-due', why: 'no further level is due' }
  const { level, after, dueAt, lateMs } = due
  const within = sayDuration(policy.respondMs[incident.severity])
  return record(
    {
      kind: 'incident-escalated',
      ...{ level, after, lateMs, requested: false, dueAt: dueAt.toISOString() },
      because: `nobody acknowledged the incident within ${within} (severity ${incident.severity})`,
    },
    [String(incident.episode), String(level)],
  )
}

function record(what: Occurrence, naturalKey: readonly string[]): Response {
  return { kind: 'record', what, naturalKey }
}

/** The incident that is meant: by its id, by its issue, or the newest of the environment that is not resolved. */
export function findIncident(
  events: readonly Event[],
  asked: { readonly incident?: string; readonly issue?: number; readonly environment: string },
): Incident | undefined {
  if (asked.incident) return incidentOf(events, asked.incident)
  const written = events.findLast(
    (event) => event.kind === 'postmortem-opened' && event.issue === asked.issue,
  )
  if (written !== undefined) return incidentOf(events, written.incident)
  const ids = events.filter((each) => each.environment === asked.environment).map((each) => each.incident)
  return [...new Set(ids)]
    .flatMap((id) => incidentOf(events, id) ?? [])
    .filter(({ status }) => status !== 'resolved')
    .toSorted((a, b) => Date.parse(a.openedAt) - Date.parse(b.openedAt))
    .at(-1)
}

/**
 * The time that a note is about: `14:05` (UTC; of today, or of yesterday where that is still to come) or a date and time.
 * @returns undefined for what is neither, or in the future
 */
export function timeOfNote(text: string, now: Date): Date | undefined {
  if (/^(?:[01]?\d|2[0-3]):[0-5]\d$/.test(text)) {
    const today = new Date(`${now.toISOString().slice(0, 10)}T${text.padStart(5, '0')}:00Z`)
    return today > now ? new Date(today.getTime() - 24 * 60 * 60_000) : today
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?$/.test(text))
    return undefined
  const at = new Date(/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(at.getTime()) || at > now ? undefined : at
}
