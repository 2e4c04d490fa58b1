import { query as readPath } from 'jsonpath-rfc9535'
import type { Answer } from '../../../http/request.ts'
import type { HttpCheck } from '../../../settings/schema.ts'
import { formatDuration } from '../../../text/duration.ts'
import { findInBody } from './pattern.ts'

/** What is wrong with an answer. */
export interface Fault {
  /** one of few texts, so that they can be counted; none holds anything of the answer but its status */
  readonly failure: string
  /** the right answer came, only too late */
  readonly isLate?: boolean
}

/**
 * Holds an answer against what is expected of it: status, headers, text, pattern, JSON, time, certificate.
 * @param certificateEndsAt ms since the epoch; undefined where there is none, or nobody asked
 * @param at ms since the epoch
 */
export function findFault(
  answer: Answer,
  expect: HttpCheck['expect'],
  { certificateEndsAt, at }: { readonly certificateEndsAt: number | undefined; readonly at: number },
): Fault | undefined {
  const { status, body, cut, latencyMs } = answer
  const isExpected = expect.status?.includes(status) ?? (status >= 200 && status <= 299)
  if (!isExpected) return { failure: `status ${status}` }
  const where = cut ? ' in the first 1 MiB' : ''
  for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
    if (!isHeader(name) || answer.headers.get(name)?.includes(wanted) !== true)
      return { failure: `the header ${name} was not as expected` }
  }
  if (expect.body !== undefined && !body.includes(expect.body))
    return { failure: `the expected text was not there${where}` }
  if (expect.bodyMatches !== undefined) {
    const found = findInBody(expect.bodyMatches, body)
    if (found === undefined) return { failure: 'the pattern takes too long on the body' }
    if (found === null) return { failure: `the body did not match the pattern${where}` }
  }
  const wrong = expect.json === undefined ? undefined : findWrongJson(expect.json, body)
  if (wrong !== undefined) return { failure: wrong }
  const { certificateValidForMs: validForMs } = expect
  if (validForMs !== undefined && certificateEndsAt !== undefined && certificateEndsAt < at + validForMs) {
    const day = new Date(certificateEndsAt).toISOString().slice(0, 10)
    return { failure: `the certificate ends on ${day}, in less than ${formatDuration(validForMs)}` }
  }
  if (expect.maxLatencyMs !== undefined && latencyMs > expect.maxLatencyMs)
    return { failure: `slower than ${formatDuration(expect.maxLatencyMs)}`, isLate: true }
  return undefined
}

function findWrongJson(wanted: NonNullable<HttpCheck['expect']['json']>, body: string): string | undefined {
  let json: Parameters<typeof readPath>[0]
  try {
    json = JSON.parse(body)
  } catch {
    return 'the body is not JSON'
  }
  for (const [path, value] of Object.entries(wanted)) {
    const found = readPath(json, path)
    if (found.length === 0) return `${path} is not in the body`
    if (found.some((each) => each !== value)) return `${path} is not ${JSON.stringify(value)}`
  }
  return undefined
}

function isHeader(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
}
