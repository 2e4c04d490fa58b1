import type { Event } from '../history/event.ts'

/** One line of an incident's timeline. */
export interface TimelineEntry {
  /** when it happened, UTC */
  readonly at: string
  /** ms after the first of them; 0 for that */
  readonly sinceStartMs: number
  readonly event: Event
}

/** The events of an incident by when they happened: a note may be of an earlier time than it was written. Notifications are not in it. */
export function timelineOf(events: readonly Event[]): readonly TimelineEntry[] {
  const timed = events
    .filter(({ kind }) => kind !== 'notification-sent')
    .map((event) => ({ event, at: timeOf(event) }))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const start = Date.parse(timed[0]?.at ?? '')
  return timed.map(({ event, at }) => ({ event, at, sinceStartMs: Date.parse(at) - start }))
}

/** When an event happened, as far as is known. */
function timeOf(event: Event): string {
  return event.kind === 'incident-noted' ? event.happenedAt : event.at
}
