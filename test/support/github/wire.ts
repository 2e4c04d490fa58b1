import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Answer } from './call.ts'
import { Refusal } from './refusal.ts'

/** Listens on a free port of 127.0.0.1. @returns its address */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return `http://127.0.0.1:${address.port}`
}

/** The token of a request, as the API's clients send it or as git does: a password. */
export function readToken({ headers }: IncomingMessage): string | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ')
  if (/^(token|bearer)$/i.test(scheme)) return value
  if (/^basic$/i.test(scheme)) return Buffer.from(value, 'base64').toString('utf8').split(':')[1]
  return undefined
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

/** @throws Refusal as GitHub words it */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal(400, 'Problems parsing JSON')
  }
}

/** What GitHub says in place of an answer. */
export function describeRefusal({ status, message, extra, headers }: Refusal): Answer<unknown> {
  const documentation_url = 'https://docs.github.com/rest'
  return { status, headers, body: { message, documentation_url, status: String(status), ...extra } }
}

export function serverError(status: 500 | 502 | 503): Answer<unknown> {
  return {
    status,
    body: { message: status === 502 ? 'Server Error' : "We couldn't respond to your request in time." },
  }
}

/** @param self the address that the links to other pages of a list begin with */
export function send(
  response: ServerResponse,
  { answer, headers, self }: { answer: Answer<unknown>; headers: Record<string, string>; self: string },
): void {
  const content = contentOf(answer)
  const packs = content.length > 1000 && /\bgzip\b/.test(String(response.req.headers['accept-encoding']))
  const [sent, encoding] = packs ? [gzipSync(content), { 'content-encoding': 'gzip' }] : [content, {}]
  response
    .writeHead(...headOf(answer, { headers: { ...headers, ...encoding }, self, length: sent.length }))
    .end(sent)
}

/** Sends the head and half of the body, and ends the connection; of an answer without a body, nothing at all. */
export function sendHalf(
  response: ServerResponse,
  { answer, headers, self }: { answer: Answer<unknown>; headers: Record<string, string>; self: string },
): void {
  const content = contentOf(answer)
  if (content.length === 0) {
    response.destroy()
    return
  }
  response.writeHead(...headOf(answer, { headers, self, length: content.length }))
  response.write(content.subarray(0, Math.ceil(content.length / 2)), () => response.destroy())
}

function headOf(
  answer: Answer<unknown>,
  { headers, self, length }: { headers: Record<string, string>; self: string; length: number },
): [number, Record<string, string>] {
  const { link, ...own } = answer.headers ?? {}
  const type = answer.raw === undefined ? 'application/json' : 'application/vnd.github.raw+json'
  return [
    answer.status,
    {
      // an answer without content has neither
      ...(length > 0 && {
        'content-type': `${type}; charset=utf-8`,
        'content-length': String(length),
      }),
      ...headers,
      ...own,
      ...(link !== undefined && { link: link.replaceAll('{self}', self) }),
    },
  ]
}

function contentOf({ raw, body }: Answer<unknown>): Buffer {
  return raw ?? (body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)))
}
