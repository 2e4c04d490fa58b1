/** Asked as an Expo device: on an imitation of a server of the expo-updates protocol, with the stand-in for Expo's command line. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { askAsExpoDevice } from '../../../src/layers/ota/expo-device.ts'
import { prepareServer } from '../../../src/layers/ota/open.ts'
import { isVerified } from '../../../src/layers/ota/verify.ts'
import { requestFor, rollBack } from '../../support/codepush/connect.ts'
import { openExpoProject } from '../../support/codepush/eas.ts'
import { startExpoServer } from '../../support/codepush/expo-server.ts'

let project: Awaited<ReturnType<typeof openExpoProject>>
let server: Awaited<ReturnType<typeof startExpoServer>>
beforeEach(async () => {
  project = await openExpoProject()
  server = await startExpoServer(project.groups)
})
afterEach(async () => {
  await server.stop()
  await project.close()
})

const open = (url = server.url) =>
  prepareServer({
    kind: 'eas',
    url,
    accessKey: '',
    folder: project.folder,
    env: project.env,
    fetch,
    now: Date.now,
    signal: new AbortController().signal,
  })()

test('a rollback on EAS is verified: devices of both platforms, on the bad group, on the good one and fresh, are asked', async () => {
  await project.publish('first')
  await project.publish('bad')
  const { decision, results } = await rollBack(await open(), [requestFor('all/production')])
  expect({ decision, problem: results[0]?.problem }).toEqual({ decision: 'rolled-back', problem: undefined })
  const devices = results[0]?.receipt?.devices ?? []
  expect(isVerified(devices)).toBe(true)
  expect(devices.map(({ asked, ok }) => [asked, ok])).toEqual([1, 2, 3].map(() => [2, true]))
  expect(new Set(server.asked.map((each) => each['expo-platform']))).toEqual(new Set(['ios', 'android']))
  expect(server.asked.map((each) => each['authorization'])).not.toContain(expect.anything())
})

test('devices that are still offered the bad group are seen, and it is not called verified', async () => {
  await project.publish('first')
  await project.publish('bad')
  await server.freeze()
  const { decision, results } = await rollBack(await open(), [requestFor('all/production')])
  expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'unverified' })
})

test('with nothing to go back to, devices are told to return to what came from the store, and asked', async () => {
  await project.publish('bad')
  const { decision, results } = await rollBack(await open(), [requestFor('ios/production')])
  expect(decision).toBe('stopped')
  expect(results[0]?.receipt?.devices.map(({ offered, ok }) => [offered, ok])).toEqual([
    ['a return to what came from the store', true],
    ['a return to what came from the store', true],
  ])
})

test('the address that devices ask is that of app.json; without it none is asked, and it is not called verified', async () => {
  await project.publish('first')
  await project.publish('bad')
  expect((await open('')).ask).toBeUndefined()
  const app = { expo: { name: 'Shop', updates: { url: server.url } } }
  await writeFile(join(project.folder, 'app.json'), JSON.stringify(app))
  const { results } = await rollBack(await open(''), [requestFor('all/production')])
  expect(isVerified(results[0]?.receipt?.devices ?? [])).toBe(true)
})

describe('an answer', () => {
  const device = { platform: 'ios', runtimeVersion: '1.0.0', channel: 'production', clientId: 'x' } as const
  const asking = (status: number, headers: Record<string, string>, body: string | null) =>
    askAsExpoDevice(
      {
        url: 'https://updates.example',
        accessKey: '',
        fetch: async () => new Response(body, { status, headers }),
        now: Date.now,
        signal: new AbortController().signal,
      },
      { ...device, updateId: undefined },
    )

  test.each([
    [
      'of a manifest alone',
      200,
      { 'content-type': 'application/expo+json' },
      '{"id":"u1"}',
      { kind: 'update', id: 'u1', group: undefined },
    ],
    ['without a body', 204, {}, null, { kind: 'nothing' }],
    [
      'with a quoted boundary',
      200,
      { 'content-type': 'multipart/mixed; boundary="a b"' },
      '--a b\r\ncontent-disposition: inline; name="directive"\r\n\r\n{"type":"rollBackToEmbedded"}\r\n--a b--',
      { kind: 'embedded' },
    ],
    ['of no parts', 200, { 'content-type': 'multipart/mixed; boundary=x' }, '--x--\r\n', { kind: 'nothing' }],
  ])('%s is understood', async (_, status, headers: Record<string, string>, body, expected) => {
    expect(await asking(status, headers, body)).toEqual(expected)
  })

  test.each([
    [200, 'text/html', '<!doctype html>'],
    [404, 'application/json', '{"error":"x"}'],
    [
      200,
      'multipart/mixed; boundary=x',
      '--x\r\ncontent-disposition: inline; name="manifest"\r\n\r\n{}\r\n--x--',
    ],
  ])('%i of %s that is none of the protocol is refused', async (status, type, body) => {
    await expect(asking(status, { 'content-type': type }, body)).rejects.toThrow(
      'with an answer that does not follow the expo-updates protocol',
    )
  })
})
