import { query as readPath } from 'jsonpath-rfc9535'
import { z } from 'zod'
import type { CheckOf } from '../../../settings/schema.ts'
import type { GapReading, Reading } from '../../reading.ts'
import { resolveTarget } from '../../target.ts'
import { askJson } from '../ask-json.ts'
import { countSince } from '../count-since.ts'
import type { CheckSurroundings, Look } from '../look.ts'

/**
 * Asks any address for JSON, and takes numbers out of it by JSONPath (RFC 9535), which runs no script.
 * @throws InputError for a bad address or an unset secret
 */
export function prepareJsonCheck(check: CheckOf<'json'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const ask = (signal: AbortSignal) =>
    askJson({ target, surroundings, signal, path: '', schema: z.json(), service: target.shownUrl })
  if (!('counters' in check)) {
    return {
      at: `${check.source} at ${target.shownUrl}`,
      look: async (_at, signal): Promise<Reading> => {
        const answer = await ask(signal)
        return answer.kind === 'answered' ? readNumber(answer.value, check.source) : answer
      },
    }
  }
  const { bad, total } = check.counters
  const count = countSince(check, surroundings, { noun: 'requests', fromZero: false })
  return {
    at: `${bad} of ${total} at ${target.shownUrl}`,
    look: async (_at, signal): Promise<Reading> => {
      const answer = await ask(signal)
      if (answer.kind !== 'answered') return answer
      const [badNow, totalNow] = [readNumber(answer.value, bad), readNumber(answer.value, total)]
      if (badNow.kind !== 'value') return badNow
      if (totalNow.kind !== 'value') return totalNow
      return count({ bad: badNow.value, of: totalNow.value })
    },
  }
}

function readNumber(
  json: z.infer<ReturnType<typeof z.json>>,
  path: string,
): GapReading | { readonly kind: 'value'; readonly value: number } {
  const found = readPath(json, path)
  const [value] = found
  if (value === undefined || value === null) return { kind: 'no-data', note: `${path} is not in the answer` }
  if (found.length > 1)
    return { kind: 'error', note: `${path} is in the answer ${found.length} times, where one is needed` }
  return typeof value === 'number'
    ? { kind: 'value', value }
    : { kind: 'error', note: `${path} is not a number in the answer` }
}
