import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'

export interface SocketOptions {
  /** which addresses of a host are connected to; undefined for any */
  readonly family?: 4 | 6
  /** called with the moment at which the server's certificate ends, ms since the epoch */
  readonly onCertificate?: (endsAt: number) => void
  /** the kinds of address that a host has. Default: what the system's resolver says */
  readonly familiesOf?: (host: string) => Promise<readonly number[]>
}

/** Answers that have no body, whatever the server sends: `Response` refuses one. */
const withoutBody = new Set([204, 205, 304])

/**
 * A `fetch` that says more of the connection than the platform's own: which kind of address it goes to, and which certificate
 * it met. It follows no redirect, keeps no connection, and takes only what `request` gives it.
 */
export function openSocketFetch({
  family,
  onCertificate,
  familiesOf = resolveFamilies,
}: SocketOptions): typeof globalThis.fetch {
  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    // an address in the place of a name is connected to whatever the family, so a redirect to one could change it
    if (family !== undefined && isIP(host) !== 0 && isIP(host) !== family) throw lacking(family)
    return new Promise((resolve, reject) => {
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
      request.once('error', (error) => {
        const isUnresolved = 'code' in error && /^(ENOTFOUND|EAI_\w+|ENODATA)$/.test(String(error.code))
        if (family === undefined || !isUnresolved) return reject(error)
        // the resolver says the same of a host that is not there, and of one without an address of this kind
        familiesOf(host).then(
          (families) => reject(families.length > 0 ? lacking(family) : error),
          () => reject(error),
        )
      })
      request.end(sent)
    })
  }
}

async function resolveFamilies(host: string): Promise<readonly number[]> {
  return (await lookup(host, { all: true })).map((address) => address.family)
}

/** Has the code by which `explainNoAnswer` knows it. */
function lacking(family: 4 | 6): Error {
  return Object.assign(new Error(`no address of family ${family}`), { code: `NO_IPV${family}_ADDRESS` })
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
