import type { PrometheusCheck } from '../../config/schema.ts'
import { type Request, request } from '../../http/request.ts'
import type { Reading } from '../reading.ts'
import { identity, resolveTarget, type Target } from '../target.ts'
import type { Look, Surroundings } from './look.ts'
import { readAnswer } from './prometheus-answer.ts'

const maxBodyBytes = 5 * 1024 * 1024
/** Proxies and servers cut request lines at 8 KiB; encoded, a query grows up to threefold. */
const longestQueryInUrl = 2000

/**
 * Asks a Prometheus server, or one that speaks its HTTP API, for one number a round.
 * https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 *
 * The base address may have a path prefix, a trailing slash, and query parameters that are sent along. No redirect is
 * followed: it leads to a log-in page far more often than to the API.
 * @throws InputError for a bad address or an unset secret
 */
export function preparePrometheusCheck(check: PrometheusCheck, surroundings: Surroundings): Look {
  const { fetch, now, env, timeoutMs } = surroundings
  const target = resolveTarget(check, env)
  const endpoint = endpointOf(target.url)
  return {
    at: `${check.query} at ${target.shownUrl}`,
    look: async (at, signal): Promise<Reading> => {
      const outcome = await request({
        ...describeQuery({ target, endpoint, query: check.query, at, timeoutMs }),
        fetch,
        now,
        signal,
        timeoutMs,
        maxBytes: maxBodyBytes,
        maxRedirects: 0,
      })
      if (outcome.kind === 'no-answer') {
        return { kind: 'error', note: `${target.shownUrl} could not be asked: ${outcome.detail}` }
      }
      return readAnswer(outcome, target.shownUrl)
    },
  }
}

function describeQuery(input: {
  readonly target: Target
  readonly endpoint: URL
  readonly query: string
  readonly at: number
  readonly timeoutMs: number
}): Pick<Request, 'url' | 'body' | 'headers' | 'secretHeaders'> {
  const { target, endpoint, query, at, timeoutMs } = input
  const parameters = new URLSearchParams({
    query,
    time: (at / 1000).toFixed(3),
    // a little less than our own patience, so that the server says itself that it was too slow
    timeout: `${Math.max(1, Math.floor(timeoutMs * 0.9))}ms`,
  })
  const headers = { ...identity, accept: 'application/json', ...target.headers }
  const common = { headers, secretHeaders: target.secretHeaders }
  if (query.length > longestQueryInUrl) return { ...common, url: endpoint, body: parameters }
  const url = new URL(endpoint)
  for (const [name, value] of parameters) url.searchParams.set(name, value)
  return { ...common, url }
}

/** Takes the base address, and also the endpoint's own, which people paste. */
function endpointOf(base: URL): URL {
  const url = new URL(base)
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1(?:\/query)?$/, '')
  url.pathname = `${prefix}/api/v1/query`
  url.hash = ''
  return url
}
