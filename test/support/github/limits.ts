import { Refusal } from './refusal.ts'
import type { Token } from './tokens.ts'

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export interface Limits {
  /** requests in an hour: of one repository with the tokens of all its jobs together, or of one other token; GraphQL has its own */
  readonly requestsPerHour: number
  /** of one token, of those requests that write */
  readonly writesPerMinute: number
  readonly writesPerHour: number
  /** of one token: a read costs 1, a write 5 */
  readonly pointsPerMinute: number
}

export const githubLimits: Limits = {
  requestsPerHour: 1000,
  writesPerMinute: 80,
  writesPerHour: 500,
  pointsPerMinute: 900,
}

/** For tests that are about something else and ask much. */
export const noLimits: Limits = {
  requestsPerHour: 1_000_000,
  writesPerMinute: 1_000_000,
  writesPerHour: 1_000_000,
  pointsPerMinute: 5_000_000,
}

export type Resource = 'core' | 'graphql'

/** A request, as the limits count it. */
export interface Counted {
  readonly token: Token
  readonly method: string
  readonly resource: Resource
  /** of a query of GraphQL, in points of the hour; a request of the REST API is one */
  readonly cost?: number
}

const secondaryMessage =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.'

const minute = 60_000

/** Counts requests, and refuses those that are over a limit. @param now in ms */
export function openLimits(limits: Limits, now: () => number = Date.now) {
  const { requestsPerHour } = limits
  const requests = new Map<string, number>()
  /** of each token, when it wrote, and what it has spent, oldest first */
  const spent = new Map<string, { readonly at: number; readonly points: number }[]>()
  const resetSeconds = Math.floor(now() / 1000) + 3600

  const rateHeaders = ({ token, resource }: Pick<Counted, 'token' | 'resource'>): Record<string, string> => {
    const used = Math.min(requestsPerHour, requests.get(ownerOf(token, resource)) ?? 0)
    return {
      'x-ratelimit-limit': String(requestsPerHour),
      'x-ratelimit-used': String(used),
      'x-ratelimit-remaining': String(requestsPerHour - used),
      'x-ratelimit-reset': String(resetSeconds),
      'x-ratelimit-resource': resource,
    }
  }

  return {
    headers: rateHeaders,
    /** @throws Refusal when this request is one too many */
    count(counted: Counted): void {
      const { token, method, resource, cost = 1 } = counted
      const owner = ownerOf(token, resource)
      const used = (requests.get(owner) ?? 0) + cost
      requests.set(owner, used)
      if (used > requestsPerHour) {
        const who = token.kind === 'user' ? `user ID ${token.login}` : 'installation ID 123'
        const message = `API rate limit exceeded for ${who}.`
        throw new Refusal(resource === 'graphql' ? 200 : 403, message, { headers: rateHeaders(counted) })
      }
      const at = now()
      const points = method === 'GET' || method === 'HEAD' ? 1 : 5
      const recent = (spent.get(token.value) ?? []).filter((each) => each.at > at - 60 * minute)
      const inMinute = recent.filter((each) => each.at > at - minute)
      const writes = (all: typeof recent) => all.filter((each) => each.points > 1)
      const retryIn = (first: number | undefined) => Math.ceil(((first ?? at) + minute - at) / 1000)
      if (points > 1 && writes(inMinute).length >= limits.writesPerMinute)
        throw secondaryLimit(retryIn(writes(inMinute)[0]?.at))
      // GitHub does not always say how long to wait
      if (points > 1 && writes(recent).length >= limits.writesPerHour) throw secondaryLimit(undefined)
      if (inMinute.reduce((sum, each) => sum + each.points, points) > limits.pointsPerMinute)
        throw secondaryLimit(undefined)
      spent.set(token.value, [...recent, { at, points }])
    },
  }
}

/** The tokens of the jobs of a repository share its limit; here there is one repository to a token. */
function ownerOf({ kind, value }: Token, resource: Resource): string {
  return `${resource} ${kind === 'actions' ? 'the repository' : value}`
}

/** @param retryAfterSeconds undefined where GitHub leaves it out: then a client waits a minute, and longer each time */
export function secondaryLimit(retryAfterSeconds: number | undefined): Refusal {
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return new Refusal(403, secondaryMessage, { headers })
}

export function tooManyRequests(retryAfterSeconds: number): Refusal {
  return new Refusal(429, secondaryMessage, { headers: { 'retry-after': String(retryAfterSeconds) } })
}
