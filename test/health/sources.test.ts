import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { freePort, type MisbehavingService, startMisbehavingService } from '../support/misbehaving-service.ts'
import { startTlsService } from '../support/tls.ts'
import { checksOf, playRounds, watch } from './example.ts'

let service: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
})
let tls: Awaited<ReturnType<typeof startTlsService>>
beforeAll(async () => {
  tls = await startTlsService({ days: 30 })
})
afterAll(async () => {
  await service.stop()
  await tls.stop()
})
beforeEach(() => service.behave({ kind: 'answer' }))

const says = (body: unknown, status = 200) => ({ kind: 'raw', status, body: JSON.stringify(body) }) as const
const env = { TOKEN: 'canary-7d1f', OTHER: 'canary-aa02' }
const oneRound = { windowMs: 0, env }
const twoRounds = { windowMs: 15_000, env }
const token = { env: 'TOKEN' }

/** The state and note of the only check after one round. */
async function look(check: object, more: object = oneRound) {
  const { report, lines } = await watch({ checks: checksOf({ name: 'it', ...check }), ...more })
  const [seen] = report.checks
  expect(JSON.stringify([report, lines])).not.toMatch(/canary/)
  return {
    verdict: report.verdict,
    state: seen?.state,
    value: seen?.value,
    evidence: seen?.evidence,
    failures: seen?.failures,
  }
}

/** One check of each provider, which asks our service. */
const providers = () => ({
  json: { type: 'json', url: service.url, value: '$.errors', max: 5, severity: 'critical' },
  datadog: {
    type: 'datadog',
    url: service.url,
    query: 'avg:errors{*}',
    'api-key': token,
    'app-key': { env: 'OTHER' },
    max: 5,
    severity: 'critical',
  },
  newrelic: {
    type: 'newrelic',
    url: `${service.url}/graphql`,
    account: 7,
    nrql: 'SELECT count(*) FROM Error',
    'api-key': token,
    max: 5,
    severity: 'critical',
  },
  sentry: { type: 'sentry', url: service.url, organization: 'acme', project: 1, release: 'shop@1.0', token },
  codepush: { type: 'codepush', url: service.url, app: 'Shop-iOS', label: 'v7', token },
})

describe.each(['json', 'datadog', 'newrelic', 'sentry', 'codepush'] as const)('%s', (type) => {
  test.each([
    ['a wrong token', says({}, 401), /refused the request \(status 401\)/],
    ['too many requests', says({}, 429), /rejects further requests for now/],
    ['a broken server', says({}, 500), /status 500/],
    [
      'a page in the place of JSON',
      { kind: 'raw', status: 200, body: '<html>' } as const,
      /another shape|200/,
    ],
    ['a redirect', { kind: 'redirect', times: 9 } as const, /status 302/],
    ['more than 5 MiB', { kind: 'flood', bytes: 5 * 1024 * 1024 + 10 } as const, /more than 5 MiB/],
    ['no answer', { kind: 'hang' } as const, /no complete answer within 250ms/],
    ['an answer that drips', { kind: 'drip' } as const, /no complete answer within 250ms/],
  ])('that gets %s could not look', async (_, behaviour, why) => {
    service.behave(behaviour)
    const isFlood = behaviour.kind === 'flood'
    const seen = await look(providers()[type], { ...oneRound, timeoutMs: isFlood ? 5000 : 250 })
    expect(seen).toMatchObject({ verdict: 'error', state: 'error' })
    expect(seen.evidence).toMatch(why)
  })

  test('that is told to wait has no data', async () => {
    service.behave(says({}, 202))
    expect(await look(providers()[type])).toMatchObject({ verdict: 'inconclusive', state: 'no-data' })
  })
})

/** The providers, and Prometheus, whose answers are told apart elsewhere. */
const servers = (url: string) =>
  [...Object.values(providers()), { type: 'prometheus', query: 'up', metric: 'error-rate' }].map((check) => ({
    ...check,
    url,
  }))

