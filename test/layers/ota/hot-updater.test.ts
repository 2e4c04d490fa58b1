/** The over-the-air layer on the real `@hot-updater/server`, where a release goes back by being disabled. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ConflictError } from '../../../src/errors.ts'
import { detectKind } from '../../../src/layers/ota/code-push.ts'
import { openHotUpdater } from '../../../src/layers/ota/hot-updater.ts'
import { planAll } from '../../../src/layers/ota/plan-all.ts'
import { applyAll } from '../../../src/layers/ota/roll-back.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import { connect, offersOf, openCircumstances, requestFor, rollBack } from '../../support/codepush/connect.ts'
import { type HotUpdaterServer, startHotUpdater } from '../../support/codepush/hot-updater.ts'
import { apply, layerOn } from '../../support/codepush/layer.ts'

let running: HotUpdaterServer | undefined
let client: AskableServer
beforeAll(async () => {
  running = await startHotUpdater()
  client = openHotUpdater(connect(running))
})
afterAll(() => running?.stop())

function server(): HotUpdaterServer {
  if (running === undefined) throw new Error('the server did not start')
  return running
}

let channels = 0
/** A channel of its own with these releases, oldest first. */
async function openChannel(...contents: readonly string[]) {
  channels += 1
  const channel = `channel${channels}`
  const ids: string[] = []
  for (const content of contents) ids.push(await server().release({ channel, content }))
  return { channel, name: `ios/${channel}`, ids }
}

const embedded = '00000000-0000-0000-0000-000000000000'
async function answerTo(channel: string, bundle = embedded, binary = '1.0.0') {
  const path = `/app-version/ios/${binary}/${channel}/${embedded}/${bundle}`
  const response = await fetch(`${server().url}${path}`, { headers: { 'hot-updater-sdk-version': '0.36.0' } })
  return JSON.parse(await response.text())
}

test('the server is told from its version route', async () => {
  expect(await detectKind(connect(server()))).toBe('hot-updater')
})

