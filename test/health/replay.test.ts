import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { planLookBack } from '../../src/health/look-back.ts'
import { binomial, poisson, randomOf } from '../support/random.ts'
import { startVictoriaMetrics } from '../support/victoria-metrics.ts'
import { checksOf, noon, watch } from './example.ts'

let metrics: Awaited<ReturnType<typeof startVictoriaMetrics>>
beforeAll(async () => {
  metrics = await startVictoriaMetrics()
})
afterAll(() => metrics.stop())

const second = 1000
const minute = 60 * second
const scrapeMs = 15 * second

interface Phase {
  /** ms from noon */
  readonly until: number
  /** requests a second */
  readonly traffic: number
  /** share of bad ones, 0..1 */
  readonly bad: number
}

let replays = 0
/** Writes what a service of that kind would have been scraped for, from 70 minutes before noon on. */
async function replay(...phases: readonly Phase[]) {
  replays += 1
  const app = `app-${replays}`
  const random = randomOf(replays)
  const counts = { ok: 1000, bad: 10 }
  const lines: string[] = []
  let at = -70 * minute
  for (const { until, traffic, bad } of phases) {
    for (; at <= until; at += scrapeMs) {
      const requests = poisson(random, (traffic * scrapeMs) / second)
      const failed = binomial(random, requests, bad)
      counts.ok += requests - failed
      counts.bad += failed
      for (const [code, value] of [
        [200, counts.ok],
        [500, counts.bad],
      ]) {
        lines.push(`hits{app="${app}",instance="a",code="${code}"} ${value} ${noon + at}`)
      }
    }
  }
  await metrics.write(lines)
  return (more: object = {}) =>
    checksOf({
      name: 'errors',
      type: 'prometheus',
      url: metrics.url,
      bad: `hits{app="${app}",code="500"}`,
      total: `hits{app="${app}"}`,
      metric: 'error-rate',
      ...more,
    })
}

const halfAnHour = { windowMs: 30 * minute, intervalMs: 15 * second, timeoutMs: 5000 }