describe('the address of every server', () => {
  test.each<[string, () => Promise<string> | string, RegExp]>([
    ['that has no such path', () => service.url, /status 404|no Prometheus API/],
    ['where nothing listens', async () => `http://127.0.0.1:${await freePort()}`, /refused \(ECONNREFUSED\)/],
    ['of a host that is not there', () => 'https://metrics.invalid', /the host name was not found/],
    ['with a certificate that nobody vouches for', () => tls.url, /the TLS connection failed/],
    ['that speaks no TLS', () => service.url.replace('http:', 'https:'), /the TLS connection failed/],
  ])('%s is an error that says so, and in time', async (_, urlOf, why) => {
    service.behave({ kind: 'raw', status: 404, body: 'not here' })
    const url = await urlOf()
    for (const check of servers(url)) {
      const startedAt = performance.now()
      const seen = await look(check, { ...oneRound, timeoutMs: 3000 })
      expect({ type: check.type, ...seen }).toMatchObject({ verdict: 'error', state: 'error' })
      expect(seen.evidence).toMatch(why)
      expect(performance.now() - startedAt).toBeLessThan(10_000)
    }
  })
})

describe('a number', () => {
  const point = (...values: readonly (number | null)[]) => ({
    status: 'ok',
    series: [{ pointlist: values.map((value, index) => [index, value]) }],
  })
  const row = (...results: readonly object[]) => ({ data: { actor: { account: { nrql: { results } } } } })

  test.each<['json' | 'datadog' | 'newrelic', unknown, string, number | undefined]>([
    ['json', { errors: 3 }, 'ok', 3],
    ['json', { errors: 9 }, 'breached', 9],
    ['json', { errors: null }, 'no-data', undefined],
    ['json', {}, 'no-data', undefined],
    ['json', { errors: 'NaN' }, 'error', undefined],
    ['json', [], 'no-data', undefined],
    ['datadog', point(1, 9, 2), 'ok', 2],
    ['datadog', point(1, 9, null), 'breached', 9],
    ['datadog', point(null), 'no-data', undefined],
    ['datadog', { status: 'ok', series: [] }, 'no-data', undefined],
    ['datadog', { status: 'error', error: 'canary' }, 'error', undefined],
    ['datadog', { series: [...point(1).series, ...point(2).series] }, 'error', undefined],
    ['newrelic', row({ count: 2 }), 'ok', 2],
    ['newrelic', row({ count: 8 }), 'breached', 8],
    ['newrelic', row({ count: null }), 'no-data', undefined],
    ['newrelic', row(), 'no-data', undefined],
    ['newrelic', row({ count: 1 }, { count: 2 }), 'error', undefined],
    ['newrelic', row({ a: 1, b: 2 }), 'error', undefined],
    ['newrelic', { errors: [{ message: 'canary' }], data: null }, 'error', undefined],
  ])('of %s in %j is %s', async (type, body, state, value) => {
    service.behave(says(body))
    expect(await look(providers()[type])).toMatchObject({ state, value })
  })
})

