import { Octokit } from '@octokit/core'
import { paginateRest } from '@octokit/plugin-paginate-rest'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import ms from 'ms'
import { InputError, message, setting } from '../errors.ts'
import { Bottleneck } from './bottleneck.ts'
import { restRoutes } from './routes.ts'
import { noteWrite } from './writes.ts'

/** One repository on one GitHub: what every function of this folder works on. */
export interface Repository {
  readonly octokit: InstanceType<typeof OctokitWithPlugins>
  readonly owner: string
  readonly repo: string
}

export interface RepositoryOptions {
  readonly token: string
  readonly owner: string
  readonly repo: string
  /** the API's base, from GITHUB_API_URL: never derived from the host, which is wrong on GHES or on ghe.com */
  readonly apiUrl: string
  readonly userAgent: string
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
  /** A single request may take this long; git data of a large repository is answered in a few seconds. */
  readonly requestTimeoutMs?: number
  /** before a request is tried again for the first time; the next pauses are 4 and 9 times as long */
  readonly retryPauseMs?: number
}

/** Waits longer than this are not worth it while production is down: the step fails and says until when. */
const longestWaitSeconds = 90

const OctokitWithPlugins = Octokit.plugin(paginateRest, restRoutes, retry, throttling)

/** Of a write that changes nothing when it is done twice: it is tried again as a read is, unlike all others. */
export const repeatable = { repeatable: true } as const

/**
 * Opens a repository through GitHub's REST API.
 *
 * Reads are tried again after a 5xx or a lost answer (after 1, 4 and 9 s). Writes are sent once: the retry plugin would
 * repeat a POST whose answer was lost, so callers read again by their own marker before another try; those that are `repeatable` are tried again, too. A write that was
 * turned away by a rate limit was not carried out, and is sent again when the limit's own pause is over.
 * @throws InputError when the token is empty
 */
export function openRepository({
  token,
  owner,
  repo,
  apiUrl,
  userAgent,
  log,
  signal,
  requestTimeoutMs = ms('30s'),
  retryPauseMs = ms('1s'),
}: RepositoryOptions): Repository {
  if (token === '')
    throw new InputError(
      message`${setting('token')} is empty; write ${'${{ github.token }}'} or the token of a GitHub App`,
    )
  const waitFor =
    (kind: string) =>
    (seconds: number, options: { method: string; url: string }, _: unknown, tries: number) => {
      const wait = seconds <= longestWaitSeconds && tries < 3
      const next = wait ? `waiting ${seconds} s` : `not waiting ${seconds} s for it`
      log(`GitHub's ${kind} rate limit is reached at ${options.method} ${options.url}: ${next}`)
      return wait
    }
  const octokit = new OctokitWithPlugins({
    auth: token,
    baseUrl: apiUrl,
    userAgent,
    request: { fetch: fetchWhole({ signal, requestTimeoutMs }) },
    log: { debug: () => {}, info: () => {}, warn: (message) => log(message), error: () => {} },
    // 409 and 429 are left to the callers and to the throttling plugin: together the two plugins would send a 429 eight times
    retry: {
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
      retryAfterBaseValue: retryPauseMs,
    },
    throttle: {
      onRateLimit: waitFor('primary'),
      onSecondaryRateLimit: waitFor('secondary'),
      // one write at a time, but with no pause of a second between them: a rollback is a dozen writes, the limit 80 a minute
      write: new Bottleneck.Group({ maxConcurrent: 1 }),
      notifications: new Bottleneck.Group({ maxConcurrent: 1 }),
    },
  })
  octokit.hook.before('request', (options) => {
    // Octokit has one such object for all requests, and the retry plugin counts tries in it: a write would end the tries of reads
    options.request = { ...options.request }
    options.headers['x-github-api-version'] = '2022-11-28'
    const reads = options.method === 'GET' || options.method === 'HEAD' || isQuery(options)
    if (!reads) noteWrite(octokit)
    if (!reads && options.request['repeatable'] !== true) options.request['retries'] = 0
  })
  return { octokit, owner, repo }
}

/** A query of GraphQL changes nothing, although it is sent by POST. */
function isQuery({ url, query }: { readonly url: string; readonly query?: unknown }): boolean {
  return url.endsWith('/graphql') && typeof query === 'string' && query.trimStart().startsWith('query')
}

/**
 * A fetch that gives whole answers or none. Octokit takes one that breaks off in the middle for an empty text, with
 * status 200: here it is read to its end first and is an error, so that a read is sent again, and after a write the caller
 * looks what became of it. The time-out holds for each try, and not for the pauses between them.
 */
function fetchWhole({
  signal,
  requestTimeoutMs,
}: {
  signal: AbortSignal | undefined
  requestTimeoutMs: number
}): typeof fetch {
  return async (url, options) => {
    const timeout = AbortSignal.timeout(requestTimeoutMs)
    try {
      const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
      const response = await fetch(url, { ...options, signal: ended })
      const body = await response.clone().text()
      if (response.ok && response.status !== 204 && isJson(response)) JSON.parse(body)
      return response
    } catch (error) {
      // of this name Octokit makes no answer of GitHub's, and does not try again
      if (signal?.aborted)
        throw Object.assign(new Error('the job was cancelled', { cause: error }), { name: 'AbortError' })
      if (timeout.aborted) throw new Error(`no answer within ${requestTimeoutMs / 1000} s`, { cause: error })
      if (error instanceof SyntaxError) throw new Error('the JSON breaks off', { cause: error })
      throw error
    }
  }
}

function isJson({ headers }: Response): boolean {
  return /^application\/json\b/.test(headers.get('content-type') ?? '')
}
