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

/** Pearson's chi-squared of the shares by minute over its degrees of freedom; at least 1, and 1 where too little is known. */
function dispersionOf(minutes: readonly PollCounts[], total: PollCounts): number {
  const share = total.bad / total.of
  if (minutes.length < leastMinutes || !(share > 0 && share < 1)) return 1
  const chiSquared = minutes.reduce(
    (sum, { bad, of }) => sum + (bad - of * share) ** 2 / (of * share * (1 - share)),
    0,
  )
  return Math.max(1, chiSquared / (minutes.length - 1))
}
