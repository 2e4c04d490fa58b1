import type { Limit } from '../config/schema.ts'
import { type GapReading, type Reading, stateOf, type ValueReading } from './reading.ts'

/** So many rounds in a row without a value, and what was seen before them says nothing about now. */
export const blindAfter = 3

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
  readonly breach: Breach | undefined
  readonly lastValue: ValueReading | undefined
  readonly lastGap: GapReading | undefined
}

const noGaps: Gaps = { errors: 0, noData: 0 }

export const emptyTally: Tally = {
  rounds: 0,
  withValue: 0,
  breached: 0,
  gaps: noGaps,
  gapsAtEnd: noGaps,
  breach: undefined,
  lastValue: undefined,
  lastGap: undefined,
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
    breach: isBreached ? extendBreach(tally.breach, at, reading.recovering === true) : undefined,
    lastValue: reading,
  }
}

function addGap(tally: Tally, gap: GapReading): Tally {
  const gapsAtEnd = countGap(tally.gapsAtEnd, gap)
  return {
    ...tally,
    rounds: tally.rounds + 1,
    gaps: countGap(tally.gaps, gap),
    gapsAtEnd,
    breach: total(gapsAtEnd) >= blindAfter ? undefined : tally.breach,
    lastGap: gap,
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
 * more frequent one among those rounds; `error` if they are even, because an error is the one that somebody has to repair.
 */
export function blindnessOf({ rounds, withValue, gaps, gapsAtEnd }: Tally): 'no-data' | 'error' | undefined {
  if (total(gapsAtEnd) >= blindAfter) return moreFrequent(gapsAtEnd)
  return withValue * 2 <= rounds ? moreFrequent(gaps) : undefined
}

function moreFrequent({ errors, noData }: Gaps): 'no-data' | 'error' {
  return errors >= noData ? 'error' : 'no-data'
}

function total({ errors, noData }: Gaps): number {
  return errors + noData
}

/**
 * Whether a check is an issue: beyond its limit without a break for at least `forMs` (0: from the first breach on), from
 * the first to the last round that was itself beyond it.
 */
export function isIssue({ breach }: Tally, forMs: number): boolean {
  return breach !== undefined && breach.until - breach.since >= forMs
}

/**
 * Whether every round that had a value was beyond the limit, there were at least two of them, and enough of the watch was
 * seen to say so.
 */
export function isSustained(tally: Tally): boolean {
  return tally.withValue >= 2 && tally.breached === tally.withValue && blindnessOf(tally) === undefined
}
