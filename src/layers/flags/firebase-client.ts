import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { pathOf } from '../../http/api-request.ts'
import { ask, readAs } from './ask.ts'
import { type ClientConnection, ownOf, pick } from './client.ts'
import type { FlagClient } from './service.ts'

const service = 'Firebase Remote Config'

const answerSchema = z.object({
  entries: z.record(z.string(), z.string()).optional(),
  state: z.string().optional(),
  templateVersion: z.union([z.string(), z.number()]).optional(),
})

export interface FirebaseClient extends ClientConnection {
  readonly project: string
  /** id of the app, such as `1:1234:web:abcd` */
  readonly app: string
  /** the version of the template that was published last */
  readonly publishedVersion: () => Promise<string>
}

/**
 * A client of Firebase Remote Config: the request that its SDKs fetch their values by. A flag that is off is `false` in every condition, so
 * that an instance that is served the published template, and `false`, stands for all of them.
 * Written from the fetch of the JavaScript SDK; not tried against the live service.
 */
export function firebaseClient(options: FirebaseClient): FlagClient {
  const { project, app, key, publishedVersion } = options
  const there = {
    ...options,
    url: options.url ?? 'https://firebaseremoteconfig.googleapis.com',
    authorization: '',
  }
  return async (names) => {
    const doing = 'fetch the values as a client'
    const published = await publishedVersion()
    const { body } = await ask(service, there, {
      method: 'POST',
      path: `/v1/projects${pathOf(project)}/namespaces/firebase:fetch?key=${encodeURIComponent(key)}`,
      json: { appId: app, appInstanceId: instanceId() },
      doing,
    })
    const { entries = {}, state, templateVersion } = readAs(answerSchema, body, service, doing)
    const isCurrent = String(templateVersion ?? '') === published
    return pick(names, (name) => {
      const value = state === 'NO_TEMPLATE' ? undefined : ownOf(entries, name)
      if (value === undefined) return undefined
      const reason = `template version ${templateVersion ?? 'unknown'}`
      return { value: JSON.stringify(value), reason, isOff: isCurrent && value === 'false', isForAll: false }
    })
  }
}

/** A Firebase installation id: 22 characters, the first of which is one of c to f. */
function instanceId(): string {
  const bytes = randomBytes(17)
  bytes[0] = 0b0111_0000 | ((bytes[0] ?? 0) & 0b0000_1111)
  return bytes.toString('base64url').slice(0, 22)
}
