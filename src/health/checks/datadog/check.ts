import { z } from 'zod'
import type { CheckOf } from '../../../settings/schema.ts'
import type { GapReading, Reading } from '../../reading.ts'
import { resolveTarget } from '../../target.ts'
import { askJson } from '../ask-json.ts'
import { countSince } from '../count-since.ts'
import type { CheckSurroundings, Look } from '../look.ts'

const answerSchema = z.object({
  status: z.string().default('ok'),
  series: z.array(z.object({ pointlist: z.array(z.tuple([z.number(), z.number().nullable()])) })).default([]),
})

/** The latest points may not be there yet. */
const lookBackMs = 5 * 60_000

/**
 * Asks Datadog's https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-points for the latest point of a series,
 * or for the sum of two counts since the deployment.
 * @throws InputError for an unset secret
 */
export function prepareDatadogCheck(check: CheckOf<'datadog'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const ask = async (query: string, range: Range, signal: AbortSignal): Promise<Points | GapReading> => {
    const answer = await askJson({
      target,
      surroundings,
      signal,
      path: '/api/v1/query',
      parameters: {
        from: String(Math.floor(range.from / 1000)),
        to: String(Math.floor(range.to / 1000)),
        query,
      },
      schema: answerSchema,
      service: 'Datadog',
    })
    return answer.kind === 'answered' ? readPoints(answer.value) : answer
  }
  if (!('counters' in check)) {
    return {
      at: `${check.source} at ${target.shownUrl}`,
      remembers: true,
      look: async (at, signal): Promise<Reading> => {
        const found = await ask(check.source, { from: at - lookBackMs, to: at }, signal)
        if (found.kind !== 'points') return found
        const value = found.values.at(-1)
        return value === undefined
          ? { kind: 'no-data', note: 'the query has only empty points' }
          : { kind: 'value', value }
      },
    }
  }
  const { bad, total } = check.counters
  const count = countSince(check, surroundings, { noun: 'requests', fromZero: true })
  let from = surroundings.deployedAt
  return {
    at: `${bad} of ${total} at ${target.shownUrl}`,
    remembers: true,
    look: async (at, signal): Promise<Reading> => {
      from ??= at
      const range = { from, to: at + 1000 }
      const [badFound, totalFound] = await Promise.all([ask(bad, range, signal), ask(total, range, signal)])
      if (totalFound.kind !== 'points') return totalFound
      // a count without one event is no series
      if (badFound.kind === 'error') return badFound
      const badSum = badFound.kind === 'points' ? sum(badFound.values) : 0
      return count({ bad: badSum, of: sum(totalFound.values) })
    },
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

interface Points {
  readonly kind: 'points'
  readonly values: readonly number[]
}

function readPoints({ status, series }: z.infer<typeof answerSchema>): Points | GapReading {
  if (status !== 'ok') return { kind: 'error', note: 'Datadog could not evaluate the query', permanent: true }
  const [first, ...others] = series
  if (first === undefined) return { kind: 'no-data', note: 'the query found no series' }
  if (others.length > 0) {
    return {
      kind: 'error',
      note: `the query found ${series.length} series where one is needed: aggregate it`,
    }
  }
  return { kind: 'points', values: first.pointlist.flatMap(([, value]) => (value === null ? [] : [value])) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
