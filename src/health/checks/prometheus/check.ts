import type { PrometheusCheck } from '../../../settings/schema.ts'
import type { Reading } from '../../reading.ts'
import { stateOf } from '../../reading.ts'
import type { CheckSurroundings, Look } from '../look.ts'
import { readAnswer } from './answer.ts'
import { watchCounters } from './counters.ts'
import { openPrometheus, type PrometheusServer } from './server.ts'
import { watchTraffic } from './traffic.ts'

/**
 * Asks a Prometheus server, or one that speaks its HTTP API, once a round: for one number, or for counters.
 * @throws InputError for a bad address or an unset secret
 */
export function preparePrometheusCheck(check: PrometheusCheck, surroundings: CheckSurroundings): Look {
  const server = openPrometheus(check, surroundings)
  if ('counters' in check) return watchCounters(check, server, surroundings)
  if ('traffic' in check) return watchTraffic(check, server, surroundings)
  const { query } = check
  const { deployedAt } = surroundings
  let wasBeyond: boolean | undefined = deployedAt === undefined ? false : undefined
  return {
    at: `${query} at ${server.shownUrl}`,
    remembers: true,
    look: async (at, signal): Promise<Reading> => {
      const reading = await askNumber(server, query, at, signal)
      if (reading.kind !== 'value' || stateOf(reading, check.limit) !== 'breached') return reading
      // only now is it of interest how it was before
      if (wasBeyond === undefined && deployedAt !== undefined) {
        const earlier = await askNumber(server, query, deployedAt - 1000, signal)
        if (earlier.kind !== 'error') wasBeyond = stateOf(earlier, check.limit) === 'breached'
      }
      return wasBeyond === true ? { ...reading, before: true } : reading
    },
  }
}

async function askNumber(
  server: PrometheusServer,
  query: string,
  at: number,
  signal: AbortSignal,
): Promise<Reading> {
  const outcome = await server.ask(query, at, signal)
  if (outcome.kind === 'no-answer') {
    return { kind: 'error', note: `${server.shownUrl} could not be queried: ${outcome.detail}` }
  }
  return readAnswer(outcome, server.shownUrl)
}
