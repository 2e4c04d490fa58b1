import type { Limit } from '../settings/schema.ts'
import { type GapReading, type Reading, type Serves, stateOf, type ValueReading } from './reading.ts'

/** So many rounds in a row without a value, and what was seen before them says nothing about now. */
const blindAfter = 3

/** An unbroken run of rounds beyond the limit. Times in ms since the epoch. */
export interface Breach {
  readonly since: number
  /** the last round whose own look was beyond the limit; rounds that only remember earlier ones do not move it */
  readonly until: number
}

/** Rounds without a value, by why they had none. */
interface Gaps {
  readonly errors: number
  readonly noData: number
}

/** What all readings of one check say so far, in constant space. */
export interface Tally {
  readonly rounds: number
  readonly withValue: number
  readonly breached: number
  readonly gaps: Gaps
  /** those since the last round with a value */
  readonly gapsAtEnd: Gaps
  /** the longest run of rounds that could not look */
  readonly mostErrorsInARow: number
  readonly errorsInARow: number
  readonly breach: Breach | undefined
  readonly lastValue: ValueReading | undefined
  readonly lastGap: GapReading | undefined
  /** of the last round */
  readonly serves: Serves | undefined
}

const noGaps: Gaps = { errors: 0, noData: 0 }

export const emptyTally: Tally = {
  rounds: 0,
  withValue: 0,
  breached: 0,
  gaps: noGaps,
  gapsAtEnd: noGaps,
  mostErrorsInARow: 0,
  errorsInARow: 0,
  breach: undefined,
  lastValue: undefined,
  lastGap: undefined,
  serves: undefined,
}

/**
 * Adds the reading of one round.
 *
 * A breach goes on until a value is inside the limit. One or two rounds without a value do not end it (a metrics server
 * that stumbles in the middle of an outage must not restart the clock), `blindAfter` of them do.
 * @param at the time of the round, ms since the epoch
 */
export function addReading(input: {
  readonly tally: Tally
  readonly reading: Reading
  readonly at: number
  readonly limit: Limit
}): Tally {
  const { tally, reading, at, limit } = input
  if (reading.kind !== 'value') return addGap(tally, reading)
  const state = stateOf(reading, limit)
  if (state === 'no-data') return addGap(tally, { kind: 'no-data', note: 'the value is not a number' })
  const isBreached = state === 'breached'
  return {
    ...tally,
    rounds: tally.rounds + 1,
    withValue: tally.withValue + 1,
    breached: tally.breached + (isBreached ? 1 : 0),
    gapsAtEnd: noGaps,
    errorsInARow: 0,
    breach: isBreached ? extendBreach(tally.breach, at, reading.recovering === true) : undefined,
    lastValue: reading,
    serves: reading.serves,
  }
}

function addGap(tally: Tally, gap: GapReading): Tally {
  const gapsAtEnd = countGap(tally.gapsAtEnd, gap)
  const errorsInARow = gap.kind === 'error' ? tally.errorsInARow + 1 : 0
  return {
    ...tally,
    rounds: tally.rounds + 1,
    gaps: countGap(tally.gaps, gap),
    gapsAtEnd,
    errorsInARow,
    mostErrorsInARow: Math.max(tally.mostErrorsInARow, errorsInARow),
    breach: total(gapsAtEnd) >= blindAfter ? undefined : tally.breach,
    lastGap: gap,
    serves: gap.serves,
  }
}

function countGap({ errors, noData }: Gaps, { kind }: GapReading): Gaps {
  return kind === 'error' ? { errors: errors + 1, noData } : { errors, noData: noData + 1 }
}

function extendBreach(breach: Breach | undefined, at: number, recovering: boolean): Breach {
  if (breach === undefined) return { since: at, until: at }
  return recovering ? breach : { since: breach.since, until: at }
}

/**
 * Why a check did not see enough to be judged; undefined when it did.
 *
 * It did not when the last three rounds had no value, or when no more than half of all rounds had one. The reason is the
 * more frequent one among those rounds; `error` if they are even, because an error is the one that has to be repaired.
 *
 * The limits of a check stand in the place of that: `consecutiveErrorLimit` errors in a row are put up with, and
 * `inconclusiveLimit` rounds without data of all rounds, as in Argo Rollouts' analysis.
 */
export function blindnessOf(
  { rounds, withValue, gaps, gapsAtEnd, mostErrorsInARow }: Tally,
  { consecutiveErrorLimit, inconclusiveLimit }: GapLimits = {},
): 'no-data' | 'error' | undefined {
  if (mostErrorsInARow > (consecutiveErrorLimit ?? Number.POSITIVE_INFINITY)) return 'error'
  if (gaps.noData > (inconclusiveLimit ?? Number.POSITIVE_INFINITY)) return 'no-data'
  // without one value there is nothing to put up with gaps for
  if (withValue > 0 && (consecutiveErrorLimit ?? inconclusiveLimit) !== undefined) return undefined
  if (total(gapsAtEnd) >= blindAfter) return moreFrequent(gapsAtEnd)
  return withValue * 2 <= rounds ? moreFrequent(gaps) : undefined
}

function moreFrequent({ errors, noData }: Gaps): 'no-data' | 'error' {
  return errors >= noData ? 'error' : 'no-data'
}

function total({ errors, noData }: Gaps): number {
  return errors + noData
}

/** Of a check: see `blindnessOf` and `isIssue`. */
export interface GapLimits {
  readonly consecutiveErrorLimit?: number
  readonly inconclusiveLimit?: number
}

/**
 * Whether a check is an issue: beyond its limit without a break for at least `forMs` (0: from the first breach on), from
 * the first to the last round that was itself beyond it. With a `failureLimit`: beyond it in more rounds than that, in a
 * row or not, as in Argo Rollouts' analysis.
 */
export function isIssue(
  { breach, breached }: Tally,
  { forMs, failureLimit }: { readonly forMs: number; readonly failureLimit?: number },
): boolean {
  if (failureLimit !== undefined) return breached > failureLimit
  return breach !== undefined && breach.until - breach.since >= forMs
}

/** Whether a check is beyond its limit for so long that it is no blip. @param persistMs from the first to the last round */
export function isPersistent({ breach }: Tally, persistMs: number): boolean {
  return breach !== undefined && breach.until - breach.since >= persistMs
}

/**
 * Whether every round that had a value was beyond the limit, there were at least two of them, and enough of the watch was
 * seen to say so; with `sustainMs`, they have to be so far apart.
 */
export function isSustained(tally: Tally, { sustainMs = 0 }: { readonly sustainMs?: number } = {}): boolean {
  if (tally.withValue < 2 || tally.breached < tally.withValue) return false
  return blindnessOf(tally) === undefined && isPersistent(tally, sustainMs)
}
