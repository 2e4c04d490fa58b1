import { Refusal } from './refusal.ts'
import type { Token } from './tokens.ts'

export interface Limits {
  /** requests of one token in an hour: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
  readonly requestsPerHour: number
  /** of one token, of those requests that write */
  readonly writesPerMinute: number
}

export const githubLimits: Limits = { requestsPerHour: 1000, writesPerMinute: 80 }

const secondaryMessage =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.'

/** Counts each token's requests, and refuses those that are over a limit. @param now in ms */
export function openLimits({ requestsPerHour, writesPerMinute }: Limits, now: () => number = Date.now) {
  const requests = new Map<string, number>()
  const writes = new Map<string, number[]>()
  const resetSeconds = Math.floor(now() / 1000) + 3600
  const rateHeaders = (token: Token): Record<string, string> => {
    const used = Math.min(requestsPerHour, requests.get(token.value) ?? 0)
    return {
      'x-ratelimit-limit': String(requestsPerHour),
      'x-ratelimit-used': String(used),
      'x-ratelimit-remaining': String(requestsPerHour - used),
      'x-ratelimit-reset': String(resetSeconds),
      'x-ratelimit-resource': 'core',
    }
  }
  return {
    headers: rateHeaders,
    /** @throws Refusal when this request is one too many */
    count(token: Token, method: string): void {
      const used = (requests.get(token.value) ?? 0) + 1
      requests.set(token.value, used)
      if (used > requestsPerHour)
        throw new Refusal(403, `API rate limit exceeded for ${token.login}.`, { headers: rateHeaders(token) })
      if (method === 'GET' || method === 'HEAD') return
      const at = now()
      const recent = (writes.get(token.value) ?? []).filter((each) => each > at - 60_000)
      if (recent.length >= writesPerMinute)
        throw secondaryLimit(Math.ceil(((recent[0] ?? at) + 60_000 - at) / 1000))
      writes.set(token.value, [...recent, at])
    },
  }
}

export function secondaryLimit(retryAfterSeconds: number): Refusal {
  return new Refusal(403, secondaryMessage, { headers: { 'retry-after': String(retryAfterSeconds) } })
}

export function tooManyRequests(retryAfterSeconds: number): Refusal {
  return new Refusal(429, secondaryMessage, { headers: { 'retry-after': String(retryAfterSeconds) } })
}
