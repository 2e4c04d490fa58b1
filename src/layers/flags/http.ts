import { query } from 'jsonpath-rfc9535'
import { InputError, message, RefusedError, setting } from '../../errors.ts'
import { ask, type FlagConnection } from './ask.ts'
import { pick } from './client.ts'
import type { Flag, FlagClient, FlagService } from './service.ts'
import { canonical } from './snapshot.ts'

/** A request of the settings, with `{name}` in its path. */
interface HttpFlagRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
}

export interface HttpFlagsOptions extends FlagConnection {
  /** a path, and JSONPaths (RFC 9535) of the list, and of the name and the state in a flag */
  readonly list: { readonly path: string; readonly flags: string; readonly name: string; readonly on: string }
  readonly disableRequest: HttpFlagRequest
  /** its body is the flag as it was; undefined where nothing puts it back */
  readonly restoreRequest?: HttpFlagRequest | undefined
  /** how a client asks for one flag; undefined where nobody can */
  readonly client?: HttpFlagClient | undefined
}

/** The request of a client. */
export interface HttpFlagClient {
  /** without a slash at its end; undefined for that of the service */
  readonly url: string | undefined
  /** for the header `authorization`; undefined for none */
  readonly key: string | undefined
  /** of a GET, with `{name}` */
  readonly path: string
  /** JSONPath of what the client is served */
  readonly value: string
  /** what it is served of a flag that is off, as JSON has it */
  readonly off: string
}

const service = 'the service of the flags'

/** A service that the settings describe: how its flags are listed, and which request switches one off. */
export function openHttpFlags(options: HttpFlagsOptions): FlagService {
  const { list, disableRequest, restoreRequest, client, url } = options
  const pathFor = (path: string, name: string) => path.replaceAll('{name}', encodeURIComponent(name))
  return {
    at: url,
    caveat: `${url} is not known to compare versions: what somebody else changes at the very moment of the write may be overwritten`,
    list: async () => {
      const { body } = await ask(service, options, { path: list.path, doing: 'read the flags' })
      const found = new Map<string, Flag>()
      for (const raw of select(body, list.flags, 'flags.list.flags')) {
        const name = one(raw, list.name, 'flags.list.name')
        const on = one(raw, list.on, 'flags.list.on')
        if (typeof name !== 'string' || typeof on !== 'boolean')
          throw new InputError(
            message`${setting('flags.list')}: a flag has a name that is not a text, or is neither true nor false; correct the paths`,
          )
        found.set(name, { name, on, archived: false, state: canonical(raw), version: '' })
      }
      return found
    },
    change: async (changes) => {
      for (const { flag, state } of changes) {
        const wish = state === undefined ? disableRequest : restoreRequest
        if (wish === undefined)
          throw new RefusedError(
            message`${flag.name} cannot be restored: write the request that does it in ${setting('flags.restore-request')}`,
          )
        await ask(service, options, {
          method: wish.method,
          path: pathFor(wish.path, flag.name),
          doing: `${state === undefined ? 'switch off' : 'restore'} ${flag.name}`,
          ...(state !== undefined && { json: JSON.parse(state) as unknown }),
        })
      }
      return undefined
    },
    serve: client && ((names) => serveBy(client)(names)),
  }

  function serveBy({ url: own = url, key = '', path, value, off }: HttpFlagClient): FlagClient {
    const there = { ...options, url: own, authorization: key, keySetting: 'flags.client.key' }
    return async (names) => {
      const asked = names.map(async (name) => {
        const { body } = await ask(service, there, {
          path: pathFor(path, name),
          doing: `evaluate ${name} as a client`,
        })
        const found = JSON.stringify(one(body, value, 'flags.client.value'))
        return [name, found] as const
      })
      const answers = new Map(await Promise.all(asked))
      return pick(names, (name) => {
        const found = answers.get(name)
        return found === undefined
          ? undefined
          : { value: found, reason: 'answered', isOff: found === off, isForAll: false }
      })
    }
  }
}

/** All values at a path. The list itself, or its items. */
function select(body: unknown, path: string, key: string): readonly unknown[] {
  const found = readAt(body, path, key)
  return found.flatMap((each) => (Array.isArray(each) ? each : [each]))
}

function one(body: unknown, path: string, key: string): unknown {
  return readAt(body, path, key)[0]
}

function readAt(body: unknown, path: string, key: string): readonly unknown[] {
  try {
    return query(body as never, path)
  } catch (error) {
    throw new InputError(
      message`${setting(key)} is ${JSON.stringify(path)}, which is not a JSONPath of RFC 9535: ${error}`,
    )
  }
}
