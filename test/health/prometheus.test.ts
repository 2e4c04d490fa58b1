import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Behaviour, freePort, startMisbehavingService } from '../support/misbehaving-service.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { checksOf, watch } from './example.ts'

let service: Awaited<ReturnType<typeof startMisbehavingService>>
let prometheus: Awaited<ReturnType<typeof startPrometheus>>
let guarded: Awaited<ReturnType<typeof startPrometheus>>

beforeAll(async () => {
  service = await startMisbehavingService()
  // bcrypt of `correct-horse`, with the least cost there is
  const users = { ops: '$2b$04$abcdefghijklmnopqrstuuPoaPXzWjiVz4HaNq2LJXksWbO79E.S6' }
  ;[prometheus, guarded] = await Promise.all([
    startPrometheus({ scrape: [service.port] }),
    startPrometheus({ prefix: '/metrics-server', users }),
  ])
})
afterAll(async () => {
  await Promise.all([prometheus?.stop(), guarded?.stop(), service?.stop()])
})

/** One look at the clock of the world, which is the one Prometheus goes by. */
async function look(check: object, env: Readonly<Record<string, string>> = {}) {
  const checks = checksOf({
    name: 'query',
    type: 'prometheus',
    url: prometheus.url,
    severity: 'high',
    max: 1,
    ...check,
  })
  const { report } = await watch({ checks, env, windowMs: 0, now: Date.now })
  const [only] = report.checks
  if (only === undefined) throw new Error('no check was reported')
  return { verdict: report.verdict, state: only.state, value: only.value, evidence: only.evidence }
}

