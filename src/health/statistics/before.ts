import type { PollCounts } from './one-arm.ts'

/** What the time before the deployment says about the time after it. */
export interface Before {
  readonly total: PollCounts
  /** minutes with traffic */
  readonly minutes: number
  readonly dispersion: number
  /** how much one poll may add to the evidence, in nats; infinite where nothing is known, or nothing speaks for bursts. See `mostPerPollOf` */
  readonly mostPerPoll: number
}

/** Fewer minutes with traffic say nothing about how they vary. */
const leastMinutes = 10

/** @param minutes counts by minute */
export function describeBefore(minutes: readonly PollCounts[]): Before {
  const busy = minutes.filter(({ of }) => of > 0)
  const total = busy.reduce((sum, { bad, of }) => ({ bad: sum.bad + bad, of: sum.of + of }), {
    bad: 0,
    of: 0,
  })
  const excess = excessOf(busy, total)
  return {
    total,
    minutes: busy.length,
    // an hour sees only few bursts, and the next one is often longer
    dispersion: 1 + caution * Math.max(0, excess ?? 0),
    mostPerPoll: busy.length < leastMinutes ? Number.POSITIVE_INFINITY : mostPerPollOf(total, excess),
  }
}

/**
 * What the hour shows of bursts counts so many times. This and the three below were chosen with `npm run bench -- gate`, on gates that
 * its figures are not from.
 */
const caution = 3
/** nats that one poll may add, where there may be bursts: three polls at least until an alarm at 1 % */
const mostOfOne = 2
/** so many bad ones have to be seen before their minutes can show that there are no bursts */
const leastBad = 60
/** chance alone goes so far */
const calmExcess = 0.3

/**
 * A burst of a minute looks like an outage that begins, and no dispersion that an hour shows is enough for the longest one. So no
 * single poll is taken for more than `mostOfOne`, unless the hour had enough bad ones to show that they do not come in bursts. That
 * takes evidence away and adds none, so that the promise of `mixture.ts` stands.
 */
function mostPerPollOf({ bad }: PollCounts, excess: number | undefined): number {
  return bad >= leastBad && (excess ?? 0) <= calmExcess ? Number.POSITIVE_INFINITY : mostOfOne
}

/**
 * How much more the shares vary from minute to minute than chance would have it: Pearson's chi-squared over its degrees of freedom,
 * less 1. Undefined where too little is known.
 */
function excessOf(minutes: readonly PollCounts[], total: PollCounts): number | undefined {
  const share = total.bad / total.of
  if (minutes.length < leastMinutes || !(share > 0 && share < 1)) return undefined
  const chiSquared = minutes.reduce(
    (sum, { bad, of }) => sum + (bad - of * share) ** 2 / (of * share * (1 - share)),
    0,
  )
  return chiSquared / (minutes.length - 1) - 1
}
