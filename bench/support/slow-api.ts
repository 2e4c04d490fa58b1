import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** A request, as the client saw it. */
export interface TimedRequest {
  readonly method: string
  /** below the API's base, without the query; of GraphQL with the name of the query or mutation */
  readonly path: string
  /** what the client calls itself */
  readonly agent: string
  /** it may change something */
  readonly writes: boolean
  /** ms, by performance.now() */
  readonly startedAt: number
  readonly endedAt: number
  /** of both bodies */
  readonly bytes: number
}

/**
 * Passes the requests to an API on, each after a pause: GitHub is 100 to 300 ms away. Requests at the same time wait at the same
 * time.
 * @param address where the API is @param delayMs added to each request
 * @param hold what a request waits for before it is passed on; one for which it rejects never is
 */
export async function slowDown(
  address: string,
  delayMs: number,
  hold: (method: string, path: string, body: Buffer) => Promise<void> = async () => {},
) {
  const { origin, pathname: base } = new URL(address)
  const requests: TimedRequest[] = []
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = server.address()
  if (own === null || typeof own === 'string') throw new Error('no port on 127.0.0.1')
  const url = `http://127.0.0.1:${own.port}`

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const startedAt = performance.now()
    const body = await read(incoming)
    if (delayMs > 0) await sleep(delayMs)
    const { method = 'GET', url: path = '/', headers } = incoming
    await hold(method, path, body)
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      ask(`${origin}${path}`, { method, headers: { ...headers, host: new URL(origin).host } }, resolve)
        .once('error', reject)
        .end(body),
    )
    const content = await read(answer)
    // the addresses of further pages
    const link = String(answer.headers['link'] ?? '').replaceAll(origin, url)
    requests.push({
      ...describe(method, path.replace(base, ''), body),
      agent: headers['user-agent'] ?? '',
      ...{ startedAt, endedAt: performance.now(), bytes: body.length + content.length },
    })
    outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...(link && { link }) }).end(content)
  }
  return {
    /** the address of the slow API */
    url: `${url}${base}`,
    /** those that were answered, oldest first */
    requests: requests as readonly TimedRequest[],
    stop: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function describe(
  method: string,
  path: string,
  body: Buffer,
): Pick<TimedRequest, 'method' | 'path' | 'writes'> {
  const isRead = method === 'GET' || method === 'HEAD'
  const plain = path.split('?')[0] ?? ''
  if (!plain.endsWith('/graphql')) return { method, path: plain, writes: !isRead }
  const { query = '' }: { query?: string } = JSON.parse(body.toString('utf8'))
  const [, kind = 'query', name = ''] = /^\s*(query|mutation)?\s*(\w*)/.exec(query) ?? []
  return { method, path: `graphql ${kind} ${name}`.trimEnd(), writes: kind === 'mutation' }
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The longest chain of requests that follow one another in time: each begins after the one before has ended. */
export function depthOf(requests: readonly TimedRequest[]): number {
  let depth = 0
  let endedAt = Number.NEGATIVE_INFINITY
  for (const each of requests.toSorted((a, b) => a.endedAt - b.endedAt)) {
    if (each.startedAt < endedAt) continue
    depth += 1
    endedAt = each.endedAt
  }
  return depth
}
