import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { freePort, type MisbehavingService, startMisbehavingService } from '../support/misbehaving-service.ts'
import { bad, checksOf, good, noon, playRounds, virtualClock, watch } from './example.ts'

let service: MisbehavingService
let metrics: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
  metrics = await startMisbehavingService()
})
afterAll(async () => {
  await service.stop()
  await metrics.stop()
})
beforeEach(() => service.behave(good))

const homepage = (more: object = {}) => ({ name: 'homepage', type: 'http', url: service.url, ...more })
/** A stand-in for a Prometheus server, which says what we need it to say. */
const query = (more: object = {}) => ({
  name: 'errors',
  type: 'prometheus',
  url: metrics.url,
  query: 'errors',
  metric: 'error-rate',
  ...more,
})
const says = (value: string) =>
  ({
    kind: 'raw',
    status: 200,
    body: JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [0, value] } }),
  }) as const

const misunderstood = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' })

test('a history that is read slowly takes nothing from the window (15.10)', async () => {
  const clock = virtualClock()
  const { report } = await watch({
    ...clock,
    checks: checksOf(homepage()),
    needsPass: true,
    passedBefore: async () => {
      await clock.sleep(60_000)
      return new Set(['homepage'])
    },
  })
  expect(report.rounds).toBe((await watch({ checks: checksOf(homepage()) })).report.rounds)
})

describe('when the watch ends', () => {
  test('a healthy service is watched to the end of the window, the round at its end included', async () => {
    const { report, lines } = await watch({ checks: checksOf(homepage()) })
    expect(report).toMatchObject({
      verdict: 'healthy',
      rounds: 21,
      startedAt: '2026-11-24T12:00:00.000Z',
      endedAt: '2026-11-24T12:05:00.000Z',
    })
    expect(lines).toHaveLength(21)
  })

  test('a critical check ends it as soon as it has failed for two intervals', async () => {
    metrics.behave(says('0.2'))
    const clock = playRounds(service, good, good, bad)
    const checks = checksOf(homepage({ severity: 'critical' }), query({ severity: 'low' }))
    const { report } = await watch({ ...clock, checks })
    expect(report).toMatchObject({
      verdict: 'unhealthy',
      reasonCode: 'critical-check',
      rounds: 5,
      firstFailureAt: '2026-11-24T12:00:30.000Z',
      endedAt: '2026-11-24T12:01:00.000Z',
    })
  })

  test('one lost probe does not', async () => {
    const clock = playRounds(service, good, bad, good)
    const { report } = await watch({ ...clock, checks: checksOf(homepage({ severity: 'critical' })) })
    expect(report).toMatchObject({ verdict: 'healthy', rounds: 21 })
    expect(report.checks[0]?.failures).toEqual({ bad: 1, of: 21 })
  })

  test('two high checks end it when the second one fails beside the first', async () => {
    metrics.behave(says('0.2'))
    const clock = playRounds(service, good, good, good, bad)
    const { report } = await watch({ ...clock, checks: checksOf(homepage({ for: '0s' }), query()) })
    expect(report).toMatchObject({
      verdict: 'unhealthy',
      reasonCode: 'two-high-checks',
      decidedBy: ['homepage', 'errors'],
      rounds: 4,
      firstFailureAt: '2026-11-24T12:00:00.000Z',
    })
  })

  test('a single high one is called at the end of the window, if it failed from its beginning', async () => {
    service.behave(bad)
    const { report } = await watch({ checks: checksOf(homepage()) })
    expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'sustained-issue', rounds: 21 })
  })

  test('one that failed only in the second half is not called healthy', async () => {
    metrics.behave(says('0'))
    let round = 0
    const clock = virtualClock({ onTick: () => ++round === 10 && metrics.behave(says('0.4')) })
    const { report } = await watch({ ...clock, checks: checksOf(query()) })
    expect(report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'unsettled-issue', rounds: 21 })
    expect(report.checks[0]).toMatchObject({ state: 'breached', failingSince: '2026-11-24T12:02:30.000Z' })
  })

  test('a query that will never be understood ends it at once', async () => {
    metrics.behave({ kind: 'raw', status: 400, body: misunderstood })
    const { report } = await watch({ checks: checksOf(query()) })
    expect(report).toMatchObject({ verdict: 'error', reasonCode: 'could-not-look', rounds: 1 })
  })

  test('but not when it was understood before', async () => {
    const confused = { kind: 'raw', status: 400, body: misunderstood } as const
    const clock = playRounds(metrics, says('0'), confused, says('0'))
    const { report } = await watch({ ...clock, checks: checksOf(query()) })
    expect(report).toMatchObject({ verdict: 'healthy', rounds: 21 })
    expect(report.checks[0]).toMatchObject({ roundsWithoutValue: 1 })
  })

  test('nor while another check may still find production down', async () => {
    metrics.behave({ kind: 'raw', status: 400, body: misunderstood })
    const clock = playRounds(service, good, good, bad)
    const { report } = await watch({
      ...clock,
      checks: checksOf(query(), homepage({ severity: 'critical' })),
    })
    expect(report).toMatchObject({ verdict: 'unhealthy', decidedBy: ['homepage'], rounds: 5 })
  })

  test('a metrics server that does not answer is asked again until the window ends', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const { report } = await watch({ checks: checksOf(query({ url, severity: 'critical' }), homepage()) })
    expect(report).toMatchObject({ verdict: 'error', decidedBy: ['errors'], rounds: 21 })
  })

  test('an interval that does not divide the window does not keep a check from ever counting', async () => {
    service.behave(bad)
    const checks = checksOf(homepage({ severity: 'critical', for: '20s' }))
    const { report } = await watch({ checks, windowMs: 20_000 })
    expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'critical-check', rounds: 2 })
  })

  test('a cancelled job ends it at once', async () => {
    const job = new AbortController()
    const sleep = async () => job.abort(new Error('the job was cancelled'))
    const watching = watch({ sleep, checks: checksOf(homepage()), signal: job.signal })
    await expect(watching).rejects.toThrow('the job was cancelled')
  })
})

