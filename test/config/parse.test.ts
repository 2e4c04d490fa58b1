import { describe, expect, test } from '@jest/globals'
import { parseChecks, parseConfig } from '../../src/config/parse.ts'
import { defaultConfig, metricDefaults, metrics } from '../../src/config/schema.ts'
import { example } from './example.ts'

const file = 'rollback.yml'
const http = '- { name: a, type: http, url: https://example.com }'

describe('a configuration', () => {
  test.each([
    ['no text', ''],
    ['a byte order mark', '\ufeff'],
    ['comments', '# nothing yet\n'],
    ['the start of a document', '---\n'],
    ['an empty mapping', '{}\n'],
  ])('of %s has all defaults', (_, text) => {
    expect(parseConfig({ text, file })).toEqual(defaultConfig())
  })

  test('has these defaults', () => {
    expect(defaultConfig()).toEqual({
      environment: 'production',
      history: { branch: 'rollback-history' },
      health: { windowMs: 300_000, intervalMs: 15_000, timeoutMs: 10_000, cooldownMs: 1_800_000, checks: [] },
      postmortem: { labels: ['postmortem', 'incident'], assignees: [] },
    })
  })

  test('with every key in it is read as it says', () => {
    expect(parseConfig({ text: example, file })).toEqual({
      environment: 'production',
      branch: 'main',
      history: { branch: 'rollback-history' },
      health: {
        windowMs: 600_000,
        intervalMs: 20_000,
        timeoutMs: 5_000,
        cooldownMs: 3_600_000,
        checks: [
          {
            name: 'homepage',
            type: 'http',
            url: 'https://example.com/healthz',
            metric: 'error-rate',
            severity: 'critical',
            limit: { max: 0.1 },
            forMs: 30_000,
            expect: { status: [200, 204], body: 'ok', maxLatencyMs: 800 },
            headers: { accept: 'text/html', authorization: { env: 'HEALTH_TOKEN' } },
          },
          {
            name: 'errors',
            type: 'prometheus',
            url: 'http://prometheus:9090',
            query: 'sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))',
            metric: 'error-rate',
            severity: 'high',
            limit: { max: 0.05 },
            forMs: 0,
            headers: { 'x-scope-orgid': 'tenant-1' },
          },
        ],
      },
      postmortem: { labels: ['postmortem', 'incident'], assignees: ['octocat'] },
    })
  })

  test('may repeat itself with anchors and aliases', () => {
    const text = `health:
  window: &ten 10m
  cooldown: *ten
`
    expect(parseConfig({ text, file }).health).toMatchObject({ windowMs: 600_000, cooldownMs: 600_000 })
  })

  test('with line ends of Windows is the same', () => {
    expect(parseConfig({ text: example.replaceAll('\n', '\r\n'), file })).toEqual(
      parseConfig({ text: example, file }),
    )
  })
})

describe('a list of checks', () => {
  test('is empty where the input is', () => {
    expect(parseChecks({ text: '', file })).toEqual([])
  })

  test.each(metrics)('of metric %s takes its limit and severity from it', (metric) => {
    const text = `- { name: a, type: prometheus, url: "http://prometheus:9090", query: up, metric: ${metric} }`
    const { limit, severity } = metricDefaults[metric]
    expect(parseChecks({ text, file })).toMatchObject([{ metric, limit, severity }])
  })

  test('sees a high error rate over HTTP unless it says otherwise', () => {
    expect(parseChecks({ text: http, file })).toMatchObject([
      { metric: 'error-rate', severity: 'high', limit: { max: 0.05 }, expect: {}, headers: {} },
    ])
  })

  test('keeps only the limits that it gives itself', () => {
    const text = '- { name: a, type: http, url: "https://example.com", min: 0, severity: low }'
    expect(parseChecks({ text, file })[0]).toMatchObject({ limit: { min: 0 }, severity: 'low' })
    expect(parseChecks({ text, file })[0]?.limit).toEqual({ min: 0 })
  })

  test('needs two failed rounds over HTTP before a breach counts', () => {
    expect(parseChecks({ text: http, file, intervalMs: 7_000 })[0]?.forMs).toBe(14_000)
  })

  test('never needs a breach to last longer than anyone looks', () => {
    expect(parseChecks({ text: http, file, intervalMs: 7_000, windowMs: 10_000 })[0]?.forMs).toBe(10_000)
    const text = 'health: { window: 20s, interval: 15s, checks: [{ name: a, type: http, url: "http://a" }] }'
    expect(parseConfig({ text, file }).health.checks[0]?.forMs).toBe(20_000)
  })

  test('is refused if a breach would have to last longer than the window that is known', () => {
    const text = '- { name: a, type: http, url: "https://example.com", for: 1m }'
    expect(() => parseChecks({ text, file, windowMs: 30_000 })).toThrow('`for` is longer than the window')
    expect(parseChecks({ text, file })[0]?.forMs).toBe(60_000)
  })
})
