import type { Event, EventOf } from './event.ts'

/** What the code of an incident was taken back to last: the revision that stands now, and the good one. Empty where it was not. */
export function restoredRevisions(events: readonly Event[], incident: string): readonly string[] {
  const applied = events.findLast(
    (event) => event.kind === 'rollback-applied' && event.layer === 'code' && event.incident === incident,
  )
  return applied?.kind === 'rollback-applied' ? [applied.now, applied.to] : []
}

/** The last verdict on a revision; with `verdict`, the last of that kind. */
export function lastCheck(
  events: readonly Event[],
  revision: string,
  verdict?: EventOf<'health-checked'>['verdict'],
): EventOf<'health-checked'> | undefined {
  return events
    .filter((event) => event.kind === 'health-checked')
    .findLast((event) => event.revision === revision && (verdict ?? event.verdict) === event.verdict)
}
