import type { PrometheusCheck } from '../../../settings/schema.ts'
import { type CountJudge, startJudging } from '../../count-judge.ts'
import type { GapReading, Reading, ValueReading } from '../../reading.ts'
import { describeBefore } from '../../statistics/before.ts'
import type { PollCounts } from '../../statistics/one-arm.ts'
import type { CheckSurroundings, Look } from '../look.ts'
import { openArm, type SeriesOfBad } from './arm.ts'
import type { PrometheusServer } from './server.ts'

type CountingCheck = Extract<PrometheusCheck, { counters: unknown }>

/** Where the moment of the deployment is not known, the last minutes may be after it. */
export const marginMs = 10 * 60_000

/**
 * Counts what went wrong of all since the deployment (or since the first look, if it is not known when that was), from
 * the counters themselves and not from a rate over a window: every request counts once, and none is extrapolated. With
 * a control, what ran beside it is counted, too.
 */
export function watchCounters(
  check: CountingCheck,
  server: PrometheusServer,
  surroundings: CheckSurroundings,
): Look {
  const { counters, control: controlled, limit, method, timesBefore } = check
  const { deployedAt, alpha, plannedPolls } = surroundings
  const suspect = openArm(server, counters)
  const control = controlled === undefined ? undefined : openArm(server, controlled.counters)
  let judge: CountJudge | undefined
  let lastAt = 0
  /** counted while the control could not be asked: both are judged together, once it can */
  let waiting: PollCounts = { bad: 0, of: 0 }

  const start = async (at: number, signal: AbortSignal): Promise<CountJudge | GapReading> => {
    const from = countedFrom(check, { deployedAt, at })
    lastAt = from
    for (const arm of [suspect, control]) {
      const gap = await arm?.start(from, signal)
      if (gap !== undefined) return gap
    }
    // a canary was not there before, and what runs beside it says more
    const isCompared = control === undefined && surroundings.limitOnly !== true
    const minutes = isCompared ? await suspect.before(deployedAt ?? at - marginMs, signal) : []
    if ('kind' in minutes) return minutes
    const settings = {
      limit,
      ...(timesBefore !== undefined && { timesBefore }),
      ...(controlled !== undefined && { timesControl: controlled.times }),
      method,
      alpha,
      plannedPolls,
      noun: 'requests',
    }
    const before = describeBefore(minutes)
    const { outage: _outage, ...usual } = before
    // an outage just before the step may be the doing of a deployment whose time is not known
    return startJudging(settings, deployedAt === undefined ? usual : before)
  }

  return {
    at: `${counters.bad} of ${counters.total} at ${server.shownUrl}`,
    remembers: true,
    look: async (at, signal): Promise<Reading> => {
      if (judge === undefined) {
        const started = await start(at, signal)
        if ('kind' in started) return started
        judge = started
      }
      const found = await suspect.poll(at, signal)
      if ('kind' in found) return found
      waiting = { bad: waiting.bad + found.bad, of: waiting.of + found.of }
      const beside = await control?.poll(at, signal)
      if (beside !== undefined && 'kind' in beside) return beside
      const polled = { ...waiting, polls: Math.max(1, (at - lastAt) / surroundings.intervalMs) }
      waiting = { bad: 0, of: 0 }
      lastAt = at
      const reading = judge.judge(polled, beside)
      const series = await suspect.seriesOfBad(at, signal)
      if (series !== 'seen') return withoutSeries(reading, series, check)
      return control === undefined || (await control.seriesOfBad(at, signal)) !== 'unknown'
        ? reading
        : { ...reading, note: `${reading.note}, and no series matches \`bad\` of the control` }
    },
  }
}

/** The moment from which on counts are judged: what happens in the `initial-delay` of a deployment counts for nothing. */
export function countedFrom(
  { initialDelayMs }: Pick<CountingCheck, 'initialDelayMs'>,
  { deployedAt, at }: { readonly deployedAt: number | undefined; readonly at: number },
): number {
  return deployedAt === undefined ? at : Math.min(at, deployedAt + initialDelayMs)
}

/**
 * Where no series of bad ones was ever there, the service never failed, or the selector is wrong: nothing was looked at, and that is not
 * good, unless the selector can be seen to be right, or the check says that no data is.
 */
function withoutSeries(
  reading: ValueReading,
  series: SeriesOfBad,
  { onNoData }: CountingCheck,
): ValueReading {
  if (series === 'possible')
    return {
      ...reading,
      note: `${reading.note}, and no series matches \`bad\` yet: none has failed in 30 days`,
    }
  const known = onNoData === 'pass'
  const cure = known
    ? ''
    : ': correct the selector, or write `on-no-data: pass` if the service has never failed yet'
  const note = `${reading.note}, and no series matches \`bad\`${cure}`
  return known ? { ...reading, note } : { ...reading, call: 'open', note }
}
