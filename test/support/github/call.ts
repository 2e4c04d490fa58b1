import type { operations } from '@octokit/openapi-types'
import type { HostedRepository } from './hosted-repository.ts'
import type { OperationId } from './operations.ts'
import type { Token } from './tokens.ts'

/** The JSON body that GitHub's description gives a request of this operation. */
export type RequestBody<O extends OperationId> = operations[O] extends {
  requestBody?: { content: { 'application/json': infer B } }
}
  ? NonNullable<B>
  : undefined

/** The JSON that GitHub's description gives the successful answers of this operation. */
export type ResponseBody<O extends OperationId> = {
  [S in keyof operations[O]['responses']]: S extends 200 | 201 | 202
    ? operations[O]['responses'][S] extends { content: { 'application/json': infer B } }
      ? B
      : never
    : never
}[keyof operations[O]['responses']]

/** A request that was found to fit its operation. */
export interface Call<O extends OperationId> {
  readonly repository: HostedRepository
  readonly token: Token
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: RequestBody<O>
  /** the media type asked for, e.g. application/vnd.github.raw+json */
  readonly accept: string
}

export interface Answer<B> {
  readonly status: number
  readonly body?: B
  /** bytes in place of JSON, when the raw media type is asked for */
  readonly raw?: Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route<O extends OperationId> {
  /** what the token needs, e.g. `contents:write`: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
  readonly permission: string
  readonly handle: (call: Call<O>) => Promise<Answer<ResponseBody<O>>> | Answer<ResponseBody<O>>
}

export type Routes = { readonly [O in OperationId]?: Route<O> }

/** One page of a list, with the links to the others in GitHub's way. @param sizes of a page: the usual and the largest */
export function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  { usual, most }: { usual: number; most: number } = { usual: 30, most: 100 },
): { body: T[]; headers: Record<string, string> } {
  const size = Math.min(most, Math.max(1, Number(query.get('per_page') ?? usual)))
  const page = Math.max(1, Number(query.get('page') ?? 1))
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (number: number, rel: string) => {
    const target = new URLSearchParams(query)
    target.set('page', String(number))
    return `<{self}?${target}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ]
  const body = items.slice((page - 1) * size, page * size)
  return { body, headers: links.length === 0 ? {} : { link: links.join(', ') } }
}
