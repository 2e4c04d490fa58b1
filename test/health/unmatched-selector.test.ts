/** 14.4: a selector for `bad` that matches nothing: the service never failed, or the selector is wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openPrometheus } from '../../src/health/checks/prometheus/server.ts'
import { startMisbehavingService } from '../support/misbehaving-service.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { startVictoriaMetrics } from '../support/victoria-metrics.ts'
import { checksOf, noon, watch } from './example.ts'

let metrics: Awaited<ReturnType<typeof startVictoriaMetrics>>
let service: Awaited<ReturnType<typeof startMisbehavingService>>
let scraping: Awaited<ReturnType<typeof startPrometheus>>
beforeAll(async () => {
  service = await startMisbehavingService()
  ;[metrics, scraping] = await Promise.all([
    startVictoriaMetrics(),
    startPrometheus({ scrape: [service.port] }),
  ])
})
afterAll(() => Promise.all([metrics.stop(), scraping.stop(), service.stop()]))

const surroundings = {
  env: {},
  timeoutMs: 5000,
  intervalMs: 15_000,
  deployedAt: undefined,
  plannedPolls: 1,
}

const minute = 60_000
const day = 24 * 60 * minute
let apps = 0

/** Ten requests a second from 70 minutes before noon to ten after it; what fails from a moment on, or once long ago. */
async function serve({ failsFrom, failedAt }: { failsFrom?: number; failedAt?: number } = {}) {
  apps += 1
  const app = `app-${apps}`
  const lines: string[] = []
  if (failedAt !== undefined) lines.push(`hits{app="${app}",instance="old",code="500"} 3 ${noon + failedAt}`)
  for (let at = -70 * minute; at <= 10 * minute; at += 15_000) {
    lines.push(`hits{app="${app}",instance="a",code="200"} ${(at + 70 * minute) / 100} ${noon + at}`)
    if (failsFrom !== undefined && at >= failsFrom)
      lines.push(`hits{app="${app}",instance="a",code="500"} ${(at - failsFrom) / 100} ${noon + at}`)
  }
  await metrics.write(lines)
  return async ({
    bad = `hits{app="${app}",code="500"}`,
    ...more
  }: Record<string, unknown> & { bad?: string } = {}) => {
    const total = `hits{app="${app}"}`
    const check = { name: 'errors', type: 'prometheus', url: metrics.url, bad, total, metric: 'error-rate' }
    const checks = checksOf({ ...check, ...more })
    const { report } = await watch({ checks, deployedAt: noon, timeoutMs: 5000 })
    const { verdict, reasonCode, because } = report
    return { verdict, reasonCode, because, state: report.checks[0]?.state }
  }
}

test('a selector with a mistake in it is not healthy, and the warning says what to write', async () => {
  const look = await serve({ failedAt: -2 * day })
  expect(await look({ bad: 'hits{app="app-1",code="5OO"}' })).toEqual({
    verdict: 'inconclusive',
    reasonCode: 'too-little-evidence',
    state: 'undecided',
    because: expect.stringContaining(
      'no series matches `bad`: correct the selector, or write `on-no-data: pass` if the service has never failed yet',
    ),
  })
})

test.each([
  ['one status', '="500"'],
  ['a class of them', '=~"5.."'],
  ['several', '=~"500|50[234]"'],
  ['all but the good ones', '!~"[123].."'],
])(
  'a service that never failed is healthy where the selector would match an error: %s',
  async (_, matcher) => {
    const look = await serve()
    expect(await look({ bad: `hits{app="app-${apps}",code${matcher}}` })).toMatchObject({
      verdict: 'healthy',
      because: expect.stringContaining('no series matches `bad` yet: none has failed in 30 days'),
    })
  },
)

