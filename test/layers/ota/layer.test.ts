/** The over-the-air layer behind the interface of all layers, on Microsoft's dialect; on the real servers in the tests of each. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError, RefusedError, UnavailableError } from '../../../src/errors.ts'
import type { LayerReceipt } from '../../../src/layers/layer.ts'
import { openCodePush } from '../../../src/layers/ota/code-push.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import { connect, offersOf, requestFor, showHistory } from '../../support/codepush/connect.ts'
import { apply, layerOn } from '../../support/codepush/layer.ts'
import { type MicrosoftServer, startMicrosoft } from '../../support/codepush/microsoft.ts'

describe('on the dialect of Microsoft’s server', () => {
  let server: MicrosoftServer
  let client: AskableServer
  const both = ['Shop-ios/Production', 'Shop-android/Production']
  const writes = () => server.requests.filter(({ method }) => method !== 'GET')
  beforeEach(async () => {
    server = await startMicrosoft()
    client = openCodePush(connect(server), 'microsoft')
    for (const app of ['Shop-ios', 'Shop-android']) {
      server.createApp(app)
      server.release(app, { content: 'good', description: 'first' })
      server.release(app, { content: 'bad' })
    }
  })
  afterEach(() => server.stop())

  test('the plan says all that will be done to both channels, and changes nothing', async () => {
    const { view } = await layerOn(server, both).plan()
    expect(view).toEqual({
      layer: 'ota',
      state: 'pending',
      from: 'Shop-ios/Production v2, Shop-android/Production v2',
      to: 'Shop-ios/Production v1, Shop-android/Production v1',
      foundBy:
        'the newest release for 1.0.0 before v2 that is enabled, has different content, and was never rolled back',
      steps: both.flatMap((name) => [
        `${name}: disable v2`,
        `${name}: make v1 the newest release (rollback)`,
        `${name}: ask as devices what they are offered`,
      ]),
      undone: [],
      losses: [],
      warnings: [],
      needsPerson: [],
      basis: {
        'update server': server.url,
        'Shop-ios/Production': 'v2',
        'Shop-android/Production': 'v2',
        'bad release of Shop-ios/Production': 'v2',
        'bad release of Shop-android/Production': 'v2',
      },
    })
    expect(writes()).toEqual([])
  })

  test('a rollback says what devices are offered, and keeps what it takes to undo it', async () => {
    expect(await apply(layerOn(server, both))).toEqual({
      outcome: 'rolled-back',
      from: 'Shop-ios/Production v2, Shop-android/Production v2',
      to: 'Shop-ios/Production v1, Shop-android/Production v1',
      now: 'Shop-ios/Production v3, Shop-android/Production v3',
      kept: { 'Shop-ios/Production': 'v2', 'Shop-android/Production': 'v2' },
      wayBack: {
        steps: [
          expect.stringMatching(/^The rollback withdrew v2 on Shop-ios\/Production, v2 on Shop-android/),
        ],
        commands: [
          'code-push patch Shop-ios Production --label v2 --disabled false',
          'code-push rollback Shop-ios Production --targetRelease v2',
          'code-push patch Shop-android Production --label v2 --disabled false',
          'code-push rollback Shop-android Production --targetRelease v2',
        ],
      },
      verified: {
        ok: true,
        evidence:
          'Shop-ios/Production: devices are offered v3, package hash-of-good; Shop-android/Production: devices are offered v3, package hash-of-good',
      },
    })
  })

  test('planned and applied again, it is done, and the receipt is the same', async () => {
    const layer = layerOn(server, both)
    const first = await apply(layer)
    const before = writes().length
    const { view, apply: again } = await layer.plan()
    expect(view).toMatchObject({ state: 'done', from: first.from, to: first.to, steps: [] })
    expect(await again()).toEqual({ ...first, outcome: 'already-rolled-back' })
    expect(writes()).toHaveLength(before)
  })

  test('a target that devices are offered already, and that no rollback put there, is an error', async () => {
    const planned = layerOn(server, ['Shop-ios/Production'], { targets: ['v2'] }).plan()
    await expect(planned).rejects.toThrow(InputError)
    await expect(planned).rejects.toThrow(
      'and no rollback put it there; write the older release to go back to',
    )
  })

  test('a channel whose newest release was there before the bad deployment is left out', async () => {
    server.createApp('Older')
    server.release('Older', { content: 'good' })
    const { releases } = await client.read(requestFor('Shop-android').name)
    const releasedAt = releases[0]?.releasedAt
    const channels = [...both, 'Older/Production']
    const { view, apply: deed } = await layerOn(server, channels, { since: releasedAt }).plan()
    expect(view).toMatchObject({
      state: 'pending',
      from: 'Shop-android/Production v2, Older/Production v1',
      basis: { 'Shop-android/Production': 'v2', 'Older/Production': 'v1' },
    })
    await deed()
    expect(await showHistory(client, 'Shop-ios')).toBe('v2 v1')
    const since = new Date(8_640_000_000_000_000)
    expect((await layerOn(server, both, { since }).plan()).view).toMatchObject({ state: 'nothing', from: '' })
  })

  test('with one channel that fails it is partial, says which, and is finished by a second run', async () => {
    server.fault({ method: 'POST', path: 'Shop-ios/', answer: { status: 403, body: 'no' } })
    const layer = layerOn(server, both)
    const first = await apply(layer)
    expect(first).toMatchObject({
      outcome: 'partial',
      from: 'Shop-android/Production v2',
      kept: { 'Shop-android/Production': 'v2' },
      verified: { ok: true },
    })
    expect(first.problem).toContain('Shop-ios/deployments/Production/rollback/v1 answered 403 (no)')
    expect((await layer.plan()).view.state).toBe('pending')
    expect(await apply(layer)).toMatchObject({
      outcome: 'rolled-back',
      kept: { 'Shop-ios/Production': 'v2', 'Shop-android/Production': 'v2' },
    })
  })

  test('that no channel comes through is an error of its kind', async () => {
    const layer = layerOn(server, ['Shop-ios/Production'])
    const planned = await layer.plan()
    server.fault({ method: 'PATCH', path: '/release', answer: { status: 403, body: 'no' } })
    await expect(planned.apply()).rejects.toThrow(RefusedError)
    server.fault({ method: 'POST', path: '/rollback', times: 99, answer: { status: 500 } })
    await expect(planned.apply()).rejects.toThrow(UnavailableError)
    server.release('Shop-ios', { content: 'mended' })
    await expect(planned.apply()).rejects.toThrow(ConflictError)
  })

  test('a release on top of the bad one is for a person to look at', async () => {
    server.release('Shop-ios', { content: 'mended' })
    const { view, apply: deed } = await layerOn(server, both, { badLabels: ['v2'] }).plan()
    expect(view.needsPerson).toEqual([
      'Shop-ios/Production: v2 is superseded by v3 (for 1.0.0), which is not changed: check it',
    ])
    expect(await deed()).toMatchObject({ outcome: 'partial', kept: { 'Shop-android/Production': 'v2' } })
    expect(await showHistory(client, 'Shop-ios')).toBe('v3 v2 v1')
  })

  test('without a release to go back to the bad one is stopped, and what is left to do is said', async () => {
    server.createApp('New')
    server.release('New', { content: 'bad' })
    const layer = layerOn(server, ['New/Production'])
    const { view } = await layer.plan()
    expect(view).toMatchObject({ state: 'pending', from: 'New/Production v1', to: '' })
    expect(view.warnings).toEqual([
      'New/Production: v1 (for 1.0.0) is the only release for just these binaries; devices that run v1 keep it, and no other device is offered it',
    ])
    const receipt = await apply(layer)
    expect(receipt).toMatchObject({
      outcome: 'stopped',
      now: 'New/Production halted',
      kept: { 'New/Production': 'v1' },
      verified: { ok: true, evidence: 'New/Production: no device is offered v1' },
    })
    expect(receipt.problem).toContain('release a fixed bundle to reach the devices that run it')
    expect((await layer.plan()).view.state).toBe('done')
    expect(await layer.undo(receipt)).toBe(
      'New/Production: v1 is the newest release again; devices are offered package hash-of-bad',
    )
    expect(await offersOf(client, 'New')).toEqual(['hash-of-bad'])
  })

  test('devices that do not agree are seen, and said', async () => {
    // what the first device that asked was told, before the rollback
    await offersOf(client, 'Shop-ios')
    server.cacheAnswers()
    const receipt = await apply(layerOn(server, ['Shop-ios/Production']))
    expect(receipt).toMatchObject({
      outcome: 'rolled-back',
      verified: {
        ok: false,
        evidence: 'Shop-ios/Production: devices with a new install are offered v2, package hash-of-bad',
      },
    })
    expect(receipt.problem).toContain('give its cache more time')
  })

  test('what was done before is called done only while devices are offered what they should be', async () => {
    await offersOf(client, 'Shop-ios')
    server.cacheAnswers()
    const layer = layerOn(server, ['Shop-ios/Production'])
    await apply(layer)
    const before = writes().length
    const { view } = await layer.plan()
    expect(view).toMatchObject({ state: 'pending', steps: ['Shop-ios/Production: ask devices again'] })
    expect(view.foundBy).toContain('devices with a new install are offered v2, package hash-of-bad')
    server.forgetAnswers()
    const { view: later } = await layer.plan()
    expect(later).toMatchObject({ state: 'done', steps: [] })
    expect(later.foundBy).toContain('Shop-ios/Production: devices are offered v3, package hash-of-good')
    expect(writes()).toHaveLength(before)
  })

  test('what was halted before is called done only while no device is offered it', async () => {
    server.createApp('New')
    server.release('New', { content: 'bad' })
    const layer = layerOn(server, ['New/Production'], { mode: 'stop' })
    await offersOf(client, 'New')
    server.cacheAnswers()
    await apply(layer)
    expect((await layer.plan()).view.state).toBe('pending')
    server.forgetAnswers()
    expect((await layer.plan()).view.state).toBe('done')
  })

  describe('undone', () => {
    test('it puts what was taken back on top by its label, and done twice nothing more', async () => {
      const layer = layerOn(server, both)
      const receipt = await apply(layer)
      expect(await layer.undo(receipt)).toBe(
        both
          .map(
            (name) =>
              `${name}: v4, a copy of v2, is the newest release again; devices are offered package hash-of-bad`,
          )
          .join('; '),
      )
      expect(await showHistory(client, 'Shop-ios')).toBe('v4<v2 v3<v1 v2 v1')
      expect(await offersOf(client, 'Shop-ios')).toEqual(['hash-of-bad'])
      const before = writes().length
      expect(await layer.undo(receipt)).toContain('is the newest release already')
      expect(writes()).toHaveLength(before)
      const { releases } = await client.read(requestFor('Shop-ios').name)
      expect(releases[0]?.description).toBe('[rollback undone, incident production-0123456789ab]')
    })

    test('it can be rolled back once more, and goes to the good one', async () => {
      const layer = layerOn(server, ['Shop-ios/Production'], { badLabels: ['v2'] })
      await layer.undo(await apply(layer))
      const again = await apply(layer)
      expect(again).toMatchObject({ outcome: 'rolled-back', kept: { 'Shop-ios/Production': 'v4' } })
      expect(await showHistory(client, 'Shop-ios')).toBe('v5<v3 v4<v2! v3<v1 v2! v1')
      await layer.undo(again)
      expect(await offersOf(client, 'Shop-ios')).toEqual(['hash-of-bad'])
    })

    test('a release to a quarter of the devices is one to a quarter again, and not to all', async () => {
      server.createApp('Part')
      server.release('Part', { content: 'good' })
      server.release('Part', { content: 'bad', rollout: 25 })
      const share = async () =>
        (await offersOf(client, 'Part', { count: 100 })).filter((hash) => hash === 'hash-of-bad').length
      const before = await share()
      expect(before).toBeGreaterThan(5)
      expect(before).toBeLessThan(50)
      const layer = layerOn(server, ['Part/Production'])
      const receipt = await apply(layer)
      expect(await share()).toBe(0)
      const told = await layer.undo(receipt)
      expect(told).toMatch(
        /v4, a copy of v2, is the newest release again; \d+ of 20 fresh devices are offered it/,
      )
      const { releases } = await client.read(requestFor('Part').name)
      expect(releases[0]).toMatchObject({ label: 'v4', rollout: 25 })
      expect(await share()).toBeGreaterThan(5)
      expect(await share()).toBeLessThan(50)
      expect(await layer.undo(receipt)).toContain('is the newest release already')
    })

    test('it leaves a release that landed since alone', async () => {
      const layer = layerOn(server, ['Shop-ios/Production'])
      const receipt = await apply(layer)
      server.release('Shop-ios', { content: 'mended' })
      const before = writes().length
      await expect(layer.undo(receipt)).rejects.toThrow(ConflictError)
      await expect(layer.undo(receipt)).rejects.toThrow(
        'v4 (for 1.0.0) was released since v2 was rolled back, and was not changed',
      )
      expect(writes()).toHaveLength(before)
    })

    test('it is killed between any two of its requests, and finished by a second run', async () => {
      const count = async (app: string, stopAt: number) => {
        server.createApp(app)
        server.release(app, { content: 'good' })
        server.release(app, { content: 'bad' })
        const layer = layerOn(server, [`${app}/Production`])
        const receipt = await apply(layer)
        const controller = new AbortController()
        let asked = 0
        const dying = layerOn(server, [`${app}/Production`], {
          fetch: (...args) => {
            asked += 1
            if (asked > stopAt) controller.abort(new Error('killed'))
            return fetch(...args)
          },
          signal: controller.signal,
        })
        if (stopAt === Number.POSITIVE_INFINITY) await dying.undo(receipt)
        else await expect(dying.undo(receipt)).rejects.toThrow('killed')
        await layer.undo(receipt)
        expect({ stopAt, history: await showHistory(client, app) }).toEqual({
          stopAt,
          history: 'v4<v2 v3<v1 v2 v1',
        })
        return asked
      }
      const all = await count('Whole', Number.POSITIVE_INFINITY)
      expect(all).toBeGreaterThan(8)
      for (let nth = 0; nth < all; nth += 1) await count(`Killed-${nth}`, nth)
    })

    test('what a person disabled is not enabled', async () => {
      const receipt: LayerReceipt = {
        outcome: 'rolled-back',
        from: '',
        to: '',
        now: '',
        verified: undefined,
        kept: { 'Off/Production': 'v2' },
      }
      server.createApp('Off')
      server.release('Off', { content: 'good' })
      server.release('Off', { content: 'bad', isDisabled: true })
      const layer = layerOn(server, ['Off/Production'])
      await expect(layer.undo(receipt)).rejects.toThrow('v2 (for 1.0.0) is disabled, and not by a rollback')
      await expect(layer.undo({ ...receipt, kept: { 'Off/Production': 'v9' } })).rejects.toThrow(
        'Off/Production no longer has v9',
      )
      await expect(layer.undo({ ...receipt, kept: {} })).rejects.toThrow(
        'this rollback changed no update, so there is none to restore',
      )
      expect(writes()).toEqual([])
    })

    test('of two channels of which one fails, it says what became of both', async () => {
      const layer = layerOn(server, both)
      const receipt = await apply(layer)
      server.release('Shop-ios', { content: 'mended' })
      await expect(layer.undo(receipt)).rejects.toThrow(
        /Shop-ios\/Production: v4.*was not changed.*; Shop-android\/Production: v4, a copy of v2, is the newest release again/,
      )
    })
  })

  test('options that cannot be meant are one clear error before anything is asked', () => {
    const options = { targets: ['v1', 'v2', 'v3'] }
    expect(() => layerOn(server, both, options)).toThrow(InputError)
    expect(() => layerOn(server, ['Shop'])).toThrow('write app/deployment, as in Shop-ios/Production')
    expect(() => layerOn({ url: 'codepush', accessKey: 'x' }, both)).toThrow('is not an address')
    expect(server.requests).toEqual([])
  })

  test('an address that is not encrypted is warned of', async () => {
    const layer = layerOn({ ...server, url: 'http://codepush.example.com' }, both, {
      fetch: (address, init) => {
        const target = new URL(address instanceof Request ? address.url : address)
        return fetch(new URL(`${server.url}${target.pathname}${target.search}`), init)
      },
    })
    expect((await layer.plan()).view.warnings).toEqual([
      'the update server has an http: address: whoever is on the way can read the access key',
    ])
  })
})
