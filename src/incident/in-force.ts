import type { Event, EventOf } from '../history/event.ts'

/** Whether a rollback was not taken back since. @param events of its incident, oldest first */
export function isInForce(events: readonly Event[], applied: EventOf<'rollback-applied'>): boolean {
  const later = events.slice(events.indexOf(applied) + 1)
  return !later.some((event) => event.kind === 'rollback-undone' && event.layer === applied.layer)
}