describe('counts', () => {
  const sessions = (crashed: number, healthy: number) => ({
    groups: [
      { by: { 'session.status': 'crashed' }, totals: { 'sum(session)': crashed }, series: {} },
      { by: { 'session.status': 'healthy' }, totals: { 'sum(session)': healthy }, series: {} },
    ],
  })

  test('of Sentry are the totals of the release, which is what it is asked for', async () => {
    service.behave(says(sessions(30, 70)))
    expect(await look(providers().sentry)).toMatchObject({
      verdict: 'unhealthy',
      failures: { bad: 30, of: 100 },
    })
    const { url, headers } = service.seen.at(-1) ?? {}
    expect(new URL(url ?? '', service.url).searchParams.get('query')).toBe('release:"shop@1.0"')
    expect(headers?.authorization).toBe('Bearer canary-7d1f')
    service.behave(says(sessions(0, 3000)))
    expect(await look(providers().sentry)).toMatchObject({ verdict: 'healthy' })
    service.behave(says(sessions(1, 30)))
    expect(await look(providers().sentry)).toMatchObject({ verdict: 'inconclusive', state: 'undecided' })
    service.behave(says({ groups: [] }))
    expect(await look(providers().sentry)).toMatchObject({ verdict: 'inconclusive', state: 'no-data' })
  })

  test('of Sentry are of users, where those are asked for', async () => {
    const group = (status: string, users: number) => ({
      by: { 'session.status': status },
      totals: { 'count_unique(user)': users },
      series: {},
    })
    service.behave(says({ groups: [group('crashed', 40), group('healthy', 60)] }))
    expect(await look({ ...providers().sentry, of: 'users' })).toMatchObject({
      verdict: 'unhealthy',
      failures: { bad: 40, of: 100 },
      evidence: expect.stringContaining('40 of 100 users'),
    })
    expect(new URL(service.seen.at(-1)?.url ?? '', service.url).searchParams.get('field')).toBe(
      'count_unique(user)',
    )
  })

  test.each<['sentry' | 'codepush', object, string]>([
    [
      'sentry',
      { groups: [{ by: { 'session.status': 'crashed' }, totals: { 'sum(session)': null }, series: {} }] },
      'undecided',
    ],
    ['sentry', { groups: [{ by: {}, totals: { 'sum(session)': 'NaN' }, series: {} }] }, 'error'],
    ['sentry', { detail: 'Invalid query' }, 'error'],
    ['codepush', { metrics: { v7: {} } }, 'undecided'],
    ['codepush', { metrics: { v7: { installed: null, failed: null } } }, 'error'],
    ['codepush', { metrics: { v7: { installed: -1, failed: 3 } } }, 'error'],
    ['codepush', { metrics: { constructor: { installed: 1, failed: 1 } } }, 'no-data'],
  ])('of %s in %j are %s, and never well', async (type, body, state) => {
    service.behave(says(body))
    expect(await look(providers()[type])).toMatchObject({ state })
  })

  test.each(['json', 'datadog', 'newrelic', 'sentry', 'codepush'] as const)(
    'of %s in JSON with a NaN, which is none, are an error',
    async (type) => {
      service.behave({ kind: 'raw', status: 200, body: '{"errors": NaN}' })
      expect(await look(providers()[type])).toMatchObject({ verdict: 'error', state: 'error' })
    },
  )

  test('of CodePush are those of the label, and those of the label before say what is usual', async () => {
    const metrics = (v7: object, v6 = { installed: 9000, failed: 450 }) => says({ metrics: { v6, v7 } })
    const compared = { ...providers().codepush, 'label-before': 'v6' }
    service.behave(metrics({ installed: 950, failed: 50 }))
    expect(await look(providers().codepush)).toMatchObject({ verdict: 'unhealthy' })
    expect((await look(compared)).verdict).not.toBe('unhealthy')
    service.behave(metrics({ installed: 700, failed: 300 }))
    expect(await look(compared)).toMatchObject({ verdict: 'unhealthy', failures: { bad: 300, of: 1000 } })
    service.behave(says({ metrics: {} }))
    const off = await look(compared)
    expect(off).toMatchObject({ verdict: 'inconclusive', state: 'no-data' })
    expect(off.evidence).toContain('check that its Redis is running')
  })

  test('of a CodePush label that is not named are those of the newest release, and of the one before for its binaries', async () => {
    const { label: _, ...unnamed } = providers().codepush
    const release = (label: string, appVersion: string, packageHash: string) => ({
      label,
      appVersion,
      packageHash,
    })
    // as Microsoft's server answers: the oldest first; a label is failed or installed
    const history = [
      release('v8', '1.0.0', 'good'),
      release('v9', '2.0.0', 'other'),
      release('v10', '1.0.0', 'bad'),
    ]
    const metrics = { v8: { installed: 980, failed: 20 }, v9: {}, v10: { installed: 70, failed: 30 } }
    service.behave(says({ history, metrics: { ...metrics, '1.0.0': { active: 9 } } }))
    const seen = await look(unnamed)
    expect(seen).toMatchObject({ verdict: 'unhealthy', failures: { bad: 30, of: 100 } })
    expect(seen.evidence).toContain('30 of 100 installs of v10, limit 2.651 % from v8')
    service.behave(says({ history: [], metrics }))
    expect(await look(unnamed)).toMatchObject({ verdict: 'inconclusive', state: 'no-data' })
    service.behave(says({ metrics: null }))
    expect(await look(unnamed)).toMatchObject({ verdict: 'error', state: 'error' })
  })

  test('of any JSON are what was added since the first look', async () => {
    const check = {
      type: 'json',
      url: service.url,
      bad: '$.bad',
      total: '$.all',
      metric: 'error-rate',
      severity: 'critical',
    }
    const clock = playRounds(service, says({ bad: 900, all: 1000 }), says({ bad: 940, all: 1100 }))
    expect(await look(check, { ...twoRounds, ...clock })).toMatchObject({
      verdict: 'unhealthy',
      failures: { bad: 40, of: 100 },
    })
    const cleared = playRounds(service, says({ bad: 900, all: 1000 }), says({ bad: 0, all: 10 }))
    expect(await look(check, { ...twoRounds, ...cleared })).toMatchObject({ failures: { bad: 0, of: 0 } })
    service.behave(says({ bad: 20, all: 10 }))
    expect(await look(check)).toMatchObject({ verdict: 'error' })
  })

  test('of New Relic are named bad and total', async () => {
    const nrql = 'SELECT filter(count(*), WHERE error IS true) AS bad, count(*) AS total FROM Transaction'
    const check = { ...providers().newrelic, nrql, max: 0.05 }
    service.behave(says({ data: { actor: { account: { nrql: { results: [{ bad: 60, total: 100 }] } } } } }))
    expect(await look(check)).toMatchObject({ verdict: 'unhealthy', failures: { bad: 60, of: 100 } })
  })

  test('of Datadog are sums since the deployment; no series of bad ones is none', async () => {
    const { query: _, ...datadog } = providers().datadog
    const check = { ...datadog, bad: 'sum:bad{*}.as_count()', total: 'sum:all{*}.as_count()', max: 0.05 }
    service.behave(
      says({
        series: [
          {
            pointlist: [
              [1, 50],
              [2, null],
              [3, 50],
            ],
          },
        ],
      }),
    )
    expect(await look(check)).toMatchObject({ failures: { bad: 100, of: 100 } })
  })
})

