import type { CheckOutcome } from './check-outcome.ts'
import type { Event, EventOf } from './event.ts'

/** Whether an event says that checks found production failing. */
export function isDetection(event: Event): event is EventOf<'health-checked'> {
  return event.kind === 'health-checked' && event.verdict === 'unhealthy'
}

/** The checks that were beyond their limit; none where nothing was detected. */
export function breachedChecks(
  detection: Pick<EventOf<'health-checked'>, 'checks'> | undefined,
): readonly CheckOutcome[] {
  return (detection?.checks ?? []).filter(({ state }) => state === 'breached')
}

/** When the first of them went beyond its limit, ms since the epoch; undefined where none says so. */
export function firstBadAnswer(
  detection: Pick<EventOf<'health-checked'>, 'checks'> | undefined,
): number | undefined {
  const since = breachedChecks(detection).flatMap(({ failingSince }) =>
    failingSince === undefined ? [] : [Date.parse(failingSince)],
  )
  return since.length === 0 ? undefined : Math.min(...since)
}
