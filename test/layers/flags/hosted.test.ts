/**
 * The hosted services, by answers as they document them: what is sent, and that nothing else is. Not tried against the live services.
 */
import { expect, test } from '@jest/globals'
import { openFirebase } from '../../../src/layers/flags/firebase.ts'
import { openGrowthBook } from '../../../src/layers/flags/growthbook.ts'
import { openHttpFlags } from '../../../src/layers/flags/http.ts'
import { openLaunchDarkly } from '../../../src/layers/flags/launchdarkly.ts'
import type { FlagService } from '../../../src/layers/flags/service.ts'

interface Sent {
  readonly call: string
  readonly body: unknown
  readonly headers: Headers
}
type Answer = { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> }

/** A service that answers each call in turn by what it is. */
function connect(answers: Readonly<Record<string, Answer | (() => Answer)>>) {
  const sent: Sent[] = []
  const fetchFake: typeof fetch = async (url, options) => {
    const { pathname } = new URL(String(url))
    const call = `${options?.method} ${pathname}`
    const headers = new Headers(options?.headers)
    sent.push({ call, body: options?.body ? JSON.parse(String(options.body)) : undefined, headers })
    const given = answers[call]
    const answer = typeof given === 'function' ? given() : given
    const {
      status = 200,
      body,
      headers: more,
    } = answer ?? { status: 404, body: { message: 'no such thing' } }
    return new Response(body === undefined ? '' : JSON.stringify(body), {
      status,
      ...(more && { headers: more }),
    })
  }
  const connection = {
    fetch: fetchFake,
    now: Date.now,
    signal: new AbortController().signal,
    url: 'https://flags.example',
    authorization: 'a-token',
    project: 'shop',
    environment: 'production',
  }
  return { connection, writes: () => sent.filter(({ call }) => !call.startsWith('GET')) }
}

const flagOf = async (service: FlagService, name = 'checkout') => {
  const flag = (await service.list()).get(name)
  if (flag === undefined) throw new Error(`there is no ${name}`)
  return flag
}

const rules = [{ variation: 0, clauses: [{ attribute: 'country', op: 'in', values: ['DE'] }] }]
const darkly = (given = {}) => ({
  key: 'checkout',
  variations: [{ value: true }, { value: false }],
  environments: {
    production: { on: true, offVariation: 1, fallthrough: { variation: 0 }, rules, version: 7, ...given },
  },
})

test('LaunchDarkly: off is one instruction that says nothing of the targeting, in one environment (posthog 90975)', async () => {
  const { connection, writes } = connect({
    'GET /api/v2/flags/shop': { body: { items: [darkly()], totalCount: 1 } },
    'PATCH /api/v2/flags/shop/checkout': { body: {} },
  })
  const service = openLaunchDarkly(connection)
  await service.change([{ flag: await flagOf(service), state: undefined }])
  const [write, ...more] = writes()
  expect(more).toEqual([])
  expect(write?.headers.get('content-type')).toContain('domain-model=launchdarkly.semanticpatch')
  expect(write?.body).toEqual({
    environmentKey: 'production',
    comment: expect.any(String),
    instructions: [{ kind: 'turnFlagOff' }],
  })
})

test('LaunchDarkly: a flag that serves true when it is off is not switched off (terraform-provider 198)', async () => {
  const { connection, writes } = connect({
    'GET /api/v2/flags/shop': { body: { items: [darkly({ offVariation: 0 })] } },
  })
  const service = openLaunchDarkly(connection)
  await expect(service.change([{ flag: await flagOf(service), state: undefined }])).rejects.toThrow(
    'checkout serves `true` when it is off',
  )
  expect(writes()).toEqual([])
})

test('LaunchDarkly: a restore sends only what differs, and on or off last', async () => {
  let held = darkly()
  const { connection, writes } = connect({
    'GET /api/v2/flags/shop': () => ({ body: { items: [held] } }),
    'PATCH /api/v2/flags/shop/checkout': { body: {} },
  })
  const service = openLaunchDarkly(connection)
  const { state } = await flagOf(service)
  held = darkly({ on: false, rules: [] })
  await service.change([{ flag: await flagOf(service), state }])
  expect(writes()[0]?.body).toMatchObject({
    instructions: [{ kind: 'replaceRules', rules }, { kind: 'turnFlagOn' }],
  })
})

const feature = (given = {}, production = {}) => ({
  id: 'checkout',
  archived: false,
  ...given,
  environments: {
    production: { enabled: true, rules: [{ type: 'force', value: 'true' }], ...production },
    dev: { enabled: true, rules: [] },
  },
})

