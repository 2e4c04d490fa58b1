/** The over-the-air layer on the real `code-push-server` of npm. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { detectKind, openCodePush } from '../../../src/layers/ota/code-push.ts'
import { planAll } from '../../../src/layers/ota/plan-all.ts'
import { applyAll } from '../../../src/layers/ota/roll-back.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import type { Bundle } from '../../support/codepush/bundle.ts'
import {
  connect,
  offersOf,
  openCircumstances,
  requestFor,
  rollBack,
  showHistory,
} from '../../support/codepush/connect.ts'
import { apply, layerOn } from '../../support/codepush/layer.ts'
import { type LisongServer, startLisong } from '../../support/codepush/lisong.ts'

let running: LisongServer | undefined
let client: AskableServer
beforeAll(async () => {
  running = await startLisong()
  client = openCodePush(connect(running), 'lisong')
})
afterAll(() => running?.stop())

function server(): LisongServer {
  if (running === undefined) throw new Error('the server did not start')
  return running
}

let apps = 0
/** An app with these releases, oldest first. */
async function openApp(...bundles: readonly Bundle[]): Promise<string> {
  apps += 1
  const app = `App${apps}`
  await server().createApp(app)
  for (const bundle of bundles) await server().release(app, bundle)
  return app
}

const good: Bundle = { content: 'good', description: 'first' }
const bad: Bundle = { content: 'bad', isMandatory: true }
const path = (app: string) => `/apps/${app}/deployments/Production`

/** What one device is offered, past our own client. */
async function offerTo(app: string, device: Record<string, string> = {}, deviceKey?: string) {
  const key = deviceKey ?? (await client.read(requestFor(app).name)).deviceKey
  const query = new URLSearchParams({ deployment_key: key, app_version: '1.0.0', ...device })
  const answer = await fetch(`${server().url}/v0.1/public/codepush/update_check?${query}`)
  const { update_info: info } = JSON.parse(await answer.text())
  return info.is_available ? { label: info.label, packageHash: info.package_hash } : undefined
}

async function hashOf(app: string, label: string): Promise<string> {
  const { releases } = await client.read(requestFor(app).name)
  const found = releases.find((each) => each.label === label)
  if (found === undefined) throw new Error(`${app} has no ${label}`)
  return found.packageHash
}

test('the server is told from its answer to a request without a key', async () => {
  expect(await detectKind(connect(server()))).toBe('lisong')
})

