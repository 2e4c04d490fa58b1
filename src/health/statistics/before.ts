import type { PollCounts } from './one-arm.ts'

/** What the time before the deployment says about the time after it. */
export interface Before {
  readonly total: PollCounts
  /** minutes with traffic */
  readonly minutes: number
  readonly dispersion: number
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
  return { total, minutes: busy.length, dispersion: dispersionOf(busy, total) }
}

/**
 * An hour sees only few bursts, and the next one is often longer: what it shows beyond chance counts so many times. Chosen
 * with `npm run bench -- gate`, where no healthy service with bursts is then called bad in more than about 1 % of its gates.
 */
const caution = 5

/**
 * Pearson's chi-squared of the shares by minute over its degrees of freedom, its part above 1 with `caution`; 1 where too
 * little is known.
 */
function dispersionOf(minutes: readonly PollCounts[], total: PollCounts): number {
  const share = total.bad / total.of
  if (minutes.length < leastMinutes || !(share > 0 && share < 1)) return 1
  const chiSquared = minutes.reduce(
    (sum, { bad, of }) => sum + (bad - of * share) ** 2 / (of * share * (1 - share)),
    0,
  )
  return 1 + caution * Math.max(0, chiSquared / (minutes.length - 1) - 1)
}
