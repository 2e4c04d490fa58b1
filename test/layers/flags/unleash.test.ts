/** A real Unleash server: flags are switched off, restored and undone as its clients see them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { FlagService } from '../../../src/layers/flags/service.ts'
import { openUnleash } from '../../../src/layers/flags/unleash.ts'
import { openLayerOn } from '../../support/flags-layer.ts'
import { startMisbehavingService } from '../../support/misbehaving-service.ts'
import { startUnleash, type UnleashServer } from '../../support/unleash.ts'

let unleash: UnleashServer
beforeAll(async () => {
  unleash = await startUnleash()
})
afterAll(() => unleash.stop())

const environment = 'development'
const project = '/api/admin/projects/default'
const rollout = (percent: string) => ({
  name: 'flexibleRollout',
  parameters: { rollout: percent, stickiness: 'default', groupId: 'g' },
  constraints: [{ contextName: 'userId', operator: 'IN', values: ['7'] }],
})
let name: string
let count = 0
beforeEach(async () => {
  count += 1
  name = `checkout-${count}`
  await unleash.ask('POST', `${project}/features`, { name, type: 'release' })
  for (const each of [environment, 'production']) {
    await unleash.ask('POST', `${project}/features/${name}/environments/${each}/strategies`, rollout('100'))
    await unleash.ask('POST', `${project}/features/${name}/environments/${each}/on`)
  }
})

const service = (given: Partial<Parameters<typeof openUnleash>[0]> = {}): FlagService =>
  openUnleash({
    fetch,
    now: Date.now,
    signal: new AbortController().signal,
    url: unleash.url,
    authorization: unleash.adminToken,
    project: 'default',
    environment,
    ...given,
  })
const open = (
  disable: readonly string[],
  snapshot: ReadonlyMap<string, string> = new Map(),
  given = {},
  only: readonly string[] = [...snapshot.keys()],
) =>
  openLayerOn(() => service(given), {
    disable,
    only,
    findSnapshot: async () => ({ name: 'a backup', foundBy: 'by its name', flags: snapshot }),
  })
const stateOf = async (of = environment) => {
  const held = (await service({ environment: of }).list()).get(name)
  if (held === undefined) throw new Error(`there is no ${name}`)
  return held
}
const snapshot = async () => new Map([[name, (await stateOf()).state]])
/** What a real client downloads. */
const clientSees = async () => {
  const response = await fetch(`${unleash.url}/api/client/features`, {
    headers: { authorization: unleash.clientToken },
  })
  const { features } = (await response.json()) as {
    features: { name: string; enabled: boolean; strategies: unknown[] }[]
  }
  return features.find((each) => each.name === name)
}

