import { addPoll, emptyMixture, logEvidence, type Mixture } from './mixture.ts'

export interface TrafficPlan {
  /** requests per second that have to come at least */
  readonly least: number
  readonly alpha: number
  readonly plannedPolls: number
  /** see `dispersionOf`, here of the counts of a minute */
  readonly dispersion: number
}

/** Shares of the least traffic that the evidence is weighed against. */
const shares = [0.75, 0.5, 0.25, 0.1, 0.02]

export const emptyTraffic: Mixture = emptyMixture(shares.length)

/**
 * Adds the requests of one poll, taken as a Poisson count.
 * @param seconds how long the poll looked at
 * @throws RangeError for a count or a time that cannot be
 */
export function addTraffic(state: Mixture, requests: number, seconds: number, plan: TrafficPlan): Mixture {
  if (!(requests >= 0 && Number.isFinite(requests) && seconds >= 0 && Number.isFinite(seconds))) {
    throw new RangeError(`there cannot be ${requests} requests in ${seconds} s`)
  }
  const expected = plan.least * seconds
  const increments = shares.map(
    (share) => (requests * Math.log(share) + (1 - share) * expected) / plan.dispersion,
  )
  return addPoll(state, increments, plan.plannedPolls)
}

/** True once less comes than has to, with at most `alpha` chance of being wrong at any look. */
export function isLost(state: Mixture, plan: TrafficPlan): boolean {
  return logEvidence(state, plan.plannedPolls) >= Math.log(1 / plan.alpha)
}
