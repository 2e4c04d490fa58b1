import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { healthGate } from '../../src/actions/health-gate/contract.ts'
import type { Job } from '../../src/drill/runner.ts'
import { recordPasses } from '../support/passed-before.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  shop = await openBrokenShop()
  await recordPasses(shop.history, { revision: shop.good, names: ['url', 'home'] })
  service = await startService({ status: 500, body: 'down' })
})
afterEach(async () => {
  await service.stop()
  await shop.close()
})

async function watch(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  const all = { url: service.url, window: '600ms', interval: '100ms', ...inputs }
  return runStep(await shop.job({ sha: shop.bad, ...job }), { action: 'health-gate', inputs: all })
}

/** What came after the pass that the history begins with. */
const events = async () => (await shop.history.read()).events.slice(1)

describe('an unhealthy production', () => {
  test('fails the step with a decision, evidence and a report, with the permissions that the README asks for', async () => {
    const { permissions } = healthGate
    const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
    const { exitCode, outputs, log, summary } = await watch({}, { token })
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({
      verdict: 'unhealthy',
      decision: 'roll-back',
      'reason-code': 'critical-check',
    })
    expect(log).toMatch(/^error: .*status 500/m)
    expect(summary).toContain('## Health gate: unhealthy')
    const report = JSON.parse(await readFile(outputs['report'] ?? '', 'utf8'))
    expect(report).toMatchObject({ verdict: 'unhealthy', checks: [{ name: 'url', severity: 'critical' }] })
    expect(await events()).toMatchObject([
      {
        kind: 'health-checked',
        verdict: 'unhealthy',
        decision: 'roll-back',
        revision: shop.bad,
        environment: 'production',
      },
    ])
  })

  test('is told and lets the step pass, when the step is not to fail on it', async () => {
    const { exitCode, outputs, log } = await watch({ 'fail-on': 'error' })
    expect(exitCode).toBe(0)
    expect(outputs['decision']).toBe('roll-back')
    expect(log).toMatch(/^warning: .*production/m)
  })

  test('is held when it was rolled back automatically a moment ago, on whatever runner', async () => {
    const rollback = await runStep(await shop.job({ sha: shop.bad, runId: '6' }), { action: 'git-rollback' })
    expect(rollback.exitCode).toBe(0)
    const { exitCode, outputs } = await watch({ revision: await shop.head() }, { runId: '8' })
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ verdict: 'unhealthy', decision: 'hold', 'reason-code': 'cooldown' })
  })
})

describe('an unhealthy production that is on hold', () => {
  test('by the label of somebody who may write is not rolled back, and who holds it is told', async () => {
    shop.hosted.roles.set('ada', 'write')
    const { octokit, owner, repo } = shop.open({ kind: 'user', login: 'ada' })
    const labels = ['rollback-hold:production']
    await octokit.rest.issues.create({ owner, repo, title: 'Audit until Friday', labels })
    const { exitCode, outputs, summary } = await watch()
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ verdict: 'unhealthy', decision: 'hold', 'reason-code': 'on-hold' })
    expect(summary).toMatch(/on hold since .* by ada .*Audit until Friday/)
  })

  test('by the label of somebody who may not is rolled back, and the log names them', async () => {
    const { octokit, owner, repo } = shop.open({ kind: 'user', login: 'mallory' })
    await octokit.rest.issues.create({ owner, repo, title: 'No rollbacks', labels: ['rollback-hold'] })
    const { outputs, log } = await watch()
    expect(outputs['decision']).toBe('roll-back')
    expect(log).toMatch(/^warning: the label rollback-hold on #1 is ignored: mallory/m)
  })
})

test('a healthy production passes, and nothing is annotated', async () => {
  service.change({ status: 200, body: 'hello' })
  const { exitCode, outputs, log } = await watch()
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs).toMatchObject({ verdict: 'healthy', decision: 'keep' })
  expect(log).not.toMatch(/^(error|warning)/m)
  expect(await events()).toMatchObject([{ kind: 'health-checked', verdict: 'healthy' }])
})

test('a metrics server that cannot be asked is an error: the step fails loudly and nothing is rolled back', async () => {
  const checks = `- { name: errors, type: prometheus, url: ${service.url}, query: up, metric: error-rate }`
  const { exitCode, outputs, log } = await watch({ url: '', checks })
  expect(exitCode).toBe(1)
  expect(outputs).toMatchObject({ verdict: 'error', decision: 'keep' })
  expect(log).toMatch(/^error: .*500/m)
})

test('no data is never healthy', async () => {
  service.change({
    status: 200,
    body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }),
  })
  const checks = `- { name: errors, type: prometheus, url: ${service.url}, query: up, metric: error-rate }`
  const { exitCode, outputs, log } = await watch({ url: '', checks })
  expect(outputs).toMatchObject({ verdict: 'inconclusive', decision: 'keep' })
  expect(exitCode).toBe(0)
  expect(log).toMatch(/^warning: /m)
})

describe('bad input is one clear error, and nothing is written', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['nothing to check', { url: '' }, /^error: there is nothing to check: set input "url" to an address/],
    ['a window without a unit', { window: '5' }, /^error: input "window" /],
    ['an unknown verdict to fail on', { 'fail-on': 'bad' }, /^error: input "fail-on" is "bad"; write one of/],
    ['checks that are no list', { checks: 'name: x' }, /^error: input "checks":1:1/],
    [
      'a mistake in an inline check',
      { checks: '- { name: a, type: http,\n  urll: "http://a/" }' },
      /input "checks":2:3: unknown key `urll`/,
    ],
    [
      'an address without a scheme',
      { url: 'shop.example.com' },
      /^error: input "url" is not an address with http/,
    ],
    [
      'a variable that is not set',
      {
        checks:
          '- { name: a, type: http, url: "http://127.0.0.1:9/", severity: high, headers: { x-key: { env: NOT_SET } } }',
      },
      /^error: .*NOT_SET/,
    ],
  ])('%s', async (_, inputs, message) => {
    const earlier = shop.github.requests.length
    const { exitCode, log } = await watch(inputs)
    expect(exitCode).toBe(1)
    expect(log).toMatch(message)
    expect(shop.github.requests.slice(earlier).filter(({ writes }) => writes)).toEqual([])
  })
})