test.each([
  ['a status that there is not', (app: string) => `hits{app="${app}",code="5OO"}`],
  ['a pattern that no status matches', (app: string) => `hits{app="${app}",code=~"5xx"}`],
  ['a label that the series do not have', (app: string) => `hits{app="${app}",status="500"}`],
  ['another metric', (app: string) => `hit{app="${app}",code="500"}`],
  ['another service', () => 'hits{app="nobody",code="500"}'],
  ['no matcher of its own', (app: string) => `hits{app="${app}",app="x"}`],
])('one whose selector may be a mistake is not: %s', async (_, bad) => {
  const look = await serve()
  expect(await look({ bad: bad(`app-${apps}`) })).toMatchObject({
    verdict: 'inconclusive',
    because: expect.stringContaining('correct the selector'),
  })
})

test.each([
  ['another status', '="503"'],
  ['the good ones in the place of the bad ones', '!~"5..|2.."'],
])('one that misses the failures that there are is not: %s', async (_, matcher) => {
  const look = await serve({ failsFrom: 1 * minute })
  expect(await look({ bad: `hits{app="app-${apps}",code${matcher}}` })).toMatchObject({
    verdict: 'inconclusive',
    because: expect.stringContaining('correct the selector'),
  })
})

test('a service that never failed, with errors of a metric of their own, is healthy where its check says that no data is', async () => {
  const look = await serve()
  const bad = 'hits_failed_total'
  expect(await look({ bad })).toMatchObject({ verdict: 'inconclusive' })
  expect(await look({ bad, 'on-no-data': 'pass' })).toMatchObject({
    verdict: 'healthy',
    because: expect.stringContaining('no series matches `bad`'),
  })
})

test('one that failed two days ago, and not since, is healthy: its selector is right', async () => {
  const look = await serve({ failedAt: -2 * day })
  const { verdict, because } = await look()
  expect({ verdict, because }).toMatchObject({ verdict: 'healthy' })
  expect(because).not.toContain('no series')
})

test('the first errors ever are bad', async () => {
  const look = await serve({ failsFrom: 1 * minute })
  expect(await look()).toMatchObject({ verdict: 'unhealthy', reasonCode: 'persistent-issue' })
})

test('on a real Prometheus: a service that never failed, with a right selector and a wrong one', async () => {
  for (let n = 0; n < 20; n += 1) await fetch(service.url)
  const look = async (code: string) => {
    const check = { name: 'errors', type: 'prometheus', url: scraping.url, metric: 'error-rate' }
    const selectors = { bad: `http_requests_total{code=~"${code}"}`, total: 'http_requests_total' }
    const { report } = await watch({
      checks: checksOf({ ...check, ...selectors }),
      windowMs: 0,
      now: Date.now,
    })
    return report.checks[0]?.evidence
  }
  while (!(await look('50[34]'))?.includes('no series matches `bad` yet')) await sleep(100)
  expect(await look('5xx')).toContain('correct the selector')
})

test('by threshold, too, nothing that was never seen is healthy', async () => {
  const look = await serve()
  expect(await look({ bad: 'hits_failed_total', method: 'threshold' })).toMatchObject({
    verdict: 'inconclusive',
    state: 'undecided',
  })
})

test('a selector of the control that matches nothing is said', async () => {
  const look = await serve({ failedAt: -2 * day })
  const control = { bad: 'hits{app="nobody",code="500"}', total: 'hits{app="app-1"}' }
  expect((await look({ control })).because).toContain('no series matches `bad` of the control')
})

test('Prometheus and VictoriaMetrics say whether a series is or was there, and nothing of what is no selector', async () => {
  const range = { from: Date.now() - day, to: Date.now() + minute }
  for (const { url } of [scraping, metrics]) {
    const [check] = checksOf({ name: 'any', type: 'prometheus', url, query: 'up', severity: 'low', max: 1 })
    if (check?.type !== 'prometheus') throw new Error('not a prometheus check')
    const { hasSeries } = openPrometheus(check, { ...surroundings, fetch, now: Date.now })
    const ask = (selector: string) => hasSeries(selector, range, new AbortController().signal)
    await metrics.write([`http_requests_total{code="500"} 0 ${Date.now()}`])
    while ((await ask('http_requests_total')) !== true) await sleep(100)
    expect(await ask('http_requests_total{code="500"}')).toBe(true)
    expect(await ask('http_requests_total{code="5OO"}')).toBe(false)
    expect(await ask('sum(http_requests_total')).toBeUndefined()
  }
})
