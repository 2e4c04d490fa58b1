/** What an undo needs of the receipt: whole, although the history shows nobody a secret, and although a change failed half way. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { sealWith } from '../../../src/layers/flags/kept-state.ts'
import { openFlagService } from '../../../src/layers/flags/open.ts'
import type { Flag, FlagService } from '../../../src/layers/flags/service.ts'
import type { LayerReceipt } from '../../../src/layers/layer.ts'
import { redact, redactDeep } from '../../../src/text/redact.ts'
import { launchDarkly, serveFlags } from '../../support/flag-servers.ts'
import { openLayerOn } from '../../support/flags-layer.ts'

let stop: (() => void) | undefined
afterEach(() => stop?.())

const token = 'api-0123456789abcdef'
const secret = 'ghp_0123456789abcdefghij0123456789abcdef'
const rules = [{ variation: 0, clauses: [{ attribute: 'key', op: 'in', values: [secret] }] }]

/** What the history makes of a receipt. */
const recorded = (receipt: LayerReceipt) => ({
  ...receipt,
  kept: redactDeep(receipt.kept, (text) => redact(text)) as LayerReceipt['kept'],
})

async function openSecret() {
  const { world, handlers } = launchDarkly()
  world.rules = rules
  const server = await serveFlags({
    ...handlers,
    'PATCH /api/v2/flags/shop/checkout': ({ body }) => {
      const { instructions } = body as { instructions: { kind: string; rules?: unknown[] }[] }
      for (const { kind, rules: given } of instructions) {
        if (kind === 'replaceRules') world.rules = given ?? []
        else world.on = kind === 'turnFlagOn'
      }
      return {}
    },
  })
  stop = server.stop
  const service = openFlagService({
    ...{ service: 'launchdarkly', url: server.url, project: 'shop', environment: 'production', token },
    client: { key: 'sdk-0', url: server.url, off: 'false' },
    flagFile: { name: '', path: '', read: async () => undefined, write: async () => {} },
    ...{ fetch, now: Date.now, signal: new AbortController().signal },
  })
  const layer = (seal = sealWith(token), more = {}) =>
    openLayerOn(() => service, { disable: ['checkout'], redact, seal, ...more })
  return { world, layer }
}

describe('a flag whose targeting holds a secret', () => {
  test('is in the history without it, and is undone exactly from the seal', async () => {
    const { world, layer } = await openSecret()
    const receipt = await (await layer().plan()).apply()
    const kept = recorded(receipt)
    expect(JSON.stringify(kept)).not.toContain(secret)
    await layer().undo(kept)
    expect(world).toMatchObject({ on: true, rules })
  })

  test('is undone from the backup where there is one', async () => {
    const { world, layer } = await openSecret()
    let copy: ReadonlyMap<string, string> = new Map()
    const keep = async (flags: readonly Flag[]) => {
      copy = new Map(flags.map(({ name, state }) => [name, state]))
      return 'emergency-1'
    }
    const more = { backups: { keep, find: async (name: string) => copy.get(name) } }
    const receipt = await (await layer(sealWith(undefined), more).plan()).apply()
    expect(recorded(receipt).kept).not.toHaveProperty('sealed checkout')
    await layer(sealWith(undefined), more).undo(recorded(receipt))
    expect(world).toMatchObject({ on: true, rules })
  })

  test('is not guessed at where neither has it: the undo is refused, and nothing is changed', async () => {
    const { world, layer } = await openSecret()
    const receipt = await (await layer().plan()).apply()
    await expect(layer(sealWith('api-another-token-0000')).undo(recorded(receipt))).rejects.toThrow(
      'the history does not have all of the flag checkout as it was',
    )
    expect(world.on).toBe(false)
  })
})

test('a seal opens with its own token only, whole, and never twice the same', () => {
  const seal = sealWith(token)
  const [first = '', second] = [seal.seal(secret), seal.seal(secret)]
  expect(first).not.toBe(second)
  expect(first).not.toContain(secret)
  expect(seal.open(first)).toBe(secret)
  expect(sealWith('api-another-token-0000').open(first)).toBeUndefined()
  expect(seal.open(`${first.slice(0, -4)}AAAA`)).toBeUndefined()
  expect(seal.open('')).toBeUndefined()
  // a token that could be guessed seals nothing
  expect(sealWith('short').seal(secret)).toBeUndefined()
})

