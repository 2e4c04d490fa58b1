/** What is rolled back is what devices are offered, and it is done when they are offered something good. On Microsoft's dialect. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openCodePush } from '../../../src/layers/ota/code-push.ts'
import type { RollbackRequest } from '../../../src/layers/ota/plan.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import { connect, offersOf, requestFor, rollBack, showHistory } from '../../support/codepush/connect.ts'
import { type MicrosoftServer, startMicrosoft } from '../../support/codepush/microsoft.ts'

let server: MicrosoftServer
let client: AskableServer
beforeEach(async () => {
  server = await startMicrosoft()
  server.createApp('Shop')
  client = openCodePush(connect(server), 'microsoft')
})
afterEach(() => server.stop())

const good = { content: 'good' }
const bad = { content: 'bad' }
const draft = { content: 'next', isDisabled: true }

type Bundle = Parameters<MicrosoftServer['release']>[1]
function release(...bundles: readonly Bundle[]) {
  for (const bundle of bundles) server.release('Shop', bundle)
}
const run = (changes: Partial<RollbackRequest> = {}) => rollBack(client, [requestFor('Shop', changes)])
const offered = async (binary = '1.0.0') => [
  ...new Set(await offersOf(client, 'Shop', { binary, count: 50 })),
]
const history = () => showHistory(client, 'Shop')
const call = (path: string, body: object = {}, method = 'POST') =>
  fetch(`${server.url}/apps/Shop/deployments/Production${path}`, {
    method,
    headers: { authorization: `Bearer ${server.accessKey}` },
    body: JSON.stringify(body),
  })
const disable = (label: string) =>
  call('/release', { packageInfo: { label, isDisabled: true, appVersion: null } }, 'PATCH')

describe('a disabled draft on top', () => {
  beforeEach(() => release(good, bad, draft))

  test('is not what a plain run takes back: that is what devices are offered', async () => {
    const { decision, plans, results } = await run()
    expect({ decision, problem: results[0]?.problem }).toEqual({
      decision: 'rolled-back',
      problem: undefined,
    })
    expect(plans[0]).toMatchObject({ bad: { label: 'v2' }, good: { label: 'v1' } })
    expect(plans[0]?.warnings).toEqual([
      'v3 (for 1.0.0) is the newest release and is disabled: it is not changed, and the rollback adds a newer release; to release it later, promote it',
    ])
    expect(await offered()).toEqual(['hash-of-good'])
    expect(await history()).toBe('v4<v1 v3! v2! v1')
    expect((await run()).decision).toBe('already-rolled-back')
    expect((await run({ from: 'v2' })).decision).toBe('already-rolled-back')
    expect(await history()).toBe('v4<v1 v3! v2! v1')
  })

  test('does not supersede the release that the caller knows as bad', async () => {
    expect((await run({ from: 'v2' })).decision).toBe('rolled-back')
    expect(await offered()).toEqual(['hash-of-good'])
  })

  test('is not what is stopped', async () => {
    const { decision, plans } = await run({ mode: 'stop' })
    expect({ decision, plan: plans[0] }).toMatchObject({
      decision: 'stopped',
      plan: { bad: { label: 'v2' }, fallback: { label: 'v1' } },
    })
    expect(await offered()).toEqual(['hash-of-good'])
    expect(await history()).toBe('v3! v2! v1')
    expect((await run({ mode: 'stop', from: 'v2' })).decision).toBe('stopped')
  })

  test('of two of them, and one for another binary, none is taken for the bad one', async () => {
    release({ content: 'later', isDisabled: true }, { content: 'other', binary: '2.0.0', isDisabled: true })
    expect((await run()).decision).toBe('rolled-back')
    expect(await history()).toBe('v6<v1 v5! v4! v3! v2! v1')
    expect(await offered()).toEqual(['hash-of-good'])
  })

  test('with the content of the good release does not stand for the rollback', async () => {
    release({ content: 'good', isDisabled: true })
    expect((await run({ from: 'v2' })).decision).toBe('rolled-back')
    expect(await history()).toBe('v5<v1 v4! v3! v2! v1')
  })

  test('that came while a killed run had disabled the bad one does not change what is bad', async () => {
    server.createApp('Shop')
    release(good, bad)
    server.fault({ method: 'POST', path: '/rollback', answer: { status: 403, body: 'killed here' } })
    expect((await run()).decision).toBe('failed')
    release(draft)
    expect((await run()).decision).toBe('rolled-back')
    expect(await history()).toBe('v4<v1 v3! v2! v1')
  })
})

describe('a disabled newest release that nobody explains is a question to the user', () => {
  test('when devices are offered nothing', async () => {
    release({ ...good, isDisabled: true }, draft)
    const { decision, results } = await run()
    expect(decision).toBe('failed')
    expect(results[0]?.problem).toMatch(
      /^Shop\/Production: v2 \(for 1\.0\.0\) is the newest release and is disabled, and no rollback disabled it; .* Write the label of the bad release in `from-label`/,
    )
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test('when what devices are offered has nothing to go back to: it may be the good one', async () => {
    release(good, bad)
    await disable('v2')
    const { decision, results } = await run()
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'refused' })
    expect(await offered()).toEqual(['hash-of-good'])
    expect((await run({ from: 'v2' })).decision).toBe('rolled-back')
    expect(await offered()).toEqual(['hash-of-good'])
  })
})

describe('the same bad package', () => {
  test('released for two binaries is taken back for both, and devices of both are asked', async () => {
    release({ ...good, binary: '2.0.0' }, good, bad, { ...bad, binary: '2.0.0' })
    const { decision, results } = await run()
    expect(decision).toBe('rolled-back')
    expect(results.map(({ plan }) => plan.binary)).toEqual(['1.0.0', '2.0.0'])
    expect(results.map(({ receipt }) => receipt?.devices.map(({ binary, ok }) => [binary, ok]))).toEqual([
      [1, 2, 3].map(() => ['1.0.0', true]),
      [1, 2, 3].map(() => ['2.0.0', true]),
    ])
    expect(await offered()).toEqual(['hash-of-good'])
    expect(await offered('2.0.0')).toEqual(['hash-of-good'])
    const again = await run()
    expect(again.decision).toBe('already-rolled-back')
    expect(again.results).toHaveLength(2)
  })

  test('under another release for the binary is not on offer, and left', async () => {
    release({ ...bad, binary: '2.0.0' }, { content: 'fixed', binary: '2.0.0' }, good, bad)
    const { results, decision } = await run()
    expect({ decision, count: results.length }).toEqual({ decision: 'rolled-back', count: 1 })
    expect(await offered('2.0.0')).toEqual(['hash-of-fixed'])
  })

  test('for a second binary with nothing to go back to is halted there, and said', async () => {
    release(good, bad, { ...bad, binary: '2.0.0', rollout: 25 })
    const { decision, results } = await run()
    expect(decision).toBe('partial')
    expect(results.map(({ reasonCode }) => reasonCode)).toEqual(['restored', 'no-target'])
    expect(await offered()).toEqual(['hash-of-good'])
    expect(await offered('2.0.0')).toEqual(['nothing'])
  })

  test('of overlapping ranges goes back for the wider one first, so that the narrower keeps its own', async () => {
    release(
      { content: 'wide', binary: '^1.0.0' },
      { content: 'narrow', binary: '1.2.0' },
      { ...bad, binary: '^1.0.0' },
      { ...bad, binary: '1.2.0' },
    )
    expect((await run()).decision).toBe('rolled-back')
    expect(await offered('1.0.0')).toEqual(['hash-of-wide'])
    expect(await offered('1.2.0')).toEqual(['hash-of-narrow'])
  })

  test('on another channel of the run is planned with it', async () => {
    server.createApp('Other')
    server.release('Other', { ...good, binary: '2.0.0' })
    server.release('Other', { ...bad, binary: '2.0.0' })
    server.release('Other', { content: 'fine' })
    release(good, bad)
    const other = requestFor('Other', { from: 'v3' })
    server.release('Other', { content: 'finer' })
    const { results } = await rollBack(client, [requestFor('Shop'), other])
    expect(results.map(({ plan, reasonCode }) => [plan.channel.name.app, plan.binary, reasonCode])).toEqual([
      ['Shop', '1.0.0', 'restored'],
      ['Other', '2.0.0', 'restored'],
      ['Other', '1.0.0', 'superseded'],
    ])
  })

  test('of a binary that the user limited the run away from is left, said, and not called verified', async () => {
    release({ ...good, binary: '2.0.0' }, good, bad, { ...bad, binary: '2.0.0' })
    const { plans, results } = await run({ binary: '1.0.0' })
    expect(results).toHaveLength(1)
    expect(plans[0]?.leftAlone.map(({ label }) => label)).toEqual(['v4'])
    expect(plans[0]?.warnings).toEqual([
      'v4 (for 2.0.0) is also bad, and is still offered: the rollback is limited to other binaries',
    ])
    expect(await offered('2.0.0')).toEqual(['hash-of-bad'])
  })
})

test('a copy that the server calls identical with what is on top is not needed: disabling is enough', async () => {
  release(
    { ...good, binary: '1.0.0' },
    bad,
    { ...good, binary: '1.x', isDisabled: true },
    { ...good, binary: '1.x' },
  )
  server.release('Shop', { ...bad, content: 'worse', binary: '1.0.0' })
  server.release('Shop', { ...good, binary: '*' })
  const { results } = await run({ from: 'v5' })
  expect(results[0]?.reasonCode).not.toBe('refused')
  expect(await offered()).toEqual(['hash-of-good'])
})

describe('known-bad', () => {
  test.each([[['V2']], [['v99']], [['v1', 'V2, v99']]])(
    '%j has a label that there is not, which is an error',
    async (knownBad) => {
      release(good, bad)
      await expect(run({ knownBad })).rejects.toThrow(
        /^`known-bad` has "(V2|v99|V2, v99)", which is not a release of Shop\/Production; write one of v2, v1$/,
      )
      expect(await history()).toBe('v2 v1')
    },
  )

  test('names a label of any of the channels', async () => {
    server.createApp('Other')
    for (const each of [good, bad]) server.release('Other', each)
    release({ content: 'oldest' }, good, bad)
    const requests = ['Shop', 'Other'].map((app) => requestFor(app, { knownBad: ['v3'] }))
    expect((await rollBack(client, requests)).decision).toBe('rolled-back')
  })

  test.each(['^1.0.0', '1.x', '*'])(
    'is honoured for a release under a covering range, %s',
    async (binary) => {
      release({ content: 'burnt', binary }, bad)
      const { decision, results } = await run({ knownBad: ['v1'] })
      expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
      expect(await offered()).toEqual(['nothing'])
    },
  )

  test('is honoured for the same package under another range', async () => {
    release({ content: 'burnt', binary: '^1.0.0' }, { content: 'oldest' }, { content: 'burnt' }, bad)
    const { results } = await run({ knownBad: ['v1'] })
    expect(results.map(({ plan, reasonCode }) => [plan.binary, reasonCode])).toEqual([
      ['^1.0.0', 'no-target'],
      ['1.0.0', 'restored'],
    ])
    expect(await offered()).toEqual(['hash-of-oldest'])
    expect(await offered('1.1.0')).toEqual(['nothing'])
  })

  test('is honoured when the release is stopped: nothing that is known to be bad comes in its place', async () => {
    release({ content: 'burnt', binary: '1.x' }, bad)
    expect((await run({ mode: 'stop', knownBad: ['v1'] })).decision).toBe('stopped')
    expect(await offered()).toEqual(['nothing'])
  })
})

describe('done is when devices are offered something good', () => {
  test('a promotion of the bad release onto itself is no rollback', async () => {
    release(good, bad)
    // a new description makes it another release
    release({ content: 'between', binary: '2.0.0' })
    await call('/promote/Production', { packageInfo: { label: 'v2', appVersion: '1.0.0' } })
    server.copy('Shop', 'v2')
    expect((await run()).decision).toBe('rolled-back')
    expect(await offered()).toEqual(['hash-of-good'])
  })

  test('a rollback that somebody made onto a release that is named as bad is none', async () => {
    release({ content: 'oldest' }, good, bad)
    await call('/rollback/v2')
    expect((await run({ from: 'v3', knownBad: ['v2'] })).decision).toBe('rolled-back')
    expect(await offered()).toEqual(['hash-of-oldest'])
  })

  test('a rollback that somebody made past the bad release is one', async () => {
    release({ content: 'oldest' }, bad, { content: 'also bad' })
    await call('/rollback/v1')
    const { decision } = await run({ from: 'v2' })
    expect(decision).toBe('already-rolled-back')
    expect(await history()).toBe('v4<v1 v3 v2 v1')
  })

  test.each([
    [
      'the newest, bad one',
      {},
      'v2',
      /which is what devices are offered on Shop\/Production now, and no rollback put it there/,
    ],
    [
      'a release with the package of the bad one',
      {},
      'v3',
      /which is known to be bad|which is what devices are offered/,
    ],
    [
      'one that was taken back',
      { isTakenBack: true },
      'v2',
      /which is known to be bad on Shop\/Production \(v2 was rolled back\)/,
    ],
  ])(
    'a target that is %s is an error',
    async (_, { isTakenBack = false }: { isTakenBack?: boolean }, target, message) => {
      release(good, bad)
      if (isTakenBack) await run()
      else server.copy('Shop', 'v2')
      await expect(run({ target: target === 'v2' && !isTakenBack ? 'v3' : target })).rejects.toThrow(message)
    },
  )

  test('devices of one binary are offered a release for a wider range once the bad one is disabled', async () => {
    release({ ...good, binary: '^1.0.0' }, bad)
    const { decision, plans } = await run()
    expect({ decision, plan: plans[0] }).toMatchObject({
      decision: 'rolled-back',
      plan: { by: 'disabling', good: { label: 'v1' } },
    })
    expect(await offered()).toEqual(['hash-of-good'])
    expect((await run()).decision).toBe('already-rolled-back')
    expect(await history()).toBe('v2! v1')
  })
})
