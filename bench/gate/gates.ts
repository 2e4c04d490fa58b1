import type { PollCounts } from '../../src/health/statistics/one-arm.ts'
import { binomial, normal, poisson, randomOf } from '../../test/support/random.ts'

/** A gate of half an hour, a poll every 15 seconds. */
export const pollsPerGate = 120
export const pollMinutes = 0.25
const pollSeconds = 15
const minutesBefore = 60

export interface Kind {
  /** requests a second */
  readonly traffic: number
  /** share of bad ones of a healthy service */
  readonly base: number
  /** how much more the share is after the onset; 1 for a healthy gate */
  readonly effect: number
  /** coefficient of variation of the share from minute to minute */
  readonly burst: number
}

/** What a rule sees of a gate, and what it cannot know. */
export interface Gate {
  readonly kind: Kind
  readonly before: readonly PollCounts[]
  /** undefined where the metrics server had no answer: the next poll has both, as counters do */
  readonly polls: readonly (PollCounts | undefined)[]
  /** poll from which on it is bad; undefined for a healthy gate */
  readonly onset: number | undefined
}

/** Draws a gate. What a bad one is like beside its kind (late, slow, full of holes) is drawn, too. */
export function drawGate(kind: Kind, seed: number): Gate {
  const random = randomOf(seed)
  const isBad = kind.effect > 1
  const onset = isBad ? pick(random, [0, 20, 60]) : undefined
  const ramp = isBad && random() < 0.25 ? 20 : 0
  const gaps = random() < 0.25 ? pick(random, [0.1, 0.3, 0.5]) : 0
  const factorAt = (poll: number) => {
    if (onset === undefined || poll < onset) return 1
    return ramp === 0 ? kind.effect : 1 + (kind.effect - 1) * Math.min(1, (poll - onset + 1) / ramp)
  }
  const shocks = () => Math.max(0, gammaLike(random, kind.burst))
  const count = (seconds: number, factor: number, shock: number): PollCounts => {
    const of = poisson(random, kind.traffic * seconds)
    return { bad: binomial(random, of, Math.min(0.5, kind.base * factor * shock)), of }
  }
  const before = Array.from({ length: minutesBefore }, () => count(60, 1, shocks()))
  const polls: (PollCounts | undefined)[] = []
  let shock = 1
  let missed: PollCounts = { bad: 0, of: 0 }
  for (let poll = 0; poll < pollsPerGate; poll += 1) {
    // a burst lasts a minute
    if (poll % 4 === 0) shock = shocks()
    const counts = count(pollSeconds, factorAt(poll), shock)
    const both = { bad: missed.bad + counts.bad, of: missed.of + counts.of }
    const isLost = random() < gaps
    missed = isLost ? both : { bad: 0, of: 0 }
    polls.push(isLost ? undefined : both)
  }
  return { kind, before, polls, onset }
}

/** Mean 1 and this coefficient of variation, from a log-normal: long to the right, as bursts are. */
function gammaLike(random: () => number, cv: number): number {
  if (cv === 0) return 1
  const variance = Math.log(1 + cv * cv)
  return Math.exp(Math.sqrt(variance) * normal(random) - variance / 2)
}

function pick<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0]
}
