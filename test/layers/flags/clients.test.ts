/**
 * The hosted services, evaluated as their clients do after a change: the answers are recorded shapes of what they document, served over
 * real HTTP. Not tried against the live services.
 */
import { afterEach, describe, expect, test } from '@jest/globals'
import { openFlagService } from '../../../src/layers/flags/open.ts'
import { type FlagHandler, launchDarkly, serveFlags } from '../../support/flag-servers.ts'
import { openLayerOn } from '../../support/flags-layer.ts'

let stop: (() => void) | undefined
afterEach(() => stop?.())

async function serve(handlers: Readonly<Record<string, FlagHandler>>) {
  const server = await serveFlags(handlers)
  stop = server.stop
  return server
}

type Options = Parameters<typeof openFlagService>[0]
type Client = NonNullable<Options['client']>
const open = (
  service: Options['service'],
  url: string,
  client: Client | undefined,
  more: Partial<Options> = {},
) =>
  openFlagService({
    ...{ service, url, project: 'shop', environment: 'production', token: 'a-token-of-the-api', client },
    flagFile: { name: '', path: '', read: async () => undefined, write: async () => {} },
    ...{ fetch, now: Date.now, signal: new AbortController().signal },
    ...more,
  })
const disable = (service: ReturnType<typeof open>) => openLayerOn(() => service, { disable: ['checkout'] })
const client = (key: string, url?: string, more: Partial<Client> = {}): Client => ({
  key,
  url,
  off: 'false',
  ...more,
})

describe('LaunchDarkly', () => {
  test.each(['sdk-0000', 'client-id'])(
    'is asked as a client with the key %s, until that sees the change',
    async (key) => {
      const { world, handlers } = launchDarkly()
      const { url, requests } = await serve(handlers)
      const receipt = await (await disable(open('launchdarkly', url, client(key, url))).plan())
        .apply()
        .then((done) => done)
      expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
      expect(receipt.problem).toBeUndefined()
      world.on = true
      world.clientsLag = 2
      await (await disable(open('launchdarkly', url, client(key, url))).plan()).apply()
      const asked = requests.filter(({ call }) => call.startsWith('GET /sdk'))
      expect(asked.length).toBeGreaterThan(3)
      // the token of the API is not for clients
      expect(asked.map(({ authorization }) => authorization)).not.toContain('a-token-of-the-api')
    },
  )

  test('a flag that is off for the service, and that clients serve on out of their cache, is not called off (posthog-js 1656, flagd 1629)', async () => {
    const { world, handlers } = launchDarkly()
    const { url } = await serve(handlers)
    const layer = disable(open('launchdarkly', url, client('client-id', url)))
    const receipt = await (await layer.plan()).apply()
    // one client was seen, and the others are said
    expect(receipt.verified?.evidence).toContain('clients are served checkout as off')
    expect(receipt.warnings?.join()).toContain(
      'clients that poll or cache may serve the earlier value for a while',
    )
    world.clientsLag = 1000
    const { view } = await layer.plan()
    expect(world.on).toBe(false)
    expect(view).toMatchObject({
      state: 'nothing',
      unverified: expect.stringContaining('clients are still served checkout true'),
      left: expect.stringContaining('clients are still served checkout true'),
    })
  })

  test('a client that is still served it on makes it a failure, and the receipt can be undone', async () => {
    const { world, handlers } = launchDarkly()
    world.clientsLag = 1000
    const { url } = await serve(handlers)
    const layer = disable(open('launchdarkly', url, client('client-id', url)))
    const receipt = await (await layer.plan()).apply()
    expect(receipt.verified).toEqual({
      ok: false,
      evidence: expect.stringContaining('clients are still served checkout true (FALLTHROUGH)'),
    })
    await layer.undo(receipt)
    expect(world.on).toBe(true)
  })

  test('without a client the receipt is not verified, and the plan says so before', async () => {
    const { handlers } = launchDarkly()
    const { url } = await serve(handlers)
    const plan = await disable(open('launchdarkly', url, undefined)).plan()
    expect(plan.view.warnings.join()).toContain('the flags will not be evaluated as a client')
    const receipt = await plan.apply()
    expect(receipt.verified).toBeUndefined()
    expect(receipt.problem).toContain(
      'the flags were not evaluated as a client; describe one in `flags.client`',
    )
  })

  test('a second run that finds it off, and cannot ask a client, is not verified either', async () => {
    const { world, handlers } = launchDarkly()
    world.on = false
    const { url } = await serve(handlers)
    const layer = openLayerOn(() => open('launchdarkly', url, undefined), {
      disable: ['checkout'],
      earlier: { from: 'flags-1', to: 'off: checkout', now: 'off: checkout', kept: {} },
    })
    const { view } = await layer.plan()
    expect(view).toMatchObject({
      state: 'done',
      unverified: expect.stringContaining('not evaluated as a client'),
    })
  })

  test('a flag that client-side SDKs are not answered about is not called off', async () => {
    const { world, handlers } = launchDarkly()
    world.isPublic = false
    const { url } = await serve(handlers)
    const receipt = await (await disable(open('launchdarkly', url, client('client-id', url))).plan()).apply()
    expect(receipt.verified).toBeUndefined()
    expect(receipt.problem).toContain('are not answered about checkout')
  })

  test.each(['sdk-0', 'client-id'])(
    'a flag of the name "constructor" is looked for in the answer alone: %s',
    async (key) => {
      const { handlers } = launchDarkly()
      const { url } = await serve(handlers)
      const served = await open('launchdarkly', url, client(key, url)).serve?.(['constructor', '__proto__'])
      expect(served?.size).toBe(0)
    },
  )

  test('a key that is refused leaves the change standing, and not verified', async () => {
    const { handlers } = launchDarkly()
    const { url } = await serve(handlers)
    const receipt = await (await disable(open('launchdarkly', url, client('another', url))).plan()).apply()
    expect(receipt.outcome).toBe('rolled-back')
    expect(receipt.problem).toMatch(/could not be evaluated as a client: .*LaunchDarkly answered 404/)
    expect(receipt.kept).toHaveProperty('before checkout')
  })
})