describe('rounds', () => {
  test('all checks look at the same time', async () => {
    const slow = await startMisbehavingService()
    slow.behave({ kind: 'answer', delayMs: 1000 })
    const checks = checksOf(
      ...['one', 'two', 'three', 'four'].map((name) => homepage({ name, url: slow.url })),
    )
    const startedAt = performance.now()
    await watch({ checks, windowMs: 0 })
    await slow.stop()
    // one after the other they take four seconds
    expect(performance.now() - startedAt).toBeLessThan(3500)
    expect(slow.seen).toHaveLength(4)
  })

  test('a round that takes longer than the interval skips those it ran into', async () => {
    const clock = virtualClock()
    let slowOnes = 1
    const slowFetch: typeof fetch = async (...request) => {
      if (slowOnes-- > 0) clock.pass(40_000)
      return fetch(...request)
    }
    const { report } = await watch({
      ...clock,
      fetch: slowFetch,
      checks: checksOf(homepage()),
      windowMs: 60_000,
    })
    const moments = report.checks[0]?.samples.map(({ at }) => (Date.parse(at) - noon) / 1000)
    expect(moments).toEqual([0, 45, 60])
  })
})

describe('how many look at once', () => {
  test('no more than are allowed', async () => {
    let [now, most] = [0, 0]
    const counting: typeof fetch = async (...request) => {
      now += 1
      most = Math.max(most, now)
      const response = await fetch(...request)
      now -= 1
      return response
    }
    const names = ['one', 'two', 'three', 'four', 'five']
    const checks = checksOf(...names.map((name) => homepage({ name })))
    const { report } = await watch({ checks, windowMs: 0, concurrency: 2, fetch: counting })
    expect(most).toBe(2)
    expect(report.checks.map(({ name, state }) => `${name} ${state}`)).toEqual(
      names.map((name) => `${name} ok`),
    )
  })

  test('each look is late by a part of the jitter, and its sample has the time of the round', async () => {
    const slept: number[] = []
    const clock = virtualClock()
    const sleep = (ms: number) => {
      slept.push(ms)
      return clock.sleep(ms)
    }
    const { report } = await watch({
      ...clock,
      sleep,
      checks: checksOf(homepage()),
      windowMs: 30_000,
      jitterMs: 4000,
      random: () => 0.5,
    })
    expect(slept).toEqual([2000, 13_000, 2000, 13_000, 2000])
    expect(report.checks[0]?.samples.map(({ at }) => Date.parse(at) - noon)).toEqual([0, 15_000, 30_000])
  })
})

describe('a watch that looks back', () => {
  const back = { windowMs: 330_000, lookBackMs: 300_000 }

  test('asks a server that remembers for each round that is past, and then goes on', async () => {
    metrics.behave(says('0'))
    const before = metrics.seen.length
    const { report } = await watch({ ...back, checks: checksOf(query()) })
    const asked = metrics.seen
      .slice(before)
      .map(({ url }) => Number(new URL(url, metrics.url).searchParams.get('time')) * 1000 - noon)
    expect(asked).toEqual(Array.from({ length: 23 }, (_, round) => (round - 20) * 15_000))
    expect(report).toMatchObject({
      verdict: 'healthy',
      rounds: 23,
      startedAt: '2026-11-24T11:55:00.000Z',
      endedAt: '2026-11-24T12:00:30.000Z',
    })
  })

  test('finds at once what was beyond its limit all the time', async () => {
    metrics.behave(says('0.2'))
    const { report } = await watch({ ...back, checks: checksOf(query({ severity: 'critical' })) })
    expect(report).toMatchObject({ verdict: 'unhealthy', endedAt: '2026-11-24T12:00:00.000Z' })
  })

  test('probes what has no memory from now on: a critical one may decide, a high one may not alone', async () => {
    service.behave(bad)
    const before = service.seen.length
    const { report } = await watch({ ...back, checks: checksOf(homepage({ severity: 'critical' })) })
    expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'critical-check' })
    expect(service.seen.length - before).toBe(3)
    const high = await watch({ ...back, checks: checksOf(homepage()) })
    expect(high.report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'unsettled-issue' })
  })
})

