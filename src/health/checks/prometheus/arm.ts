import type { NoAnswer } from '../../../http/no-answer.ts'
import type { Answer } from '../../../http/request.ts'
import type { GapReading } from '../../reading.ts'
import type { PollCounts } from '../../statistics/one-arm.ts'
import { openAnswer } from './answer.ts'
import { type CounterSeries, type CounterState, countIncrease } from './counter-increase.ts'
import { couldMatch } from './error-values.ts'
import type { PrometheusServer } from './server.ts'

const minuteMs = 60_000
/** How long before the deployment is compared with. */
const beforeMs = 60 * minuteMs
/** So far back a series of bad ones shows that its selector is right. */
const seriesMs = 30 * 24 * 60 * minuteMs

/** One version of a service, by its counters. Times in ms since the epoch. */
export interface Arm {
  /** Notes where the counters stand; what is added later counts. */
  readonly start: (at: number, signal: AbortSignal) => Promise<GapReading | undefined>
  /** What was added since the last time. */
  readonly poll: (at: number, signal: AbortSignal) => Promise<PollCounts | GapReading>
  /** The counts of each of the sixty minutes before that moment. */
  readonly before: (until: number, signal: AbortSignal) => Promise<readonly PollCounts[] | GapReading>
  /**
   * Whether there is, or was in the last weeks, any series of bad ones: a selector with a mistake in it finds none, and then nothing is
   * ever bad. `possible`: there is none, and the selector would match one. Asks the server only as long as none was seen.
   */
  readonly seriesOfBad: (at: number, signal: AbortSignal) => Promise<SeriesOfBad>
}

export type SeriesOfBad = 'seen' | 'possible' | 'unknown'

/** @param selectors of counters; without `bad`, nothing is bad */
export function openArm(
  server: PrometheusServer,
  selectors: { readonly bad?: string; readonly total: string },
): Arm {
  const { bad, total } = selectors
  let badState: CounterState | undefined
  let totalState: CounterState | undefined
  let isSeen = bad === undefined
  let isAsked = false
  let isPossible = false
  /** bad ones that were seen before the total had them: two queries are not one moment */
  let owed = 0

  const ask = async (at: number, signal: AbortSignal): Promise<Both | GapReading> => {
    const [bads, totals] = await Promise.all([
      bad === undefined ? [] : readSeries(await server.ask(bad, at, signal), server.shownUrl),
      server.ask(total, at, signal).then((outcome) => readSeries(outcome, server.shownUrl)),
    ])
    if ('kind' in totals) return totals
    if ('kind' in bads) return bads
    if (totals.length === 0) return { kind: 'no-data', note: `the query ${total} found no series` }
    isSeen ||= bads.length > 0
    if (!isSeen && bad !== undefined) isPossible = couldMatch({ bad, total }, totals)
    return { bads, totals }
  }

  return {
    start: async (at, signal) => {
      const found = await ask(at, signal)
      if ('kind' in found) return found
      badState = countIncrease(undefined, found.bads).state
      totalState = countIncrease(undefined, found.totals).state
      return undefined
    },
    poll: async (at, signal) => {
      const found = await ask(at, signal)
      if ('kind' in found) return found
      const badNow = countIncrease(badState, found.bads)
      const totalNow = countIncrease(totalState, found.totals)
      badState = badNow.state
      totalState = totalNow.state
      const counts = clamp({ bad: badNow.increase + owed, of: totalNow.increase })
      owed += badNow.increase - counts.bad
      return counts
    },
    before: async (until, signal) => {
      const range = { from: until - beforeMs, to: until, stepMs: minuteMs }
      const perMinute: (readonly number[])[] = []
      for (const query of [bad, total]) {
        if (query === undefined) {
          perMinute.push([])
          continue
        }
        const increases = readIncreases(
          await server.askRange(query, range, signal),
          server.shownUrl,
          range.from,
        )
        if ('kind' in increases) return increases
        perMinute.push(increases)
      }
      const [bads = [], totals = []] = perMinute
      return totals.map((of, minute) => clamp({ bad: bads[minute] ?? 0, of }))
    },
    seriesOfBad: async (at, signal) => {
      // once is enough: a series that is new shows in the polls
      if (!isSeen && bad !== undefined && !isAsked) {
        isAsked = true
        isSeen = (await server.hasSeries(bad, { from: at - seriesMs, to: at }, signal)) === true
      }
      if (isSeen) return 'seen'
      return isPossible ? 'possible' : 'unknown'
    },
  }
}

interface Both {
  readonly bads: readonly CounterSeries[]
  readonly totals: readonly CounterSeries[]
}

function clamp({ bad, of }: PollCounts): PollCounts {
  return { bad: Math.min(bad, of), of }
}

type Series = readonly CounterSeries[] | GapReading

function readSeries(outcome: Answer | NoAnswer, shownUrl: string): Series {
  if (outcome.kind === 'no-answer') {
    return { kind: 'error', note: `${shownUrl} could not be queried: ${outcome.detail}` }
  }
  const found = openAnswer(outcome, shownUrl)
  if (found.kind !== 'found') return found
  const { data } = found
  if (data.resultType !== 'vector') {
    return {
      kind: 'error',
      permanent: true,
      note: `a counter must be a selector such as http_requests_total, and the answer is a ${data.resultType}`,
    }
  }
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1] ?? 'NaN') }))
}

function readIncreases(
  outcome: Answer | NoAnswer,
  shownUrl: string,
  from: number,
): readonly number[] | GapReading {
  if (outcome.kind === 'no-answer') {
    return { kind: 'error', note: `${shownUrl} could not be queried: ${outcome.detail}` }
  }
  const found = openAnswer(outcome, shownUrl)
  if (found.kind !== 'found') return found
  if (found.data.resultType !== 'matrix') {
    return { kind: 'error', note: `${shownUrl} answered a range query with a ${found.data.resultType}` }
  }
  const byMoment = new Map<number, CounterSeries[]>()
  for (let at = from; at <= from + beforeMs; at += minuteMs) byMoment.set(Math.round(at / 1000), [])
  for (const { metric, values } of found.data.result) {
    for (const [at, value] of values) {
      byMoment.get(Math.round(at))?.push({ labels: metric, value: Number(value) })
    }
  }
  let state: CounterState | undefined
  const increases: number[] = []
  for (const series of byMoment.values()) {
    // the first minutes may be before the service was there at all: nothing is counted from them
    const first: boolean = state === undefined || state.size === 0
    const counted = countIncrease(first ? undefined : state, series)
    if (!first) increases.push(counted.increase)
    state = counted.state
  }
  return increases
}
