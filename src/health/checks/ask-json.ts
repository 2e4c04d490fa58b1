import type { z } from 'zod'
import { request } from '../../http/request.ts'
import type { GapReading } from '../reading.ts'
import { identity, type Target } from '../target.ts'
import type { Surroundings } from './look.ts'

const maxBodyBytes = 5 * 1024 * 1024

/** What a service said, in the shape it promises. */
export interface Answered<T> {
  readonly kind: 'answered'
  readonly value: T
}

/**
 * Asks a service for JSON. Whatever it says that is not the wanted answer is an error that says so, or no data where the
 * answer is still to come; nothing of the body is quoted.
 * @param path appended to the address; already encoded
 */
export async function askJson<T>(input: {
  readonly target: Target
  readonly surroundings: Surroundings
  readonly signal: AbortSignal
  readonly path: string
  readonly parameters?: Readonly<Record<string, string>>
  /** makes it a POST */
  readonly json?: unknown
  readonly schema: z.ZodType<T>
  /** how messages call the service */
  readonly service: string
}): Promise<Answered<T> | GapReading> {
  const { target, surroundings, signal, path, parameters = {}, json, schema, service } = input
  const { fetch, now, timeoutMs } = surroundings
  const url = new URL(target.url)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  const outcome = await request({
    fetch,
    now,
    signal,
    timeoutMs,
    url,
    headers: {
      ...identity,
      accept: 'application/json',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...target.headers,
    },
    secretHeaders: target.secretHeaders,
    maxBytes: maxBodyBytes,
    maxRedirects: 0,
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
  const error = (note: string): GapReading => ({ kind: 'error', note })
  if (outcome.kind === 'no-answer') return error(`${target.shownUrl} could not be queried: ${outcome.detail}`)
  const { status, body, cut } = outcome
  if (status === 202)
    return { kind: 'no-data', note: `${service} is still computing the result (status 202)` }
  if (status === 401 || status === 403) {
    const note = `${service} refused the request (status ${status}): check the token of this check and its permissions`
    return { kind: 'error', note, permanent: true }
  }
  if (status === 429)
    return error(`${service} rejects further requests for now (status 429): use a longer interval`)
  if (status < 200 || status > 299) return error(`${service} answered with status ${status}`)
  if (cut) return error(`${service} answered with more than 5 MiB`)
  const parsed = schema.safeParse(parseJson(body))
  return parsed.success
    ? { kind: 'answered', value: parsed.data }
    : error(`${service} answered with status ${status} and a body that its documentation does not describe`)
}

/** Undefined for what is no JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