test('a watch without a check is refused, and so is a secret that is not set, before anything is sent', async () => {
  await expect(watch({ checks: [] })).rejects.toThrow('there is no health check')

  const before = service.seen.length
  const secret = { headers: { authorization: { env: 'HEALTH_TOKEN' } } }
  const checks = checksOf(homepage(), homepage({ name: 'private', ...secret }))
  for (const env of [{}, { HEALTH_TOKEN: ' ' }]) {
    await expect(watch({ checks, env })).rejects.toThrow(
      'check "private": the header authorization is read from HEALTH_TOKEN, which is not set or empty; set it in the env of the step',
    )
  }
  const oddName = checksOf(homepage({ headers: { authorization: { env: 'toString' } } }))
  await expect(watch({ checks: oddName })).rejects.toThrow('is read from toString, which is not set')
  const broken = watch({ checks, env: { HEALTH_TOKEN: 'canary\nx: y' } })
  await expect(broken).rejects.toThrow('check "private": the header authorization cannot be sent')
  await expect(broken).rejects.not.toThrow('canary')
  expect(service.seen).toHaveLength(before)
})

test('the report is plain data: the same after a trip through JSON, infinite values included', async () => {
  metrics.behave(says('+Inf'))
  service.behave({ kind: 'hang' })
  const checks = checksOf(query(), homepage({ metric: 'response-time', for: '0s' }))
  const { report } = await watch({ checks, windowMs: 15_000, timeoutMs: 250 })
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  expect(report.checks).toMatchObject([
    { name: 'errors', valueText: '+Inf', issue: true },
    { name: 'homepage', valueText: '+Inf', issue: true },
  ])
})

test('what a check looks at is told without the query of its address', async () => {
  const checks = checksOf(homepage({ url: `${service.url}/cart?visitor=4711` }))
  const { report } = await watch({ checks, windowMs: 0 })
  expect(report.checks[0]?.looksAt).toBe(`${service.url}/cart`)
  expect(service.seen.at(-1)?.url).toBe('/cart?visitor=4711')
})

test('a long watch keeps the latest samples only', async () => {
  metrics.behave(says('0'))
  const { report } = await watch({ checks: checksOf(query()), windowMs: 300 * 15_000 })
  expect(report.rounds).toBe(301)
  expect(report.checks[0]?.samples).toHaveLength(120)
  expect(report.checks[0]?.samples.at(-1)?.at).toBe(report.endedAt)
})

test('what a server says is told in one short line', async () => {
  const body = JSON.stringify({
    status: 'error',
    errorType: 'execution',
    error: `one\n::error::two ${'x'.repeat(9000)}`,
  })
  metrics.behave({ kind: 'raw', status: 422, body })
  const { report, lines } = await watch({ checks: checksOf(query()), windowMs: 0 })
  for (const text of [report.because, ...lines]) {
    expect(text).toMatch(/answered with execution: one ::error::two x+…/)
    expect(text).not.toContain('\n')
    expect(text.length).toBeLessThan(700)
  }
})

describe('a canary secret', () => {
  const canary = 'canary-4f1c'
  const headers = { authorization: { env: 'TOKEN' } }
  const env = { TOKEN: `Bearer ${canary}` }

  test.each([
    ['in the page of a broken service', { kind: 'raw', status: 500, body: `denied: ${canary}` } as const],
    ['in a header of its answer', { kind: 'raw', status: 503, headers: { 'x-echo': canary } } as const],
    ['in the address of a redirect', { kind: 'redirect', times: 9, to: `http://[${canary}]/` } as const],
  ])('%s is told to nobody', async (_name, behaviour) => {
    service.behave(behaviour)
    const checks = checksOf(homepage({ headers, severity: 'critical', expect: { body: 'shop' } }))
    const { report, lines } = await watch({ checks, env })
    expect(report.verdict).toBe('unhealthy')
    expect(service.seen.at(-1)?.headers.authorization).toBe(env.TOKEN)
    expect(JSON.stringify([report, lines])).not.toContain(canary)
  })

  test('in the error of a metrics server is told to nobody, and neither is one that the caller knows of', async () => {
    const error = `user ${canary} of pass-phrase-1 is unknown`
    const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error })
    metrics.behave({ kind: 'raw', status: 400, body })
    const redact = (text: string) => text.replaceAll('pass-phrase-1', '***')
    const { report, lines } = await watch({ checks: checksOf(query({ headers })), env, redact })
    expect(lines.join()).toContain('bad_data: user *** of *** is unknown')
    expect(JSON.stringify([report, lines])).not.toContain(canary)
    expect(JSON.stringify([report, lines])).not.toContain('pass-phrase-1')
  })
})
