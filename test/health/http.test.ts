import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { prepareHttpCheck } from '../../src/health/checks/http/check.ts'
import type { Reading } from '../../src/health/reading.ts'
import {
  type Behaviour,
  freePort,
  type MisbehavingService,
  startMisbehavingService,
} from '../support/misbehaving-service.ts'
import { bad, good, httpCheckOf, noon } from './example.ts'

let service: MisbehavingService
let other: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
  other = await startMisbehavingService()
})
afterAll(async () => {
  await service.stop()
  await other.stop()
})

/** Long enough for a busy machine to answer in; what never answers takes as long. */
const timeoutMs = 2000

function prepare(check: object, env: Readonly<Record<string, string>> = {}) {
  const surroundings = {
    fetch,
    env,
    timeoutMs,
    intervalMs: 15_000,
    plannedPolls: 21,
    deployedAt: undefined,
    now: () => performance.now(),
  }
  return prepareHttpCheck(httpCheckOf({ url: service.url, ...check }), surroundings)
}

async function probe(check: object = {}, signal = new AbortController().signal): Promise<Reading> {
  return prepare(check).look(noon, signal)
}

describe('a probe that says the service is well', () => {
  test.each<[string, Behaviour, object]>([
    ['a status of 200', good, {}],
    ['a status of 204', { kind: 'raw', status: 204 }, {}],
    ['the status that is asked for', { kind: 'raw', status: 418 }, { expect: { status: [200, 418] } }],
    [
      'the text that is asked for',
      { kind: 'raw', status: 200, body: '<h1>Shop</h1>' },
      { expect: { body: '<h1>' } },
    ],
    ['an answer behind five redirects', { kind: 'redirect', times: 5 }, { expect: { body: 'arrived' } }],
    ['a redirect where one is asked for', { kind: 'redirect', times: 1 }, { expect: { status: [302] } }],
    ['a long answer, of which 1 MiB is read', { kind: 'drip', bytes: 1024 * 1024 + 1 }, {}],
    ['an answer in time', { kind: 'answer', delayMs: 20 }, { expect: { 'max-latency': '2s' } }],
  ])('%s', async (_name, behaviour, check) => {
    service.behave(behaviour)
    expect(await probe(check)).toMatchObject({ kind: 'value', value: 0, note: '0 of 1 probes failed' })
  })
})

describe('a probe that is evidence against the service, and says why in words that hold nothing of the answer', () => {
  test.each<[string, Behaviour, object, string]>([
    ['a status of 500', bad, {}, 'status 500'],
    ['a status of 404', { kind: 'raw', status: 404 }, {}, 'status 404'],
    ['another status than the one asked for', good, { expect: { status: [204] } }, 'status 200'],
    ['a text that is missing', good, { expect: { body: '<h1>' } }, 'the expected text was not there'],
    [
      'a text behind the first 1 MiB',
      { kind: 'flood', bytes: 1024 * 1024 + 100, end: '<h1>' },
      { expect: { body: '<h1>' } },
      'the expected text was not there in the first 1 MiB',
    ],
    ['an answer that never comes', { kind: 'hang' }, {}, 'no complete answer within 2s'],
    ['an answer that never ends', { kind: 'drip' }, {}, 'no complete answer within 2s'],
    [
      'an answer that is slower than agreed',
      { kind: 'answer', delayMs: 60 },
      { expect: { 'max-latency': '20ms' } },
      'slower than 20ms',
    ],
    ['a connection that is dropped', { kind: 'drop' }, {}, 'the connection was dropped (UND_ERR_SOCKET)'],
    ['an answer that is not HTTP', { kind: 'garble' }, {}, 'the answer is not valid HTTP (HTTPParserError)'],
    ['a circle of redirects', { kind: 'redirect', times: 1000 }, {}, 'more than 5 redirects'],
    [
      'a redirect to somewhere that is no web address',
      { kind: 'redirect', times: 1, to: 'file:///etc/passwd' },
      {},
      'a redirect to an address that is not http or https',
    ],
  ])('%s', async (_name, behaviour, check, why) => {
    service.behave(behaviour)
    expect(await probe(check)).toMatchObject({
      kind: 'value',
      value: 1,
      note: `1 of 1 probes failed: 1 × ${why}`,
    })
  })

  test('a connection that is refused', async () => {
    expect(await probe({ url: `http://127.0.0.1:${await freePort()}` })).toMatchObject({
      value: 1,
      note: '1 of 1 probes failed: 1 × the connection was refused (ECONNREFUSED)',
    })
  })
})

describe('a probe that could not look, because the fault may be ours', () => {
  test.each([
    [
      'a host name that is not found',
      'http://shop.invalid/',
      /the host name was not found \((ENOTFOUND|EAI_AGAIN)\)/,
    ],
    [
      'a port that fetch never asks',
      'http://127.0.0.1:6666/',
      /web clients refuse to ask this port \(BAD_PORT\)/,
    ],
  ])('%s', async (_name, url, why) => {
    expect(await probe({ url })).toEqual({
      kind: 'error',
      note: expect.stringMatching(new RegExp(`^${url} could not be probed: ${why.source}$`)),
    })
  })

  test('a TLS connection that fails', async () => {
    const reading = await probe({ url: service.url.replace('http:', 'https:') })
    expect(reading).toMatchObject({
      kind: 'error',
      note: expect.stringContaining('the TLS connection failed'),
    })
  })
})

