import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { Answer, Call, Route, Routes } from './call.ts'
import { type Fault, openFaults } from './faults.ts'
import { type HostedRepository, hostRepository, type RepositoryOptions } from './hosted-repository.ts'
import { githubLimits, type Limits, openLimits, secondaryLimit, tooManyRequests } from './limits.ts'
import { loadOperations, type Operation } from './openapi.ts'
import type { OperationId } from './operations.ts'
import { notFound, Refusal } from './refusal.ts'
import { actions } from './routes/actions.ts'
import { commits } from './routes/commits.ts'
import { contents } from './routes/contents.ts'
import { deployments } from './routes/deployments.ts'
import { gitData } from './routes/git-data.ts'
import { issues } from './routes/issues.ts'
import { repository } from './routes/repository.ts'
import { serveGit } from './smart-http.ts'
import { demandPermission, type Token, type TokenOptions } from './tokens.ts'

const routes: Routes = {
  ...actions,
  ...commits,
  ...contents,
  ...deployments,
  ...gitData,
  ...issues,
  ...repository,
}

/** A request to the API, as it was answered. */
export interface RecordedRequest {
  readonly method: string
  /** below the API's base, with the query */
  readonly path: string
  readonly operation: OperationId | undefined
  readonly login: string | undefined
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

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(
        `${request.method} ${request.url}: the emulator failed: ${error instanceof Error ? error.stack : error}`,
      )
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  const url = await listen(server)
  const apiUrl = `${url}/api/v3`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const target = new URL(request.url ?? '/', url)
    const git = /^\/([^/]+)\/([^/]+)\.git\//.exec(target.pathname)
    const token = tokens.get(readToken(request) ?? '')
    if (git !== null) {
      const hosted = repositories.get(`${git[1]}/${git[2]}`.toLowerCase())
      if (hosted === undefined) response.writeHead(404).end()
      else await serveGit({ request, url: target, body, response }, { repository: hosted, token })
      return
    }
    await answerApi({ request, response, target, body, token })
  }

  async function answerApi({
    request,
    response,
    target,
    body,
    token,
  }: {
    request: IncomingMessage
    response: ServerResponse
    target: URL
    body: Buffer
    token: Token | undefined
  }): Promise<void> {
    const method = request.method ?? 'GET'
    const path = request.url?.replace('/api/v3', '') ?? ''
    const matched = match(operations, method, target.pathname.replace('/api/v3', ''))
    const recorded: RecordedRequest = {
      method,
      path,
      operation: matched?.operation.id,
      login: token?.login,
      status: undefined,
    }
    requests.push(recorded)
    const say = (problem: string) => void violations.push(`${method} ${path}: ${problem}`)
    const fault = matched === undefined ? undefined : faults.take(matched.operation.id)
    if (fault?.kind === 'meanwhile') await fault.act()

    const withheld = fault === undefined ? undefined : insteadOf(fault)
    const answer =
      withheld ??
      (await carryOut({ request, target, body, token, matched, say }).catch((error: unknown) =>
        refuse(error, say),
      ))
    for (const listener of listeners) await listener(recorded)

    if (fault?.kind === 'slow') await sleep(fault.ms)
    if (fault?.kind === 'no-answer') {
      response.destroy()
      return
    }
    const final = fault?.kind === 'server-error' && fault.carriedOut ? serverError(fault.status) : answer
    recorded.status = final.status
    send(response, {
      answer: final,
      headers: { ...(token && limiter.headers(token)), 'x-github-request-id': `R${requests.length}` },
      self: target.href.split('?')[0] ?? '',
      cutOff: fault?.kind === 'cut-off',
    })
  }

  async function carryOut({
    request,
    target,
    body,
    token,
    matched,
    say,
  }: {
    request: IncomingMessage
    target: URL
    body: Buffer
    token: Token | undefined
    matched: Matched | undefined
    say: (problem: string) => void
  }): Promise<Answer<unknown>> {
    if (matched === undefined) {
      say('no such route is known: add its operation to operations.ts and routes/')
      throw notFound()
    }
    if (token === undefined) throw new Refusal(401, 'Bad credentials')
    limiter.count(token, request.method ?? 'GET')
    const { operation, params } = matched
    const json = body.length === 0 ? undefined : parseJson(body)
    const problems = operation.checkRequest({ query: target.searchParams, body: json })
    for (const problem of problems) say(problem)
    if (problems.length > 0) throw new Refusal(422, `Invalid request.\n\n${problems.join('\n')}`)
    const hosted = repositories.get(`${params['owner']}/${params['repo']}`.toLowerCase())
    if (hosted === undefined) throw notFound()
    // the request fits its operation, which is what the route's types say of it
    const route = routes[operation.id] as Route<OperationId> | undefined
    if (route === undefined) {
      say(`${operation.id} has no route`)
      throw notFound()
    }
    demandPermission(token, route.permission)
    const writes = request.method !== 'GET'
    if (writes && hosted.archived) throw new Refusal(403, 'Repository was archived so is read-only.')
    const call = {
      repository: hosted,
      token,
      params,
      query: target.searchParams,
      body: json,
      accept: request.headers.accept ?? '',
    }
    const answer = await route.handle(call as Call<OperationId>)
    if (answer.raw === undefined)
      for (const problem of operation.checkResponse({ status: answer.status, body: answer.body }))
        say(problem)
    return answer
  }

  /** A refusal has to be an answer that GitHub gives, too. */
  function refuse(error: unknown, say: (problem: string) => void): Answer<unknown> {
    if (error instanceof Refusal) return describeRefusal(error)
    say(`the emulator failed: ${error instanceof Error ? error.stack : error}`)
    return serverError(500)
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
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      const left = faults.left().map((fault) => `the fault ${fault.kind} never happened`)
      const wrong = [...violations, ...left]
      if (wrong.length > 0) throw new Error(`GitHub would not have it so:\n${wrong.join('\n')}`)
    },
  }
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

