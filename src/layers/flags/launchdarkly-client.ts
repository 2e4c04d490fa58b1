import { z } from 'zod'
import { pathOf } from '../../http/api-request.ts'
import { ask, readAs } from './ask.ts'
import { type ClientConnection, ownOf, pick } from './client.ts'
import type { FlagClient } from './service.ts'

const service = 'LaunchDarkly'

/** What a server-side SDK polls: https://launchdarkly.com/docs/sdk/features/storing-data/consul */
const serverSchema = z.object({ flags: z.record(z.string(), z.object({ on: z.boolean() })) })

/** What a client-side SDK is answered. Only flags that are available to client-side SDKs are in it. */
const clientSchema = z.record(
  z.string(),
  z.object({ value: z.unknown(), reason: z.object({ kind: z.string() }).optional() }),
)

/**
 * A client of LaunchDarkly: as a server-side SDK polls for an SDK key (`sdk-…`), as one of a browser for a client-side ID.
 * Written from the polling endpoints of the SDKs; not tried against the live service.
 */
export function launchDarklyClient(connection: ClientConnection): FlagClient {
  const { key } = connection
  const doing = 'evaluate the flags as a client'
  const connect = (usual: string, authorization: string) => ({
    ...connection,
    url: connection.url ?? usual,
    authorization,
  })
  if (key.startsWith('sdk-'))
    return async (names) => {
      const there = connect('https://sdk.launchdarkly.com', key)
      const { body } = await ask(service, there, { path: '/sdk/latest-all', doing })
      const { flags } = readAs(serverSchema, body, service, doing)
      return pick(names, (name) => {
        const flag = ownOf(flags, name)
        return flag && { value: flag.on ? 'on' : 'off', reason: flag.on ? 'on' : 'OFF', isOff: !flag.on }
      })
    }
  return async (names) => {
    const context = JSON.stringify({ kind: 'user', key: 'rollback', anonymous: true })
    const path = `/sdk/evalx${pathOf(key)}/contexts/${Buffer.from(context).toString('base64url')}?withReasons=true`
    const { body } = await ask(service, connect('https://clientsdk.launchdarkly.com', ''), { path, doing })
    const flags = readAs(clientSchema, body, service, doing)
    return pick(names, (name) => {
      const flag = ownOf(flags, name)
      const kind = flag?.reason?.kind
      // without a reason nobody knows whether it is off, or only for this client
      return flag && kind
        ? { value: JSON.stringify(flag.value), reason: kind, isOff: kind === 'OFF' }
        : undefined
    })
  }
}
