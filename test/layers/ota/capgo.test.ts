/**
 * The over-the-air layer on Capgo. Its service cannot be reached by tests: a server stands in for it, in the shapes of its published
 * source. It was not tried against the live service.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openCapgo } from '../../../src/layers/ota/capgo.ts'
import { prepareServer } from '../../../src/layers/ota/open.ts'
import { undoRollback } from '../../../src/layers/ota/undo.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import { isVerified } from '../../../src/layers/ota/verify.ts'
import { startCapgo } from '../../support/codepush/capgo.ts'
import { connect, openCircumstances, requestFor, rollBack } from '../../support/codepush/connect.ts'

let server: Awaited<ReturnType<typeof startCapgo>>
let client: AskableServer
beforeEach(async () => {
  server = await startCapgo()
  client = openCapgo(connect(server))
})
afterEach(() => server.stop())

const production = (changes = {}) => requestFor(`${server.app}/production`, changes)
const points = () => server.written.filter(([path]) => path === '/channel').map(([, body]) => body)
const offered = async (on?: string) => {
  const channel = await client.read(production().name)
  const running = on === undefined ? undefined : { label: on, packageHash: `sum-of-${on}` }
  return client.ask(channel, { platform: 'android', binary: 'all', on: running, number: 0 })
}

test('the channel goes back to the bundle before, and devices of both platforms agree', async () => {
  server.upload('1.0.0')
  server.upload('1.0.1')
  const { decision, results } = await rollBack(client, [production()])
  expect({ decision, problem: results[0]?.problem }).toEqual({ decision: 'rolled-back', problem: undefined })
  expect(points()).toEqual([{ app_id: server.app, channel: 'production', version: '1.0.0', rollback: true }])
  const devices = results[0]?.receipt?.devices ?? []
  expect(devices.map(({ device, asked, ok }) => [device, asked, ok])).toEqual([
    ['on 1.0.1, which was rolled back,', 2, true],
    ['on 1.0.0, the good one,', 2, true],
    ['with a new install', 2, true],
  ])
  expect(isVerified(devices)).toBe(true)
  expect(await offered('1.0.1')).toMatchObject({ kind: 'update', label: '1.0.0' })
  expect(server.comment('1.0.1')).toBe('[rolled back, incident production-0123456789ab]')
  expect(server.comment('1.0.0')).toBe('[rollback of 1.0.1, incident production-0123456789ab]')
})

test('it is run again and does nothing; so is it with the bad bundle named', async () => {
  server.upload('1.0.0')
  server.upload('1.0.1')
  await rollBack(client, [production()])
  expect((await rollBack(client, [production()])).decision).toBe('already-rolled-back')
  expect((await rollBack(client, [production({ from: '1.0.1' })])).decision).toBe('already-rolled-back')
  expect(points()).toHaveLength(1)
})

test('the bad bundle is not gone back to from a later bad one', async () => {
  server.upload('1.0.0')
  server.upload('1.0.1')
  await rollBack(client, [production()])
  server.upload('1.0.2')
  const { decision, results } = await rollBack(client, [production()])
  expect(decision).toBe('rolled-back')
  expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
})

test('a bundle with the same content under another name is not gone back to', async () => {
  server.upload('1.0.0')
  server.upload('1.0.1', { content: 'bad' })
  server.upload('1.0.2', { content: 'bad' })
  const { results } = await rollBack(client, [production()])
  expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
})

describe('a rollout to a part of the devices', () => {
  test('is ended, and the bundle of the others is what all are offered', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1', { percent: 25 })
    const { decision, results } = await rollBack(client, [production()])
    expect(decision).toBe('rolled-back')
    expect(results[0]?.receipt).toMatchObject({ bad: { label: '1.0.1' }, now: { label: '1.0.0' } })
    expect(isVerified(results[0]?.receipt?.devices ?? [])).toBe(true)
    expect(server.channel('production')).toMatchObject({
      rollout: null,
      rolloutEnabled: false,
      rolloutBps: 0,
    })
    expect(server.comment('1.0.1')).toBe('[rolled back at 25 %, incident production-0123456789ab]')
  })

  test('that is paused is on offer all the same to devices that have it', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1', { percent: 25 })
    server.channel('production').rolloutPaused = true
    expect((await rollBack(client, [production()])).decision).toBe('rolled-back')
    expect(await offered('1.0.1')).toMatchObject({ label: '1.0.0' })
  })

  test('that is left over and switched off is reset by the rollback of the bundle of all', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1', { percent: 25 })
    server.channel('production').rolloutEnabled = false
    server.upload('1.0.2')
    const { results } = await rollBack(client, [production({ knownBad: ['1.0.1'] })])
    expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
    expect(server.channel('production').rollout).toBeNull()
  })

  test('is halted by `mode: stop` without taking the bundle of the others away', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1', { percent: 25 })
    const { decision, plans } = await rollBack(client, [production({ mode: 'stop' })])
    expect(decision).toBe('stopped')
    expect(plans[0]).toMatchObject({ kind: 'stop', fallback: { label: '1.0.0' } })
    expect(await offered()).toMatchObject({ label: '1.0.0' })
  })

  test('is put back to as many devices when it is undone', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1', { percent: 25 })
    await rollBack(client, [production()])
    await undoRollback(client, production().name, '1.0.1', openCircumstances().circumstances)
    expect(server.channel('production')).toMatchObject({ rolloutEnabled: true, rolloutBps: 2500 })
    expect(await offered('1.0.1')).toEqual({ kind: 'nothing' })
  })
})

test('with nothing to go back to, devices return to the bundle from the store', async () => {
  server.upload('1.0.0')
  const { decision, results } = await rollBack(client, [production()])
  expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
  expect(points()).toEqual([
    { app_id: server.app, channel: 'production', version: 'builtin', rollback: true },
  ])
  expect(await offered('1.0.0')).toEqual({ kind: 'embedded' })
  await rollBack(client, [production()])
  expect(points()).toHaveLength(1)
})

test('it is undone, once', async () => {
  server.upload('1.0.0')
  server.upload('1.0.1')
  await rollBack(client, [production()])
  const undo = () => undoRollback(client, production().name, '1.0.1', openCircumstances().circumstances)
  expect(await undo()).toContain(
    '1.0.1 is the newest release again; devices are offered package sum-of-1.0.1',
  )
  expect(await undo()).toContain('is the newest release already')
  expect(points()).toHaveLength(2)
  // and it may turn out to be bad after all
  expect((await rollBack(client, [production()])).decision).toBe('rolled-back')
})

describe('bundles that are newer than the one on offer', () => {
  test('of another channel are never gone forward to', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.upload('1.1.0', { channel: 'beta' })
    const { results } = await rollBack(client, [production()])
    expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
    expect(server.channel('beta').version).toBe(3)
  })

  test('the bad one, deleted since the rollback, makes no second rollback', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.upload('1.0.2')
    await rollBack(client, [production()])
    server.remove('1.0.2')
    const { decision, plans } = await rollBack(client, [production()])
    expect(decision).toBe('already-rolled-back')
    expect(plans[0]).toMatchObject({ bad: { label: '1.0.2' }, good: { label: '1.0.1' } })
    expect(points()).toHaveLength(1)
  })

  test('the one on offer, deleted before, is gone back from all the same', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.remove('1.0.1')
    const { decision, results } = await rollBack(client, [production()])
    expect(decision).toBe('rolled-back')
    expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
  })
})

describe('another bundle at the same time', () => {
  test('that landed since the bad one is left alone', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.upload('1.0.2')
    expect((await rollBack(client, [production({ from: '1.0.1' })])).decision).toBe('superseded')
    expect(points()).toEqual([])
  })

  test('that lands between the mark and the write is left alone', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    let looks = 0
    server.onRequest((path) => {
      if (path === 'GET /bundle' && ++looks === 3) server.upload('1.0.2')
    })
    const { decision } = await rollBack(client, [production()])
    expect(decision).toBe('superseded')
    expect(server.channel('production').version).toBe(3)
  })
})

describe('what goes wrong', () => {
  test.each(['before', 'after'] as const)(
    'a line that breaks %s the write: it is done, once',
    async (when) => {
      server.upload('1.0.0')
      server.upload('1.0.1')
      server.breakOnce('POST /channel', when)
      expect((await rollBack(client, [production()])).decision).toBe('rolled-back')
      expect(points()).toHaveLength(1)
    },
  )

  test('killed after the mark and before the write: the next run does what is left', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    await client.describe(production().name, '1.0.1', '[rolled back, incident production-0123456789ab]')
    expect((await rollBack(client, [production()])).decision).toBe('rolled-back')
  })

  test('a wrong key, an unknown app and an unknown channel are named, and nothing is written', async () => {
    server.upload('1.0.0')
    const other = openCapgo(connect({ ...server, accessKey: 'wrong' }))
    await expect(other.read(production().name)).rejects.toThrow(/does not accept the key in `ota.access-key`/)
    await expect(client.read(requestFor(`${server.app}/staging`).name)).rejects.toThrow(
      'has no channel "staging" (it has production)',
    )
    await expect(client.read(requestFor('com.example.other/production').name)).rejects.toThrow(
      'has no app "com.example.other" that this key may read',
    )
    expect(server.written).toEqual([])
  })

  test('a private channel is rolled back, and not called verified', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.channel('production').public = false
    const { decision, results } = await rollBack(client, [production()])
    expect(decision).toBe('rolled-back')
    expect(results[0]?.receipt?.devices).toEqual([])
  })

  test('a channel that holds back what is older than the binary leaves devices on the bad bundle: that is no success', async () => {
    server.upload('1.9.0')
    server.upload('2.0.0')
    const { decision, results } = await rollBack(client, [production()])
    expect(decision).toBe('failed')
    expect(results[0]?.reasonCode).toBe('unverified')
  })

  test('a platform that the channel is not for is not asked', async () => {
    server.upload('1.0.0')
    server.upload('1.0.1')
    server.channel('production').ios = false
    const { decision, results } = await rollBack(client, [production()])
    expect(decision).toBe('rolled-back')
    expect(results[0]?.receipt?.devices.map(({ asked }) => asked)).toEqual([1, 1, 1])
  })
})

test('an app with more bundles than a page has them all, and the same devices ask every time', async () => {
  for (let n = 0; n < 51; n += 1) server.upload(`1.0.${n}`, { content: n === 0 ? 'good' : 'bad' })
  const { results } = await rollBack(client, [production()])
  expect(results[0]?.receipt?.now?.label).toBe('1.0.0')
  await rollBack(client, [production()])
  expect(server.devices.size).toBe(1)
})

test('it is opened by its name', async () => {
  server.upload('1.0.0')
  const opened = await prepareServer({ ...connect(server), kind: 'capgo', folder: '.', env: {} })()
  expect(opened.kind).toBe('capgo')
  expect((await opened.read(production().name)).releases).toHaveLength(1)
})
