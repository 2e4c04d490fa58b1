import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Call, Route } from './call.ts'
import { type Fault, openFaults } from './faults.ts'
import { answerGraphql, readQuery } from './graphql.ts'
import { watchReads } from './heed.ts'
import { type HostedRepository, hostRepository, type RepositoryOptions } from './hosted-repository.ts'
import { githubLimits, type Limits, openLimits, secondaryLimit, tooManyRequests } from './limits.ts'
import { loadOperations, type Operation } from './openapi.ts'
import type { OperationId } from './operations.ts'
import { notFound, Refusal } from './refusal.ts'
import { routes } from './routes/table.ts'
import { serveGit } from './smart-http.ts'
import { demandPermission, hasPermission, type Token, type TokenOptions } from './tokens.ts'
import {
  describeRefusal,
  listen,
  parseJson,
  readBody,
  readToken,
  send,
  sendHalf,
  serverError,
} from './wire.ts'

/** Where the API is below the server's own address, as on GitHub Enterprise Server. */
const apiPath = '/api/v3'
const graphqlPath = '/api/graphql'

/** The version that GitHub gives unless another is asked for. */
const apiVersion = '2022-11-28'

/** A request to the API, as it was answered. */
export interface RecordedRequest {
  readonly method: string
  /** below the API's base, with the query */
  readonly path: string
  readonly operation: OperationId | undefined
  readonly login: string | undefined
  /** it may change something, unlike a read, and a query of GraphQL */
  readonly writes: boolean
  /** undefined when no answer was sent */
  status: number | undefined
}

/**
 * GitHub on loopback: its REST API for what the suite uses, backed by real bare repositories, and git's smart HTTP.
 * Every request and every answer is held against GitHub's own OpenAPI description; what does not fit is a violation,
 * and `stop` throws when there was one that nobody took.
 */
export interface EmulatedGitHub {
  /** as in GITHUB_SERVER_URL */
  readonly url: string
  /** as in GITHUB_API_URL */
  readonly apiUrl: string
  readonly createRepository: (options: RepositoryOptions) => Promise<HostedRepository>
  /** @returns the token's value, to send as `Authorization` */
  readonly createToken: (options: TokenOptions) => string
  /** requests to the API, oldest first */
  readonly requests: readonly RecordedRequest[]
  /** Lets something go wrong with requests to come. */
  readonly fault: (fault: Fault) => void
  /** Called when a request was carried out and before it is answered. @returns what ends the calls */
  readonly onRequest: (listener: (request: RecordedRequest) => void | Promise<void>) => () => void
  /** The violations so far, which `stop` then does not throw for. */
  readonly takeViolations: () => readonly string[]
  /** @throws Error when a request or an answer was not as GitHub's description says, or a fault never happened */
  readonly stop: () => Promise<void>
}

