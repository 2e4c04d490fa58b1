import { request } from '../http/request.ts'
import type { Attempt, ChannelMeans, MessageIds } from './channel.ts'

/** A request to a service; its address comes from the settings or a secret, never from an event. */
export interface Post {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  /** absent for GET */
  readonly body?: unknown
}

/** A success: what the service's own answer says beside its status. */
export interface Reply {
  readonly status: number
  readonly body: string
  readonly headers: Headers
}

/**
 * Posts JSON and reads the answer by what HTTP says of it: 429 and a refused connection were not taken, 5xx and no answer may have
 * been, any other refusal is final. A redirect is not followed: the address is a secret.
 * @param read what a 2xx means; by default it was delivered
 */
export async function post(
  means: Pick<ChannelMeans, 'fetch' | 'now' | 'signal' | 'timeoutMs'>,
  { url, method = 'POST', headers = {}, body }: Post,
  read: (reply: Reply) => Attempt = () => ({ outcome: 'delivered' }),
): Promise<Attempt> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return { outcome: 'failed', because: 'the address is not a URL with http or https', retry: 'never' }
  const answer = await request({
    ...means,
    now: () => means.now().getTime(),
    url: new URL(url),
    method,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    maxBytes: 64 * 1024,
    maxRedirects: 0,
    secretHeaders: new Set(),
  })
  if (answer.kind === 'no-answer')
    return {
      outcome: 'failed',
      because: answer.detail,
      retry: answer.isRefused ? 'always' : 'if-harmless',
    }
  const { status, body: text } = answer
  if (status >= 200 && status < 300)
    return isPage(text)
      ? { outcome: 'failed', because: `HTTP ${status} with a web page; check the address`, retry: 'never' }
      : read(answer)
  const because = `HTTP ${status}${excerpt(text)}`
  if (status === 429)
    return { outcome: 'failed', because, retry: 'always', afterMs: retryAfter(answer.headers, means.now()) }
  return { outcome: 'failed', because, retry: status >= 500 ? 'if-harmless' : 'never' }
}

/** A page to log in, or of a proxy: no service answers a message with one. */
function isPage(text: string): boolean {
  return /^\s*<(?:!doctype html|html)\b/i.test(text)
}

/** What a service said, on one line; nothing of a page of HTML. Who keeps it masks secrets in it, and cuts it then. */
export function excerpt(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  if (line === '' || line.startsWith('<')) return ''
  return `: ${line}`
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds or a date. */
function retryAfter(headers: Headers, now: Date): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime())
}

/** The texts of a JSON object, and nothing where it is none. */
export function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** The ids that are there. */
export function idsOf(values: Readonly<Record<string, unknown>>): MessageIds {
  const texts = Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'string' && value !== '' ? [[key, value] as const] : [],
  )
  return Object.fromEntries(texts)
}

/**
 * The ids of an incident's messages, where they are of this place: since they were recorded, the settings may have moved the channel
 * to another room, whose messages begin anew.
 * @param place the setting that says where messages are, by its name, such as `room`
 */
export function idsAt(place: MessageIds, ids: MessageIds): MessageIds {
  return Object.entries(place).every(([name, value]) => (ids[name] ?? value) === value) ? ids : {}
}

/** The address of a path below the one of the settings, which may end with slashes. @param path from its first slash on */
export function below(url: string, path: string): string {
  return `${url.replace(/\/+$/, '')}${path}`
}
