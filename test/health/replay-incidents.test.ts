import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { defaultRecovery, verifyRecovery } from '../../src/health/recovery.ts'
import { binomial, poisson, randomOf } from '../support/random.ts'
import { startVictoriaMetrics } from '../support/victoria-metrics.ts'
import { checksOf, noon, virtualClock, watch } from './example.ts'

let metrics: Awaited<ReturnType<typeof startVictoriaMetrics>>
beforeAll(async () => {
  metrics = await startVictoriaMetrics()
})
afterAll(() => metrics.stop())

const second = 1000
const minute = 60 * second
const scrapeMs = 15 * second
const windowMs = 10 * minute

interface Service {
  /** requests a second, and the share of bad ones, by minute before or after the deployment at noon */
  readonly at: (minute: number) => { readonly traffic: number; readonly bad: number }
}

let services = 0
/** Writes what a service would have been scraped for, from 70 minutes before noon on. */
async function scrape({ at }: Service): Promise<string> {
  services += 1
  const app = `app-${services}`
  const random = randomOf(services)
  const counts = { ok: 1000, bad: 10 }
  const lines: string[] = []
  for (let ms = -70 * minute; ms <= windowMs + minute; ms += scrapeMs) {
    const { traffic, bad } = at((ms - scrapeMs) / minute)
    const requests = poisson(random, (traffic * scrapeMs) / second)
    const failed = binomial(random, requests, bad)
    counts.ok += requests - failed
    counts.bad += failed
    lines.push(`hits{app="${app}",instance="a",code="200"} ${counts.ok} ${noon + ms}`)
    lines.push(`hits{app="${app}",instance="a",code="500"} ${counts.bad} ${noon + ms}`)
  }
  await metrics.write(lines)
  return app
}

const errorsOf = (app: string, more: object = {}) =>
  checksOf({
    name: 'errors',
    type: 'prometheus',
    url: metrics.url,
    bad: `hits{app="${app}",code="500"}`,
    total: `hits{app="${app}"}`,
    metric: 'error-rate',
    ...more,
  })

const usual = { traffic: 20, bad: 0.002 }
const down = { traffic: 20, bad: 1 }
const during = (from: number, to: number, what: typeof usual) => (at: number) =>
  at >= from && at < to ? what : usual

/** What the hour before had; the deployment comes at 0. */
const hours: Readonly<Record<string, (at: number) => typeof usual>> = {
  quiet: () => usual,
  'an outage of 5 min': during(-30, -25, down),
  'an outage of 30 min, rolled back 5 min ago': during(-35, -5, down),
  'an incident of 40 %': during(-45, -33, { traffic: 20, bad: 0.4 }),
  'a restart, in which few requests came and most failed': during(-20, -18, { traffic: 0.2, bad: 0.8 }),
  'three restarts': (at) =>
    [-50, -31, -12].some((start) => at >= start && at < start + 1) ? { traffic: 1, bad: 0.7 } : usual,
  flapping: (at) => (Math.floor(at) % 8 === 0 ? { traffic: 20, bad: 0.5 } : usual),
  'a slow recovery': (at) =>
    at < -45 ? down : at < -8 ? { traffic: 20, bad: Math.max(0.002, 0.6 * ((-8 - at) / 37) ** 3) } : usual,
}
const after = { total: 1, '94 %': 0.94, '30 %': 0.3, '15 %': 0.15, none: 0.002 } as const

const plan = { windowMs, intervalMs: 15 * second, timeoutMs: 5000, deployedAt: noon }
const cases = Object.entries(hours).flatMap(([hour, before]) =>
  Object.entries(after).map(([name, bad]) => ({ hour, before, name, bad })),
)

describe.each<[string, object]>([
  ['a fixed limit of 1 %', { max: 0.01 }],
  ['1.25 times the hour before', { 'max-times-before': 1.25 }],
])('hours of our own making, with %s', (_, more) => {
  test.each(cases)('$hour, and then $name', async ({ hour, before, name, bad }) => {
    const app = await scrape({ at: (at) => (at < 0 ? before(at) : { traffic: 20, bad }) })
    const { report } = await watch({ checks: errorsOf(app, more), ...plan })
    if (name === 'none') {
      expect(report).toMatchObject({ verdict: 'healthy' })
      return
    }
    // 2.6 and 6 % of errors were usual in these hours: that is not ten times a limit that is relative to them
    const isRelative = 'max-times-before' in more
    if (isRelative && bad < 0.35 && (hour === 'a slow recovery' || hour === 'flapping')) {
      expect(report.verdict).not.toBe('healthy')
      return
    }
    expect(report).toMatchObject({ verdict: 'unhealthy' })
    // five polls, and two intervals in which a high check has to stay beyond its limit
    expect((Date.parse(report.endedAt) - noon) / minute).toBeLessThanOrEqual(1.75)
  })
})

describe('what began before the deployment', () => {
  test.each([1, 3, 5, 10, 11])('%d minutes before it, and goes on, is pre-existing', async (minutes) => {
    const app = await scrape({ at: (at) => (at < -minutes ? usual : { traffic: 20, bad: 0.2 }) })
    const { report } = await watch({ checks: errorsOf(app), ...plan })
    expect(report).toMatchObject({ verdict: 'pre-existing', reasonCode: 'was-so-before' })
  })

  test('is mended by it: healthy', async () => {
    const app = await scrape({ at: (at) => (at >= -10 && at < 0 ? down : usual) })
    const { report } = await watch({ checks: errorsOf(app), ...plan })
    expect(report).toMatchObject({ verdict: 'healthy' })
  })
})

describe('after a rollback, the limit counts and the hour before does not', () => {
  const verify = async (at: Service['at'], more: object = {}) => {
    const app = await scrape({ at })
    return verifyRecovery({
      ...virtualClock(),
      checks: errorsOf(app, more),
      intervalMs: 15 * second,
      timeoutMs: 5000,
      fetch,
      env: {},
      alpha: 0.01,
      log: () => {},
      redact: (text) => text,
      signal: new AbortController().signal,
      settings: defaultRecovery,
      seenBefore: [],
    })
  }

  test.each([5, 22, 40, 59])('an outage of %d minutes that is over has recovered', async (minutes) => {
    const recovery = await verify((at) => (at >= -minutes && at < 0 ? down : usual))
    expect(recovery).toMatchObject({ outcome: 'recovered' })
  })

  test.each([22, 59])(
    'one of %d minutes that goes on has not, also with max-times-before',
    async (minutes) => {
      const at: Service['at'] = (when) => (when >= -minutes ? { traffic: 20, bad: 0.5 } : usual)
      expect(await verify(at)).toMatchObject({ outcome: 'not-recovered' })
      expect(await verify(at, { 'max-times-before': 1.25 })).toMatchObject({ outcome: 'not-recovered' })
    },
  )
})
