import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { assessImpact } from '../../src/health/impact.ts'
import { checksOf, noon } from './example.ts'

/** Speaks as much of Prometheus' API as one number takes: it has been one thing until the deployment, and is another since. */
let metric: { before: string; since: string }
const deployedAt = noon - 600_000
const server = createServer((request, response) => {
  const at = Number(new URL(request.url ?? '', 'http://here').searchParams.get('time')) * 1000
  const value = at <= deployedAt ? metric.before : metric.since
  response.end(
    JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [at / 1000, value] } }),
  )
})
let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => {
  metric = { before: '1240', since: '620' }
})

const users = (more: object = {}) => ({
  name: 'active-users',
  type: 'prometheus',
  url,
  query: 'active_users',
  min: 1000,
  severity: 'high',
  ...more,
})

const assess = (...checks: readonly object[]) =>
  assessImpact({
    checks: checksOf(...checks),
    fetch,
    env: {},
    timeoutMs: 1000,
    intervalMs: 15_000,
    now: () => noon,
    deployedAt,
    redact: (text) => text,
    signal: new AbortController().signal,
  })

test('users who are gone since the deployment are harm, and both numbers are told', async () => {
  const { checks, because } = await assess(users())
  expect(checks).toMatchObject([{ name: 'active-users', before: 1240, after: 620, harmed: true }])
  expect(because).toBe('active-users: 620 after 1240 before the deployment, 50 % less; minimum 1000')
})

test('what was beyond its limit before the deployment is not its harm', async () => {
  metric = { before: '900', since: '880' }
  expect((await assess(users())).checks).toMatchObject([{ state: 'breached', harmed: false }])
})

test('what is within its limit is no harm, whatever it was', async () => {
  metric = { before: '1240', since: '1100' }
  expect((await assess(users())).checks).toMatchObject([{ state: 'ok', harmed: false }])
})

test('a source without a memory has no number of before', async () => {
  const feedback = { name: 'feedback', type: 'json', url, value: '$.data.result[1]', max: 5, severity: 'low' }
  const { checks } = await assess(feedback)
  expect(checks[0]?.before).toBeUndefined()
})

test('what could not be asked is told, and is neither harm nor none', async () => {
  const { checks, because } = await assess(users({ url: 'http://127.0.0.1:9' }), users({ name: 'two' }))
  expect(checks[0]).toMatchObject({ state: 'error', harmed: false })
  expect(checks[0]?.after).toBeUndefined()
  // those that are harmed first
  expect(because).toMatch(/^two: 620 .*; active-users: .*could not be queried: /)
})

test('nothing to assess is refused', async () => {
  await expect(assess()).rejects.toThrow('there is nothing to assess: add checks of active users')
})
