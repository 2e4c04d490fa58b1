import { isDetection } from '../history/detection.ts'
import type { Event } from '../history/event.ts'

/** How production is at the moment of acting. */
export interface Assessment {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'pre-existing' | 'not-deployed'
  readonly because: string
}

/**
 * Whether production was failing in this incident. Only then does it show by being well that the restored revision is deployed:
 * a fault that no check sees looks the same before and after.
 * @param events of the incident
 */
export function wasFailing(events: readonly Event[]): boolean {
  return events.some(
    (event) =>
      isDetection(event) ||
      (event.kind === 'recovery-verified' && event.outcome === 'not-recovered') ||
      // no machine begins while production is well
      (event.kind === 'rollback-began' && event.automatic),
  )
}