describe('a rollback', () => {
  test('offers a device that holds the bad bundle exactly the good one', async () => {
    const app = await openApp(good, bad)
    const [goodHash, badHash] = [await hashOf(app, 'v1'), await hashOf(app, 'v2')]
    expect(await offerTo(app, { label: 'v1', package_hash: goodHash })).toEqual({
      label: 'v2',
      packageHash: badHash,
    })
    const { decision, results } = await rollBack(client, [requestFor(app)])
    expect(results[0]?.problem).toBeUndefined()
    expect(decision).toBe('rolled-back')
    expect(await showHistory(client, app)).toBe('v3<v1 v2 v1')
    const offered = { label: 'v3', packageHash: goodHash }
    expect(await offerTo(app, { label: 'v2', package_hash: badHash })).toEqual(offered)
    expect(await offerTo(app)).toEqual(offered)
    expect(await offerTo(app, { label: 'v1', package_hash: goodHash })).toBeUndefined()
    expect(results[0]?.receipt?.devices.map(({ ok, asked }) => ({ ok, asked }))).toEqual([
      { ok: true, asked: 20 },
      { ok: true, asked: 20 },
      { ok: true, asked: 20 },
    ])
  })

  test('that is run again does nothing', async () => {
    const app = await openApp(good, bad)
    await rollBack(client, [requestFor(app)])
    expect((await rollBack(client, [requestFor(app)])).decision).toBe('already-rolled-back')
    expect((await rollBack(client, [requestFor(app, { from: 'v2' })])).decision).toBe('already-rolled-back')
    expect(await showHistory(client, app)).toBe('v3<v1 v2 v1')
  })

  test('mends a flip-flop, which a rollback without a label makes of its second run', async () => {
    const app = await openApp(good, bad)
    const badHash = await hashOf(app, 'v2')
    // what everybody else's tool sends
    for (const _ of [1, 2]) await server().call('POST', `${path(app)}/rollback`, {})
    expect(await showHistory(client, app)).toBe('v4<v2 v3<v1 v2 v1')
    expect(await offerTo(app)).toMatchObject({ packageHash: badHash })
    expect((await rollBack(client, [requestFor(app)])).decision).toBe('rolled-back')
    expect(await offerTo(app)).toMatchObject({ packageHash: await hashOf(app, 'v1') })
    // and from now on such a tool brings the bad bundle back to nobody
    await server().call('POST', `${path(app)}/rollback`, {})
    expect(await offerTo(app)).toBeUndefined()
  })

  test('after a mended bundle goes to the newest good one, never to what was rolled back', async () => {
    const app = await openApp(good, bad)
    await rollBack(client, [requestFor(app)])
    await server().release(app, { content: 'mended' })
    await rollBack(client, [requestFor(app)])
    expect(await showHistory(client, app)).toBe('v5<v3 v4 v3<v1 v2 v1')
    expect(await offerTo(app)).toMatchObject({ packageHash: await hashOf(app, 'v1') })
  })

  test('of one of two binaries leaves the other alone, although the server refuses it as a rollback', async () => {
    const app = await openApp(good, bad, { content: 'other', binary: '2.0.0' })
    await expect(server().call('POST', `${path(app)}/rollback/v1`, {})).rejects.toThrow('406')
    const { results, decision } = await rollBack(client, [requestFor(app, { binary: '1.0.0' })])
    expect(results[0]?.problem).toBeUndefined()
    expect({ decision, plan: results[0]?.plan }).toMatchObject({
      decision: 'rolled-back',
      plan: { by: 'promotion', bad: { label: 'v2' }, good: { label: 'v1' } },
    })
    expect(await offerTo(app)).toEqual({ label: 'v4', packageHash: await hashOf(app, 'v1') })
    expect(await offerTo(app, { app_version: '2.0.0' })).toMatchObject({ label: 'v3' })
  })

  test('of a release that reached a quarter of the devices reaches all of them', async () => {
    const app = await openApp({ ...good, rollout: 25 }, { ...bad, rollout: 25 })
    const { results } = await rollBack(client, [requestFor(app)])
    expect(results[0]?.problem).toBeUndefined()
    const packageHash = await hashOf(app, 'v1')
    const { deviceKey } = await client.read(requestFor(app).name)
    for (const id of Array.from({ length: 30 }, (_, n) => String(n)))
      expect(await offerTo(app, { client_unique_id: id }, deviceKey)).toMatchObject({ packageHash })
  })

  test('says on both releases what they are, and keeps what they said', async () => {
    const app = await openApp(good, bad)
    await rollBack(client, [requestFor(app)])
    const { releases } = await client.read(requestFor(app).name)
    expect(releases.map(({ description }) => description)).toEqual([
      'first [rollback of v2, incident production-0123456789ab]',
      '[rolled back, incident production-0123456789ab]',
      'first',
    ])
  })

  test('four at once end with every device on the good one, and each says so', async () => {
    const app = await openApp(good, bad)
    const runs = await Promise.all([1, 2, 3, 4].map(() => rollBack(client, [requestFor(app)])))
    expect(runs.map(({ results }) => results[0]?.problem)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    const { releases } = await client.read(requestFor(app).name)
    const [newest] = releases
    expect(newest?.packageHash).toBe(await hashOf(app, 'v1'))
    expect(await offerTo(app)).toMatchObject({ packageHash: newest?.packageHash })
  })

  test('onto a release that the server has disabled without showing it is found out by the devices', async () => {
    const app = await openApp({ content: 'oldest' }, good, bad)
    const disabled = { packageInfo: { label: 'v2', isDisabled: true, appVersion: null } }
    await server().call('PATCH', `${path(app)}/release`, disabled)
    const { decision, results } = await rollBack(client, [requestFor(app)])
    expect(decision).toBe('failed')
    expect(results[0]).toMatchObject({ reasonCode: 'unverified' })
    expect(results[0]?.problem).toBe(
      `${app}/Production: devices on v3, which was rolled back, are offered nothing (20 of 20): v2 may be disabled on the server, which does not show it; name another release in \`target\``,
    )
    const { decision: next } = await rollBack(client, [requestFor(app, { target: 'v1' })])
    expect(next).toBe('rolled-back')
    expect(await offerTo(app)).toMatchObject({ packageHash: await hashOf(app, 'v1') })
  })
})

describe('a disabled draft on top', () => {
  const draft: Bundle = { content: 'next', isDisabled: true }

  test('from which nobody is offered anything is a question: the bad one could be either', async () => {
    const app = await openApp(good, bad, draft)
    expect(await offerTo(app)).toBeUndefined()
    const { decision, results } = await rollBack(client, [requestFor(app)])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'refused' })
    expect(results[0]?.problem).toContain(
      `${app}/Production: v3 (for 1.0.0) is the newest release and is disabled, and no rollback disabled it; devices of 1.0.0 are offered none of its releases. Write the label of the bad release in \`from-label\``,
    )
    expect(await showHistory(client, app)).toBe('v3 v2 v1')
  })

  test('does not supersede the release that the caller names: all devices are offered the good one', async () => {
    const app = await openApp(good, bad, draft)
    const { decision, results } = await rollBack(client, [requestFor(app, { from: 'v2' })])
    expect({ decision, problem: results[0]?.problem }).toEqual({
      decision: 'rolled-back',
      problem: undefined,
    })
    const offered = { label: 'v4', packageHash: await hashOf(app, 'v1') }
    expect(await offerTo(app)).toEqual(offered)
    expect(await offerTo(app, { label: 'v2', package_hash: await hashOf(app, 'v2') })).toEqual(offered)
    expect((await rollBack(client, [requestFor(app, { from: 'v2' })])).decision).toBe('already-rolled-back')
    expect(await showHistory(client, app)).toBe('v4<v1 v3 v2 v1')
  })

  test('over a rollback hides it, which is mended', async () => {
    const app = await openApp(good, bad)
    await rollBack(client, [requestFor(app)])
    await server().release(app, draft)
    expect(await offerTo(app)).toBeUndefined()
    expect((await rollBack(client, [requestFor(app, { from: 'v2' })])).decision).toBe('rolled-back')
    expect(await offerTo(app)).toEqual({ label: 'v5', packageHash: await hashOf(app, 'v1') })
  })

  test('is left when the bad one is stopped', async () => {
    const app = await openApp(good, bad, draft)
    expect((await rollBack(client, [requestFor(app, { mode: 'stop', from: 'v2' })])).decision).toBe('stopped')
    expect(await offerTo(app)).toBeUndefined()
  })
})

