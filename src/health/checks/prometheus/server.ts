import type { NoAnswer } from '../../../http/no-answer.ts'
import { type Answer, request } from '../../../http/request.ts'
import type { PrometheusCheck } from '../../../settings/schema.ts'
import { identity, resolveTarget } from '../../target.ts'
import type { Surroundings } from '../look.ts'
import { readSeriesAnswer } from './answer.ts'

const maxBodyBytes = 5 * 1024 * 1024
/** Proxies and servers cut request lines at 8 KiB; encoded, a query grows up to threefold. */
const longestQueryInUrl = 2000

/** A server that speaks the HTTP API of Prometheus. Times in ms since the epoch. */
export interface PrometheusServer {
  /** for people, without secrets */
  readonly shownUrl: string
  /** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
  readonly ask: (query: string, at: number, signal: AbortSignal) => Promise<Answer | NoAnswer>
  /** https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries */
  readonly askRange: (query: string, range: Range, signal: AbortSignal) => Promise<Answer | NoAnswer>
  /**
   * Whether the server has, or had, any series that a selector matches; undefined where it does not say.
   * https://prometheus.io/docs/prometheus/latest/querying/api/#finding-series-by-label-matchers
   */
  readonly hasSeries: (
    selector: string,
    range: Omit<Range, 'stepMs'>,
    signal: AbortSignal,
  ) => Promise<boolean | undefined>
}

interface Range {
  readonly from: number
  readonly to: number
  readonly stepMs: number
}

/**
 * The base address may have a path prefix, a trailing slash, and query parameters that are sent along. No redirect is
 * followed: it leads to a log-in page far more often than to the API.
 * @throws InputError for a bad address or an unset secret
 */
export function openPrometheus(check: PrometheusCheck, surroundings: Surroundings): PrometheusServer {
  const { fetch, now, env, timeoutMs } = surroundings
  const target = resolveTarget(check, env)
  // a little less than our own patience, so that the server says itself that it was too slow
  const timeout = `${Math.max(1, Math.floor(timeoutMs * 0.9))}ms`
  const send = (endpoint: URL, asked: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const parameters = new URLSearchParams({ ...asked, timeout })
    const url = new URL(endpoint)
    const isLong = (asked['query'] ?? asked['match[]'] ?? '').length > longestQueryInUrl
    if (!isLong) for (const [name, value] of parameters) url.searchParams.set(name, value)
    return request({
      fetch,
      now,
      signal,
      timeoutMs,
      url,
      headers: { ...identity, accept: 'application/json', ...target.headers },
      secretHeaders: target.secretHeaders,
      maxBytes: maxBodyBytes,
      maxRedirects: 0,
      ...(isLong && { body: parameters }),
    })
  }
  const instant = endpointOf(target.url, 'query')
  const range = endpointOf(target.url, 'query_range')
  const series = endpointOf(target.url, 'series')
  return {
    shownUrl: target.shownUrl,
    ask: (query, at, signal) => send(instant, { query, time: seconds(at) }, signal),
    askRange: (query, { from, to, stepMs }, signal) =>
      send(range, { query, start: seconds(from), end: seconds(to), step: String(stepMs / 1000) }, signal),
    hasSeries: async (selector, { from, to }, signal) => {
      const asked = { 'match[]': selector, start: seconds(from), end: seconds(to), limit: '1' }
      const outcome = await send(series, asked, signal)
      return outcome.kind === 'no-answer' ? undefined : readSeriesAnswer(outcome)
    },
  }
}

function seconds(at: number): string {
  return (at / 1000).toFixed(3)
}

/** Takes the base address, and also the endpoint's own, which people paste. */
function endpointOf(base: URL, endpoint: 'query' | 'query_range' | 'series'): URL {
  const url = new URL(base)
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1(?:\/query)?$/, '')
  url.pathname = `${prefix}/api/v1/${endpoint}`
  url.hash = ''
  return url
}
