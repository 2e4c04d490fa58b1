import { z } from 'zod'
import { UnavailableError } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { ask, readAs } from './ask.ts'
import { type ClientConnection, ownOf } from './client.ts'
import type { FlagClient, Served } from './service.ts'

const service = 'GrowthBook'

const payloadSchema = z.object({
  features: z.record(
    z.string(),
    z.object({ defaultValue: z.unknown(), rules: z.array(z.unknown()).optional() }),
  ),
  encryptedFeatures: z.string().optional(),
})

/**
 * A client of GrowthBook: what its SDKs load. A feature that is off, or archived, is not in it.
 * Written from https://docs.growthbook.io/app/api; not tried against the live service.
 */
export function growthBookClient(connection: ClientConnection): FlagClient {
  const there = { ...connection, url: connection.url ?? 'https://cdn.growthbook.io', authorization: '' }
  return async (names) => {
    const doing = 'load the features as a client'
    const { body } = await ask(service, there, { path: `/api/features${pathOf(connection.key)}`, doing })
    const { features, encryptedFeatures } = readAs(payloadSchema, body, service, doing)
    if (encryptedFeatures)
      throw new UnavailableError(
        `could not ${doing}: the features of this SDK connection are encrypted; name a connection without encryption`,
      )
    return new Map(
      names.map((name): readonly [string, Served] => {
        const feature = ownOf(features, name)
        return [
          name,
          feature === undefined
            ? { value: 'off', reason: 'not among the features', isOff: true, isAbsent: true }
            : { value: JSON.stringify(feature.defaultValue), reason: 'served', isOff: false },
        ]
      }),
    )
  }
}
