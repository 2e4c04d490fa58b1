import { openFirebase } from './firebase.ts'
import { type FlagFile, openFlagd } from './flagd.ts'
import { openGrowthBook } from './growthbook.ts'
import { growthBookClient } from './growthbook-client.ts'
import { type HttpFlagsOptions, openHttpFlags } from './http.ts'
import { openLaunchDarkly } from './launchdarkly.ts'
import { launchDarklyClient } from './launchdarkly-client.ts'
import type { FlagService } from './service.ts'
import type { flagServices } from './settings.ts'
import { openUnleash } from './unleash.ts'

export interface FlagServiceOptions {
  readonly service: (typeof flagServices)[number]
  readonly url?: string | undefined
  /** a secret; undefined where the service takes none */
  readonly token: string | undefined
  readonly project?: string | undefined
  /** of the service */
  readonly environment?: string | undefined
  /** for flagd */
  readonly flagFile: FlagFile
  /** for http */
  readonly list?: HttpFlagsOptions['list'] | undefined
  readonly disableRequest?: HttpFlagsOptions['disableRequest'] | undefined
  readonly restoreRequest?: HttpFlagsOptions['restoreRequest']
  /** who is asked what clients are served; undefined where nobody is */
  readonly client?: ClientOptions | undefined
  readonly fetch: typeof globalThis.fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly signal: AbortSignal
}

/** A client, as the settings have it. */
export interface ClientOptions {
  /** what clients have; undefined where they need none */
  readonly key: string | undefined
  readonly url?: string | undefined
  readonly app?: string | undefined
  readonly path?: string | undefined
  readonly value?: string | undefined
  readonly off: string
}

/** Opens a service of feature flags; what it needs was checked with the settings. */
export function openFlagService(options: FlagServiceOptions): FlagService {
  const { service, token = '', project = '', environment = '', fetch, now, signal } = options
  const connect = (usual: string, authorization: string) => {
    const url = (options.url ?? usual).replace(/\/+$/, '')
    return { fetch, now, signal, url, authorization, project, environment }
  }
  const { key = '', app = '', path = '', value = '$', off = 'false' } = options.client ?? {}
  const clientUrl = options.client?.url?.replace(/\/+$/, '')
  const asClient = { fetch, now, signal, key, keySetting: 'flags.client.key' }
  switch (service) {
    case 'flagd':
      return openFlagd(options.flagFile)
    case 'unleash':
      return openUnleash(connect('', token))
    case 'launchdarkly':
      return openLaunchDarkly({
        ...connect('https://app.launchdarkly.com', token),
        client: options.client && launchDarklyClient({ ...asClient, url: clientUrl }),
      })
    case 'growthbook':
      return openGrowthBook({
        ...connect('https://api.growthbook.io', `Bearer ${token}`),
        // who runs GrowthBook has both at one address
        client: options.client && growthBookClient({ ...asClient, url: clientUrl ?? options.url }),
      })
    case 'firebase':
      return openFirebase({
        ...connect('https://firebaseremoteconfig.googleapis.com', `Bearer ${token}`),
        client: options.client && { key, app, url: clientUrl ?? options.url },
      })
    case 'http': {
      const { list, disableRequest, restoreRequest } = options
      if (list === undefined || disableRequest === undefined)
        throw new TypeError('the settings were not checked')
      return openHttpFlags({
        ...{ ...connect('', token), list, disableRequest, restoreRequest },
        client: options.client && { url: clientUrl, key, path, value, off },
      })
    }
  }
}
