import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'

export interface SocketOptions {
  /** which addresses of a host are connected to; undefined for any */
  readonly family?: 4 | 6
  /** called with the moment at which the server's certificate ends, ms since the epoch */
  readonly onCertificate?: (endsAt: number) => void
}

/** Answers that have no body, whatever the server sends: `Response` refuses one. */
const withoutBody = new Set([204, 205, 304])

/**
 * A `fetch` that says more of the connection than the platform's own: which kind of address it goes to, and which certificate
 * it met. It follows no redirect, keeps no connection, and takes only what `request` gives it.
 */
export function openSocketFetch({ family, onCertificate }: SocketOptions): typeof globalThis.fetch {
  return (input, { method = 'GET', headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input)
      const send = url.protocol === 'https:' ? requestSecure : requestPlain
      const sent = body === undefined || body === null ? '' : String(body)
      const form =
        body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
      const request = send(url, {
        method,
        agent: false,
        headers: {
          'accept-encoding': 'identity',
          ...form,
          ...(sent !== '' && { 'content-length': Buffer.byteLength(sent) }),
          ...Object.fromEntries(new Headers(headers)),
        },
        ...(family !== undefined && { family }),
        ...(signal && { signal }),
      })
      request.once('response', (answer) => {
        const certificate =
          answer.socket instanceof TLSSocket ? answer.socket.getPeerCertificate() : undefined
        const endsAt = Date.parse(certificate?.valid_to ?? '')
        if (Number.isFinite(endsAt)) onCertificate?.(endsAt)
        try {
          resolve(toResponse(answer))
        } catch (error) {
          answer.destroy()
          reject(error)
        }
      })
      request.once('error', reject)
      request.end(sent)
    })
}

function toResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 0, headersDistinct } = answer
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value)
  if (!withoutBody.has(status)) {
    // Node's types know two classes of stream where there is one
    const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>
    return new Response(body, { status, headers })
  }
  answer.resume()
  return new Response(null, { status, headers })
}