describe('what one query comes to', () => {
  test('a number within its limit is healthy', async () => {
    expect(await look({ query: 'vector(0.25)' })).toEqual({
      verdict: 'healthy',
      state: 'ok',
      value: 0.25,
      evidence: '0.25, limit 1',
    })
  })

  test('a number beyond it is not', async () => {
    expect(await look({ query: '1.5', severity: 'critical' })).toMatchObject({
      verdict: 'unhealthy',
      value: 1.5,
    })
  })

  test('infinity is beyond every limit', async () => {
    expect(await look({ query: '1 / 0', severity: 'critical' })).toMatchObject({
      verdict: 'unhealthy',
      value: undefined,
      evidence: expect.stringMatching(/^\+Inf, limit 1, since /),
    })
  })

  test.each([
    [
      'a metric that nobody has',
      'sum(nobody_has_this)',
      'no value in 1 of 1 rounds: the query found no series',
    ],
    [
      'nothing divided by nothing',
      '0 / 0',
      'no value in 1 of 1 rounds: the query gave NaN, as a division of nothing by nothing does',
    ],
    [
      'the same of a vector',
      'vector(0) / vector(0)',
      'no value in 1 of 1 rounds: the query gave NaN, as a division of nothing by nothing does',
    ],
  ])('%s is no data, and inconclusive', async (_name, query, evidence) => {
    expect(await look({ query })).toEqual({
      verdict: 'inconclusive',
      state: 'no-data',
      value: undefined,
      evidence,
    })
  })

  test.each([
    [
      'several series',
      'vector(1) or label_replace(vector(2), "a", "b", "", "")',
      'the query found 2 series where one is needed: aggregate it, e.g. sum(...)',
    ],
    [
      'a query that ends too early',
      'sum(',
      'answered with bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ],
    ['a range', 'up[1m]', 'the query has a range of values as its result: wrap it, e.g. rate(...)'],
    ['a text', '"up"', 'the query has a text as its result: ask for a number'],
  ])('%s is an error that says what to change', async (_name, query, note) => {
    expect(await look({ query })).toMatchObject({
      verdict: 'error',
      state: 'error',
      evidence: expect.stringContaining(note),
    })
  })

  test('a query longer than an address may be is asked all the same', async () => {
    const query = Array.from({ length: 700 }, () => '0').join(' + ')
    expect(await look({ query })).toMatchObject({ verdict: 'healthy', value: 0 })

    const standIn = await startMisbehavingService()
    await look({ url: standIn.url, query })
    await look({ url: standIn.url, query: 'up' })
    await standIn.stop()
    expect(standIn.seen.map(({ method, url }) => `${method} ${url.replace(/time=.*/, '…')}`)).toEqual([
      'POST /api/v1/query',
      'GET /api/v1/query?query=up&…',
    ])
  })
})

describe('a server that cannot be asked', () => {
  test('with a path prefix and credentials, it can', async () => {
    const authorization = `Basic ${Buffer.from('ops:correct-horse').toString('base64')}`
    const check = { url: guarded.url, query: 'vector(0)', headers: { authorization: { env: 'PROMETHEUS' } } }
    expect(await look(check, { PROMETHEUS: authorization })).toMatchObject({ verdict: 'healthy' })
    // the address of the endpoint itself, as people paste it
    const pasted = { ...check, url: `${guarded.url}/api/v1/query` }
    expect(await look(pasted, { PROMETHEUS: authorization })).toMatchObject({ verdict: 'healthy' })
  })

  test('with wrong credentials it is an error, and they are not shown', async () => {
    const check = { url: guarded.url, query: 'vector(0)', headers: { authorization: { env: 'PROMETHEUS' } } }
    const seen = await look(check, { PROMETHEUS: 'Basic canary0canary' })
    expect(seen).toMatchObject({
      verdict: 'error',
      evidence: expect.stringContaining('refused the query (status 401): check the headers of this check'),
    })
    expect(JSON.stringify(seen)).not.toContain('canary')
  })

  test('without its path prefix it is an error that asks for it', async () => {
    const { origin } = new URL(guarded.url)
    const headers = { authorization: { env: 'PROMETHEUS' } }
    const env = { PROMETHEUS: `Basic ${Buffer.from('ops:correct-horse').toString('base64')}` }
    expect(await look({ url: origin, query: '1', headers }, env)).toMatchObject({
      verdict: 'error',
      evidence: expect.stringContaining(
        'check that this is the address of a Prometheus server, with its path prefix',
      ),
    })
  })

  test('when nothing listens there it is an error, and no evidence against production', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await look({ url, query: 'vector(0)', severity: 'critical' })).toMatchObject({
      verdict: 'error',
      evidence: expect.stringContaining('could not be queried: the connection was refused (ECONNREFUSED)'),
    })
  })

  test.each<[string, Behaviour, string]>([
    ['hangs', { kind: 'hang' }, 'could not be queried: no complete answer within 1s'],
    [
      'answers 500 with a page',
      { kind: 'raw', status: 500, body: '<h1>canary</h1>' },
      'answered with status 500',
    ],
    ['sends us to a log-in', { kind: 'redirect', times: 1 }, 'answered with a redirect (status 302)'],
  ])('when it %s it is an error', async (_name, behaviour, note) => {
    const standIn = await startMisbehavingService()
    standIn.behave(behaviour)
    const seen = await look({ url: standIn.url, query: 'vector(0)' })
    await standIn.stop()
    expect(seen).toMatchObject({ verdict: 'error', evidence: expect.stringContaining(note) })
    expect(JSON.stringify(seen)).not.toContain('canary')
  })
})

test('a service that begins to fail is called unhealthy while it is being watched', async () => {
  const traffic = new AbortController()
  const visiting = (async () => {
    while (!traffic.signal.aborted) {
      await fetch(service.url).then((response) => response.text())
      await sleep(20)
    }
  })()
  const errors = 'sum(rate(http_requests_total{code="500"}[3s])) / sum(rate(http_requests_total[3s]))'
  // Prometheus takes its time until the first scrape
  while ((await look({ query: errors })).state !== 'ok') await sleep(200)
  const failingAt = Date.now() + 1500
  setTimeout(() => service.behave({ kind: 'answer', failing: 0.2 }), 1500)

  const { report } = await watch({
    checks: checksOf({
      name: 'errors',
      type: 'prometheus',
      url: prometheus.url,
      query: errors,
      metric: 'error-rate',
      severity: 'critical',
    }),
    windowMs: 15_000,
    intervalMs: 500,
    now: Date.now,
    sleep,
  })
  traffic.abort()
  await visiting

  expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'critical-check', decidedBy: ['errors'] })
  expect(report.checks[0]?.value).toBeGreaterThan(0.05)
  expect(report.checks[0]?.value).toBeLessThan(0.35)
  // it was seen to be well before that
  expect(report.checks[0]?.samples[0]).toMatchObject({ state: 'ok', value: 0 })
  expect(Date.parse(report.endedAt) - failingAt).toBeLessThan(6000)
})