test('the same bad package for two binaries is taken back for both', async () => {
  const app = await openApp({ ...good, binary: '2.0.0' }, good, bad, { ...bad, binary: '2.0.0' })
  const { decision, results } = await rollBack(client, [requestFor(app)])
  expect({ decision, binaries: results.map(({ plan }) => plan.binary) }).toEqual({
    decision: 'rolled-back',
    binaries: ['1.0.0', '2.0.0'],
  })
  for (const app_version of ['1.0.0', '2.0.0'])
    expect(await offerTo(app, { app_version })).toMatchObject({ packageHash: await hashOf(app, 'v1') })
})

describe('a release without one to go back to', () => {
  test('is halted, and the step is told why it is not enough', async () => {
    const app = await openApp(bad)
    const { decision, results } = await rollBack(client, [requestFor(app)])
    expect(decision).toBe('stopped')
    expect(results[0]).toMatchObject({ reasonCode: 'no-target' })
    expect(results[0]?.problem).toContain(
      'v1 (for 1.0.0) was halted: devices that run v1 keep it, and no other device is offered it. v1 (for 1.0.0) is the only release for just these binaries; release a fixed bundle',
    )
    expect(await offerTo(app)).toBeUndefined()
    expect(await showHistory(client, app)).toBe('v1')
  })

  test('can be halted on request: nobody is offered it any more', async () => {
    const app = await openApp(good, bad)
    const { decision, results } = await rollBack(client, [requestFor(app, { mode: 'stop' })])
    expect(decision).toBe('stopped')
    expect(results[0]?.problem).toBeUndefined()
    expect(await offerTo(app)).toBeUndefined()
  })
})