test('GrowthBook: off names one environment, and no rules', async () => {
  const { connection, writes } = connect({
    'GET /api/v1/features': { body: { features: [feature()], hasMore: false } },
    'POST /api/v1/features/checkout/toggle': { body: {} },
  })
  const service = openGrowthBook(connection)
  await service.change([{ flag: await flagOf(service), state: undefined }])
  expect(writes().map(({ body }) => body)).toEqual([
    { reason: expect.any(String), environments: { production: false } },
  ])
})

test('GrowthBook: a restore of an archived flag takes it out of the archive, in one environment (7012, 6663)', async () => {
  let held = feature()
  const { connection, writes } = connect({
    'GET /api/v1/features': () => ({ body: { features: [held], hasMore: false } }),
    'POST /api/v1/features/checkout': { body: {} },
  })
  const service = openGrowthBook(connection)
  const { state } = await flagOf(service)
  held = feature({ archived: true }, { rules: [] })
  const now = await flagOf(service)
  expect(now.on).toBe(false)
  await service.change([{ flag: now, state }])
  expect(writes().map(({ body }) => body)).toEqual([
    {
      archived: false,
      environments: { production: { enabled: true, rules: [{ type: 'force', value: 'true' }] } },
    },
  ])
})

const template = () => ({
  conditions: [{ name: 'android', expression: 'device.os == "android"' }],
  parameters: {
    checkout: {
      defaultValue: { value: 'true' },
      conditionalValues: { android: { rolloutValue: { rolloutId: 'r1', value: 'true', percent: 20 } } },
      valueType: 'BOOLEAN',
    },
    price: { defaultValue: { value: '3' }, valueType: 'NUMBER', unknownToUs: { kept: true } },
  },
  parameterGroups: { g: { parameters: {} } },
})
const remoteConfig = '/v1/projects/shop/remoteConfig'

test('Firebase: the template is written with its ETag, and all that was not touched is in it (firebase-admin-java 1092)', async () => {
  let held: unknown = template()
  const { connection, writes } = connect({
    [`GET ${remoteConfig}`]: () => ({ body: held, headers: { etag: 'etag-7' } }),
    [`PUT ${remoteConfig}`]: { body: {}, headers: { etag: 'etag-8' } },
  })
  const service = openFirebase(connection)
  const before = await flagOf(service)
  const off = {
    ...template(),
    parameters: {
      ...template().parameters,
      checkout: {
        defaultValue: { value: 'false' },
        conditionalValues: { android: { value: 'false' } },
        valueType: 'BOOLEAN',
      },
    },
  }
  const change = service.change([{ flag: before, state: undefined }])
  // what the write made of it
  await Promise.resolve()
  await change.catch(() => {
    held = off
  })
  expect(writes()[0]?.headers.get('if-match')).toBe('etag-7')
  expect(writes()[0]?.body).toEqual(off)
  held = off
  const now = await flagOf(service)
  expect(now.on).toBe(false)
  await service.change([{ flag: now, state: before.state }]).catch(() => {})
  expect(writes()[1]?.body).toEqual(template())
})

test('Firebase: somebody published in between: 412 is a conflict, and nothing is overwritten', async () => {
  const { connection } = connect({
    [`GET ${remoteConfig}`]: { body: template(), headers: { etag: 'etag-7' } },
    [`PUT ${remoteConfig}`]: { status: 412, body: { message: 'etag mismatch' } },
  })
  const service = openFirebase(connection)
  await expect(service.change([{ flag: await flagOf(service), state: undefined }])).rejects.toMatchObject({
    name: 'ConflictError',
  })
})

test('a service that the settings describe: the flag is in the path, encoded, and a 409 is a conflict', async () => {
  const { connection, writes } = connect({
    'GET /api/toggles': {
      body: {
        data: [
          { key: 'a/b', active: true },
          { key: 'c', active: false },
        ],
      },
    },
    'POST /api/toggles/a%2Fb/off': { status: 409, body: { message: 'version 8 is newer' } },
  })
  const service = openHttpFlags({
    ...connection,
    list: { path: '/api/toggles', flags: '$.data', name: '$.key', on: '$.active' },
    disableRequest: { method: 'POST', path: '/api/toggles/{name}/off' },
  })
  const flag = await flagOf(service, 'a/b')
  await expect(service.change([{ flag, state: undefined }])).rejects.toThrow(
    /answered 409 "version 8 is newer"/,
  )
  expect(writes()[0]?.body).toBeUndefined()
  await expect(service.change([{ flag, state: flag.state }])).rejects.toThrow('`flags.restore-request`')
})
