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
    const more = { keep, readBackup: async () => copy }
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