describe('compare-and-swap', () => {
  test('a release that is not the expected one is left alone', async () => {
    const app = await openApp(good, bad, { content: 'mended' })
    const { decision, results } = await rollBack(client, [requestFor(app, { from: 'v2' })])
    expect(decision).toBe('superseded')
    expect(results[0]?.problem).toContain('v2 is superseded by v3 (for 1.0.0), released by')
    expect(await showHistory(client, app)).toBe('v3 v2 v1')
  })

  test('a release that lands between plan and apply is left alone', async () => {
    const app = await openApp(good, bad)
    const plans = await planAll(client, [requestFor(app)])
    await server().release(app, { content: 'mended' })
    const results = await applyAll(client, plans, openCircumstances().circumstances)
    expect(results[0]).toMatchObject({ reasonCode: 'superseded' })
    expect(await showHistory(client, app)).toBe('v3 v2 v1')
    expect(await offerTo(app)).toMatchObject({ label: 'v3' })
  })

  test('the target that a rollback put on top already is no work, and one that nothing was taken back for is an error', async () => {
    const app = await openApp(good, bad)
    await expect(rollBack(client, [requestFor(app, { target: 'v2' })])).rejects.toThrow(
      `\`target\` is v2 (for 1.0.0), which is what devices are offered on ${app}/Production now, and no rollback put it there`,
    )
    await rollBack(client, [requestFor(app)])
    const { decision } = await rollBack(client, [requestFor(app, { target: 'v1' })])
    expect(decision).toBe('already-rolled-back')
    expect(await showHistory(client, app)).toBe('v3<v1 v2 v1')
  })
})

describe('two channels', () => {
  test('are planned together: with a mistake in one, none is touched', async () => {
    const [one, two] = [await openApp(good, bad), await openApp(good, bad)]
    const requests = [requestFor(one), requestFor(`${two}/Nowhere`)]
    await expect(rollBack(client, requests)).rejects.toThrow(
      `the app "${two}" has no deployment "Nowhere" (it has Production, Staging)`,
    )
    expect(await showHistory(client, one)).toBe('v2 v1')
  })

  test('of which one cannot be mended are partial, and a re-run does what is left', async () => {
    const [one, two] = [await openApp(good, bad), await openApp(bad)]
    const requests = [requestFor(one), requestFor(two)]
    const { decision, results } = await rollBack(client, requests)
    expect(decision).toBe('partial')
    expect(results.map(({ reasonCode }) => reasonCode)).toEqual(['restored', 'no-target'])
    await server().release(two, { content: 'mended' })
    const again = await rollBack(client, [requestFor(one), requestFor(two, { target: 'v2' })])
    expect(again.decision).toBe('already-rolled-back')
    expect(await showHistory(client, one)).toBe('v3<v1 v2 v1')
  })
})

