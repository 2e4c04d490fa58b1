import { formatDuration } from '../text/duration.ts'
import { explainNoAnswer, type NoAnswer } from './no-answer.ts'

export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  /** at most `maxBytes` of it, decoded as UTF-8 */
  readonly body: string
  /** the body went on after `maxBytes` */
  readonly cut: boolean
  /** from the request to the last byte that was read, ms */
  readonly latencyMs: number
  /** where a redirect that was not followed leads to; '' for other answers */
  readonly location: string
  readonly headers: Headers
}

export interface Request {
  readonly fetch: typeof globalThis.fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly signal: AbortSignal
  readonly url: URL
  /** names in lower case */
  readonly headers: Readonly<Record<string, string>>
  /** GET when there is nothing to send, else POST */
  readonly method?: string
  /** a form, or a text whose type the headers say */
  readonly body?: URLSearchParams | string
  /** the whole exchange, body and redirects included, ms */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** 0: a redirect is the answer */
  readonly maxRedirects: number
  /** statuses that are an answer even if they are redirects */
  readonly wantedStatus?: readonly number[]
  /** headers that are not sent on to another origin; those which `fetch` itself drops there are always dropped */
  readonly secretHeaders: ReadonlySet<string>
}

const redirects = new Set([301, 302, 303, 307, 308])
/** https://fetch.spec.whatwg.org/#http-redirect-fetch, step 13, and the cookie that a browser would keep in its jar. */
const dropsAcrossOrigins = new Set(['authorization', 'proxy-authorization', 'cookie', 'host'])

/**
 * Makes one bounded request: in time, bytes and redirects. Whatever goes wrong on the way is a `NoAnswer`, not an
 * exception.
 * @throws the signal's reason, when the caller aborted
 */
export async function request(input: Request): Promise<Answer | NoAnswer> {
  const { signal, timeoutMs } = input
  signal.throwIfAborted()
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await exchange(input, controller.signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!controller.signal.aborted) return explainNoAnswer(error)
    return brokenOff(`no complete answer within ${formatDuration(timeoutMs)}`)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    controller.abort()
  }
}

async function exchange(input: Request, signal: AbortSignal): Promise<Answer | NoAnswer> {
  const { fetch, now, maxBytes, maxRedirects, wantedStatus = [] } = input
  const startedAt = now()
  let url = input.url
  let headers = input.headers
  let method = input.method ?? (input.body === undefined ? 'GET' : 'POST')
  let sent = input.body
  for (let followed = 0; ; followed += 1) {
    const response = await fetch(url, {
      method,
      headers,
      body: sent ?? null,
      redirect: 'manual',
      cache: 'no-store',
      signal,
    })
    const { status } = response
    const location = response.headers.get('location')
    const isFinal = maxRedirects === 0 || wantedStatus.includes(status)
    if (isFinal || !redirects.has(status) || location === null) {
      const { body, cut } = await readBody(response, maxBytes)
      return {
        kind: 'answer',
        status,
        body,
        cut,
        latencyMs: Math.max(0, now() - startedAt),
        location: redirects.has(status) ? (location ?? '') : '',
        headers: response.headers,
      }
    }
    await response.body?.cancel()
    if (followed === maxRedirects) return brokenOff(`more than ${maxRedirects} redirects`)
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
    if (next === undefined || !/^https?:$/.test(next.protocol)) {
      return brokenOff('a redirect to an address that is not http or https')
    }
    if (next.origin !== url.origin) headers = withoutSecrets(headers, input.secretHeaders)
    // https://fetch.spec.whatwg.org/#http-redirect-fetch, step 12
    const isPost = method === 'POST' && (status === 301 || status === 302)
    if (isPost || (status === 303 && method !== 'GET' && method !== 'HEAD')) {
      method = 'GET'
      sent = undefined
    }
    url = next
  }
}

/** The server was there, and its answer was of no use. */
function brokenOff(detail: string): NoAnswer {
  return { kind: 'no-answer', isOutage: true, detail }
}

function withoutSecrets(
  headers: Readonly<Record<string, string>>,
  secretHeaders: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(
    ([name]) => !secretHeaders.has(name) && !dropsAcrossOrigins.has(name),
  )
  return Object.fromEntries(kept)
}

async function readBody(
  response: Response,
  maxBytes: number,
): Promise<{ readonly body: string; readonly cut: boolean }> {
  if (response.body === null) return { body: '', cut: false }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) break
    chunks.push(value)
    size += value.byteLength
    if (size > maxBytes) break
  }
  const cut = size > maxBytes
  if (cut) await reader.cancel()
  return { body: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), cut }
}