describe('a TCP port', () => {
  test('that listens is well; one that does not is down; a host that is not found is a mistake', async () => {
    const check = { type: 'tcp', host: '127.0.0.1', severity: 'critical' }
    expect(await look({ ...check, port: service.port })).toMatchObject({ verdict: 'healthy', value: 0 })
    expect(await look({ ...check, port: await freePort() })).toMatchObject({ verdict: 'unhealthy', value: 1 })
    expect(
      await look({ ...check, host: 'no-such-host.invalid', port: 80 }, { ...oneRound, timeoutMs: 5000 }),
    ).toMatchObject({
      verdict: 'error',
    })
  })
})

describe('a program', () => {
  const command = (script: string, more: object = {}) => ({
    type: 'command',
    run: [process.execPath, '--eval', script],
    severity: 'critical',
    ...more,
  })
  const output = { value: 'output', max: 5 }
  const patient = { windowMs: 0, env: { ...env, PATH: process.env['PATH'] }, timeoutMs: 5000 }

  test.each<[string, object, object]>([
    ['that ends with 0', command('0', { equals: 0 }), { state: 'ok', value: 0 }],
    ['that ends with 3', command('process.exit(3)', { equals: 0 }), { state: 'breached', value: 3 }],
    [
      'that prints a good number',
      command('console.log("so many:\\n4.5")', output),
      { state: 'ok', value: 4.5 },
    ],
    ['that prints a bad number', command('console.log(7)', output), { state: 'breached', value: 7 }],
    ['that prints no number', command('console.log("canary")', output), { state: 'error' }],
    ['that prints NaN', command('console.log(NaN)', output), { state: 'error' }],
    ['that prints nothing', command('0', output), { state: 'no-data' }],
    [
      'that prints a number and fails',
      command('console.log(1); process.exit(1)', output),
      { state: 'error' },
    ],
    ['that is not there', { ...command(''), run: ['./no-such-program'], equals: 0 }, { state: 'error' }],
    [
      'gets no secrets',
      command('process.exit(process.env.TOKEN === undefined ? 0 : 1)', { equals: 0 }),
      { state: 'ok' },
    ],
    [
      'but what it is to get',
      command('process.exit(process.env.TOKEN === undefined ? 1 : 0)', { equals: 0, env: ['TOKEN'] }),
      { state: 'ok' },
    ],
    [
      'gets no shell',
      { ...command(''), run: ['/bin/echo', '$(id)', ';', 'exit 1'], equals: 0 },
      { state: 'ok' },
    ],
  ])('%s', async (_, check, expected) => {
    expect(await look(check, patient)).toMatchObject(expected)
  })

  test('that does not end is killed, with all it started', async () => {
    const startedAt = performance.now()
    const script =
      'require("node:child_process").spawn("sleep", ["60"], { stdio: "inherit" }); setInterval(() => {}, 1000)'
    const seen = await look(command(script, { equals: 0 }), { ...patient, timeoutMs: 500 })
    expect(seen).toMatchObject({ state: 'error' })
    expect(seen.evidence).toContain('did not end within 500ms')
    expect(performance.now() - startedAt).toBeLessThan(4000)
  })
})