/** What clients see once the server's cache of at most a second is over. */
async function clientWillSee(enabled: boolean) {
  for (let tries = 0; tries < 60; tries += 1) {
    const seen = await clientSees()
    if (seen?.enabled === enabled) return seen
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return clientSees()
}

describe('a flag is switched off', () => {
  test('for clients, with its targeting kept, and in one environment only', async () => {
    const before = await stateOf('production')
    const receipt = await (await open([name]).plan()).apply()
    expect(receipt.verified).toEqual({
      ok: true,
      evidence: expect.stringContaining(`clients are served ${name} as off`),
    })
    const seen = await clientWillSee(false)
    expect(seen?.enabled).toBe(false)
    expect(seen?.strategies).toHaveLength(1)
    expect(await stateOf('production')).toEqual(before)
    expect((await open([name]).plan()).view).toMatchObject({
      state: 'nothing',
      left: `${name} is off already`,
    })
  })

  test('and undone exactly', async () => {
    const before = await stateOf()
    const receipt = await (await open([name]).plan()).apply()
    await open([name]).undo(receipt)
    expect(await stateOf()).toEqual(before)
    expect((await clientWillSee(true))?.enabled).toBe(true)
    expect(await open([name]).undo(receipt)).toContain('already')
  })

  test('not when somebody changed it since the plan', async () => {
    const plan = await open([name]).plan()
    await unleash.ask(
      'POST',
      `${project}/features/${name}/environments/${environment}/strategies`,
      rollout('5'),
    )
    await expect(plan.apply()).rejects.toThrow(`the flag ${name} has changed since the plan was made`)
    expect((await stateOf()).on).toBe(true)
  })

  test('an archived flag is off already, and no client is given it', async () => {
    await unleash.ask('DELETE', `${project}/features/${name}`)
    const { view } = await open([name]).plan()
    expect(view).toMatchObject({ state: 'nothing', left: `${name} is off already` })
    expect(view.unverified).toBeUndefined()
    expect(await clientSees()).toBeUndefined()
  })

  test('of another name and the same targeting it is another rollback', async () => {
    const twin = `${name}-twin`
    await unleash.ask('POST', `${project}/features/${name}/clone`, { name: twin, replaceGroupId: false })
    await unleash.ask('POST', `${project}/features/${twin}/environments/${environment}/on`)
    const states = await service().list()
    expect(states.get(twin)?.state).toBe(states.get(name)?.state)
    expect((await open([twin]).plan()).view.from).not.toBe((await open([name]).plan()).view.from)
  })
})

describe('a flag is restored', () => {
  test('with its strategies, also those that were changed, added or removed since', async () => {
    const good = await snapshot()
    const strategies = `${project}/features/${name}/environments/${environment}/strategies`
    const [first] = (await unleash.ask('GET', strategies)) as { id: string }[]
    await unleash.ask('PUT', `${strategies}/${first?.id}`, { ...rollout('1'), constraints: [] })
    await unleash.ask('POST', strategies, rollout('50'))
    await (await open([], good).plan()).apply()
    expect((await stateOf()).state).toBe(good.get(name))
    expect((await open([], good).plan()).view.state).toBe('nothing')
  })

  test('after its last strategy was deleted, which had switched it off', async () => {
    const good = await snapshot()
    const strategies = `${project}/features/${name}/environments/${environment}/strategies`
    const [first] = (await unleash.ask('GET', strategies)) as { id: string }[]
    await unleash.ask('DELETE', `${strategies}/${first?.id}`)
    expect((await stateOf()).on).toBe(false)
    await (await open([], good).plan()).apply()
    expect((await stateOf()).state).toBe(good.get(name))
  })

  test('from the archive (growthbook 7012): it does not stay archived while all else is as it was', async () => {
    const good = await snapshot()
    await unleash.ask('DELETE', `${project}/features/${name}`)
    await (await open([], good).plan()).apply()
    expect((await stateOf()).state).toBe(good.get(name))
    expect((await clientWillSee(true))?.enabled).toBe(true)
  })

  test('not where it was deleted: by name an error, with a whole backup not verified', async () => {
    const good = await snapshot()
    await unleash.ask('DELETE', `${project}/features/${name}`)
    await unleash.ask('DELETE', `/api/admin/archive/${name}`)
    await expect(open([], good).plan()).rejects.toThrow(
      `\`flags.restore\` has ${name}, which Unleash at ${unleash.url}, environment ${environment} no longer has`,
    )
    const { view } = await open([], good, {}, []).plan()
    expect(view).toMatchObject({
      state: 'nothing',
      unverified: `deleted since, and not created again: ${name}`,
    })
  })

  test('in one environment only (growthbook 6663)', async () => {
    const good = await snapshot()
    const before = await stateOf('production')
    await unleash.ask('POST', `${project}/features/${name}/environments/${environment}/off`)
    await (await open([], good).plan()).apply()
    expect(await stateOf('production')).toEqual(before)
  })
})

describe('what is wrong is said', () => {
  test.each([
    ['a log-in page', 200, '<html>Sign in</html>', 'most likely a log-in page or a proxy; check `flags.url`'],
    [
      'an address that has no such API',
      404,
      '',
      'check `flags.url`, `flags.project` and `flags.environment`',
    ],
    ['a limit', 429, '', 'answered 429; run again when it answers'],
  ])('%s', async (_, status, body, said) => {
    const strange = await startMisbehavingService()
    strange.behave({ kind: 'raw', status, body })
    await expect(open([name], new Map(), { url: strange.url }).plan()).rejects.toThrow(said)
    await strange.stop()
  })

  test.each([
    ['a token that is wrong', { authorization: 'x' }, 'answered 401'],
    ['a project that is not there', { project: 'shop' }, 'has "'],
    ['an environment that is not there', { environment: 'prod' }, '`flags.environment` is "prod"'],
    ['a server that is not there', { url: 'http://127.0.0.1:9' }, 'check `flags.url`, and run again'],
  ])('%s', async (_, given, said) => {
    await expect(open([name], new Map(), given).plan()).rejects.toThrow(said)
  })
})
