/** The over-the-air layer on the dialect of Microsoft's server: its own traps, and what goes wrong on the way. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { detectKind, openCodePush } from '../../../src/layers/ota/code-push.ts'
import { planAll } from '../../../src/layers/ota/plan-all.ts'
import { applyAll, decide } from '../../../src/layers/ota/roll-back.ts'
import type { AskableServer } from '../../../src/layers/ota/update-server.ts'
import {
  connect,
  openCircumstances,
  requestFor,
  rollBack,
  showHistory,
} from '../../support/codepush/connect.ts'
import { type MicrosoftServer, startMicrosoft } from '../../support/codepush/microsoft.ts'
import { startTlsService } from '../../support/tls.ts'

let server: MicrosoftServer
let client: AskableServer
beforeEach(async () => {
  server = await startMicrosoft()
  server.createApp('Shop')
  client = openCodePush(connect(server), 'microsoft')
})
afterEach(() => server.stop())

const good = { content: 'good', description: 'first' }
const bad = { content: 'bad', isMandatory: true }

function release(...bundles: readonly Parameters<MicrosoftServer['release']>[1][]) {
  for (const bundle of bundles) server.release('Shop', bundle)
}

/** To how many of a hundred fresh devices a package is offered. */
async function shareOf(content: string, binary = '1.0.0'): Promise<number> {
  const channel = await client.read(requestFor('Shop').name)
  const offers = await Promise.all(
    Array.from({ length: 100 }, (_, number) => client.ask(channel, { binary, on: undefined, number })),
  )
  return offers.filter((offer) => offer.kind === 'update' && offer.packageHash === `hash-of-${content}`)
    .length
}

const writes = () => server.requests.filter(({ method }) => method !== 'GET')
const call = (path: string, body: object = {}) =>
  fetch(`${server.url}/apps/Shop/deployments/Production${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.accessKey}` },
    body: JSON.stringify(body),
  })