describe('half an hour, as it was', () => {
  test('a service with one request in five seconds that stays at 1 % is not called bad', async () => {
    const checks = await replay({ until: 31 * minute, traffic: 0.2, bad: 0.01 })
    const { report } = await watch({ checks: checks(), ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'healthy', rounds: 121 })
    expect(report.checks[0]?.failures.of).toBeGreaterThan(250)
  })

  test('one with still less traffic is not called at all: it says what is missing', async () => {
    const checks = await replay({ until: 6 * minute, traffic: 0.05, bad: 0 })
    const { report } = await watch({ checks: checks() })
    expect(report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'too-little-evidence' })
    expect(report.because).toMatch(/would have needed \d+ more requests to detect a doubling/)
  })

  test('one that fails a fifth of its requests is called as soon as it is no blip', async () => {
    const checks = await replay(
      { until: 5 * minute, traffic: 1, bad: 0.01 },
      { until: 31 * minute, traffic: 1, bad: 0.2 },
    )
    const { report } = await watch({ checks: checks(), ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'persistent-issue' })
    expect((Date.parse(report.endedAt) - noon) / minute).toBeLessThan(9)
  })

  test('one that failed as much before the deployment is a matter for people', async () => {
    const checks = await replay({ until: 31 * minute, traffic: 5, bad: 0.2 })
    const { report } = await watch({ checks: checks(), deployedAt: noon, ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'pre-existing', reasonCode: 'was-so-before' })
    expect(report.because).toContain('a rollback will not help')
  })

  test('so is one that began to fail ten minutes before it', async () => {
    const checks = await replay(
      { until: -10 * minute, traffic: 5, bad: 0.01 },
      { until: 31 * minute, traffic: 5, bad: 0.2 },
    )
    const { report } = await watch({ checks: checks(), deployedAt: noon, ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'pre-existing', reasonCode: 'was-so-before' })
  })

  test('a deployment whose time was noted when it was through gets a warning that says so', async () => {
    const checks = await replay(
      { until: -3 * minute, traffic: 5, bad: 0.01 },
      { until: 31 * minute, traffic: 5, bad: 0.5 },
    )
    const late = await watch({ checks: checks(), deployedAt: noon, ...halfAnHour })
    expect(late.report).toMatchObject({ verdict: 'pre-existing' })
    expect(late.report.because).toMatch(
      /began [34] minutes before `deployed-at`: .*set `deployed-at` to when it began/,
    )
    const corrected = { deployedAt: noon - 3 * minute, ...halfAnHour }
    expect((await watch({ checks: checks(), ...corrected })).report).toMatchObject({ verdict: 'unhealthy' })
  })

  test('of a deployment whose time is not known it may be the doing', async () => {
    const checks = await replay(
      { until: -20 * minute, traffic: 5, bad: 0.01 },
      { until: 31 * minute, traffic: 5, bad: 0.2 },
    )
    const { report } = await watch({ checks: checks(), ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'unhealthy' })
  })

  test('one that got much worse than before is rolled back all the same', async () => {
    const checks = await replay(
      { until: 0, traffic: 5, bad: 0.1 },
      { until: 31 * minute, traffic: 5, bad: 0.6 },
    )
    const { report } = await watch({ checks: checks(), deployedAt: noon, ...halfAnHour })
    expect(report.verdict).toBe('unhealthy')
  })

  test('errors since the deployment count, also those before the gate began', async () => {
    const checks = await replay(
      { until: -10 * minute, traffic: 5, bad: 0.01 },
      { until: minute, traffic: 5, bad: 0.3 },
    )
    const { report } = await watch({
      checks: checks({ severity: 'critical' }),
      deployedAt: noon - 10 * minute,
      ...halfAnHour,
    })
    expect(report).toMatchObject({ verdict: 'unhealthy', rounds: 1 })
    expect(report.checks[0]?.failures.of).toBeGreaterThan(2000)
  })

  test('a watch that comes by later looks back, and sees what began while nobody looked', async () => {
    const checks = await replay(
      { until: -6 * minute, traffic: 5, bad: 0.01 },
      { until: minute, traffic: 5, bad: 0.3 },
    )
    const deployedAt = noon - 20 * minute
    const plan = { checks: checks(), windowMs: 15 * minute, intervalMs: 15 * second }
    const back = planLookBack(plan, { deployedAt, now: noon })
    expect(back).toEqual({ lookBackMs: 15 * minute, windowMs: 15.5 * minute })
    const { report } = await watch({ ...plan, ...back, deployedAt, timeoutMs: 5000 })
    expect(report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'persistent-issue' })
    // of the rounds that are past, and so at once
    expect(Date.parse(report.endedAt)).toBe(noon)
    expect(report.rounds).toBeLessThan(60)
    const startedAt = (noon - Date.parse(report.startedAt)) / minute
    expect(startedAt).toBe(15)
  })

  test('a watch looks back no further than to the deployment', () => {
    const plan = { checks: [], windowMs: 15 * minute, intervalMs: 15 * second }
    expect(planLookBack(plan, { deployedAt: noon - 50 * second, now: noon })).toEqual({
      lookBackMs: 45 * second,
      windowMs: 75 * second,
    })
    expect(planLookBack(plan, { deployedAt: noon + minute, now: noon }).lookBackMs).toBe(0)
  })

  test('without any traffic nothing is healthy', async () => {
    const checks = await replay({ until: 0, traffic: 5, bad: 0 }, { until: 6 * minute, traffic: 0, bad: 0 })
    const { report } = await watch({ checks: checks() })
    expect(report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'too-little-evidence' })
  })

  test('a canary that is worse than what runs beside it is called, one that suffers like it is not', async () => {
    await replay({ until: 31 * minute, traffic: 9, bad: 0.05 })
    const control = { bad: `hits{app="app-${replays}",code="500"}`, total: `hits{app="app-${replays}"}` }
    const critical = { control, severity: 'critical', max: 0.02 }
    const worse = await replay({ until: 31 * minute, traffic: 1, bad: 0.3 })
    const { report } = await watch({ checks: worse(critical), ...halfAnHour })
    expect(report).toMatchObject({ verdict: 'unhealthy' })
    expect(report.because).toMatch(/\d+ of \d+ in the control/)
    const alike = await replay({ until: 31 * minute, traffic: 1, bad: 0.05 })
    const same = await watch({ checks: alike(critical), ...halfAnHour })
    expect(same.report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'too-little-evidence' })
  })

  test('what is counted while the control cannot be asked is not lost', async () => {
    await replay({ until: 11 * minute, traffic: 9, bad: 0.01 })
    const control = { bad: `hits{app="app-${replays}",code="500"}`, total: `hits{app="app-${replays}"}` }
    const checks = (await replay({ until: 11 * minute, traffic: 1, bad: 0.01 }))({ control })
    let asked = 0
    const flaky: typeof fetch = async (url, options) => {
      const isControl = decodeURIComponent(String(url)).includes(`{app="app-${replays - 1}"}`)
      if (isControl && ++asked % 3 === 2) throw new TypeError('fetch failed')
      return fetch(url, options)
    }
    const tenMinutes = { windowMs: 10 * minute, intervalMs: 15 * second, timeoutMs: 5000 }
    const whole = await watch({ checks, ...tenMinutes })
    const holed = await watch({ checks, ...tenMinutes, fetch: flaky })
    expect(holed.report.checks[0]?.roundsWithoutValue).toBeGreaterThan(10)
    expect(holed.report.checks[0]?.failures).toEqual(whole.report.checks[0]?.failures)
  })

  test('traffic that goes away is called, traffic that stays is not', async () => {
    const traffic = () =>
      checksOf({
        name: 'traffic',
        type: 'prometheus',
        url: metrics.url,
        traffic: `hits{app="app-${replays}"}`,
      })
    await replay({ until: 2 * minute, traffic: 5, bad: 0 }, { until: 31 * minute, traffic: 0.2, bad: 0 })
    const lost = await watch({ checks: traffic(), ...halfAnHour })
    expect(lost.report).toMatchObject({ verdict: 'unhealthy', decidedBy: ['traffic'] })
    expect((Date.parse(lost.report.endedAt) - noon) / minute).toBeLessThan(5)
    await replay({ until: 31 * minute, traffic: 5, bad: 0 })
    expect((await watch({ checks: traffic(), ...halfAnHour })).report.verdict).toBe('healthy')
    await replay({ until: 31 * minute, traffic: 0.001, bad: 0 })
    expect((await watch({ checks: traffic() })).report.verdict).toBe('inconclusive')
  })

  test('healthy can be said early, where that is wanted', async () => {
    const checks = await replay({ until: 31 * minute, traffic: 20, bad: 0.001 })
    const { report } = await watch({ checks: checks(), ...halfAnHour, healthyEarly: true })
    expect(report).toMatchObject({ verdict: 'healthy', rounds: 2 })
  })

  test('of the hour before so many times as many are put up with, and more are not', async () => {
    const rise = async (times: number) => {
      const checks = await replay(
        { until: 0, traffic: 20, bad: 0.01 },
        { until: 31 * minute, traffic: 20, bad: 0.03 },
      )
      const check = checks({ 'max-times-before': times, severity: 'critical' })
      return (await watch({ checks: check, deployedAt: noon, ...halfAnHour })).report
    }
    expect(await rise(1.25)).toMatchObject({ verdict: 'unhealthy', reasonCode: 'critical-check' })
    expect((await rise(5)).verdict).toBe('healthy')
  })

  test('what may use less of the false alarms needs more to be called', async () => {
    const checks = await replay(
      { until: 0, traffic: 1, bad: 0.01 },
      { until: 31 * minute, traffic: 1, bad: 0.2 },
    )
    const roundsWith = async (alpha: number) => {
      const check = checks({ severity: 'critical', alpha })
      const { report } = await watch({ checks: check, deployedAt: noon, ...halfAnHour })
      expect(report.verdict).toBe('unhealthy')
      return report.rounds
    }
    expect(await roundsWith(0.000_001)).toBeGreaterThan(await roundsWith(0.005))
  })

  test('by threshold each round is held against the limit, however few its requests are', async () => {
    const checks = await replay(
      { until: 0, traffic: 0.2, bad: 0 },
      { until: 31 * minute, traffic: 0.2, bad: 0.3 },
    )
    const report = async (method: string) => {
      const check = checks({ method, severity: 'critical', for: '0s' })
      return (await watch({ checks: check, deployedAt: noon, ...halfAnHour })).report
    }
    const [threshold, sequential] = [await report('threshold'), await report('sequential')]
    expect(threshold).toMatchObject({ verdict: 'unhealthy' })
    expect(sequential).toMatchObject({ verdict: 'unhealthy' })
    expect(threshold.rounds).toBeLessThan(sequential.rounds)
  })

  test('how much traffic has to be left is what the check says', async () => {
    const checks = async (times: number) => {
      await replay({ until: 0, traffic: 20, bad: 0 }, { until: 31 * minute, traffic: 14, bad: 0 })
      const traffic = `hits{app="app-${replays}"}`
      const check = {
        name: 'traffic',
        type: 'prometheus',
        url: metrics.url,
        traffic,
        'min-times-before': times,
      }
      return (await watch({ checks: checksOf(check), deployedAt: noon, ...halfAnHour })).report.verdict
    }
    expect(await checks(0.9)).toBe('unhealthy')
    expect(await checks(0.5)).toBe('healthy')
  })

  test('a counter that is not there is no data, and a rate in the place of a counter is a mistake', async () => {
    const checks = (total: string) =>
      checksOf({
        name: 'errors',
        type: 'prometheus',
        url: metrics.url,
        bad: 'x',
        total,
        metric: 'error-rate',
      })
    expect((await watch({ checks: checks('nothing_like_it') })).report.verdict).toBe('inconclusive')
    const { report } = await watch({ checks: checks('1') })
    expect(report.verdict).not.toBe('healthy')
  })
})
