import { z } from 'zod'
import { ConflictError, message, RefusedError, setting, UnavailableError } from '../../errors.ts'
import { requestApi } from '../../http/api-request.ts'

/** What it takes to ask a service of feature flags. */
export interface FlagConnection {
  readonly fetch: typeof globalThis.fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly signal: AbortSignal
  /** the address of the API, without a slash at its end */
  readonly url: string
  /** the whole value of the header `authorization`, a secret; '' for none */
  readonly authorization: string
  /** the setting that the key of `authorization` or of the path is from; that of the token by default */
  readonly keySetting?: string
}

export interface FlagCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** below the address of the API, each segment encoded */
  readonly path: string
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** what is being done, for errors, e.g. `switch checkout off` */
  readonly doing: string
}

/** An answer of 2xx. */
export interface FlagAnswer {
  readonly body: unknown
  readonly headers: Headers
}

const maxBytes = 32 * 1024 * 1024

/**
 * Makes one request. A write is never repeated: the layer reads what is there before another try.
 * @param service for errors, e.g. `Unleash`
 * @throws ConflictError for 409 and 412, RefusedError for any other refusal, UnavailableError
 */
export async function ask(
  service: string,
  { keySetting = 'flags.token', ...connection }: FlagConnection,
  { method = 'GET', path, json, headers = {}, doing }: FlagCall,
): Promise<FlagAnswer> {
  const { url } = connection
  const address = keySetting.startsWith('flags.client') ? 'flags.client.url' : 'flags.url'
  const authorization = connection.authorization || undefined
  const sent = { method, path, json, headers, authorization, maxBytes, userAgent: 'rollback-flags' }
  const answer = await requestApi({ ...connection, ...sent })
  if (answer.kind !== 'answer')
    throw new UnavailableError(
      message`could not ${doing}: ${service} at ${url} gave no answer: ${answer.detail}; check ${setting(address)}, and run again when it answers`,
    )
  const { status, body } = answer
  if (status >= 200 && status < 300)
    return {
      body: body === '' ? undefined : parse(body, { service, doing, address }),
      headers: answer.headers,
    }
  const said = `${service} answered ${status}${sayBody(body)}`
  if (status === 409 || status === 412)
    throw new ConflictError(
      `could not ${doing}: ${said}: somebody else changed it; nothing was overwritten, plan again`,
    )
  if (status === 401 || status === 403)
    throw new RefusedError(message`could not ${doing}: ${said}; give ${setting(keySetting)} one that may`)
  if (status >= 500 || status === 429)
    throw new UnavailableError(`could not ${doing}: ${said}; run again when it answers`)
  if (status === 404)
    throw new RefusedError(
      address === 'flags.url'
        ? message`could not ${doing}: ${said}; check ${setting(address)}, ${setting('flags.project')} and ${setting('flags.environment')}`
        : message`could not ${doing}: ${said}; check ${setting(address)}`,
    )
  throw new RefusedError(`could not ${doing}: ${said}`)
}

function parse(
  body: string,
  { service, doing, address }: { readonly service: string; readonly doing: string; readonly address: string },
): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new UnavailableError(
      message`could not ${doing}: ${service} answered with something else than JSON, most likely a log-in page or a proxy; check ${setting(address)}`,
    )
  }
}

const errorSchema = z.object({ message: z.string() })

/** The service's own words, on one line. */
function sayBody(body: string): string {
  let text = body
  try {
    text = errorSchema.safeParse(JSON.parse(body)).data?.message ?? body
  } catch {
    // told as it is
  }
  const line = text.replace(/\s+/g, ' ').trim().slice(0, 200)
  return line === '' ? '' : ` "${line}"`
}

/** What a service answered, as a schema has it. @throws UnavailableError when it is something else */
export function readAs<T>(schema: z.ZodType<T>, body: unknown, service: string, doing: string): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UnavailableError(
    `could not ${doing}: the answer of ${service} is not as it documents it (${issue?.path.join('.')}: ${issue?.message})`,
  )
}
