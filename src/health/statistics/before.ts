import { excessOf, leastMinutes } from './dispersion.ts'
import { type Incident, splitIncidents, sum } from './incidents.ts'
import type { PollCounts } from './one-arm.ts'

/** What the time before the deployment says about the time after it. */
export interface Before {
  /** what is usual: without the minutes of `outage` and `ended` */
  readonly total: PollCounts
  /** what the deployment came into: many more were bad in the last minutes than in the time before */
  readonly outage?: Incident
  /** incidents that were over before the deployment came, the latest first: they say nothing of what is usual, nor of bursts */
  readonly ended: readonly Incident[]
  /** the last minutes of `total`: however the hour was, this is how it stood when the deployment came */
  readonly recent: PollCounts
  /** minutes with traffic */
  readonly minutes: number
  readonly dispersion: number
  /** how much one poll may add to the evidence, in nats; infinite where nothing is known, or nothing speaks for bursts. See `mostPerPollOf` */
  readonly mostPerPoll: number
}

/**
 * What the hour shows of bursts counts so many times. This and the constants below were chosen with `npm run bench -- gate`, on gates
 * that its figures are not from.
 */
const caution = 4
/** nats that one poll may add, where there may be bursts, or an incident that may come again: four polls at least until an alarm at 1 % */
const mostOfOne = 1.5
/** minutes that show how it was when the deployment came */
const recentMinutes = 5
/** so many bad ones have to be seen before their minutes can show that there are no bursts */
const leastBad = 60
/** chance alone goes so far */
const calmExcess = 0.3

/** @param minutes counts by minute, the last one just before the deployment */
export function describeBefore(minutes: readonly PollCounts[]): Before {
  const { usual, ended, ongoing } = splitIncidents(minutes, (some) => 1 + Math.max(0, excessOf(some) ?? 0))
  const busy = usual.filter(({ of }) => of > 0).length
  const total = sum(usual)
  const excess = excessBeside(usual, ongoing === undefined ? [] : minutes.slice(-ongoing.minutes))
  return {
    total,
    ...(ongoing !== undefined && { outage: ongoing }),
    ended,
    recent: sum(usual.slice(-recentMinutes)),
    minutes: busy,
    // an hour sees only few bursts, and the next one is often longer
    dispersion: 1 + caution * Math.max(0, excess ?? 0),
    mostPerPoll: mostPerPollOf({ busy, total, excess, hadIncident: ended.length > 0 }),
  }
}

/**
 * Where what the deployment came into is most of the hour, the few minutes before it cannot tell how much shares vary there: the outage
 * itself may be nothing but bursts. What chance alone often brings does not count.
 */
function excessBeside(usual: readonly PollCounts[], outage: readonly PollCounts[]): number | undefined {
  const own = outage.length > usual.length ? excessOf(outage, { isSure: true }) : undefined
  const excess = excessOf(usual)
  return own === undefined ? excess : Math.max(own, excess ?? 0)
}

/**
 * A burst of a minute looks like an outage that begins, and no dispersion that an hour shows is enough for the longest one. So no
 * single poll is taken for more than `mostOfOne`, unless the hour had enough bad ones to show that they do not come in bursts. That
 * takes evidence away and adds none, so that the promise of `mixture.ts` stands.
 */
function mostPerPollOf(input: {
  readonly busy: number
  readonly total: PollCounts
  readonly excess: number | undefined
  readonly hadIncident: boolean
}): number {
  const { busy, total, excess, hadIncident } = input
  if (hadIncident) return mostOfOne
  if (busy < leastMinutes) return Number.POSITIVE_INFINITY
  return total.bad >= leastBad && (excess ?? 0) <= calmExcess ? Number.POSITIVE_INFINITY : mostOfOne
}