function growthBook() {
  const world = { enabled: true, isOfProject: true, encrypted: false }
  const rules = [{ type: 'force', value: 'true' }]
  const handlers: Record<string, FlagHandler> = {
    'GET /api/v1/features': () => ({
      features: [
        { id: 'checkout', archived: false, environments: { production: { enabled: world.enabled, rules } } },
      ],
      hasMore: false,
    }),
    'POST /api/v1/features/checkout/toggle': ({ body }) => {
      world.enabled = (body as { environments: { production: boolean } }).environments.production
      return {}
    },
    'GET /api/features/sdk-abc': () => ({
      status: 200,
      features: {
        ...(world.enabled &&
          world.isOfProject &&
          !world.encrypted && { checkout: { defaultValue: false, rules: [{ force: true }] } }),
        other: { defaultValue: 1 },
      },
      ...(world.encrypted && { encryptedFeatures: 'aGVsbG8=.d29ybGQ=' }),
      dateUpdated: '2026-11-27T10:00:00Z',
    }),
  }
  return { world, handlers }
}

describe('GrowthBook', () => {
  test('is asked as its SDKs do: a feature that is off is not among what they load', async () => {
    const { world, handlers } = growthBook()
    const { url, requests } = await serve(handlers)
    const layer = disable(open('growthbook', url, client('sdk-abc')))
    const receipt = await (await layer.plan()).apply()
    expect(receipt).toMatchObject({
      verified: { ok: true, evidence: expect.stringContaining('checkout as off') },
    })
    expect(requests.find(({ call }) => call === 'GET /api/features/sdk-abc')?.authorization).toBeUndefined()
    await layer.undo(receipt)
    expect(world.enabled).toBe(true)
  })

  test('a connection that never had the feature proves nothing', async () => {
    const { world, handlers } = growthBook()
    world.isOfProject = false
    const { url } = await serve(handlers)
    const receipt = await (await disable(open('growthbook', url, client('sdk-abc'))).plan()).apply()
    expect(receipt.verified).toBeUndefined()
    expect(receipt.problem).toContain('clients were not served checkout before the change either')
  })

  test('encrypted features are not called off', async () => {
    const { world, handlers } = growthBook()
    world.encrypted = true
    const { url } = await serve(handlers)
    const receipt = await (await disable(open('growthbook', url, client('sdk-abc'))).plan()).apply()
    expect(receipt.problem).toContain('are encrypted; name a connection without encryption')
  })
})