describe('a run of several flags that was killed half way', () => {
  const names = ['a', 'b', 'c']
  const open = (secretIn?: string) => {
    const on = (name: string) => (name === secretIn ? `on, for ${secret}` : `on, rules of ${name}`)
    const states = new Map(names.map((name) => [name, on(name)]))
    const before = new Map(states)
    let killedAt: string | undefined
    const service: FlagService = {
      at: 'a service',
      list: async () =>
        new Map(
          [...states].map(([name, state]) => [
            name,
            { name, on: state.startsWith('on'), archived: false, state, version: '' },
          ]),
        ),
      change: async (changes) => {
        for (const { flag, state } of changes) {
          if (flag.name === killedAt) throw new Error('killed')
          states.set(flag.name, state ?? flag.state.replace('on', 'off'))
        }
        return undefined
      },
      serve: undefined,
    }
    const layer = (more = {}) =>
      openLayerOn(() => service, { disable: names, redact, seal: sealWith(token), ...more })
    /** @returns what the history has of the run */
    const runKilledAt = async (name: string) => {
      killedAt = name
      const plan = await layer().plan()
      await plan.apply().catch(() => {})
      killedAt = undefined
      const kept = redactDeep(plan.before, (text) => redact(text)) as LayerReceipt['kept']
      return { begun: { from: plan.view.from, kept } }
    }
    return { states, before, layer, runKilledAt }
  }

  test('is gone on with, and the undo is exact for the flags of both runs', async () => {
    const { states, before, layer, runKilledAt } = open('a')
    const history = await runKilledAt('b')
    expect(JSON.stringify(history)).not.toContain(secret)
    expect([...states.values()]).toEqual([`off, for ${secret}`, 'on, rules of b', 'on, rules of c'])
    const receipt = await (await layer(history).plan()).apply()
    expect(Object.keys(receipt.kept).filter((key) => key.startsWith('before'))).toHaveLength(3)
    expect([...states.values()].every((state) => state.startsWith('off'))).toBe(true)
    await layer().undo(recorded(receipt))
    expect(states).toEqual(before)
  })

  test('twice, and then fails for one, is partial, and the undo is exact for all', async () => {
    const { states, before, layer, runKilledAt } = open()
    const history = await runKilledAt('b')
    const { ConflictError } = await import('../../../src/errors.ts')
    const failing = layer(history)
    const plan = await failing.plan()
    const set = states.set.bind(states)
    states.set = (name, state) => {
      if (name === 'c') throw new ConflictError('somebody else changed c')
      return set(name, state)
    }
    const partial = await plan.apply()
    states.set = set
    expect(partial.outcome).toBe('partial')
    const receipt = await (await layer({ ...history, earlier: recorded(partial) }).plan()).apply()
    await layer().undo(recorded(receipt))
    expect(states).toEqual(before)
  })

  test('after its last write is found to be done, and the undo is exact', async () => {
    const { states, before, layer, runKilledAt } = open('c')
    const history = await runKilledAt('nowhere')
    const plan = await layer(history).plan()
    expect(plan.view.state).toBe('done')
    const receipt = await plan.apply()
    expect(receipt.outcome).toBe('already-rolled-back')
    await layer().undo(recorded(receipt))
    expect(states).toEqual(before)
  })

  test('before its first write has changed nothing: there is nothing to undo', async () => {
    const { states, layer, runKilledAt } = open()
    const history = await runKilledAt('a')
    for (const name of names) states.set(name, history.begun.kept[`before ${name}`] as string)
    const off = layer({ ...history, disable: ['a'] })
    await (await off.plan()).apply()
    const receipt = await (await layer({ ...history, disable: ['b'] }).plan()).apply()
    expect(Object.keys(receipt.kept).filter((key) => key.startsWith('before'))).toEqual(['before b'])
  })

  test('and one that a colleague switched on again since is undone to what the colleague made of it', async () => {
    const { states, before, layer, runKilledAt } = open()
    const history = await runKilledAt('b')
    states.set('a', 'on, for everybody')
    const receipt = await (await layer(history).plan()).apply()
    await layer().undo(recorded(receipt))
    expect(states).toEqual(new Map([...before, ['a', 'on, for everybody']]))
  })
})

describe('a flag that an undo could not bring back', () => {
  const said = 'checkout cannot be restored by an undo: a part of it looks like a secret'

  test('is a warning of the plan, which names the setting that would keep it', async () => {
    const { layer } = await openSecret()
    const { view } = await layer(sealWith(undefined)).plan()
    expect(view.warnings.join()).toContain(said)
    expect(view.warnings.join()).toContain('set `flags.storage` to keep it in a backup')
  })

  test('is none where a token seals it, where a backup keeps it, and where nothing looks like a secret', async () => {
    const { world, layer } = await openSecret()
    const backups = { keep: async () => 'emergency-1', find: async () => undefined }
    for (const each of [layer(), layer(sealWith('short'), { backups })])
      expect((await each.plan()).view.warnings.join()).not.toContain('undo')
    world.rules = []
    expect((await layer(sealWith(undefined)).plan()).view.warnings.join()).not.toContain('undo')
  })
})

test('a change that fails half way is partial, and what was changed can be undone', async () => {
  const states = new Map([
    ['a', 'on'],
    ['b', 'on'],
  ])
  const { ConflictError } = await import('../../../src/errors.ts')
  const service: FlagService = {
    at: 'a service',
    list: async () =>
      new Map(
        [...states].map(([name, state]) => [
          name,
          { name, on: state === 'on', archived: false, state, version: '' },
        ]),
      ),
    change: async (changes) => {
      for (const { flag, state } of changes) {
        if (flag.name === 'b' && state === undefined) throw new ConflictError('somebody else changed b')
        states.set(flag.name, state ?? 'off')
      }
      return undefined
    },
    serve: undefined,
  }
  const layer = openLayerOn(() => service, { disable: ['a', 'b'] })
  const receipt = await (await layer.plan()).apply()
  expect(receipt).toMatchObject({
    outcome: 'partial',
    problem: 'somebody else changed b',
    kept: { 'before a': 'on' },
  })
  expect(receipt.kept).not.toHaveProperty('before b')
  await layer.undo(receipt)
  expect([...states.values()]).toEqual(['on', 'on'])
})