describe('a rollback', () => {
  test('tells a device that holds the bad bundle to return to exactly the good one', async () => {
    const { channel, name, ids } = await openChannel('good', 'bad')
    const { decision, results } = await rollBack(client, [requestFor(name)])
    expect({ decision, problem: results[0]?.problem }).toEqual({
      decision: 'rolled-back',
      problem: undefined,
    })
    expect(await answerTo(channel, ids[1])).toMatchObject({
      status: 'ROLLBACK',
      id: ids[0],
      fileHash: 'hash-of-good',
    })
    expect(await answerTo(channel, ids[0])).toEqual({ status: 'UP_TO_DATE' })
    expect(await answerTo(channel)).toMatchObject({ status: 'UPDATE', id: ids[0] })
    const { releases } = await client.read(requestFor(name).name)
    expect(releases[0]?.description).toBe('bad [rolled back, incident production-0123456789ab]')
  })

  test('that is run again does not walk back further', async () => {
    const { name, ids } = await openChannel('older', 'good', 'bad')
    await rollBack(client, [requestFor(name)])
    expect((await rollBack(client, [requestFor(name)])).decision).toBe('already-rolled-back')
    const from = ids[2]
    expect((await rollBack(client, [requestFor(name, { from })])).decision).toBe('already-rolled-back')
    const { releases } = await client.read(requestFor(name).name)
    expect(releases.map(({ isDisabled }) => isDisabled)).toEqual([true, false, false])
  })

  test('whose good bundle is bad as well goes on to the one before it, when that is said', async () => {
    const { channel, name, ids } = await openChannel('older', 'bad too', 'bad')
    await rollBack(client, [requestFor(name)])
    const [, second = ''] = ids
    const { decision } = await rollBack(client, [requestFor(name, { knownBad: [second] })])
    expect(decision).toBe('rolled-back')
    expect(await answerTo(channel, second)).toMatchObject({ status: 'ROLLBACK', id: ids[0] })
  })

  test('to a named bundle disables all that are newer', async () => {
    const { channel, name, ids } = await openChannel('oldest', 'bad', 'worse')
    const { decision } = await rollBack(client, [requestFor(name, { target: ids[0] })])
    expect(decision).toBe('rolled-back')
    expect(await answerTo(channel, ids[2])).toMatchObject({ status: 'ROLLBACK', id: ids[0] })
    expect(await answerTo(channel, ids[1])).toMatchObject({ status: 'ROLLBACK', id: ids[0] })
  })

  test('leaves a release that superseded the bad one alone', async () => {
    const { name, ids } = await openChannel('good', 'bad', 'mended')
    const { decision } = await rollBack(client, [requestFor(name, { from: ids[1] })])
    expect(decision).toBe('superseded')
  })

  test('leaves one that lands between plan and apply alone, too', async () => {
    const { channel, name } = await openChannel('good', 'bad')
    const plans = await planAll(client, [requestFor(name)])
    const mended = await server().release({ channel, content: 'mended' })
    const results = await applyAll(client, plans, openCircumstances().circumstances)
    expect(results[0]).toMatchObject({ reasonCode: 'superseded' })
    expect(await answerTo(channel)).toMatchObject({ id: mended })
  })

  test('that four runners make at once is one, and each says so', async () => {
    const { channel, name, ids } = await openChannel('older', 'good', 'bad')
    const runs = await Promise.all([1, 2, 3, 4].map(() => rollBack(client, [requestFor(name)])))
    expect(runs.map(({ results }) => results[0]?.problem)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(await answerTo(channel, ids[2])).toMatchObject({ status: 'ROLLBACK', id: ids[1] })
  })

  test('of a rollout to a part of the devices reaches all who got it', async () => {
    const { channel, name, ids } = await openChannel('good')
    const bad = await server().release({ channel, content: 'bad', rolloutCohortCount: 100 })
    const { results } = await rollBack(client, [requestFor(name)])
    expect(results[0]?.problem).toBeUndefined()
    expect(await answerTo(channel, bad)).toMatchObject({ status: 'ROLLBACK', id: ids[0] })
  })

  test('leaves the other platform and other binaries alone', async () => {
    const { channel, name } = await openChannel('good', 'bad')
    const other = await server().release({ channel, content: 'next', binary: '2.0.0' })
    const { decision } = await rollBack(client, [requestFor(name, { binary: '1.0.0' })])
    expect(decision).toBe('rolled-back')
    expect(await answerTo(channel, embedded, '2.0.0')).toMatchObject({ id: other })
  })
})

test('the only bundle is halted, and devices return to what came from the store', async () => {
  const { channel, name, ids } = await openChannel('bad')
  const { decision, results, plans } = await rollBack(client, [requestFor(name)])
  expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
  expect(await answerTo(channel, ids[0])).toMatchObject({ status: 'ROLLBACK', id: embedded })
  expect(results[0]?.problem).toContain('devices that run it return to the bundle from the store')
  expect(plans[0]?.warnings.join()).toContain('hang on iOS')
})

test('more bundles than fit on a page are all read', async () => {
  const contents = Array.from({ length: 103 }, (_, n) => `content ${n}`)
  const { name } = await openChannel(...contents)
  expect((await client.read(requestFor(name).name)).releases).toHaveLength(103)
})

describe('a disabled draft on top', () => {
  test('is not what is taken back, and what is offered is not called rolled back', async () => {
    const { channel, name, ids } = await openChannel('good', 'bad')
    const draft = await server().release({ channel, content: 'next', enabled: false })
    const { decision, results } = await rollBack(client, [requestFor(name)])
    expect({ decision, problem: results[0]?.problem }).toEqual({
      decision: 'rolled-back',
      problem: undefined,
    })
    expect(await answerTo(channel, ids[1])).toMatchObject({ status: 'ROLLBACK', id: ids[0] })
    const { releases } = await client.read(requestFor(name).name)
    expect(releases[0]).toMatchObject({ label: draft, isDisabled: true, description: 'next' })
    expect((await rollBack(client, [requestFor(name)])).decision).toBe('already-rolled-back')
  })

  test('with only one bundle below it is a question: that may be the good one', async () => {
    const { channel, name, ids } = await openChannel('good')
    await server().release({ channel, content: 'bad', enabled: false })
    const { decision, results } = await rollBack(client, [requestFor(name)])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'refused' })
    expect(await answerTo(channel)).toMatchObject({ id: ids[0] })
  })
})

