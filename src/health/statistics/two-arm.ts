import { addPoll, emptyMixture, logEvidence, type Mixture } from './mixture.ts'
import type { PollCounts } from './one-arm.ts'

export interface TwoArmPlan {
  /** how many times as bad as the control the new one may be: 1 for not worse at all */
  readonly tolerance: number
  readonly alpha: number
  readonly plannedPolls: number
}

/** Multiples of the tolerance that the evidence is weighed against. */
const multiples = [1.5, 2, 3, 5, 10, 30]

export const emptyTwoArm: Mixture = emptyMixture(multiples.length)

/**
 * Adds one poll of two versions that ran at the same time: a canary and the rest, two regions, a label and the one before.
 *
 * Given that something went wrong, in which of the two? If both are alike, in each by its share of the traffic, so that
 * what hits both (a shock to a database, a burst) says nothing. The conditional test of Lindon and Malek
 * (arXiv 2011.03567, eq. 3) with the share of each poll, which is known before its errors are. It is exact for Poisson
 * counts, and conservative for shares of requests, as drawing without replacement varies less (Hoeffding 1963, section 6).
 * @throws RangeError for counts that cannot be
 */
export function addPair(
  state: Mixture,
  { suspect, control }: { readonly suspect: PollCounts; readonly control: PollCounts },
  plan: TwoArmPlan,
): Mixture {
  for (const { bad, of } of [suspect, control]) {
    if (!(Number.isFinite(of) && bad >= 0 && bad <= of)) {
      throw new RangeError(`there cannot be ${bad} bad ones of ${of}`)
    }
  }
  // without traffic in both arms a poll cannot distinguish them
  if (suspect.of === 0 || control.of === 0) return state
  const shareAt = (ratio: number) => (ratio * suspect.of) / (ratio * suspect.of + control.of)
  const expected = shareAt(plan.tolerance)
  const increments = multiples.map((multiple) => {
    const share = shareAt(plan.tolerance * multiple)
    return (
      suspect.bad * Math.log(share / expected) + control.bad * (Math.log1p(-share) - Math.log1p(-expected))
    )
  })
  return addPoll(state, increments, plan.plannedPolls)
}

/** True once the suspect is worse than the tolerance allows, with at most `alpha` chance of being wrong at any look. */
export function isWorse(state: Mixture, plan: TwoArmPlan): boolean {
  return logEvidence(state, plan.plannedPolls) >= Math.log(1 / plan.alpha)
}
