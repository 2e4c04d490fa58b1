import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
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

const permissions = { contents: 'write', issues: 'read', deployments: 'read', actions: 'write' } as const

async function run(inputs: Record<string, string>, job: Partial<Job> = {}) {
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  const all = { url: service.url, window: '600ms', interval: '100ms', ...inputs }
  return runStep(await shop.job({ sha: shop.bad, token, ...job }), { action: 'health-gate', inputs: all })
}
/** What came after the pass that the history begins with. */
const events = async () => (await shop.history.read()).events.slice(1)
const kinds = async () => (await events()).map(({ kind }) => kind)

describe('watch', () => {
  const dispatch = {
    mode: 'watch',
    dispatch: 'rollback.yml',
    'dispatch-inputs': 'revision={revision}\nenvironment={environment}',
  }
  beforeEach(async () => {
    await shop.commit({
      '.github/workflows/rollback.yml':
        'on:\n  workflow_dispatch:\n    inputs: { revision: {}, environment: {} }\n',
    })
  })

  test('looks at the newest deployment, whatever the workflow runs for, and starts the rollback once', async () => {
    const sha = await shop.head()
    expect(sha).not.toBe(shop.bad)
    const first = await run(dispatch, { sha, runId: '11' })
    expect(first.outputs).toMatchObject({ verdict: 'unhealthy', decision: 'roll-back', severity: 'critical' })
    expect(first.outputs['incident']).toContain(shop.bad.slice(0, 12))
    expect(first.outputs['revision']).toBe(shop.bad)
    expect(first.outputs['dispatched-run']).toBe(String(shop.hosted.runs[0]?.id))
    expect(shop.hosted.dispatches).toMatchObject([
      { workflow: 'rollback.yml', ref: 'main', inputs: { revision: shop.bad, environment: 'production' } },
    ])

    const second = await run(dispatch, { sha, runId: '12' })
    expect(second.outputs['decision']).toBe('roll-back')
    expect(second.log).toContain('rollback.yml was already started for this revision')
    expect(shop.hosted.dispatches).toHaveLength(1)
    // the same verdict is told once
    expect(await kinds()).toEqual(['health-checked', 'rollback-requested', 'rollback-requested'])
    expect((await events())[0]).toMatchObject({ revision: shop.bad })
  })

  test('starts nothing while rollbacks are on hold', async () => {
    const { outputs } = await run({ ...dispatch, hold: 'the audit' })
    expect(outputs).toMatchObject({ decision: 'hold', 'reason-code': 'on-hold' })
    expect(shop.hosted.dispatches).toEqual([])
  })

  test('starts nothing while all is well', async () => {
    service.change({ status: 200 })
    const { exitCode, outputs } = await run(dispatch)
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({ verdict: 'healthy', decision: 'keep', severity: 'none', issues: '' })
    expect(shop.hosted.dispatches).toEqual([])
  })

  test('leaves an environment alone that was not deployed to of late, and one that never was', async () => {
    for (const more of [{ 'watch-for': '0s' }, { environment: 'staging' }]) {
      const { exitCode, outputs } = await run({ ...dispatch, ...more })
      expect(exitCode).toBe(0)
      expect(outputs).toMatchObject({
        verdict: 'inconclusive',
        decision: 'keep',
        'reason-code': 'no-recent-deployment',
      })
    }
    expect(await kinds()).toEqual([])
  })

  test('passes over a deployment that failed', async () => {
    const failed = await shop.head()
    shop.deploy(failed, 'failure')
    const { outputs } = await run(dispatch)
    expect(outputs['incident']).toContain(shop.bad.slice(0, 12))
  })
})

