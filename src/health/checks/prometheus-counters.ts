import type { PrometheusCheck } from '../../config/schema.ts'
import { type CountJudge, startJudging } from '../count-judge.ts'
import type { NoAnswer } from '../no-answer.ts'
import type { GapReading, Reading } from '../reading.ts'
import type { Answer } from '../request.ts'
import { type Before, describeBefore } from '../statistics/before.ts'
import type { PollCounts } from '../statistics/one-arm.ts'
import { type CounterSeries, type CounterState, countIncrease } from './counter-increase.ts'
import type { CheckSurroundings, Look } from './look.ts'
import { openAnswer } from './prometheus-answer.ts'
import type { PrometheusServer } from './prometheus-server.ts'

type CountingCheck = Extract<PrometheusCheck, { counters: unknown }>

const minuteMs = 60_000
/** How long before the deployment is compared with. */
const beforeMs = 60 * minuteMs
/** Where the moment of the deployment is not known, the last minutes may be after it. */
const marginMs = 10 * minuteMs

/** Both counters at one moment. */
interface Counters {
  readonly bad: CounterState
  readonly total: CounterState
}

/**
 * Counts what went wrong of all since the deployment (or since the first look, if it is not known when that was), from
 * the counters themselves and not from a rate over a window: every request counts once, and none is extrapolated.
 */
export function watchCounters(
  check: CountingCheck,
  server: PrometheusServer,
  surroundings: CheckSurroundings,
): Look {
  const { bad, total } = check.counters
  const { deployedAt, alpha, plannedPolls } = surroundings
  let judge: CountJudge | undefined
  let counters: Counters | undefined
  let hasBadSeries = false
  /** bad ones that were seen before the total had them: two queries are not one moment */
  let owed = 0

  const askBoth = async (at: number, signal: AbortSignal) => {
    const [badFound, totalFound] = await Promise.all(
      [bad, total].map(async (query) => readSeries(await server.ask(query, at, signal), server.shownUrl)),
    )
    return { badFound, totalFound }
  }

  const start = async (at: number, signal: AbortSignal): Promise<GapReading | undefined> => {
    const until = deployedAt ?? at - marginMs
    const { badFound, totalFound } = await askBoth(deployedAt ?? at, signal)
    const gap = firstGap([totalFound, badFound])
    if (gap !== undefined) return gap
    if (totalFound === undefined || 'kind' in totalFound || badFound === undefined || 'kind' in badFound) {
      return undefined
    }
    if (totalFound.length === 0) return { kind: 'no-data', note: 'the query "total" found no series' }
    const before = await askBefore({ server, bad, total, until, signal })
    if ('kind' in before) return before
    judge = startJudging(
      {
        limit: check.limit,
        ...(check.timesBefore !== undefined && { timesBefore: check.timesBefore }),
        method: check.method,
        alpha,
        plannedPolls,
        noun: 'requests',
      },
      before,
    )
    hasBadSeries = badFound.length > 0
    counters = {
      bad: countIncrease(undefined, badFound).state,
      total: countIncrease(undefined, totalFound).state,
    }
    return undefined
  }

  return {
    at: `${bad} of ${total} at ${server.shownUrl}`,
    look: async (at, signal): Promise<Reading> => {
      if (counters === undefined) {
        const gap = await start(at, signal)
        if (gap !== undefined) return gap
      }
      const { badFound, totalFound } = await askBoth(at, signal)
      const gap = firstGap([totalFound, badFound])
      if (gap !== undefined) return gap
      if (counters === undefined || judge === undefined) return { kind: 'no-data', note: 'nothing to count' }
      const seenBad = Array.isArray(badFound) ? badFound : []
      const seenTotal = Array.isArray(totalFound) ? totalFound : []
      if (seenTotal.length === 0) return { kind: 'no-data', note: 'the query "total" found no series' }
      const badNow = countIncrease(counters.bad, seenBad)
      const totalNow = countIncrease(counters.total, seenTotal)
      counters = { bad: badNow.state, total: totalNow.state }
      hasBadSeries ||= seenBad.length > 0
      const poll = payOff({ bad: badNow.increase + owed, of: totalNow.increase })
      owed = badNow.increase + owed - poll.bad
      const reading = judge.judge(poll)
      return hasBadSeries
        ? reading
        : { ...reading, note: `${reading.note}, and no series of "bad" was ever seen` }
    },
  }
}

function payOff({ bad, of }: PollCounts): PollCounts {
  return { bad: Math.min(bad, of), of }
}

type Series = readonly CounterSeries[] | GapReading

function firstGap(found: readonly (Series | undefined)[]): GapReading | undefined {
  return found.find((each): each is GapReading => each !== undefined && 'kind' in each)
}

function readSeries(outcome: Answer | NoAnswer, shownUrl: string): Series {
  if (outcome.kind === 'no-answer') {
    return { kind: 'error', note: `${shownUrl} could not be asked: ${outcome.detail}` }
  }
  const found = openAnswer(outcome, shownUrl)
  if (found.kind !== 'found') return found
  const { data } = found
  if (data.resultType !== 'vector') {
    return {
      kind: 'error',
      permanent: true,
      note: `a counter has to be a selector such as http_requests_total, and the answer is a ${data.resultType}`,
    }
  }
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1] ?? 'NaN') }))
}

/** The counts of each minute before the deployment. */
async function askBefore(input: {
  readonly server: PrometheusServer
  readonly bad: string
  readonly total: string
  readonly until: number
  readonly signal: AbortSignal
}): Promise<Before | GapReading> {
  const { server, bad, total, until, signal } = input
  const range = { from: until - beforeMs, to: until, stepMs: minuteMs }
  const moments = Array.from({ length: beforeMs / minuteMs + 1 }, (_, index) => range.from + index * minuteMs)
  const perMinute: (readonly number[])[] = []
  for (const query of [bad, total]) {
    const outcome = await server.askRange(query, range, signal)
    const increases = readIncreases(outcome, server.shownUrl, moments)
    if ('kind' in increases) return increases
    perMinute.push(increases)
  }
  const [bads = [], totals = []] = perMinute
  return describeBefore(totals.map((of, minute) => payOff({ bad: bads[minute] ?? 0, of })))
}

function readIncreases(
  outcome: Answer | NoAnswer,
  shownUrl: string,
  moments: readonly number[],
): readonly number[] | GapReading {
  if (outcome.kind === 'no-answer') {
    return { kind: 'error', note: `${shownUrl} could not be asked: ${outcome.detail}` }
  }
  const found = openAnswer(outcome, shownUrl)
  if (found.kind !== 'found') return found
  if (found.data.resultType !== 'matrix') {
    return { kind: 'error', note: `${shownUrl} answered a range query with a ${found.data.resultType}` }
  }
  const byMoment = new Map<number, CounterSeries[]>(moments.map((at) => [Math.round(at / 1000), []]))
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
