import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FlagRequest {
  readonly call: string
  readonly authorization: string | undefined
  readonly body: unknown
}
export type FlagHandler = (request: FlagRequest) => unknown

/** A service that answers each call, without its query, by what it is. */
export async function serveFlags(handlers: Readonly<Record<string, FlagHandler>>) {
  const requests: FlagRequest[] = []
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const { pathname } = new URL(incoming.url ?? '', 'http://localhost')
    const request = {
      call: `${incoming.method} ${pathname}`,
      authorization: incoming.headers.authorization,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    }
    requests.push(request)
    const answer = handlers[request.call]?.(request)
    response.writeHead(answer === undefined ? 404 : 200, {
      etag: 'etag-7',
      'content-type': 'application/json',
    })
    response.end(answer === undefined ? '{"message":"no such thing"}' : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, requests, stop: () => void server.close() }
}

/** A flag of LaunchDarkly, its API, and what its two kinds of SDKs are answered. */
export function launchDarkly() {
  const world = { on: true, clientsLag: 0, isPublic: true, rules: [] as unknown[] }
  const isServedOn = () => world.on || (world.clientsLag > 0 && world.clientsLag-- > 0)
  const handlers: Record<string, FlagHandler> = {
    'GET /api/v2/flags/shop': () => ({
      items: [
        {
          key: 'checkout',
          variations: [{ value: true }, { value: false }],
          environments: {
            production: { on: world.on, offVariation: 1, fallthrough: { variation: 0 }, rules: world.rules },
          },
        },
      ],
      totalCount: 1,
    }),
    'PATCH /api/v2/flags/shop/checkout': ({ body }) => {
      const { instructions } = body as { instructions: { kind: string }[] }
      world.on = instructions.some(({ kind }) => kind === 'turnFlagOn')
      return {}
    },
    'GET /sdk/latest-all': () => ({ flags: { checkout: { on: isServedOn(), version: 8 } }, segments: {} }),
    [`GET /sdk/evalx/client-id/contexts/${Buffer.from('{"kind":"user","key":"rollback","anonymous":true}').toString('base64url')}`]:
      () => {
        const on = isServedOn()
        const value = { value: on, variation: on ? 0 : 1, version: 8, trackEvents: false }
        return world.isPublic ? { checkout: { ...value, reason: { kind: on ? 'FALLTHROUGH' : 'OFF' } } } : {}
      },
  }
  return { world, handlers }
}
