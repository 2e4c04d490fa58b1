import { z } from 'zod'
import type { CheckOf } from '../../../settings/schema.ts'
import type { Reading } from '../../reading.ts'
import { resolveTarget } from '../../target.ts'
import { askJson } from '../ask-json.ts'
import { countSince } from '../count-since.ts'
import type { CheckSurroundings, Look } from '../look.ts'

const rowSchema = z.record(z.string(), z.unknown())
const answerSchema = z.object({
  errors: z.array(z.unknown()).optional(),
  data: z
    .object({
      actor: z.object({
        account: z.object({ nrql: z.object({ results: z.array(rowSchema) }).nullable() }).nullable(),
      }),
    })
    .nullish(),
})

const query =
  'query($account: Int!, $nrql: Nrql!, $timeout: Seconds) { actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } } }'
const lookBackMs = 5 * 60_000

/**
 * Asks New Relic's NerdGraph, which answers 200 even if it has only errors.
 * https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
 * @throws InputError for an unset secret
 */
export function prepareNewRelicCheck(check: CheckOf<'newrelic'>, surroundings: CheckSurroundings): Look {
  const target = resolveTarget(check, surroundings.env)
  const { account, nrql } = check
  const isCounting = /\bas\s+['"`]?bad\b/i.test(nrql)
  const count = countSince(check, surroundings, { noun: 'requests', fromZero: true })
  const timeout = Math.max(1, Math.floor(surroundings.timeoutMs / 1000))
  let startedAt = surroundings.deployedAt
  return {
    at: `${nrql} at ${target.shownUrl}`,
    remembers: true,
    look: async (at, signal): Promise<Reading> => {
      startedAt ??= at
      const since = isCounting ? startedAt : at - lookBackMs
      const variables = { account, nrql: `${nrql} SINCE ${since} UNTIL ${at + 1}`, timeout }
      const answer = await askJson({
        target,
        surroundings,
        signal,
        path: '',
        json: { query, variables },
        schema: answerSchema,
        service: 'New Relic',
      })
      if (answer.kind !== 'answered') return answer
      const { errors = [], data } = answer.value
      const results = data?.actor.account?.nrql?.results
      if (errors.length > 0 || results === undefined) {
        return {
          kind: 'error',
          note: 'New Relic could not evaluate the query: check the NRQL and the account',
        }
      }
      const [row, ...others] = results
      if (row === undefined) return { kind: 'no-data', note: 'the query found no row' }
      if (others.length > 0)
        return { kind: 'error', note: `the query found ${results.length} rows where one is needed` }
      return isCounting ? readCounts(row, count) : readNumber(row)
    },
  }
}

function readCounts(row: z.infer<typeof rowSchema>, count: ReturnType<typeof countSince>): Reading {
  const { bad, total } = { bad: row['bad'], total: row['total'] }
  if (typeof bad !== 'number' || typeof total !== 'number') {
    return { kind: 'error', note: 'the row has no numbers named bad and total' }
  }
  return count({ bad, of: total })
}

function readNumber(row: z.infer<typeof rowSchema>): Reading {
  const values = Object.values(row)
  if (values.length !== 1) {
    return { kind: 'error', note: `the row has ${values.length} values where one is needed` }
  }
  const [value] = values
  if (value === null || value === undefined) return { kind: 'no-data', note: 'the query gave null' }
  return typeof value === 'number'
    ? { kind: 'value', value }
    : { kind: 'error', note: 'the query gave a value that is not a number' }
}
