import type { PollCounts } from './one-arm.ts'

/** What the time before the deployment says about the time after it. */
export interface Before {
  /** what is usual: without the minutes of `outage` */
  readonly total: PollCounts
  /** the last ten minutes, where many more were bad in them than in the time before: an outage that the deployment came into */
  readonly outage?: PollCounts
  /** minutes with traffic */
  readonly minutes: number
  readonly dispersion: number
  /** how much one poll may add to the evidence, in nats; infinite where nothing is known, or nothing speaks for bursts. See `mostPerPollOf` */
  readonly mostPerPoll: number
}

/** Fewer minutes with traffic say nothing about how they vary. */
const leastMinutes = 10

/** @param minutes counts by minute, the last one just before the deployment */
export function describeBefore(minutes: readonly PollCounts[]): Before {
  const outage = findOutage(minutes)
  const usual = outage === undefined ? minutes : minutes.slice(0, -recentMinutes)
  const busy = usual.filter(({ of }) => of > 0)
  const total = sum(busy)
  const excess = excessOf(usual, total)
  return {
    total,
    ...(outage !== undefined && { outage }),
    minutes: busy.length,
    // an hour sees only few bursts, and the next one is often longer
    dispersion: 1 + caution * Math.max(0, excess ?? 0),
    mostPerPoll: busy.length < leastMinutes ? Number.POSITIVE_INFINITY : mostPerPollOf(total, excess),
  }
}

/**
 * What the hour shows of bursts counts so many times. This and the constants below were chosen with `npm run bench -- gate`, on gates
 * that its figures are not from.
 */
const caution = 3
/** nats that one poll may add, where there may be bursts: three polls at least until an alarm at 1 % */
const mostOfOne = 2
/** so many bad ones have to be seen before their minutes can show that there are no bursts */
const leastBad = 60
/** chance alone goes so far */
const calmExcess = 0.3
/** minutes of a longer burst, and how many such stretches tell anything */
const longBurst = { minutes: 5, least: 6 }
/** an outage is looked for in so many last minutes */
const recentMinutes = 10
/** standard deviations between the two that are no chance */
const outageDeviations = 4
const leastBadOfOutage = 3

/**
 * Counts of the last ten minutes, where they stand out: what was so when the deployment came is not its doing, though most of the
 * hour was good.
 */
function findOutage(minutes: readonly PollCounts[]): PollCounts | undefined {
  const earlier = minutes.slice(0, -recentMinutes)
  const [usual, last] = [sum(earlier), sum(minutes.slice(-recentMinutes))]
  if (earlier.length < leastMinutes || usual.of === 0 || last.bad < leastBadOfOutage) return undefined
  const share = (usual.bad + last.bad) / (usual.of + last.of)
  const dispersion = 1 + Math.max(0, excessOf(earlier, usual) ?? 0)
  const deviation = Math.sqrt(share * (1 - share) * (1 / usual.of + 1 / last.of) * dispersion)
  return last.bad / last.of - usual.bad / usual.of > outageDeviations * deviation ? last : undefined
}

/**
 * A burst of a minute looks like an outage that begins, and no dispersion that an hour shows is enough for the longest one. So no
 * single poll is taken for more than `mostOfOne`, unless the hour had enough bad ones to show that they do not come in bursts. That
 * takes evidence away and adds none, so that the promise of `mixture.ts` stands.
 */
function mostPerPollOf({ bad }: PollCounts, excess: number | undefined): number {
  return bad >= leastBad && (excess ?? 0) <= calmExcess ? Number.POSITIVE_INFINITY : mostOfOne
}

/**
 * How much more the shares vary than chance would have it, from minute to minute or in longer stretches, whichever is more: a burst of
 * some minutes is hardly seen between one of them and the next. Of the few long stretches, what chance alone often brings does not
 * count. Undefined where too little is known.
 */
function excessOf(minutes: readonly PollCounts[], total: PollCounts): number | undefined {
  const short = chiSquaredOf(minutes, total, leastMinutes)
  if (short === undefined) return undefined
  const long = chiSquaredOf(stretchesOf(minutes), total, longBurst.least)
  if (long === undefined) return short.ratio - 1
  return Math.max(short.ratio - 1, long.ratio - 1 - Math.sqrt(2 / long.degrees))
}

/** Pearson's chi-squared of the shares over its degrees of freedom, which is about 1 where they vary by chance. */
function chiSquaredOf(
  stretches: readonly PollCounts[],
  total: PollCounts,
  least: number,
): { readonly ratio: number; readonly degrees: number } | undefined {
  const busy = stretches.filter(({ of }) => of > 0)
  const share = total.bad / total.of
  if (busy.length < least || !(share > 0 && share < 1)) return undefined
  const chiSquared = busy.reduce(
    (so, { bad, of }) => so + (bad - of * share) ** 2 / (of * share * (1 - share)),
    0,
  )
  return { ratio: chiSquared / (busy.length - 1), degrees: busy.length - 1 }
}

/** The minutes in stretches of five, as far as they are whole. */
function stretchesOf(minutes: readonly PollCounts[]): readonly PollCounts[] {
  const whole = Math.floor(minutes.length / longBurst.minutes)
  return Array.from({ length: whole }, (_, index) =>
    sum(minutes.slice(index * longBurst.minutes, (index + 1) * longBurst.minutes)),
  )
}

function sum(counts: readonly PollCounts[]): PollCounts {
  return counts.reduce((so, { bad, of }) => ({ bad: so.bad + bad, of: so.of + of }), { bad: 0, of: 0 })
}