describe('verify', () => {
  const verify = { mode: 'verify', 'up-tries': '2', 'up-pause': '50ms' }

  test('passes when production is up and better, with the numbers of before', async () => {
    await run({ url: service.url })
    service.change({ status: 200 })
    const { exitCode, outputs, summary, log } = await run(verify, { runId: '9' })
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(outputs).toMatchObject({ verdict: 'healthy', decision: 'keep', 'reason-code': 'recovered' })
    expect(summary).toContain('url went from 100 % to 0 %')
    expect((await events()).at(-1)).toMatchObject({
      kind: 'recovery-verified',
      outcome: 'recovered',
      revision: shop.bad,
      checks: [{ name: 'url', before: 1, after: 0 }],
    })
  })

  test('fails when production is not up after its tries', async () => {
    const { exitCode, outputs, log } = await run(verify)
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ verdict: 'unhealthy', 'reason-code': 'not-up', issues: 'url' })
    expect(log).toContain('checks that production is up: attempt 2 of 2')
    expect((await events()).at(-1)).toMatchObject({ kind: 'recovery-verified', outcome: 'not-recovered' })
  })
})

describe('assess', () => {
  const impact = (value: number) => {
    service.change({ status: 200, body: JSON.stringify({ users: value }) })
    return {
      mode: 'assess',
      url: '',
      checks: `- { name: active-users, type: json, url: "${service.url}", value: $.users, min: 100, severity: high }`,
    }
  }

  test('tells what users noticed, records it in the incident, and fails nothing', async () => {
    const { exitCode, outputs, summary } = await run(impact(20))
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({
      verdict: 'unhealthy',
      'reason-code': 'users-harmed',
      issues: 'active-users',
    })
    expect(summary).toContain('## What users noticed')
    expect((await events()).at(-1)).toMatchObject({
      kind: 'impact-assessed',
      checks: [{ name: 'active-users', after: 20, harmed: true }],
    })
  })

  test('without harm says so', async () => {
    const { outputs } = await run(impact(2000))
    expect(outputs).toMatchObject({ verdict: 'healthy', 'reason-code': 'users-unharmed', issues: '' })
  })

  test('without anything to assess is one clear error', async () => {
    const { exitCode, log } = await run({ mode: 'assess' })
    expect(exitCode).toBe(1)
    expect(log).toMatch(/^error: there is nothing to assess: add checks of active users/m)
  })
})

test('a check of GitHub asks for the revision that is watched', async () => {
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { ...permissions, checks: 'read', statuses: 'read' },
  })
  const ran = { id: shop.hosted.nextId(), sha: shop.bad, name: 'smoke', conclusion: 'failure' } as const
  shop.hosted.checkRuns.push(ran)
  const checks = '- { name: ci, type: github, checks: [smoke], severity: critical }'
  const { outputs, log } = await run({ url: '', checks }, { token })
  expect({ outputs, log }).toMatchObject({ outputs: { verdict: 'unhealthy', issues: 'ci' } })
  expect(log).toContain('1 of 2 failed: smoke')
})

test('all samples are in a file, for those who draw or count them', async () => {
  const { outputs } = await run({})
  const samples: unknown = JSON.parse(await readFile(outputs['samples'] ?? '', 'utf8'))
  expect(samples).toContainEqual({
    check: 'url',
    at: expect.any(String),
    state: 'breached',
    value: 1,
    counts: expect.any(Object),
  })
})

test('a step that is about to run out of time still has its verdict', async () => {
  service.change({ status: 200 })
  const startedAt = Date.now()
  const { outputs, log } = await run({ window: '10m', 'max-duration': '40100ms' })
  expect(outputs['verdict']).toBe('healthy')
  expect(log).toContain('the window is shortened to fit max-duration')
  expect(Date.now() - startedAt).toBeLessThan(30_000)
})

test('a step that is cancelled says that it knows nothing', async () => {
  service.change({ status: 200 })
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  let kill = () => {}
  const { exitCode, outputs } = await runStep(await shop.job({ sha: shop.bad, token }), {
    action: 'health-gate',
    inputs: { url: service.url, window: '10m', interval: '200ms' },
    onStart: (_, cancel) => {
      kill = cancel
    },
    onLine: (line) => {
      if (line.includes(' UTC | ')) kill()
    },
  })
  expect(exitCode).toBe(1)
  expect(outputs).toMatchObject({
    verdict: 'inconclusive',
    decision: 'keep',
    'reason-code': 'cancelled',
  })
})