describe('what is measured', () => {
  test('the error rate is that of the last probes, and the counts are those of all', async () => {
    const { look } = prepare({ for: '30s' })
    const { signal } = new AbortController()
    const readings: Reading[] = []
    for (const [round, behaviour] of [good, bad, bad, good, good].entries()) {
      service.behave(behaviour)
      readings.push(await look(noon + round * 15_000, signal))
    }
    expect(readings).toMatchObject([
      { value: 0, counts: { bad: 0, of: 1 }, recovering: true },
      { value: 0.5, counts: { bad: 1, of: 2 }, recovering: false },
      { value: 1, counts: { bad: 2, of: 3 }, recovering: false },
      { value: 0.5, counts: { bad: 2, of: 4 }, recovering: true },
      { value: 0, counts: { bad: 2, of: 5 }, recovering: true },
    ])
  })

  test('the different failures are counted, the most frequent first', async () => {
    const { look } = prepare({})
    const { signal } = new AbortController()
    for (const behaviour of [bad, { kind: 'drop' }, { kind: 'drop' }] satisfies Behaviour[]) {
      service.behave(behaviour)
      await look(noon, signal)
    }
    service.behave(good)
    expect(await look(noon, signal)).toMatchObject({
      note: '3 of 4 probes failed: 2 × the connection was dropped (UND_ERR_SOCKET), 1 × status 500',
    })
  })

  test('the response time is the time to the whole answer', async () => {
    service.behave({ kind: 'answer', delayMs: 80 })
    const reading = await probe({ metric: 'response-time' })
    expect(reading).toMatchObject({ kind: 'value', counts: { bad: 0, of: 1 } })
    expect(reading.kind === 'value' && reading.value).toBeGreaterThan(70)
    expect(reading.kind === 'value' && reading.value).toBeLessThan(timeoutMs)
  })

  test('a wrong answer is infinitely slow, however fast it came', async () => {
    service.behave(bad)
    expect(await probe({ metric: 'response-time' })).toMatchObject({ value: Number.POSITIVE_INFINITY })
  })
})

test('a secret header goes to the address of the check, and with a redirect to the same server only', async () => {
  const check = {
    headers: { 'x-key': { env: 'KEY' }, authorization: { env: 'TOKEN' }, 'x-tenant': 'shop' },
  }
  const { look } = prepare(check, { KEY: 'canary-key', TOKEN: 'Bearer canary-token' })
  const { signal } = new AbortController()

  service.behave({ kind: 'redirect', times: 1 })
  await look(noon, signal)
  expect(
    service.seen.slice(-2).map(({ url, headers }) => [url, headers['x-key'], headers.authorization]),
  ).toEqual([
    ['/', 'canary-key', 'Bearer canary-token'],
    ['/?hop=1', 'canary-key', 'Bearer canary-token'],
  ])

  other.behave(good)
  service.behave({ kind: 'redirect', times: 1, to: other.url })
  await look(noon, signal)
  expect(other.seen).toHaveLength(1)
  expect(other.seen[0]?.headers).toMatchObject({ 'x-tenant': 'shop' })
  expect(JSON.stringify(other.seen[0]?.headers)).not.toContain('canary')
})

test('a cancelled job ends a probe at once', async () => {
  service.behave({ kind: 'hang' })
  const job = new AbortController()
  const surroundings = {
    fetch,
    env: {},
    timeoutMs: 20_000,
    intervalMs: 15_000,
    plannedPolls: 21,
    deployedAt: undefined,
    now: Date.now,
  }
  const probing = prepareHttpCheck(httpCheckOf({ url: service.url }), surroundings).look(noon, job.signal)
  const startedAt = performance.now()
  setTimeout(() => job.abort(new Error('the job was cancelled')), 20)
  await expect(probing).rejects.toThrow('the job was cancelled')
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

describe('of a host with several addresses', () => {
  const failWith = (...codes: readonly string[]): typeof fetch => {
    const errors = codes.map((code) => Object.assign(new Error(`connect ${code}`), { code }))
    const cause = Object.assign(new AggregateError(errors), { code: codes[0] })
    return () => Promise.reject(new TypeError('fetch failed', { cause }))
  }
  const surroundings = {
    env: {},
    timeoutMs,
    intervalMs: 15_000,
    plannedPolls: 21,
    deployedAt: undefined,
    now: () => 0,
  }
  const { signal } = new AbortController()

  test('one that refuses is an outage, though another cannot be reached from here', async () => {
    const fetch = failWith('ENETUNREACH', 'ECONNREFUSED')
    const { look } = prepareHttpCheck(httpCheckOf({ url: 'http://shop.example.com/' }), {
      ...surroundings,
      fetch,
    })
    expect(await look(noon, signal)).toMatchObject({
      value: 1,
      note: '1 of 1 probes failed: 1 × the connection was refused (ECONNREFUSED)',
    })
  })

  test('none that can be reached from here is our own fault', async () => {
    const fetch = failWith('ENETUNREACH', 'ENETUNREACH')
    const { look } = prepareHttpCheck(httpCheckOf({ url: 'http://shop.example.com/' }), {
      ...surroundings,
      fetch,
    })
    expect(await look(noon, signal)).toMatchObject({
      kind: 'error',
      note: 'http://shop.example.com/ could not be probed: the request failed (ENETUNREACH)',
    })
  })
})