test('a bundle for some of the same binaries in the way of the good one: the bad one is disabled, and that is said', async () => {
  const { channel, name } = await openChannel()
  const version = { good: '1.x', other: '1.2.0' }
  await server().release({ channel, content: 'good', binary: version.good })
  const other = await server().release({ channel, content: 'other', binary: version.other })
  const bad = await server().release({ channel, content: 'bad', binary: version.good })
  const { decision, results } = await rollBack(client, [requestFor(name)])
  expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
  expect(await answerTo(channel, bad, '1.2.0')).toMatchObject({ status: 'ROLLBACK', id: other })
  expect(await answerTo(channel, bad, '1.1.0')).toMatchObject({
    status: 'ROLLBACK',
    fileHash: 'hash-of-good',
  })
})

describe('bad input', () => {
  test('a platform there is not', async () => {
    await expect(client.read({ app: 'windows', deployment: 'production' })).rejects.toThrow(
      'on a hot-updater server write ios/production or android/production',
    )
  })

  test('an unknown bundle', async () => {
    const { name } = await openChannel('good', 'bad')
    await expect(rollBack(client, [requestFor(name, { target: 'v1' })])).rejects.toThrow(
      `\`target\` is "v1", which ${name} does not have`,
    )
  })

  test('a wrong key', async () => {
    const other = openHotUpdater(connect({ url: server().url, accessKey: 'wrong' }))
    await expect(other.read(requestFor('ios/production').name)).rejects.toThrow('does not accept the key')
  })
})

describe('behind the interface of all layers', () => {
  async function openNamed(channel: string, ...contents: readonly string[]) {
    const ids: string[] = []
    for (const content of contents) ids.push(await server().release({ channel, content }))
    return { name: `ios/${channel}`, ids }
  }

  test('a rollback disables the bad bundle; undone, it is offered again, and the second time nothing is done', async () => {
    const { name, ids } = await openNamed('one', 'good', 'bad')
    const layer = layerOn(server(), [name])
    const receipt = await apply(layer)
    expect(receipt).toMatchObject({
      outcome: 'rolled-back',
      kept: { [name]: ids[1] },
      verified: { ok: true },
    })
    expect(await offersOf(client, name)).toEqual(['hash-of-good'])
    expect((await layer.plan()).view.state).toBe('done')
    expect(await layer.undo(receipt)).toContain(
      'is the newest release again; devices are offered package hash-of-bad',
    )
    expect(await offersOf(client, name)).toEqual(['hash-of-bad'])
    expect(await layer.undo(receipt)).toContain('is the newest release already')
    expect(await apply(layer)).toMatchObject({ outcome: 'rolled-back' })
  })

  test('all that one rollback disabled is enabled again, and what an earlier one disabled is not', async () => {
    const { name, ids } = await openNamed('two', 'oldest', 'older', 'bad', 'worse')
    const [oldest = '', , , worst = ''] = ids
    await rollBack(client, [requestFor(name)])
    expect(await offersOf(client, name)).toEqual(['hash-of-bad'])
    const layer = layerOn(server(), [name], { targets: [oldest] })
    const receipt = await apply(layer)
    expect(await offersOf(client, name)).toEqual(['hash-of-oldest'])
    await layer.undo(receipt)
    expect(await offersOf(client, name)).toEqual(['hash-of-bad'])
    const { releases } = await client.read(requestFor(name).name)
    expect(releases.map(({ label, isDisabled }) => [label, isDisabled])).toEqual([
      [worst, true],
      [ids[2], false],
      [ids[1], false],
      [oldest, false],
    ])
  })

  test('a bundle that landed since is left alone', async () => {
    const { name } = await openNamed('three', 'good', 'bad')
    const layer = layerOn(server(), [name])
    const receipt = await apply(layer)
    await openNamed('three', 'mended')
    await expect(layer.undo(receipt)).rejects.toThrow(ConflictError)
    expect(await offersOf(client, name)).toEqual(['hash-of-mended'])
  })
})