describe('what gaps are worth', () => {
  const broken = (more: object) => ({ ...providers().json, ...more })

  test.each([
    [{}, 'error'],
    [{ 'on-error': 'fail' }, 'unhealthy'],
    [{ 'on-error': 'ignore' }, 'inconclusive'],
    [{ 'on-error': 'ignore', 'on-no-data': 'pass' }, 'healthy'],
  ])('an error with %j is %s', async (rules, verdict) => {
    service.behave(says({}, 500))
    expect(await look(broken(rules))).toMatchObject({ verdict })
  })

  test.each([
    [{}, 'inconclusive'],
    [{ 'on-no-data': 'fail' }, 'unhealthy'],
    [{ 'on-no-data': 'pass' }, 'healthy'],
  ])('no data with %j is %s', async (rules, verdict) => {
    service.behave(says({}))
    expect(await look(broken(rules))).toMatchObject({ verdict })
  })
})

describe('named limits', () => {
  const good = says({ errors: 0 })
  const bad = says({ errors: 9 })
  const gone = says({}, 500)
  const empty = says({})
  const play = async (rules: object, ...rounds: Parameters<typeof playRounds>[1][]) => {
    const clock = playRounds(service, ...rounds)
    const windowMs = (rounds.length - 1) * 15_000
    return (await look({ ...providers().json, ...rules }, { env, windowMs, ...clock })).verdict
  }

  test('failure-limit counts all failures, in a row or not', async () => {
    expect(await play({ 'failure-limit': 1 }, bad, good, good, good)).toBe('healthy')
    expect(await play({ 'failure-limit': 1 }, bad, good, good, bad, good)).toBe('unhealthy')
  })

  test('consecutive-error-limit counts those in a row', async () => {
    expect(await play({ 'consecutive-error-limit': 2 }, gone, gone, good, gone, gone)).toBe('healthy')
    expect(await play({ 'consecutive-error-limit': 1 }, gone, gone, good, good, good)).toBe('error')
  })

  test('inconclusive-limit counts all rounds without data', async () => {
    expect(await play({ 'inconclusive-limit': 2 }, empty, empty, good)).toBe('healthy')
    expect(await play({ 'inconclusive-limit': 1 }, empty, good, empty, good, good)).toBe('inconclusive')
  })

  test('initial-delay: what happens in that time counts for nothing', async () => {
    expect(await play({ 'initial-delay': '30s' }, bad, bad, good, good)).toBe('healthy')
    expect(await play({ 'initial-delay': '15s' }, bad, bad, good, good)).toBe('unhealthy')
  })
})

test('CPU and memory never roll back alone, two high checks of them do', async () => {
  service.behave(says({ errors: 1 }))
  const { max: _max, severity: _severity, ...json } = providers().json
  const cpu = { ...json, name: 'cpu', metric: 'cpu', severity: 'high' }
  const alone = await watch({ checks: checksOf(cpu), env, windowMs: 30_000 })
  expect(alone.report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'unsettled-issue' })
  const both = await watch({ checks: checksOf(cpu, { ...cpu, name: 'memory', metric: 'memory' }), env })
  expect(both.report).toMatchObject({ verdict: 'unhealthy', reasonCode: 'two-high-checks' })
})