function firebase() {
  const on = {
    defaultValue: { value: 'false' },
    conditionalValues: { android: { value: 'true' } },
    valueType: 'BOOLEAN',
  }
  const world = { version: 7, served: 7, template: { parameters: { checkout: on as object } } }
  const path = '/v1/projects/shop/remoteConfig'
  const handlers: Record<string, FlagHandler> = {
    [`GET ${path}`]: () => ({ ...world.template, version: { versionNumber: String(world.version) } }),
    [`PUT ${path}`]: ({ body }) => {
      world.template = body as typeof world.template
      world.version++
      return {}
    },
    'POST /v1/projects/shop/namespaces/firebase:fetch': () => {
      const answer = {
        entries: { checkout: 'false' },
        state: 'UPDATE',
        templateVersion: String(world.served),
      }
      world.served = world.version
      return answer
    },
  }
  return { world, handlers }
}

describe('Firebase Remote Config', () => {
  const app = { app: '1:1234:web:abcd' }

  test('is fetched as its SDKs do: an older template is waited for, whatever this instance is served of it', async () => {
    const { handlers } = firebase()
    const { url, requests } = await serve(handlers)
    const layer = disable(open('firebase', url, client('an-api-key', url, app)))
    const receipt = await (await layer.plan()).apply()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    const fetched = requests.filter(({ call }) => call.endsWith('firebase:fetch'))
    expect(fetched).toHaveLength(3)
    expect(fetched[0]).toMatchObject({
      authorization: undefined,
      body: { appId: '1:1234:web:abcd', appInstanceId: expect.stringMatching(/^[c-f][\w-]{21}$/) },
    })
  })

  test('what this instance is not served says nothing against a restore: a condition decides', async () => {
    const { world, handlers } = firebase()
    const { url } = await serve(handlers)
    const layer = disable(open('firebase', url, client('an-api-key', url, app)))
    const before = JSON.stringify(world.template)
    await layer.undo(await (await layer.plan()).apply())
    expect(JSON.parse(JSON.stringify(world.template))).toEqual(JSON.parse(before))
  })
})

describe('a service that the settings describe', () => {
  const described: Partial<Options> = {
    list: { path: '/flags', flags: '$', name: '$.name', on: '$.enabled' },
    disableRequest: { method: 'POST', path: '/flags/{name}/off' },
  }
  const world = () => {
    const held = { on: true, served: 'yes' }
    const handlers: Record<string, FlagHandler> = {
      'GET /flags': () => [{ name: 'checkout', enabled: held.on }],
      'POST /flags/checkout/off': () => {
        held.on = false
        held.served = 'no'
        return {}
      },
      'GET /evaluate/checkout': () => ({ flag: { value: held.served } }),
    }
    return { held, handlers }
  }
  const asked = { path: '/evaluate/{name}', value: '$.flag.value', off: '"no"' }

  test('is evaluated by the request of a client', async () => {
    const { url, requests } = await serve(world().handlers)
    const receipt = await (
      await disable(open('http', url, client('Bearer c', undefined, asked), described)).plan()
    ).apply()
    expect(receipt.verified).toMatchObject({ ok: true })
    expect(requests.at(-1)).toMatchObject({ call: 'GET /evaluate/checkout', authorization: 'Bearer c' })
  })

  test('another value than that of a flag that is off is a failure', async () => {
    const { url } = await serve(world().handlers)
    const other = { ...asked, off: 'false' }
    const receipt = await (
      await disable(open('http', url, client('', undefined, other), described)).plan()
    ).apply()
    expect(receipt.verified).toMatchObject({
      ok: false,
      evidence: expect.stringContaining('still served checkout "no"'),
    })
  })
})