/** Starts it on a free port of 127.0.0.1. @param directory holds the bare repositories; the caller takes it away */
export async function startGitHub({
  directory,
  limits = githubLimits,
}: {
  directory: string
  limits?: Limits
}): Promise<EmulatedGitHub> {
  const operations = [...loadOperations()].sort((a, b) => b.literalLength - a.literalLength)
  const repositories = new Map<string, HostedRepository>()
  const tokens = new Map<string, Token>()
  const requests: RecordedRequest[] = []
  const violations: string[] = []
  const listeners = new Set<(request: RecordedRequest) => void | Promise<void>>()
  const faults = openFaults()
  const limiter = openLimits(limits)
  let lastId = 0
  const nextId = () => (lastId += 1)

  const running = new Set<Promise<void>>()
  const closing = new AbortController()

  const server = createServer((request, response) => {
    const handling = handle(request, response).catch((error: unknown) => {
      // a client that was gone before it had asked has asked for nothing
      if (request.complete) violations.push(`${request.method} ${request.url}: ${failure(error)}`)
      response.destroy()
    })
    running.add(handling)
    void handling.then(() => running.delete(handling))
  })
  const url = await listen(server)
  const apiUrl = `${url}${apiPath}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const target = new URL(request.url ?? '/', url)
    const given = readToken(request)
    const token = given === undefined ? undefined : tokens.get(given)
    if (target.pathname === graphqlPath) await answerQuery({ request, response, target, body, token })
    else if (target.pathname.startsWith(`${apiPath}/`))
      await answerApi({ request, response, target, body, token, given })
    else if (!(await serveGit({ request, url: target, body, response }, { repositories, token }))) {
      violations.push(`${request.method} ${request.url}: neither below ${apiPath} nor a request of git's`)
      send(response, { answer: describeRefusal(notFound()), headers: {}, self: target.href })
    }
  }

  async function answerQuery({
    request,
    response,
    target,
    body,
    token,
  }: Omit<Incoming, 'given'> & { readonly response: ServerResponse }): Promise<void> {
    const recorded: RecordedRequest = {
      method: request.method ?? '',
      path: '/graphql',
      operation: undefined,
      login: token?.login,
      writes: isMutation(body),
      status: undefined,
    }
    requests.push(recorded)
    const fault = faults.take('graphql')
    if (fault?.kind === 'meanwhile') await fault.act()
    const instead = fault === undefined ? undefined : insteadOf(fault)
    const carryOut = () =>
      carryOutQuery({
        body,
        token,
        say: (problem) => void violations.push(`GraphQL: ${problem}`),
      }).catch((error: unknown): Answer<unknown> => {
        if (!(error instanceof Refusal)) throw error
        // over its limit GraphQL answers 200, and says so in the body
        if (error.status === 200)
          return {
            status: 200,
            body: {
              errors: [
                {
                  type: /rate limit/.test(error.message) ? 'RATE_LIMITED' : 'INVALID',
                  message: error.message,
                },
              ],
            },
          }
        return describeRefusal(error)
      })
    const answer = instead ?? (await carryOut())
    for (const listener of listeners) await listener(recorded)
    if (fault?.kind === 'no-answer') return void response.destroy()
    recorded.status = answer.status
    const headers = token ? limiter.headers({ token, resource: 'graphql' }) : {}
    if (fault?.kind === 'cut-off') sendHalf(response, { answer, headers, self: target.href })
    else send(response, { answer, headers, self: target.href })
  }

  async function carryOutQuery({
    body,
    token,
    say,
  }: {
    body: Buffer
    token: Token | undefined
    say: (problem: string) => void
  }): Promise<Answer<unknown>> {
    if (token === undefined) throw new Refusal(401, 'Bad credentials')
    const { query, variables = {} } = parseJson(body) as {
      query: string
      variables?: Record<string, unknown>
    }
    const { isMutation: writes, cost } = readQuery({ query, variables })
    limiter.count({ token, method: writes ? 'POST' : 'GET', resource: 'graphql', cost })
    return {
      status: 200,
      body: await answerGraphql(
        { query, variables },
        { repositories: [...repositories.values()], token, cost },
        say,
      ),
    }
  }

  async function answerApi(incoming: Incoming & { readonly response: ServerResponse }): Promise<void> {
    const { request, response, target, token } = incoming
    const method = request.method ?? 'GET'
    const pathname = target.pathname.slice(apiPath.length)
    const path = `${pathname}${target.search}`
    const matched = match(operations, method, pathname)
    const recorded: RecordedRequest = {
      method,
      path,
      operation: matched?.operation.id,
      login: token?.login,
      writes: method !== 'GET' && method !== 'HEAD',
      status: undefined,
    }
    requests.push(recorded)
    const id = `R${requests.length}`
    const say = (problem: string) => void violations.push(`${method} ${path}: ${problem}`)
    const fault = matched === undefined ? undefined : faults.take(matched.operation.id)
    if (fault?.kind === 'meanwhile') await fault.act()

    const answer =
      (fault === undefined ? undefined : insteadOf(fault)) ?? (await carryOut(incoming, { matched, say }))
    for (const listener of listeners) await listener(recorded)

    if (fault?.kind === 'slow') await sleep(fault.ms, undefined, { signal: closing.signal }).catch(() => {})
    if (fault?.kind === 'no-answer') {
      response.destroy()
      return
    }
    const final = fault?.kind === 'server-error' && fault.carriedOut ? serverError(fault.status) : answer
    recorded.status = final.status
    const headers = { ...(token && limiter.headers({ token, resource: 'core' })), 'x-github-request-id': id }
    const self = `${url}${target.pathname}`
    if (fault?.kind === 'cut-off') sendHalf(response, { answer: final, headers, self })
    else send(response, { answer: final, headers, self })
  }

  /** What GitHub answers, refusals too: each has to be an answer that its description knows. */
  async function carryOut(
    incoming: Incoming,
    { matched, say }: { matched: Matched | undefined; say: (problem: string) => void },
  ): Promise<Answer<unknown>> {
    if (matched === undefined) {
      say('no such route is known: add its operation to operations.ts and routes/')
      return describeRefusal(notFound())
    }
    const answer = await answerTo(incoming, { matched, say }).catch((error: unknown) => {
      if (error instanceof Refusal) return describeRefusal(error)
      say(failure(error))
      return serverError(500)
    })
    if (answer.raw === undefined)
      for (const problem of matched.operation.checkResponse({ status: answer.status, body: answer.body }))
        say(problem)
    return answer
  }

  async function answerTo(
    { request, target, body, token, given }: Incoming,
    { matched: { operation, params }, say }: { matched: Matched; say: (problem: string) => void },
  ): Promise<Answer<unknown>> {
    const json = parseJson(body)
    const problems = operation.checkRequest({ params, query: target.searchParams, body: json })
    for (const problem of problems) say(problem)
    const { accept = '', 'x-github-api-version': version = apiVersion } = request.headers
    if (version !== apiVersion) say(`x-github-api-version ${version}: the description is of ${apiVersion}`)
    if (token === undefined)
      throw new Refusal(401, given === undefined ? 'Requires authentication' : 'Bad credentials')
    limiter.count({ token, method: request.method ?? 'GET', resource: 'core' })
    if (problems.length > 0) throw new Refusal(422, `Invalid request.\n\n${problems.join('\n')}`)
    const hosted =
      params['org'] === undefined
        ? repositories.get(`${params['owner']}/${params['repo']}`.toLowerCase())
        : [...repositories.values()].find(({ owner }) => owner === params['org'])
    if (hosted === undefined) throw notFound()
    // the request fits its operation, which is what the route's types say of it
    const route = routes[operation.id] as Route<OperationId> | undefined
    if (route === undefined) throw new Error(`${operation.id} has no route`)
    demandPermission(
      token,
      mayAsPull(token, route.permission, hosted, params) ? 'metadata:read' : route.permission,
    )
    if (request.method !== 'GET' && params['org'] === undefined && hosted.archived)
      throw new Refusal(403, 'Repository was archived so is read-only.')

    const { query, body: fields, unread } = watchReads({ query: target.searchParams, body: json })
    const call = { repository: hosted, token, params, query, body: fields, accept }
    const answer = await route.handle(call as Call<OperationId>)
    for (const each of unread()) say(`${each}: the emulator does not do what it asks for`)
    if (answer.raw === undefined && !plainJson.test(accept))
      say(`the media type ${accept}: the emulator does not give it`)
    return answer
  }

  return {
    url,
    apiUrl,
    requests,
    async createRepository(options) {
      const hosted = await hostRepository(options, {
        directory: join(directory, 'repositories'),
        url,
        apiUrl,
        nextId,
      })
      repositories.set(`${options.owner}/${options.name}`.toLowerCase(), hosted)
      return hosted
    },
    createToken(options) {
      const value = `ghs_${randomBytes(18).toString('hex')}`
      tokens.set(value, { ...options, value, isBot: options.kind !== 'user' })
      return value
    },
    fault: faults.add,
    onRequest(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    takeViolations: () => violations.splice(0),
    async stop() {
      closing.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await Promise.all([closed, ...running])
      for (const { git } of repositories.values()) git.close()
      const wrong = [...violations, ...faults.left()]
      if (wrong.length > 0) throw new Error(`GitHub would not have it so:\n${wrong.join('\n')}`)
    },
  }
}

