import type { NoAnswer } from './no-answer.ts'
import { type Answer, type Request, request } from './request.ts'

/** One call of an API that speaks JSON. */
export interface ApiRequest extends Pick<Request, 'fetch' | 'now' | 'signal' | 'maxBytes'> {
  /** the address of the API, without a slash at its end */
  readonly url: string
  /** below that, each segment encoded */
  readonly path: string
  readonly method: string
  /** sent as JSON; undefined for nothing */
  readonly json: unknown
  readonly headers: Readonly<Record<string, string>>
  /** the whole value of the header, a secret; undefined for none */
  readonly authorization: string | undefined
  readonly userAgent: string
}

const timeoutMs = 30_000

/** Makes one request. No redirect is followed: it leads to a log-in page far more often than to the API. @throws as `request` */
export function requestApi({
  url,
  path,
  json,
  headers,
  authorization,
  userAgent,
  ...rest
}: ApiRequest): Promise<Answer | NoAnswer> {
  const isJson = json !== undefined
  return request({
    ...rest,
    url: new URL(`${url}${path}`),
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(authorization !== undefined && { authorization }),
      ...(isJson && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(isJson && { body: JSON.stringify(json) }),
    timeoutMs,
    maxRedirects: 0,
    secretHeaders: new Set(['authorization']),
  })
}

/** One path of an address, whatever is in the names. */
export function pathOf(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
}
