import { describe, expect, test } from '@jest/globals'
import { parseChecks } from '../../src/settings/parse.ts'
import { defaultConfig, metricDefaults, metrics } from '../../src/settings/schema.ts'
import { parseConfig } from '../support/parse-config.ts'
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
      paths: [],
      history: { branch: 'rollback-history' },
      env: [],
      health: {
        windowMs: 300_000,
        intervalMs: 15_000,
        timeoutMs: 10_000,
        alpha: 0.01,
        healthyEarly: false,
        jitterMs: 0,
        concurrency: 10,
        cooldownMs: 1_800_000,
        checks: [],
        impact: [],
      },
      rollback: {
        strategies: {},
        onFailure: 'stop',
        dailyCap: 3,
        maxAgeMs: 604_800_000,
        planValidMs: 3_600_000,
        verifyMs: 300_000,
      },
      code: {
        target: 'last-successful-deployment',
        delivery: 'auto',
        maxCommits: 50,
        tagPattern: 'deploy-*',
        checks: [],
      },
      incident: {
        respondMs: { critical: 900_000, high: 3_600_000, medium: 14_400_000, low: 86_400_000 },
        levels: [{ people: [], channels: [] }],
        links: {},
        service: 'our service',
      },
      notify: { timeoutMs: 10_000, channels: {} },
      postmortem: {
        labels: ['postmortem', 'incident'],
        assignees: [],
        folder: 'docs/postmortems',
        routes: {},
      },
    })
  })

  test('with every key in it is read as it says', () => {
    expect(parseConfig({ text: example, file })).toEqual({
      environment: 'production',
      branch: 'main',
      paths: ['apps/web', 'lib'],
      history: { branch: 'rollback-history' },
      env: [],
      health: {
        windowMs: 600_000,
        intervalMs: 20_000,
        timeoutMs: 5_000,
        alpha: 0.01,
        healthyEarly: false,
        jitterMs: 0,
        concurrency: 10,
        impact: [],
        cooldownMs: 3_600_000,
        checks: [
          {
            name: 'homepage',
            type: 'http',
            url: 'https://example.com/healthz',
            redirects: 5,
            metric: 'error-rate',
            severity: 'critical',
            limit: { max: 0.1 },
            forMs: 30_000,
            initialDelayMs: 0,
            onNoData: 'inconclusive',
            onError: 'error',
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
            initialDelayMs: 0,
            onNoData: 'inconclusive',
            onError: 'error',
            headers: { 'x-scope-orgid': 'tenant-1' },
          },
        ],
      },
      rollback: {
        strategies: { 'code-bug': ['code', 'database'], performance: ['ota'] },
        onFailure: 'undo',
        dailyCap: 2,
        maxAgeMs: 259_200_000,
        planValidMs: 1_800_000,
        verifyMs: 300_000,
      },
      code: {
        target: 'previous-deployment-tag',
        delivery: 'pull-request',
        maxCommits: 20,
        tagPattern: 'live-*',
        checks: ['build'],
        redeploy: { workflow: 'deploy.yml', inputs: { revision: '{revision}' }, timeoutMs: 900_000 },
      },
      database: {
        url: { env: 'DATABASE_URL' },
        storage: '/var/backups/shop',
        migrations: 'db/migrations',
        strategy: 'both',
        keepOldMs: 172_800_000,
        allowDataLoss: true,
        mayRestoreAlone: true,
        identity: { env: 'AGE_IDENTITY' },
        recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
      },
      ota: {
        serverUrl: 'https://codepush.example.com',
        accessKey: { env: 'CODEPUSH_ACCESS_KEY' },
        serverKind: 'microsoft',
        project: '.',
        channels: ['shop-ios/Production', 'shop-android/Production'],
        verifyTimeoutMs: 60_000,
      },
      incident: {
        respondMs: { critical: 900_000, high: 3_600_000, medium: 14_400_000, low: 86_400_000 },
        levels: [{ people: [], channels: [] }],
        links: {},
        service: 'our service',
      },
      notify: { timeoutMs: 10_000, channels: {} },
      postmortem: {
        labels: ['postmortem', 'incident'],
        assignees: ['octocat'],
        folder: 'docs/postmortems',
        routes: {},
      },
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

const counters = `bad: 'hits{code="500"}', total: hits`

describe('a list of checks', () => {
  test('may count, and say what its gaps and failures are worth', () => {
    const text = `- { name: a, type: prometheus, url: "http://prometheus:9090", ${counters}, metric: error-rate,
    alpha: 0.002, initial-delay: 1m, on-no-data: fail, on-error: ignore, failure-limit: 3,
    consecutive-error-limit: 4, inconclusive-limit: 0 }`
    expect(parseChecks({ text, file })).toMatchObject([
      {
        counters: { bad: 'hits{code="500"}', total: 'hits' },
        method: 'sequential',
        alpha: 0.002,
        initialDelayMs: 60_000,
        onNoData: 'fail',
        onError: 'ignore',
        failureLimit: 3,
        consecutiveErrorLimit: 4,
        inconclusiveLimit: 0,
        limit: { max: 0.05 },
      },
    ])
  })

  test.each([
    ['query: up, bad: x, total: y, metric: cpu', '`bad` cannot be combined with `query`'],
    ['bad: x, metric: error-rate', '`total` is missing'],
    ['bad: "rate(x[1m])", total: y, metric: error-rate', '`bad` must be the counter itself'],
    ['bad: sum(x), total: y, metric: error-rate', '`bad` must be the selector of the counters'],
    ['bad: x, total: "sum by (job) (y)", metric: error-rate', '`total` must be the selector of the counters'],
    ['bad: "topk(3, x)", total: y, metric: error-rate', '`bad` must be the selector of the counters'],
    [`${counters}, min: 0.1, severity: high`, "can't be the limit of counts"],
    [`${counters}, max: 5, severity: high`, 'must be a ratio from 0 to 1; write `0.05` for 5 %'],
    [`${counters}, metric: cpu, severity: critical`, "can't be critical for cpu"],
    [`${counters}, metric: error-rate, initial-delay: 2h`, '`initial-delay` is longer than the window'],
  ])('that counts is refused with { %s }', (keys, why) => {
    const text = `- { name: a, type: prometheus, url: "http://prometheus:9090", ${keys} }`
    expect(() => parseChecks({ text, file, windowMs: 300_000 })).toThrow(why)
  })

  test.each([
    ['prometheus', `${counters}, metric: error-rate, max: 1`, 'max'],
    ['prometheus', `${counters}, severity: high, max: 1`, 'max'],
    ['prometheus', 'query: up, metric: cpu, max: 1', 'max'],
    ['prometheus', 'query: up, metric: crash-rate, min: 0', 'min'],
    ['prometheus', 'query: up, metric: memory, min: 0, max: 1', 'max'],
    ['http', 'url: "https://example.com", max: 1', 'max'],
    ['tcp', 'host: db.example.com, port: 5432, max: 1', 'max'],
    ['github', 'max: 1', 'max'],
  ])('of a share that lets every value pass is refused: %s { %s }', (type, keys, key) => {
    const url = type === 'prometheus' ? 'url: "http://prometheus:9090", ' : ''
    const text = `- { name: a, type: ${type}, ${url}${keys} }`
    expect(() => parseChecks({ text, file, windowMs: 300_000 })).toThrow(
      `\`${key}\` lets every value pass, so the check can never fail`,
    )
  })

  test.each(['type: tcp, host: db.example.com, port: 5432', 'type: github'])(
    'that only sees success and failure has no other metric: %s',
    (keys) => {
      const text = `- { name: a, ${keys}, metric: cpu, max: 0.5 }`
      expect(() => parseChecks({ text, file, windowMs: 300_000 })).toThrow(
        '`metric` can only be `error-rate` for this type; remove it',
      )
    },
  )

  test.each([
    'metric: error-rate, min: 0, max: 0.1',
    'metric: cpu, equals: 1',
    'metric: response-time, min: 0',
  ])('of a share that some value is beyond may have one bound at the end: %s', (keys) => {
    const text = `- { name: a, type: prometheus, url: "http://p:9090", query: up, ${keys} }`
    expect(parseChecks({ text, file })).toHaveLength(1)
  })

  test('that counts may have a metric or a label that is called like an aggregation', () => {
    const text =
      "- { name: a, type: prometheus, url: 'http://p:9090', bad: 'sum{path=\"sum(x)\"}', total: count, metric: error-rate }"
    expect(parseChecks({ text, file })).toHaveLength(1)
  })

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
    const text = '- { name: a, type: http, url: "https://example.com", min: 0.1, severity: low }'
    expect(parseChecks({ text, file })[0]).toMatchObject({ limit: { min: 0.1 }, severity: 'low' })
    expect(parseChecks({ text, file })[0]?.limit).toEqual({ min: 0.1 })
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