/** A request that has arrived as a whole. */
interface Incoming {
  readonly request: IncomingMessage
  readonly target: URL
  readonly body: Buffer
  /** undefined when none was given, or one that is not known */
  readonly token: Token | undefined
  readonly given: string | undefined
}

/** Media types that mean the JSON of the description. */
const plainJson = /^($|\*\/\*|application\/(vnd\.github(\.v3)?\+)?json)/

/** Labels and comments of a pull request may also be written by who may write pull requests. */
function mayAsPull(
  token: Token,
  permission: string,
  { issues }: HostedRepository,
  params: Readonly<Record<string, string>>,
): boolean {
  const [scope, level] = permission.split(':')
  const isPull = issues.some(
    ({ number, pull }) => pull !== undefined && String(number) === params['issue_number'],
  )
  return (
    scope === 'issues' &&
    isPull &&
    hasPermission(token, 'pull-requests', level === 'write' ? 'write' : 'read')
  )
}

interface Matched {
  readonly operation: Operation
  readonly params: Readonly<Record<string, string>>
}

function match(operations: readonly Operation[], method: string, path: string): Matched | undefined {
  for (const operation of operations) {
    const params = operation.match(method, path)
    if (params !== undefined) return { operation, params }
  }
  return undefined
}

function isMutation(body: Buffer): boolean {
  const { query } = parseJson(body) as { readonly query?: string }
  return query?.trimStart().startsWith('mutation') ?? true
}

/** The answer of a fault that keeps the request from being carried out. */
function insteadOf(fault: Fault): Answer<unknown> | undefined {
  if (fault.kind === 'too-many-requests') return describeRefusal(tooManyRequests(fault.retryAfterSeconds))
  if (fault.kind === 'refused') return describeRefusal(new Refusal(fault.status, fault.message))
  if (fault.kind === 'secondary-limit') return describeRefusal(secondaryLimit(fault.retryAfterSeconds))
  if (fault.kind === 'server-error' && !fault.carriedOut) return serverError(fault.status)
  if (fault.kind === 'no-answer' && !fault.carriedOut) return serverError(500)
  return undefined
}

function failure(error: unknown): string {
  return `the emulator failed: ${error instanceof Error ? error.stack : error}`
}
