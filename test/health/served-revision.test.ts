import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { defaultRecovery, verifyRecovery } from '../../src/health/recovery.ts'
import { parseChecks } from '../../src/settings/parse.ts'
import {
  type Behaviour,
  type MisbehavingService,
  startMisbehavingService,
} from '../support/misbehaving-service.ts'
import { checksOf, playRounds, virtualClock, watch } from './example.ts'

let service: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
})
afterAll(() => service.stop())
beforeEach(() => service.behave(serves(fresh)))

const fresh = 'a'.repeat(40)
const old = 'b'.repeat(40)
const serves = (
  revision: string,
  more: { status?: number; headers?: Record<string, string> } = {},
): Behaviour => ({
  kind: 'raw',
  status: more.status ?? 200,
  headers: { 'x-revision': revision, ...more.headers },
  body: JSON.stringify({ commit: revision.slice(0, 12), text: `commit: ${revision}` }),
})
const subject = { environment: 'production', revisions: [fresh] }
const home = (more: object = {}) =>
  checksOf({
    name: 'home',
    type: 'http',
    url: service.url,
    severity: 'critical',
    expect: { revision: { header: 'x-revision' } },
    ...more,
  })

describe('the revision that is served', () => {
  test.each([
    ['a header', { header: 'X-Revision' }],
    ['a JSON path', { json: '$.commit' }],
    ['a pattern', { matches: 'commit: ([0-9a-f]+)' }],
  ])('is read from %s: the deployed one is healthy, another is not deployed', async (_, revision) => {
    const checks = home({ expect: { revision } })
    expect((await watch({ checks, subject })).report).toMatchObject({ verdict: 'healthy' })
    service.behave(serves(old))
    expect((await watch({ checks, subject })).report).toMatchObject({
      verdict: 'not-deployed',
      reasonCode: 'other-revision-served',
    })
  })

  test('that is old and fails is no reason to roll back', async () => {
    service.behave(serves(old, { status: 500 }))
    const { report } = await watch({ checks: home(), subject })
    expect(report).toMatchObject({ verdict: 'not-deployed' })
    expect(report.because).toContain('it serves bbbbbbb and not aaaaaaa')
  })

  test('that is old at first is waited for', async () => {
    const rounds = [serves(old), serves(old), serves(old), ...Array.from({ length: 8 }, () => serves(fresh))]
    const { report } = await watch({ checks: home(), subject, ...playRounds(service, ...rounds) })
    expect(report).toMatchObject({ verdict: 'healthy' })
  })

  test('that changes from answer to answer is a rollout in progress', async () => {
    const rounds = Array.from({ length: 30 }, (_, round) => serves(round % 2 === 0 ? fresh : old))
    const { report } = await watch({ checks: home(), subject, ...playRounds(service, ...rounds) })
    expect(report).toMatchObject({ verdict: 'inconclusive', reasonCode: 'rollout-in-progress' })
    expect(report.because).toContain('some answers are of bbbbbbb and not aaaaaaa')
  })

  test('that is the deployed one and fails is rolled back, also while the rollout is in progress', async () => {
    const rounds = Array.from({ length: 30 }, (_, round) =>
      round % 2 === 0 ? serves(fresh, { status: 500 }) : serves(old),
    )
    const { report } = await watch({
      checks: home({ for: '0s' }),
      subject,
      ...playRounds(service, ...rounds),
    })
    expect(report).toMatchObject({ verdict: 'unhealthy' })
  })

  test('that a good answer does not name is never healthy', async () => {
    service.behave({ kind: 'answer' })
    expect((await watch({ checks: home(), subject })).report).toMatchObject({ verdict: 'inconclusive' })
  })

  test.each([{ age: '120' }, { 'x-cache': 'Hit from cloudfront' }, { 'cf-cache-status': 'HIT' }])(
    'may come from a cache, which is said: %j',
    async (headers) => {
      service.behave(serves(old, { headers }))
      const { report } = await watch({ checks: home(), subject })
      expect(report.because).toContain('an answer came from a cache')
    },
  )
})

describe('placeholders', () => {
  test('stand in address, headers, body and what is expected', async () => {
    service.behave({ kind: 'raw', status: 200, body: `production ${fresh}` })
    const checks = home({
      url: `${service.url}/{environment}/{revision}`,
      body: '{revision}',
      headers: { 'x-wanted': '{revision}' },
      expect: { body: '{environment} {revision}' },
    })
    expect((await watch({ checks, subject, windowMs: 0 })).report).toMatchObject({ verdict: 'healthy' })
    const [seen] = service.seen.slice(-1)
    expect(seen).toMatchObject({ url: `/production/${fresh}`, headers: { 'x-wanted': fresh } })
  })

  test('take no environment whose name could change a query', async () => {
    const checks = checksOf({
      name: 'errors',
      type: 'prometheus',
      url: service.url,
      query: 'up{env="{environment}"}',
      metric: 'error-rate',
    })
    const attack = { environment: 'a"} or vector(0) #', revisions: [fresh] }
    await expect(watch({ checks, subject: attack })).rejects.toThrow('that cannot replace {environment}')
  })
})

describe('after a rollback', () => {
  const verify = (about: { revisions: readonly string[]; failed?: string }) =>
    verifyRecovery({
      ...virtualClock(),
      checks: home(),
      subject: { environment: 'production', ...about },
      intervalMs: 15_000,
      timeoutMs: 1000,
      fetch,
      env: {},
      alpha: 0.01,
      log: () => {},
      redact: (text) => text,
      signal: new AbortController().signal,
      settings: defaultRecovery,
      seenBefore: [],
    })

  test('the restored revision has to be served', async () => {
    expect(await verify({ revisions: [fresh] })).toMatchObject({ outcome: 'recovered' })
    service.behave(serves(old))
    expect(await verify({ revisions: [fresh] })).toMatchObject({ outcome: 'unknown' })
  })

  test('any but the failed one may be, where nobody knows which was restored', async () => {
    expect(await verify({ revisions: [], failed: old })).toMatchObject({ outcome: 'recovered' })
    service.behave(serves(old))
    expect(await verify({ revisions: [], failed: old })).toMatchObject({ outcome: 'unknown' })
  })
})

test.each([
  ['{ header: "a b" }', 'is not the name of a header'],
  ['{ matches: "commit" }', 'one group'],
  ['{ matches: "(" }', 'one group'],
])('where the revision stands is refused with %s', (source, why) => {
  const text = `- { name: a, type: http, url: "https://x.example", severity: high, expect: { revision: ${source} } }`
  expect(() => parseChecks({ text, file: 'the test' })).toThrow(why)
})
