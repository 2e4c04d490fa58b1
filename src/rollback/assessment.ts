import { isDetection } from '../history/detection.ts'
import type { Event } from '../history/event.ts'
import { withoutRehearsals } from '../history/rehearsal.ts'

/** The state of production when the run begins. */
export interface Assessment {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'pre-existing' | 'not-deployed'
  readonly because: string
}

/** Whether checks found it failing: what they could not measure or decide is not a failure. */
export function isFailing(assessment: Assessment | undefined): boolean {
  return assessment?.verdict === 'unhealthy' || assessment?.verdict === 'pre-existing'
}

/** What was observed before anything was changed, one clause, in the past tense: it may have changed since. */
export function sayBefore({ verdict, because }: Assessment): string {
  return `production was ${states[verdict]} when this run began (${because})`
}

const states: Readonly<Record<Assessment['verdict'], string>> = {
  healthy: 'healthy',
  unhealthy: 'failing',
  'pre-existing': 'failing',
  'not-deployed': 'serving another revision',
  inconclusive: 'not seen to be healthy or failing',
  error: 'not seen',
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
