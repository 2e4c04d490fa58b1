import { isDetection } from '../history/detection.ts'
import type { Event } from '../history/event.ts'
import { withoutRehearsals } from '../history/rehearsal.ts'

/** How production is at the moment of acting. */
export interface Assessment {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'pre-existing' | 'not-deployed'
  readonly because: string
}

/** Whether checks saw it failing: what they could not look at, or not decide, is no failure. */
export function isFailing(assessment: Assessment | undefined): boolean {
  return assessment?.verdict === 'unhealthy' || assessment?.verdict === 'pre-existing'
}

/**
 * Whether production was failing in this incident. Only then does it show by being well that the restored revision is deployed:
 * a fault that no check sees looks the same before and after. What a rehearsal saw was of its own making.
 * @param events of the incident
 */
export function wasFailing(events: readonly Event[]): boolean {
  return withoutRehearsals(events).some(
    (event) =>
      isDetection(event) ||
      (event.kind === 'recovery-verified' && event.outcome === 'not-recovered') ||
      (event.kind === 'rollback-began' && event.failing === true),
  )
}