/** What the CLI's `patch --rollout 100` does. */
const finishRollout = (label: string) =>
  fetch(`${server.url}/apps/Shop/deployments/Production/release`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${server.accessKey}` },
    body: JSON.stringify({ packageInfo: { label, rollout: 100, appVersion: null } }),
  })

test('the server is told from its answer to a request without a key', async () => {
  expect(await detectKind(connect(server))).toBe('microsoft')
})

describe('the four cases', () => {
  test('flip-flop: a rollback without a label brings the bad bundle back when it is run again, ours does not', async () => {
    release(good, bad)
    await call('/rollback')
    await call('/rollback')
    expect(await showHistory(client, 'Shop')).toBe('v4<v2 v3<v1 v2 v1')
    expect(await shareOf('bad')).toBe(100)

    expect((await rollBack(client, [requestFor('Shop')])).decision).toBe('rolled-back')
    expect((await rollBack(client, [requestFor('Shop')])).decision).toBe('already-rolled-back')
    expect(await showHistory(client, 'Shop')).toBe('v5<v3 v4<v2! v3<v1 v2! v1')
    expect(await shareOf('good')).toBe(100)
  })

  test('25 % → 100 %: a rollback onto a disabled release offers the bad one to all, ours to none', async () => {
    release(good, { content: 'withdrawn', isDisabled: true }, { ...bad, rollout: 25 })
    const part = await shareOf('bad')
    expect(part).toBeGreaterThan(5)
    expect(part).toBeLessThan(50)
    await call('/rollback')
    expect(await shareOf('bad')).toBe(100)

    server.createApp('Shop')
    release(good, { content: 'withdrawn', isDisabled: true }, { ...bad, rollout: 25 })
    const { decision, results } = await rollBack(client, [requestFor('Shop')])
    expect({ decision, good: results[0]?.receipt?.good?.label }).toEqual({
      decision: 'rolled-back',
      good: 'v1',
    })
    expect(await shareOf('bad')).toBe(0)
    expect(await shareOf('good')).toBe(100)
  })

  test('two binaries: the older one goes back, and devices of the newer one keep theirs', async () => {
    release(good, bad, { content: 'other', binary: '2.0.0' })
    expect((await call('/rollback/v1')).status).toBe(409)
    const { decision } = await rollBack(client, [requestFor('Shop', { binary: '1.0.0' })])
    expect(decision).toBe('rolled-back')
    expect(await showHistory(client, 'Shop')).toBe('v4<v1 v3 v2! v1')
    expect(await shareOf('good')).toBe(100)
    expect(await shareOf('other', '2.0.0')).toBe(100)
    expect((await rollBack(client, [requestFor('Shop', { binary: '1.0.0' })])).decision).toBe(
      'already-rolled-back',
    )
  })

  test('four in parallel: the server says yes to four and makes one; ours look, and agree on what is there', async () => {
    // long enough that all four read before one writes, on a busy machine, too
    await server.stop()
    server = await startMicrosoft({ storageMs: 200 })
    server.createApp('Shop')
    client = openCodePush(connect(server), 'microsoft')
    release(good, bad, { content: 'worse' })
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await call('/rollback/v1')).status))
    expect(statuses).toEqual([201, 201, 201, 201])
    expect(await showHistory(client, 'Shop')).toBe('v4<v1 v3 v2 v1')

    server.createApp('Shop')
    release(good, bad)
    const runs = await Promise.all([1, 2, 3, 4].map(() => rollBack(client, [requestFor('Shop')])))
    expect(runs.map(({ results }) => results[0]?.problem)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(await shareOf('good')).toBe(100)
    const { releases } = await client.read(requestFor('Shop').name)
    for (const { results } of runs) {
      const label = results[0]?.receipt?.now?.label
      expect(releases.find((each) => each.label === label)?.packageHash).toBe('hash-of-good')
    }
  })
})

test('all is read and planned, the bad one disabled, the good one put on top by its label, marked, read, and asked for', async () => {
  release(good, bad)
  const before = server.requests.length
  await rollBack(client, [requestFor('Shop')])
  const path = '/apps/Shop/deployments/Production'
  const steps = server.requests
    .slice(before)
    .map(({ method, path: asked }) => `${method} ${asked}`)
    .filter((step) => step !== 'GET /apps/Shop/deployments')
  expect(steps.slice(0, 2)).toEqual([`GET ${path}/history`, `GET ${path}/history`])
  const writing = steps.filter((step) => !step.startsWith('GET'))
  expect(writing).toEqual([`PATCH ${path}/release`, `POST ${path}/rollback/v1`, `PATCH ${path}/release`])
  // what changes anything for devices is read before anything else is done
  for (const write of writing.slice(0, 2)) expect(steps[steps.indexOf(write) + 1]).toBe(`GET ${path}/history`)
  expect(steps.at(-1)).toBe('GET /v0.1/public/codepush/update_check')
  const { releases } = await client.read(requestFor('Shop').name)
  expect(releases.map(({ label, description, isDisabled }) => ({ label, description, isDisabled }))).toEqual([
    {
      label: 'v3',
      description: 'first [rollback of v2, incident production-0123456789ab]',
      isDisabled: false,
    },
    { label: 'v2', description: '[rolled back, incident production-0123456789ab]', isDisabled: true },
    { label: 'v1', description: 'first', isDisabled: false },
  ])
})

describe('the plan', () => {
  test('passes over releases that are disabled, have the same content, or were ever rolled back', async () => {
    release({ content: 'oldest' }, good, { content: 'withdrawn', isDisabled: true })
    release({ content: 'burnt' })
    await call('/rollback/v2')
    release(bad, bad)
    const [plan] = await planAll(client, [requestFor('Shop')])
    expect(plan).toMatchObject({ kind: 'roll-back', bad: { label: 'v7' }, good: { label: 'v5' } })
    expect(writes().map(({ path }) => path)).toEqual(['/apps/Shop/deployments/Production/rollback/v2'])
  })

  test('passes over what the user calls bad', async () => {
    release({ content: 'oldest' }, good, bad)
    const [plan] = await planAll(client, [requestFor('Shop', { knownBad: ['v2'] })])
    expect(plan).toMatchObject({ good: { label: 'v1' } })
  })

  test('names the label that is disabled when it is the target', async () => {
    release({ ...good, isDisabled: true }, bad)
    await expect(planAll(client, [requestFor('Shop', { target: 'v1' })])).rejects.toThrow(
      '`target` is v1 (for 1.0.0), which is disabled on Shop/Production',
    )
  })

  test('halts a release when all older ones are bad, and those with it, so that no device gets them', async () => {
    release({ content: 'burnt' }, bad)
    const { decision, results } = await rollBack(client, [requestFor('Shop', { knownBad: ['v1'] })])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
    expect(results[0]?.problem).toContain('v1 is known to be bad (v1 was named as bad)')
    expect(await showHistory(client, 'Shop')).toBe('v2! v1!')
    expect((await shareOf('burnt')) + (await shareOf('bad'))).toBe(0)
  })

  test('does not fight an unfinished rollout for another binary, which the server refuses to build on', async () => {
    release(good, bad, { content: 'other', binary: '2.0.0', rollout: 10 })
    const request = requestFor('Shop', { binary: '1.0.0' })
    const { decision, results } = await rollBack(client, [request])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'stopped', code: 'no-target' })
    expect(results[0]?.problem).toBe(
      'Shop/Production: v2 (for 1.0.0) was halted: devices are offered v1 (for 1.0.0) instead. v1 cannot be put in its place: the newest release, v3 (for 2.0.0), is offered to 10 % of its devices, and the server accepts no new release until that rollout ends. Finish or disable that rollout, then run this again',
    )
    expect(await shareOf('good')).toBe(100)
    expect(await showHistory(client, 'Shop')).toBe('v3 v2! v1')
    // run again it says the same, and once the rollout is over it does the rest
    expect((await rollBack(client, [request])).decision).toBe('stopped')
    await finishRollout('v3')
    expect((await rollBack(client, [request])).decision).toBe('rolled-back')
    expect(await showHistory(client, 'Shop')).toBe('v4<v1 v3 v2! v1')
  })

  test('does not take a newer release from devices that both are for', async () => {
    release(
      { ...good, binary: '^1.0.0' },
      { ...bad, binary: '^1.0.0' },
      { content: 'other', binary: '1.2.0' },
    )
    const { decision, results } = await rollBack(client, [requestFor('Shop', { from: 'v2' })])
    expect(decision).toBe('stopped')
    expect(results[0]?.problem).toContain(
      'v2 (for ^1.0.0) was halted: devices are offered v1 (for ^1.0.0) instead. v1 cannot be put in its place: v3 (for 1.2.0) is newer than v2 (for ^1.0.0) and for some of the same binaries: a newer copy would take v3 from its devices',
    )
    expect(await shareOf('good', '1.0.0')).toBe(100)
    expect(await shareOf('other', '1.2.0')).toBe(100)
    expect(await showHistory(client, 'Shop')).toBe('v3 v2! v1')
  })

  test('takes two ways to write the same range for one', async () => {
    release({ ...good, binary: '^1.0.0' }, { ...bad, binary: '1.x' })
    const { results } = await rollBack(client, [requestFor('Shop')])
    expect(results[0]?.plan).toMatchObject({ by: 'promotion' })
    expect(results[0]?.problem).toBeUndefined()
    expect(await shareOf('good', '1.4.2')).toBe(100)
  })

  test('mode stop halts the release, and devices are offered the one before it', async () => {
    release(good, bad)
    const { decision, results } = await rollBack(client, [requestFor('Shop', { mode: 'stop' })])
    expect({ decision, problem: results[0]?.problem }).toEqual({ decision: 'stopped', problem: undefined })
    expect(await showHistory(client, 'Shop')).toBe('v2! v1')
    expect(await shareOf('good')).toBe(100)
  })
})

describe('what lands in between', () => {
  test('a release between plan and apply is left alone, and nothing is written', async () => {
    release(good, bad)
    const plans = await planAll(client, [requestFor('Shop')])
    release({ content: 'mended' })
    const results = await applyAll(client, plans, openCircumstances().circumstances)
    expect(decide(results)).toBe('superseded')
    expect(String(results[0]?.problem)).toContain(
      'v2 is superseded by v3 (for 1.0.0), released by ci@example.test meanwhile',
    )
    expect(writes()).toEqual([])
  })

  test('a release between our two writes is left alone too', async () => {
    release(good, bad)
    // after the reads for the plan and before the disabling
    const meanwhile = () => release({ content: 'mended' })
    server.fault({ method: 'GET', path: '/history', skip: 2, meanwhile })
    const { decision } = await rollBack(client, [requestFor('Shop')])
    expect(decision).toBe('superseded')
    expect(await shareOf('mended')).toBe(100)
    expect(await showHistory(client, 'Shop')).toBe('v3 v2! v1')
  })

  test('a release in the very moment of ours is named, as it is under ours now', async () => {
    release(good, bad)
    server.fault({ method: 'POST', path: '/rollback', meanwhile: () => release({ content: 'mended' }) })
    const { decision, results } = await rollBack(client, [requestFor('Shop')])
    expect(decision).toBe('superseded')
    expect(results[0]?.problem).toContain(
      'v3 (for 1.0.0) was released at the same moment, and is under v4 (for 1.0.0) now',
    )
  })

  test('our own write that another one ran over is seen to be missing, and made again', async () => {
    release(good, bad)
    // the server says yes, and another tool's change that had read the history before is written after it
    server.fault({ method: 'POST', path: '/rollback', answer: { status: 201, body: '{}' } })
    const { decision, lines } = await rollBack(client, [requestFor('Shop')])
    expect(decision).toBe('rolled-back')
    expect(lines.join('\n')).toContain('the server does not show the change yet (attempt 1 of 3)')
    expect(await showHistory(client, 'Shop')).toBe('v3<v1 v2! v1')
  })
})

describe('a write whose answer is lost', () => {
  test.each<[string, { status: number } | 'drop']>([
    ['a 502 after the deed', { status: 502 }],
    ['a connection that is dropped after the deed', 'drop'],
  ])('%s is not made a second time', async (_, answer) => {
    release(good, bad)
    server.fault({ method: 'POST', path: '/rollback', carriedOut: true, answer })
    server.fault({ method: 'PATCH', path: '/release', carriedOut: true, answer })
    const { decision } = await rollBack(client, [requestFor('Shop')])
    expect(decision).toBe('rolled-back')
    expect(await showHistory(client, 'Shop')).toBe('v3<v1 v2! v1')
    expect(writes().filter(({ path }) => path.includes('/rollback'))).toHaveLength(1)
  })

  test('a 500 before the deed is made again after looking', async () => {
    release(good, bad)
    server.fault({ method: 'POST', path: '/rollback', answer: { status: 500, body: 'oops' } })
    const { decision } = await rollBack(client, [requestFor('Shop')])
    expect(decision).toBe('rolled-back')
    expect(await showHistory(client, 'Shop')).toBe('v3<v1 v2! v1')
  })

  test('a server that never does it is given up on, with the bad release halted', async () => {
    release(good, bad)
    server.fault({ method: 'POST', path: '/rollback', times: 99, answer: { status: 500 } })
    const { decision, results } = await rollBack(client, [requestFor('Shop')])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'unavailable' })
    expect(results[0]?.problem).toContain('did not change Shop/Production, after 3 requests')
    expect(await shareOf('bad')).toBe(0)
  })
})

describe('a server that answers devices from a cache', () => {
  beforeEach(async () => {
    release(good, bad)
    const channel = await client.read(requestFor('Shop').name)
    // what the first device that asked was told, before the rollback
    await client.ask(channel, { binary: '1.0.0', on: undefined, number: 0 })
    server.cacheAnswers()
  })

  test('is asked until the cache is over', async () => {
    let asked = 0
    server.fault({
      path: '/update_check',
      times: 99,
      meanwhile: () => {
        asked += 1
        if (asked > 6) server.forgetAnswers()
      },
    })
    const { decision } = await rollBack(client, [requestFor('Shop')], { verifyTimeoutMs: 60_000 })
    expect(decision).toBe('rolled-back')
    expect(asked).toBeGreaterThan(6)
  })

  test('is not believed after the time that the user gives it', async () => {
    const { decision, results } = await rollBack(client, [requestFor('Shop')])
    expect({ decision, code: results[0]?.reasonCode }).toEqual({ decision: 'failed', code: 'unverified' })
    expect(results[0]?.problem).toBe(
      'Shop/Production: devices with a new install are offered v2, package hash-of-bad, mandatory: check the releases on the server, or give its cache more time with `ota.verify-timeout`',
    )
  })
})

describe('two channels', () => {
  test('of which one fails are partial; a re-run does only what is left', async () => {
    for (const app of ['Shop-ios', 'Shop-android']) {
      server.createApp(app)
      server.release(app, good)
      server.release(app, bad)
    }
    const requests = [requestFor('Shop-ios'), requestFor('Shop-android')]
    server.fault({
      method: 'POST',
      path: 'Shop-ios/deployments/Production/rollback',
      answer: { status: 403, body: 'no' },
    })
    const first = await rollBack(client, requests)
    expect(first.decision).toBe('partial')
    expect(first.results.map(({ reasonCode }) => reasonCode)).toEqual(['refused', 'restored'])
    const before = writes().length
    const second = await rollBack(client, requests)
    expect(second.results.map(({ reasonCode }) => reasonCode)).toEqual(['restored', 'done-before'])
    expect(second.decision).toBe('rolled-back')
    const done = writes()
      .slice(before)
      .map(({ method, path }) => `${method} ${path}`)
    expect(done.every((each) => each.includes('Shop-ios'))).toBe(true)
  })
})

describe('what is no update server', () => {
  const page = '<!doctype html><title>Sign in</title>'
  test.each<[string, { status: number; headers?: Record<string, string>; body?: string }, string]>([
    [
      'a web page in place of JSON',
      { status: 200, body: page },
      'answered 200 with a web page in place of data; write the address',
    ],
    [
      'a redirect to a log-in page',
      { status: 302, headers: { location: 'https://sso.example.com/login?token=abc' } },
      'redirects to https://sso.example.com/login, which an update server does not do',
    ],
    [
      'JSON of another shape',
      { status: 200, body: '{"deployments":[{}]}' },
      'did not answer as an update server does: deployments.0.name',
    ],
    ['a refusal', { status: 403, body: 'no' }, '(no): the account of the key'],
  ])('%s is said as what it is', async (_, answer, message) => {
    server.fault({ path: '/deployments', times: 9, answer })
    await expect(planAll(client, [requestFor('Shop')])).rejects.toThrow(message)
  })

  test('a server that is away for a moment is waited for', async () => {
    release(good, bad)
    server.fault({ path: '/history', times: 2, answer: { status: 503 } })
    expect((await planAll(client, [requestFor('Shop')]))[0]?.kind).toBe('roll-back')
  })

  test('an address that nothing listens on is named', async () => {
    const other = openCodePush(connect({ url: 'http://127.0.0.1:9', accessKey: 'x' }), 'microsoft')
    await expect(other.read(requestFor('Shop').name)).rejects.toThrow(
      /could not ask http:\/\/127\.0\.0\.1:9\/apps\/Shop\/deployments/,
    )
  })

  test('a certificate that nobody trusts is refused, and what to do about one of one’s own is said', async () => {
    const untrusted = await startTlsService({ days: 30 })
    const url = untrusted.url.replace(/\/$/, '')
    const other = openCodePush(connect({ url, accessKey: server.accessKey }), 'microsoft')
    await expect(other.read(requestFor('Shop').name)).rejects.toThrow(
      /the TLS connection failed.*NODE_EXTRA_CA_CERTS/,
    )
    await untrusted.stop()
  })

  test('TLS that is not there is no reason to send the key in the clear', async () => {
    const url = server.url.replace('http:', 'https:')
    const other = openCodePush(connect({ url, accessKey: server.accessKey }), 'microsoft')
    await expect(other.read(requestFor('Shop').name)).rejects.toThrow(
      /the TLS connection failed.*NODE_EXTRA_CA_CERTS/,
    )
  })
})
