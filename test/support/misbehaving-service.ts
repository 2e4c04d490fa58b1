import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a request gets. Chosen anew for every request, so that it can change while the service runs. */
export type Behaviour =
  /** answers, a share of the requests (0..1, evenly spread, not by chance) with status 500 */
  | { readonly kind: 'answer'; readonly failing?: number; readonly delayMs?: number; readonly body?: string }
  /** answers exactly this */
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** takes the request and never answers */
  | { readonly kind: 'hang' }
  /** closes the connection instead of answering */
  | { readonly kind: 'drop' }
  /** answers with something that is not HTTP */
  | { readonly kind: 'garble' }
  /** sends the headers and so many bytes, then one every 20 ms for ever */
  | { readonly kind: 'drip'; readonly bytes?: number }
  /** answers with this many bytes, the text at their end */
  | { readonly kind: 'flood'; readonly bytes: number; readonly end?: string }
  /** redirects so many times, then answers */
  | { readonly kind: 'redirect'; readonly times: number; readonly to?: string }

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<IncomingMessage['headers']>
}

/**
 * A small production that can be told to misbehave, on a free loopback port. `/metrics` always answers, in the text
 * format of Prometheus, with the count of the requests to all other paths by status code.
 */
export async function startMisbehavingService() {
  let behaviour: Behaviour = { kind: 'answer' }
  let owed = 0
  const counts = new Map([
    ['200', 0],
    ['500', 0],
  ])
  const seen: SeenRequest[] = []
  const drips = new Set<NodeJS.Timeout>()

  const listener: RequestListener = (request, response) => {
    if (request.url === '/metrics') return sendMetrics(response, counts)
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    behave(request, response)
  }

  const behave: RequestListener = (request, response) => {
    switch (behaviour.kind) {
      case 'answer': {
        owed += behaviour.failing ?? 0
        // the sum of many 0.3 is a little less than whole
        const fails = owed >= 1 - 1e-9
        if (fails) owed -= 1
        const status = fails ? 500 : 200
        counts.set(String(status), (counts.get(String(status)) ?? 0) + 1)
        const body = behaviour.body ?? 'all is well'
        setTimeout(() => response.writeHead(status).end(body), behaviour.delayMs ?? 0)
        return
      }
      case 'raw':
        response.writeHead(behaviour.status, { ...behaviour.headers }).end(behaviour.body ?? '')
        return
      case 'hang':
        return
      case 'drop':
        request.socket.destroy()
        return
      case 'garble':
        request.socket.end('what?\r\n\r\n')
        return
      case 'drip': {
        response.writeHead(200).write('x'.repeat(behaviour.bytes ?? 1))
        const drip = setInterval(() => response.write('.'), 20)
        drips.add(drip)
        response.on('close', () => clearInterval(drip))
        return
      }
      case 'flood': {
        const { bytes, end = '' } = behaviour
        response.writeHead(200).end('x'.repeat(bytes - end.length) + end)
        return
      }
      case 'redirect': {
        const hop = Number(new URL(request.url ?? '/', 'http://here').searchParams.get('hop') ?? 0)
        if (hop >= behaviour.times) return void response.writeHead(200).end('arrived')
        response.writeHead(302, { location: behaviour.to ?? `/?hop=${hop + 1}` }).end()
      }
    }
  }

  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server.address())

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** every request but those to /metrics, oldest first */
    seen: seen as readonly SeenRequest[],
    behave: (next: Behaviour) => {
      behaviour = next
    },
    stop: async () => {
      for (const drip of drips) clearInterval(drip)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

export type MisbehavingService = Awaited<ReturnType<typeof startMisbehavingService>>

function sendMetrics(response: ServerResponse, counts: ReadonlyMap<string, number>): void {
  const lines = [...counts].map(([code, count]) => `http_requests_total{code="${code}"} ${count}`)
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
  response.end(`# TYPE http_requests_total counter\n${lines.join('\n')}\n`)
}

/** A loopback port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server.address())
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}
