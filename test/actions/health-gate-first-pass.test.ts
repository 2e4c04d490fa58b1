import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { recordPasses } from '../support/passed-before.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  shop = await openBrokenShop()
  service = await startService({ status: 200, body: 'hello' })
})
afterEach(async () => {
  await service.stop()
  await shop.close()
})

async function gate(inputs: Record<string, string> = {}, sha = shop.bad) {
  const all = { url: service.url, window: '600ms', interval: '100ms', ...inputs }
  return runStep(await shop.job({ sha }), { action: 'health-gate', inputs: all })
}

describe('an http check that has never passed in this environment', () => {
  test.each([401, 403, 404, 500])('is an error at status %d, and nothing is rolled back', async (status) => {
    service.change({ status, body: 'no' })
    const { exitCode, outputs, log } = await gate()
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ verdict: 'error', decision: 'keep', 'reason-code': 'could-not-look' })
    expect(log).toMatch(/never passed in this environment|has not passed before/)
    // what to do is said once, and not in every round
    const advised = log
      .split('\n')
      .filter((line) => /^\d\d:\d\d:\d\d UTC .*correct it, and run the gate once/.test(line))
    expect(advised.length).toBeLessThanOrEqual(1)
  })

  test('is one after a rollback, too, and fails the step: nothing shows that production has recovered', async () => {
    service.change({ status: 500, body: 'no' })
    const verify = { mode: 'verify', 'up-tries': '1' }
    const { exitCode, outputs, log } = await gate(verify)
    expect({ log, exitCode, ...outputs }).toMatchObject({
      exitCode: 1,
      verdict: 'error',
      'reason-code': 'unknown',
    })
    // who says otherwise gets a warning
    const warned = await gate({ ...verify, 'fail-on': 'unhealthy' })
    expect(warned).toMatchObject({ exitCode: 0, outputs: { verdict: 'error' } })
    expect(warned.log).toContain('warning: production after the rollback: unknown')
  })

  test('whose service refuses the connection is an error, too', async () => {
    const { url } = service
    await service.stop()
    const { outputs, log } = await gate({ url })
    expect(outputs).toMatchObject({ verdict: 'error', decision: 'keep' })
    expect(log).toContain('use a runner that can reach it')
    service = await startService({ status: 200, body: '' })
  })

  test('is no evidence in another environment than the one that it passed in', async () => {
    await recordPasses(shop.history, { revision: shop.good, environment: 'staging' })
    service.change({ status: 500, body: 'no' })
    expect((await gate()).outputs).toMatchObject({ verdict: 'error', decision: 'keep' })
  })

  test('counts where the check says that an error is a failure', async () => {
    service.change({ status: 500, body: 'no' })
    const checks = `- { name: home, type: http, url: '${service.url}', severity: critical, on-error: fail, for: 0s }`
    expect((await gate({ url: '', checks })).outputs).toMatchObject({ verdict: 'unhealthy' })
  })
})

describe('one that passed before', () => {
  test.each([401, 403, 500])(
    'and now answers status %d is rolled back: it may be so for everybody',
    async (status) => {
      await recordPasses(shop.history, { revision: shop.good })
      service.change({ status, body: 'no' })
      expect((await gate()).outputs).toMatchObject({ verdict: 'unhealthy', decision: 'roll-back' })
    },
  )

  test('in a snapshot before the deployment is rolled back', async () => {
    const before = await gate({ mode: 'snapshot', window: '', revision: shop.good })
    expect(before.exitCode).toBe(0)
    expect(before.outputs).toMatchObject({ verdict: 'healthy', decision: 'keep', 'reason-code': 'snapshot' })
    service.change({ status: 403, body: 'no' })
    expect((await gate()).outputs).toMatchObject({ verdict: 'unhealthy', decision: 'roll-back' })
  })

  test('and is asked too often, or to prove to be no robot, is not', async () => {
    await recordPasses(shop.history, { revision: shop.good })
    service.change({ status: 429, body: 'slow down' })
    const limited = await gate()
    expect(limited.outputs).toMatchObject({ verdict: 'error', decision: 'keep' })
    expect(limited.log).toContain('probe less often')
  })
})

test('a snapshot of a production that is down fails no step, and makes no pass', async () => {
  service.change({ status: 500, body: 'down' })
  const { exitCode, outputs } = await gate({ mode: 'snapshot', window: '', revision: shop.good })
  expect(exitCode).toBe(0)
  expect(outputs).toMatchObject({ verdict: 'pre-existing', decision: 'keep' })
  expect((await gate()).outputs).toMatchObject({ verdict: 'error', decision: 'keep' })
})