describe('bad input', () => {
  test.each<[string, (app: string) => ReturnType<typeof requestFor>, RegExp]>([
    ['an unknown app', () => requestFor('Nobody'), /has no app "Nobody"/],
    [
      'an unknown label',
      (app) => requestFor(app, { target: 'v9' }),
      /`target` is "v9", which App\d+\/Production does not have; write one of v3, v2, v1/,
    ],
    [
      'a target for another binary',
      (app) => requestFor(app, { binary: '1.0.0', target: 'v3' }),
      /`target` is v3 \(for 2\.0\.0\).*name a release for 1\.0\.0/,
    ],
    [
      'a binary without releases',
      (app) => requestFor(app, { binary: '3.0.0' }),
      /has no release for it; write one of 2\.0\.0, 1\.0\.0/,
    ],
  ])('%s is one clear error, and nothing is written', async (_, request, message) => {
    const app = await openApp(good, bad, { content: 'other', binary: '2.0.0' })
    await expect(rollBack(client, [request(app)])).rejects.toThrow(message)
    expect(await showHistory(client, app)).toBe('v3 v2 v1')
  })

  test('a wrong key is refused, and a missing one too, to which the server says 200', async () => {
    for (const accessKey of ['wrong', ' ']) {
      const other = openCodePush(connect({ url: server().url, accessKey }), 'lisong')
      await expect(other.read(requestFor('App1').name)).rejects.toThrow(
        'does not accept the key in `ota.access-key`',
      )
    }
  })
})

describe('behind the interface of all layers', () => {
  test('a rollback of two channels, and back, and once more', async () => {
    const both = [
      await openApp({ content: 'good' }, { content: 'bad' }),
      await openApp({ content: 'good' }, { content: 'bad' }),
    ]
    const [one = ''] = both
    const [badHash] = await offersOf(client, one)
    const layer = layerOn(
      server(),
      both.map((app) => `${app}/Production`),
      { badLabels: ['v2'] },
    )
    const receipt = await apply(layer)
    expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    expect(await offersOf(client, one)).not.toEqual([badHash])
    expect((await layer.plan()).view).toMatchObject({ state: 'done', basis: { [`${one}/Production`]: 'v3' } })

    const told = await layer.undo(receipt)
    expect(told).toContain(
      `${one}/Production: v4, a copy of v2, is the newest release again; devices are offered package`,
    )
    expect(await offersOf(client, one)).toEqual([badHash])
    expect(await showHistory(client, one)).toBe('v4<v2 v3<v1 v2 v1')
    expect(await layer.undo(receipt)).toContain('is the newest release already')
    expect(await showHistory(client, one)).toBe('v4<v2 v3<v1 v2 v1')

    expect(await apply(layer)).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    expect(await offersOf(client, one)).not.toEqual([badHash])
  })

  test('for a binary that is not the newest it is undone by promotion, and the newest keeps its own', async () => {
    const app = await openApp({ content: 'good' }, { content: 'bad' }, { content: 'other', binary: '2.0.0' })
    const [badHash] = await offersOf(client, app)
    const other = await offersOf(client, app, { binary: '2.0.0' })
    const layer = layerOn(server(), [`${app}/Production`], { appVersions: ['1.0.0'] })
    const receipt = await apply(layer)
    expect(await offersOf(client, app)).not.toEqual([badHash])
    await layer.undo(receipt)
    expect(await offersOf(client, app)).toEqual([badHash])
    expect(await offersOf(client, app, { binary: '2.0.0' })).toEqual(other)
    expect(await showHistory(client, app)).toBe('v5<v2 v4<v1 v3 v2 v1')
  })

  test('a release that was halted is offered again', async () => {
    const app = await openApp({ content: 'bad' })
    const [badHash] = await offersOf(client, app)
    const layer = layerOn(server(), [`${app}/Production`])
    const receipt = await apply(layer)
    expect(receipt.outcome).toBe('stopped')
    expect(await offersOf(client, app)).toEqual(['nothing'])
    expect((await layer.plan()).view.state).toBe('done')
    expect(await layer.undo(receipt)).toContain('v1 is the newest release again')
    expect(await offersOf(client, app)).toEqual([badHash])
    expect(await layer.undo(receipt)).toContain('v1 is the newest release already')
  })

  test('four at once that undo the same end with it on top', async () => {
    const app = await openApp({ content: 'good' }, { content: 'bad' })
    const [badHash] = await offersOf(client, app)
    const layer = layerOn(server(), [`${app}/Production`])
    const receipt = await apply(layer)
    await Promise.all([1, 2, 3, 4].map(() => layer.undo(receipt)))
    expect(await offersOf(client, app)).toEqual([badHash])
  })
})
