import pRetry from 'p-retry'
import type { z } from 'zod'
import { InputError, type Message, message, RefusedError, setting, UnavailableError } from '../../errors.ts'
import { requestApi } from '../../http/api-request.ts'
import type { NoAnswer } from '../../http/no-answer.ts'
import type { Answer } from '../../http/request.ts'
import type { WriteOutcome } from './update-server.ts'

/** What it takes to ask a server. */
export interface Connection {
  readonly fetch: typeof globalThis.fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly signal: AbortSignal
  /** the address of the API, without a slash at its end */
  readonly url: string
  /** a secret */
  readonly accessKey: string
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  /** below the address of the API, each segment encoded */
  readonly path: string
  /** sent as JSON */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** false for what devices ask without a key */
  readonly withKey?: boolean
  /** true where the key stands alone in the header, without `Bearer` */
  readonly isBareKey?: boolean
}

const maxBytes = 5 * 1024 * 1024
/** of reads: about four seconds in all */
const retries = 4

/** Makes one request. */
function send(
  { accessKey, ...connection }: Connection,
  { method = 'GET', path, json, headers = {}, withKey = true, isBareKey = false }: Call,
): Promise<Answer | NoAnswer> {
  const key = isBareKey ? accessKey : `Bearer ${accessKey}`
  return requestApi({
    ...connection,
    ...{ method, path, json, headers, maxBytes },
    authorization: withKey ? key : undefined,
    userAgent: 'rollback-codepush',
  })
}

/**
 * Reads, and tries again while the server is not there. The answer's shape is checked and not only its status: one
 * server says 200 to a missing key.
 * @throws UnavailableError, InputError for a wrong key or address, RefusedError for anything else that is no such answer
 */
export async function read<T>(connection: Connection, call: Call, shape: z.ZodType<T>): Promise<T> {
  const answer = await ask(connection, call)
  refuseUnlessApi(connection, call, answer)
  const parsed = shape.safeParse(parseJson(answer.body))
  if (answer.status === 200 && parsed.success) return parsed.data
  throw new RefusedError(explainRefusal(connection, call, answer, parsed.error))
}

/** The answer to a read, tried again while the server is not there. @throws UnavailableError */
export async function ask(connection: Connection, call: Call): Promise<Answer> {
  return pRetry(
    async () => {
      const outcome = await send(connection, call)
      if (outcome.kind === 'no-answer')
        throw new UnavailableError(`could not ask ${named(connection, call)}: ${adviseOn(outcome)}`)
      if (isPassing(outcome.status))
        throw new UnavailableError(
          `${named(connection, call)} answered ${outcome.status}${quote(outcome.body)}`,
        )
      return outcome
    },
    {
      retries,
      minTimeout: 250,
      factor: 2,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof UnavailableError,
      signal: connection.signal,
    },
  )
}

/**
 * Writes once. A server may have carried out what it answers with a 5xx, or not at all: that is `unknown`.
 * @throws RefusedError when it says no
 */
export async function write(connection: Connection, call: Call): Promise<WriteOutcome> {
  const outcome = await send(connection, call)
  if (outcome.kind === 'no-answer' || isPassing(outcome.status)) return 'unknown'
  refuseUnlessApi(connection, call, outcome)
  if (outcome.status >= 200 && outcome.status <= 299) return 'accepted'
  throw new RefusedError(explainRefusal(connection, call, outcome))
}

/** @throws InputError for what only another address or key will change */
function refuseUnlessApi(connection: Connection, call: Call, { status, location, body }: Answer): void {
  const where = named(connection, call)
  if (status >= 300 && status <= 399) {
    const target = URL.canParse(location, where) ? new URL(location, where) : undefined
    const shown = target === undefined ? 'another page' : `${target.origin}${target.pathname}`
    throw new InputError(
      message`${where} redirects to ${shown}, which an update server does not do; write the address of its API in ${setting('ota.server-url')}, past any log-in page`,
    )
  }
  if (status === 401 || isUnauthorized(body))
    throw new InputError(
      message`${connection.url} does not accept the key in ${setting('ota.access-key')}; make a new one, and put it into the secret without a line break`,
    )
  if (/^\s*<(?:!doctype|html)/i.test(body))
    throw new InputError(
      message`${where} answered ${status} with a web page in place of data; write the address of the server's API in ${setting('ota.server-url')}`,
    )
}

/** lisong's server says it with status 200. */
function isUnauthorized(body: string): boolean {
  const json = parseJson(body)
  return typeof json === 'object' && json !== null && 'name' in json && json.name === 'UnauthorizedError'
}

function explainRefusal(
  connection: Connection,
  call: Call,
  answer: Answer,
  error?: z.ZodError,
): string | Message {
  const where = named(connection, call)
  if (answer.status === 403)
    return `${where} answered 403${quote(answer.body)}: the account of the key must be a collaborator of the app`
  if (answer.status !== 200) return `${where} answered ${answer.status}${quote(answer.body)}`
  const [issue] = error?.issues ?? []
  const why = issue === undefined ? '' : `: ${issue.path.join('.') || 'the whole'}: ${issue.message}`
  return message`${where} did not answer as an update server does${why}; check ${setting('ota.server-url')} and ${setting('ota.server-kind')}`
}

function adviseOn({ detail }: NoAnswer): string {
  if (!detail.startsWith('the TLS connection failed')) return detail
  return `${detail}; if its certificate is of an authority of your own, name that in NODE_EXTRA_CA_CERTS`
}

/** The path's query is left out: it may hold a deployment key. */
function named({ url }: Connection, { path }: Call): string {
  return `${url}${path.split('?', 1)[0]}`
}

/** Tried again, it may be answered otherwise. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408
}

/** The server's own words, when they are words. */
function quote(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim()
  if (line === '' || line.startsWith('<')) return ''
  return ` (${line.length > 200 ? `${line.slice(0, 200)}…` : line})`
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