/** The answer of a fault that keeps the request from being carried out. */
function insteadOf(fault: Fault): Answer<unknown> | undefined {
  if (fault.kind === 'too-many-requests') return describeRefusal(tooManyRequests(fault.retryAfterSeconds))
  if (fault.kind === 'refused') return describeRefusal(new Refusal(fault.status, fault.message))
  if (fault.kind === 'secondary-limit') return describeRefusal(secondaryLimit(fault.retryAfterSeconds))
  if (fault.kind === 'server-error' && !fault.carriedOut) return serverError(fault.status)
  if (fault.kind === 'no-answer' && !fault.carriedOut) return serverError(500)
  return undefined
}

function describeRefusal({ status, message, extra, headers }: Refusal): Answer<unknown> {
  const documentation_url = 'https://docs.github.com/rest'
  return { status, headers, body: { message, documentation_url, status: String(status), ...extra } }
}

function serverError(status: 500 | 502 | 503): Answer<unknown> {
  return {
    status,
    body: { message: status === 502 ? 'Server Error' : "We couldn't respond to your request in time." },
  }
}

function send(
  response: ServerResponse,
  {
    answer,
    headers,
    self,
    cutOff,
  }: { answer: Answer<unknown>; headers: Record<string, string>; self: string; cutOff: boolean },
): void {
  const content =
    answer.raw ?? (answer.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.body)))
  const type =
    answer.raw === undefined
      ? 'application/json; charset=utf-8'
      : 'application/vnd.github.raw+json; charset=utf-8'
  const { link, ...own } = answer.headers ?? {}
  response.writeHead(answer.status, {
    'content-type': type,
    'content-length': content.length,
    ...headers,
    ...own,
    ...(link !== undefined && { link: link.replaceAll('{self}', self) }),
  })
  if (!cutOff) response.end(content)
  else response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.destroy())
}

function readToken(request: IncomingMessage): string | undefined {
  const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ')
  if (/^(token|bearer)$/i.test(scheme ?? '')) return value
  if (/^basic$/i.test(scheme ?? '')) return Buffer.from(value, 'base64').toString('utf8').split(':')[1]
  return undefined
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const isGit = request.url?.includes('.git/')
  return !isGit && request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal(400, 'Problems parsing JSON')
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return `http://127.0.0.1:${address.port}`
}
