import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { defaultRecovery, type RecoveryInput, verifyRecovery } from '../../src/health/recovery.ts'
import { freePort, type MisbehavingService, startMisbehavingService } from '../support/misbehaving-service.ts'
import { bad, checksOf, good, noon, playRounds, virtualClock } from './example.ts'

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
beforeEach(() => {
  service.behave(good)
  metrics.behave(says('0.001'))
})

const homepage = (more: object = {}) => ({
  name: 'homepage',
  type: 'http',
  url: service.url,
  severity: 'critical',
  ...more,
})
const errors = (more: object = {}) => ({
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

async function verify(wanted: Partial<RecoveryInput> & Pick<RecoveryInput, 'checks'>) {
  const clock = virtualClock()
  const lines: string[] = []
  const input: RecoveryInput = {
    ...clock,
    intervalMs: 15_000,
    timeoutMs: 1000,
    fetch,
    env: {},
    alpha: 0.01,
    log: (line) => void lines.push(line),
    redact: (text) => text,
    signal: new AbortController().signal,
    settings: defaultRecovery,
    seenBefore: [],
    ...wanted,
  }
  const recovery = await verifyRecovery(input)
  return { recovery, lines, seconds: (input.now() - noon) / 1000 }
}

describe('is it up', () => {
  test('a production that answers is seen to be up at once, and better half a minute later', async () => {
    const { recovery, seconds } = await verify({ checks: checksOf(homepage()) })
    expect(recovery).toMatchObject({ outcome: 'recovered', up: true, tries: 1 })
    expect(seconds).toBe(30)
  })

  test('one that needs a while to start is tried three times, half a minute apart', async () => {
    const clock = playRounds(service, bad, bad, good)
    const { recovery, lines } = await verify({ ...clock, checks: checksOf(homepage()) })
    expect(recovery).toMatchObject({ outcome: 'recovered', tries: 3 })
    expect(recovery.because).toContain('it is up on try 3')
    expect(lines.filter((line) => line.startsWith('checks that production is up'))).toEqual([
      'checks that production is up: attempt 1 of 3',
      'checks that production is up: attempt 2 of 3',
      'checks that production is up: attempt 3 of 3',
    ])
  })

  test('one that does not come up is down after a minute, and why is told', async () => {
    service.behave(bad)
    const { recovery, seconds } = await verify({ checks: checksOf(homepage(), errors()) })
    expect(recovery).toMatchObject({ outcome: 'not-recovered', up: false, tries: 3 })
    expect(recovery.because).toMatch(/^it is not up after 3 tries: homepage \(100 %, .*status 500/)
    expect(seconds).toBe(60)
  })

  test('so many tries as it is told, so far apart', async () => {
    service.behave(bad)
    const settings = { upTries: 5, upPauseMs: 10_000, betterMs: 60_000 }
    const { recovery, seconds } = await verify({ settings, checks: checksOf(homepage()) })
    expect(recovery).toMatchObject({ outcome: 'not-recovered', up: false, tries: 5 })
    expect(seconds).toBe(40)
  })

  test('a low check that fails does not keep it from being up', async () => {
    const down = `http://127.0.0.1:${await freePort()}`
    const checks = checksOf(homepage(), homepage({ name: 'extra', url: down, severity: 'low' }))
    expect((await verify({ checks })).recovery.outcome).toBe('recovered')
  })

  test('an address that cannot be looked at is unknown, and never down or up', async () => {
    const { recovery } = await verify({ checks: checksOf(homepage({ url: 'http://shop.invalid/' })) })
    expect(recovery.outcome).toBe('unknown')
    expect(recovery.because).toContain('the host name was not found')
  })
})

describe('is it better', () => {
  test('a metric that still remembers what was rolled back is waited for', async () => {
    metrics.behave(says('0.31'))
    const clock = virtualClock({ onTick: (at) => at === noon + 120_000 && metrics.behave(says('0.004')) })
    const { recovery, seconds } = await verify({
      ...clock,
      checks: checksOf(errors({ severity: 'critical' })),
      seenBefore: [{ name: 'errors', value: 0.31 }],
    })
    expect(recovery).toMatchObject({
      outcome: 'recovered',
      tries: 0,
      checks: [{ name: 'errors', before: 0.31, after: 0.004 }],
    })
    expect(recovery.because).toContain('errors went from 31 % to 0.4 %')
    expect(seconds).toBe(150)
  })

  test('what stays beyond its limit for five minutes has not recovered, and the numbers are told', async () => {
    metrics.behave(says('0.2'))
    const { recovery, seconds } = await verify({
      checks: checksOf(homepage(), errors({ severity: 'critical' })),
      seenBefore: [{ name: 'errors', value: 0.31 }],
    })
    expect(recovery.outcome).toBe('not-recovered')
    expect(recovery.because).toMatch(/^it is up, and .*errors went from 31 % to 20 %$/)
    expect(seconds).toBeGreaterThan(240)
    expect(seconds).toBeLessThanOrEqual(300)
  })

  test('one value within the limit is not yet better', async () => {
    let round = 0
    const clock = virtualClock({ onTick: () => metrics.behave(says(++round % 2 === 1 ? '0.001' : '0.2')) })
    metrics.behave(says('0.2'))
    const { recovery } = await verify({ ...clock, checks: checksOf(errors()) })
    expect(recovery.outcome).not.toBe('recovered')
  })

  test('without data nothing is known', async () => {
    metrics.behave({
      kind: 'raw',
      status: 200,
      body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }),
    })
    expect((await verify({ checks: checksOf(homepage(), errors()) })).recovery.outcome).toBe('unknown')
  })
})

test('checks that count what a release did are not asked after it is gone', async () => {
  const release = {
    name: 'crashes',
    type: 'sentry',
    url: metrics.url,
    organization: 'shop',
    project: 1,
    release: 'shop@2',
    token: { env: 'TOKEN' },
  }
  const { recovery } = await verify({ checks: checksOf(homepage(), release), env: { TOKEN: 'abcdef' } })
  expect(recovery.checks.map(({ name }) => name)).toEqual(['homepage'])
})

test('a cancelled job ends it at once', async () => {
  const job = new AbortController()
  service.behave(bad)
  const sleep = async () => job.abort(new Error('the job was cancelled'))
  const verifying = verify({ checks: checksOf(homepage()), sleep, signal: job.signal })
  await expect(verifying).rejects.toThrow('the job was cancelled')
})
