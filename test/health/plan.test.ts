import { describe, expect, test } from '@jest/globals'
import { planWatch, readDeployedAt, type Wishes } from '../../src/health/plan.ts'
import { secretsOf } from '../../src/health/target.ts'
import { defaultConfig } from '../../src/settings/schema.ts'
import { parseConfig } from '../support/parse-config.ts'

const noWishes: Wishes = { url: '', checks: '', windowMs: undefined, intervalMs: undefined }
const url = 'https://shop.example.com/'
const { health: bare } = defaultConfig()
const { health: configured } = parseConfig({
  text: `
health:
  window: 2m
  interval: 10s
  timeout: 8s
  checks: [{ name: homepage, type: http, url: '${url}' }]
`,
  file: 'rollback.yml',
})

function plan(wishes: Partial<Wishes>, settings = bare) {
  return planWatch(settings, { ...noWishes, ...wishes })
}

test('without wishes, the settings hold', () => {
  expect(plan({}, configured)).toEqual({
    checks: configured.checks,
    windowMs: 120_000,
    intervalMs: 10_000,
    timeoutMs: 8000,
    alpha: 0.01,
    healthyEarly: false,
    jitterMs: 0,
    concurrency: 10,
    cut: false,
  })
})

test('an address alone is enough: a critical check that has to fail for two intervals', () => {
  expect(plan({ url, intervalMs: 5000 })).toEqual({
    windowMs: 300_000,
    intervalMs: 5000,
    timeoutMs: 10_000,
    alpha: 0.01,
    healthyEarly: false,
    jitterMs: 0,
    concurrency: 10,
    cut: false,
    checks: [
      {
        name: 'url',
        type: 'http',
        url,
        redirects: 5,
        metric: 'error-rate',
        severity: 'critical',
        limit: { max: 0.05 },
        forMs: 10_000,
        initialDelayMs: 0,
        onNoData: 'inconclusive',
        onError: 'error',
        expect: {},
        headers: {},
      },
    ],
  })
})

test('it comes beside the configured checks; checks of the step come in their place', () => {
  const checks = `[{ name: cart, type: http, url: '${url}cart' }]`
  const names = (wishes: Partial<Wishes>) => plan(wishes, configured).checks.map(({ name }) => name)
  expect(names({ url })).toEqual(['homepage', 'url'])
  expect(names({ checks })).toEqual(['cart'])
  expect(names({ checks, url })).toEqual(['cart', 'url'])
})

test('no probe is given more time than the whole watch has', () => {
  expect(plan({ url, windowMs: 3000, intervalMs: 1000 }).timeoutMs).toBe(3000)
})

test.each<[string, Partial<Wishes>, RegExp]>([
  [
    'nothing to check',
    {},
    /^there is nothing to check: set `url` to an address .* or add checks under `health\.checks`/,
  ],
  [
    'an interval longer than the window',
    { url, windowMs: 10_000 },
    /^`health\.interval` is 15s, which is longer than the window of 10s/,
  ],
  ['an interval of nothing', { url, intervalMs: 0 }, /^`health\.interval` is 0s; write at least 100ms/],
  ['a window of a day', { url, windowMs: 86_400_000 }, /^`health\.window` is 1d; write at most 6h/],
  [
    'an address that is none',
    { url: 'shop.example.com' },
    /^`url` is not an address with http or https; [^\n]*$/,
  ],
  ['checks that are none', { checks: 'homepage' }, /^`health\.checks`:1:1: /],
  [
    'a check that wants to last longer than the watch',
    { checks: `[{ name: a, type: http, url: '${url}', for: 10m }]` },
    /^`health\.checks`:1:.*is longer than the window/s,
  ],
  [
    'two checks of the same name',
    { url, checks: `[{ name: url, type: http, url: '${url}' }]` },
    /^a check is named "url", which is the name of the check of `url`/,
  ],
])('%s is refused with what to write instead', (_name, wishes, message) => {
  expect(() => plan(wishes)).toThrow(message)
})

test('14.4: what is wrong with an address that was given as an input shows no JSON that nobody wrote', () => {
  for (const wrong of [
    'shop.example.com',
    'ftp://shop.example.com',
    'https://',
    'https://x/?token=canary1',
  ]) {
    const attempt = () => plan({ url: wrong })
    expect(attempt).toThrow(/^`url`[^\n]*$/)
    expect(attempt).not.toThrow(/:\d+:\d+|"type"|canary/)
  }
})

test('a password in the address is refused, and not shown', () => {
  const attempt = () => plan({ url: 'https://ops:canary-77@shop.example.com/' })
  expect(attempt).toThrow(/^`url`: an address must not hold credentials/)
  expect(attempt).not.toThrow('canary-77')
})

test('the secrets of the checks are those that their headers are read from, with and without the scheme', () => {
  const checks = `[{ name: a, type: http, url: '${url}', headers: { accept: text/html, authorization: { env: TOKEN }, x-key: { env: KEY }, x-other: { env: UNSET } } }]`
  const env = { TOKEN: 'Bearer canary-1\n', KEY: 'canary-2', OTHER: 'not ours' }
  expect(secretsOf(plan({ checks }).checks, env)).toEqual(['Bearer canary-1', 'canary-1', 'canary-2'])
})

describe('with a longest duration', () => {
  test('the window is cut so that the last look and the verdict fit into it', () => {
    expect(plan({ url, windowMs: 600_000, longestMs: 300_000 })).toMatchObject({
      windowMs: 260_000,
      cut: true,
    })
  })

  test('that is long enough the window stays', () => {
    expect(plan({ url, longestMs: 600_000 })).toMatchObject({ windowMs: 300_000, cut: false })
  })

  test('that leaves no time for one look it is refused', () => {
    expect(() => plan({ url, longestMs: 40_000 })).toThrow(
      '`max-duration` leaves 40s, and one round of checks and the report take up to 40s; write more',
    )
  })
})

describe('when the deployment began', () => {
  const now = Date.parse('2026-11-24T12:00:00Z')

  test.each([
    ['2026-11-24T11:58:00Z', '11:58:00'],
    ['2026-11-24T12:58:00.5+01:00', '11:58:00.500'],
    ['2026-11-24T06:58-0500', '11:58:00'],
  ])('is read from %s', (wish, time) => {
    const at = Date.parse(`2026-11-24T${time}Z`)
    expect(readDeployedAt(wish, undefined, now)).toBe(at)
  })

  test.each([
    '2026-11-24T11:58:00',
    '2026-11-24',
    '2026-11-24T12:00:01Z',
    'yesterday',
    '2026-13-45T00:00:00Z',
  ])('is not taken from %s, which is another time elsewhere, none, or to come', (wish) => {
    expect(() => readDeployedAt(wish, undefined, now)).toThrow(
      `\`deployed-at\` is "${wish}"; write a time in the past with its zone, such as 2026-11-24T12:00:00Z`,
    )
  })
})
