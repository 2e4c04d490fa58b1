import type { Limit } from '../config/schema.ts'
import { type Reading, type State, stateOf } from './reading.ts'

/** So many rounds in a row without a value, and what was seen before them says nothing about now. */
export const blindAfter = 3

/** An unbroken run of rounds beyond the limit. Times in ms since the epoch. */
export interface Breach {
  readonly since: number
  /** the last round whose own look was beyond the limit; rounds that only remember earlier ones do not move it */
  readonly until: number
}

/** The rounds without a value at the end of the watch so far. */
export interface Blind {
  readonly errors: number
  readonly noData: number
  /** the errors at the very end */
  readonly errorsInARow: number
}

const seeing: Blind = { errors: 0, noData: 0, errorsInARow: 0 }

/** What all readings of one check say so far, in constant space. */
export interface Tally {
  readonly rounds: number
  readonly withValue: number
  readonly breached: number
  readonly errors: number
  readonly noData: number
  /** the rounds since the last one with a value */
  readonly blind: Blind
  readonly breach: Breach | undefined
  /** the latest reading with a value */
  readonly lastValue: Extract<Reading, { kind: 'value' }> | undefined
  readonly latest: Reading | undefined
}

export const emptyTally: Tally = {
  rounds: 0,
  withValue: 0,
  breached: 0,
  errors: 0,
  noData: 0,
  blind: seeing,
  breach: undefined,
  lastValue: undefined,
  latest: undefined,
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
  const state = stateOf(reading, limit)
  const next = { ...tally, rounds: tally.rounds + 1, latest: reading }
  if (reading.kind !== 'value') return addBlindRound(next, state)
  if (state === 'no-data')
    return addBlindRound({ ...next, latest: { kind: 'no-data', note: 'the value is NaN' } }, state)
  return {
    ...next,
    withValue: tally.withValue + 1,
    breached: tally.breached + (state === 'breached' ? 1 : 0),
    blind: seeing,
    breach: state === 'breached' ? extendBreach(tally.breach, at, reading.recovering === true) : undefined,
    lastValue: reading,
  }
}

function addBlindRound(tally: Tally, state: State): Tally {
  const isError = state === 'error'
  const blind = {
    errors: tally.blind.errors + (isError ? 1 : 0),
    noData: tally.blind.noData + (isError ? 0 : 1),
    errorsInARow: isError ? tally.blind.errorsInARow + 1 : 0,
  }
  return {
    ...tally,
    errors: tally.errors + (isError ? 1 : 0),
    noData: tally.noData + (isError ? 0 : 1),
    blind,
    breach: blind.errors + blind.noData >= blindAfter ? undefined : tally.breach,
  }
}

function extendBreach(breach: Breach | undefined, at: number, recovering: boolean): Breach {
  if (breach === undefined) return { since: at, until: at }
  return recovering ? breach : { since: breach.since, until: at }
}

/**
 * Whether a check could see enough to be judged, and if not, why not.
 *
 * It could not when it never had a value; when the last three rounds had none (in a watch of fewer than five rounds: the
 * last half of them); or when more than half of all rounds had none. The reason is `error` when those last rounds were all
 * errors; else the more frequent one, `error` if they are even, because an error is the one that somebody has to repair.
 */
export function blindnessOf(tally: Tally): 'no-data' | 'error' | undefined {
  if (tally.rounds === 0) return 'no-data'
  const { errors, noData, errorsInARow } = tally.blind
  const tooMany = Math.min(blindAfter, Math.ceil(tally.rounds / 2))
  if (errorsInARow >= tooMany) return 'error'
  if (errors + noData >= tooMany) return reasonOf(tally.blind)
  if (tally.withValue * 2 < tally.rounds) return reasonOf(tally)
  return undefined
}

function reasonOf(rounds: { readonly errors: number; readonly noData: number }): 'no-data' | 'error' {
  return rounds.errors >= rounds.noData ? 'error' : 'no-data'
}

/**
 * Whether a check is an issue: beyond its limit without a break for at least `forMs` (0: from the first breach on), from
 * the first to the last round that was itself beyond it.
 */
export function isIssue(tally: Tally, forMs: number): boolean {
  return tally.breach !== undefined && tally.breach.until - tally.breach.since >= forMs
}

/**
 * Whether every round that had a value was beyond the limit, there were at least two of them, and enough of the watch was
 * seen to say so.
 */
export function isSustained(tally: Tally): boolean {
  return tally.withValue >= 2 && tally.breached === tally.withValue && blindnessOf(tally) === undefined
}
