import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { gitRollback } from '../../src/actions/git-rollback/contract.ts'
import type { Job } from '../../src/drill/runner.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const byHand = { eventName: 'workflow_dispatch' } as const

async function run(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: {
      ...gitRollback.permissions,
      'pull-requests': 'write',
      actions: 'write',
      deployments: 'write',
    },
  })
  return runStep(await shop.job({ sha: shop.bad, token, ...job }), { action: 'git-rollback', inputs })
}

/** What became of the code; that a rollback began and ended is told beside it. */
const events = async () => (await shop.history.read()).events.filter((event) => 'layer' in event)
const kinds = async () => (await events()).map(({ kind }) => kind)
const writes = () => shop.github.requests.filter(({ writes }) => writes)
const tagNames = async () => (await shop.hosted.git.listRefs('refs/tags/')).map(({ name }) => name.slice(10))

describe('target: undo', () => {
  test('takes the newest rollback back, from a run on the head of the branch', async () => {
    await run()
    const rollback = await shop.head()
    const { exitCode, outputs, log, summary } = await run(
      { target: 'undo', reason: 'it was the cache' },
      { ...byHand, sha: rollback },
    )
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    const head = await shop.head()
    expect(outputs).toMatchObject({ decision: 'undone', commit: head, to: `undo:${rollback}` })
    expect(await shop.tree(head)).toBe(await shop.tree(shop.bad))
    expect(summary).toContain('Rollback undone')
    expect(await kinds()).toEqual(['rollback-applied', 'rollback-undone'])
    const [applied, undone] = await events()
    expect(undone).toMatchObject({
      incident: applied?.incident,
      revision: shop.bad,
      from: rollback,
      now: head,
      because: 'it was the cache',
    })
  })

  test('by a pull request that only the rules of the branch asked for, fails until it is merged', async () => {
    await run()
    const rollback = await shop.head()
    const include = ['~DEFAULT_BRANCH']
    const rules = [{ type: 'pull_request', approvals: 1 }] as const
    shop.hosted.addRuleset({ name: 'main', enforcement: 'active', include, rules: [...rules] })
    const asked = { target: 'undo', delivery: 'pull-request' }
    for (const [inputs, code] of [[{ target: 'undo' }, 1] as const, [asked, 0] as const]) {
      const { exitCode, log, outputs } = await run(inputs, { ...byHand, sha: rollback })
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: code, decision: 'proposed' })
      expect(log.trimEnd().split('\n').at(-1)).toContain('nothing is undone until pull request #1 is merged')
    }
    expect(await shop.head()).toBe(rollback)
  })

  test('twice, it is done once', async () => {
    await run()
    const rollback = await shop.head()
    await run({ target: 'undo' }, { ...byHand, sha: rollback })
    const head = await shop.head()
    const { outputs } = await run({ target: 'undo' }, { ...byHand, sha: rollback })
    expect(outputs).toMatchObject({ decision: 'already-undone', commit: head })
    expect(await shop.head()).toBe(head)
    expect(await kinds()).toEqual(['rollback-applied', 'rollback-undone'])
  })

  test('is not done by a machine', async () => {
    await run()
    const rollback = await shop.head()
    const { exitCode, log } = await run({ target: 'undo' }, { sha: rollback })
    expect(exitCode).toBe(1)
    expect(log).toContain('a rollback is not undone automatically')
    expect(await shop.head()).toBe(rollback)
  })

  test('where there is no rollback, says so', async () => {
    const { exitCode, log } = await run({ target: 'undo' }, byHand)
    expect(exitCode).toBe(1)
    expect(log).toContain('there is no rollback among the newest 100 commits of main')
    expect(writes()).toEqual([])
  })
})

describe('target: reapply', () => {
  test('opens one draft pull request with the undone work, and leaves the branch', async () => {
    await run()
    const rollback = await shop.head()
    const first = await run({ target: 'reapply' }, { sha: rollback })
    expect({ exitCode: first.exitCode, log: first.log }).toMatchObject({ exitCode: 0 })
    expect(first.outputs).toMatchObject({ decision: 'proposed', 'pull-request': '1' })
    expect(await shop.head()).toBe(rollback)
    const [pull] = shop.hosted.issues
    expect(pull?.pull).toMatchObject({ draft: true, base: 'main' })
    expect(pull?.title).toContain('Bring back what the rollback')
    expect(pull?.body).toContain('# fix the fault')
    const branch = pull?.pull?.head ?? ''
    expect(await shop.tree(await shop.head(branch))).toBe(await shop.tree(shop.bad))
    // somebody mends the fault there
    const mended = await shop.commit({ 'server.mjs': 'serve(2)\n' }, { branch })
    const second = await run({ target: 'reapply' }, { sha: rollback })
    expect(second.outputs).toMatchObject({ decision: 'proposed', 'pull-request': '1' })
    expect(await shop.head(branch)).toBe(mended)
    expect(shop.hosted.issues).toHaveLength(1)
  })
})

describe('mode: reset', () => {
  const reset = { mode: 'reset', 'allow-reset-default-branch': 'true' }

  test('is refused on the default branch, unless it is allowed', async () => {
    const { exitCode, log } = await run({ mode: 'reset' })
    expect(exitCode).toBe(1)
    expect(log).toContain('set input "allow-reset-default-branch" to true')
    expect(writes()).toEqual([])
  })

  test('moves the branch back, and keeps what it was at under a tag', async () => {
    const { exitCode, outputs, log } = await run(reset)
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(await shop.head()).toBe(shop.good)
    expect(outputs).toMatchObject({ decision: 'rolled-back', 'reason-code': 'reset', commit: shop.good })
    expect(await shop.hosted.git.resolve(outputs['tag'] ?? '')).toBe(shop.bad)
    expect((await events())[0]).toMatchObject({ kept: { reset: 'main' }, from: shop.bad, now: shop.good })
    const again = await run(reset)
    expect(again.outputs).toMatchObject({ decision: 'already-rolled-back', tag: outputs['tag'] })
    expect(await tagNames()).toHaveLength(1)
    expect(await kinds()).toEqual(['rollback-applied'])
  })

  test('and is taken back by moving it forward', async () => {
    await run(reset)
    const { exitCode, outputs } = await run({ target: 'undo' }, { ...byHand, sha: shop.good })
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({ decision: 'undone', commit: shop.bad })
    expect(await shop.head()).toBe(shop.bad)
    expect(await kinds()).toEqual(['rollback-applied', 'rollback-undone'])
  })

  test('overwrites nothing that came in between', async () => {
    let other = ''
    shop.github.onRequest(async ({ operation }) => {
      if (operation !== 'git/create-tag' || other !== '') return
      other = await shop.commit({ 'fix.mjs': 'fixed\n' })
    })
    const { exitCode, log, outputs } = await run(reset)
    expect({ exitCode, reason: outputs['reason-code'] }).toEqual({ exitCode: 1, reason: 'conflict' })
    expect(log).toContain('nothing was overwritten')
    expect(await shop.head()).toBe(other)
  })

  test('is refused by a rule against it, which is named', async () => {
    shop.hosted.addRuleset({
      name: 'main',
      enforcement: 'active',
      include: ['~DEFAULT_BRANCH'],
      rules: [{ type: 'non_fast_forward' }],
    })
    const { exitCode, log } = await run(reset)
    expect(exitCode).toBe(1)
    expect(log).toContain('Cannot force-push to this branch')
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('mode: deploy-only', () => {
  const inputs = { mode: 'deploy-only', redeploy: 'deploy.yml', 'redeploy-inputs': 'revision={revision}' }
  const addWorkflow = () =>
    shop.commit({
      '.github/workflows/deploy.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
    })
  /** The deployment's runs end well at once. */
  const runsEnd = () =>
    shop.github.onRequest(({ operation }) => {
      if (operation !== 'actions/create-workflow-dispatch') return
      for (const each of shop.hosted.runs) Object.assign(each, { status: 'completed', conclusion: 'success' })
    })

  test('deploys the good revision, leaves the branch, and tells both deployments', async () => {
    const head = await addWorkflow()
    runsEnd()
    const { exitCode, outputs, log } = await run(inputs)
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(outputs).toMatchObject({ decision: 'rolled-back', 'reason-code': 'deployed', commit: shop.good })
    expect(await shop.head()).toBe(head)
    expect(shop.hosted.dispatches).toMatchObject([
      { workflow: 'deploy.yml', ref: 'main', inputs: { revision: shop.good } },
    ])
    const [restored, failed] = shop.hosted.deployments
    expect(restored).toMatchObject({ sha: shop.good, task: 'rollback', statuses: [{ state: 'success' }] })
    expect(failed).toMatchObject({ sha: shop.bad })
    expect(failed?.statuses.map(({ state }) => state)).toEqual(['failure', 'success'])
  })

  test.each([
    ['no workflow', { redeploy: '' }, /input "redeploy" is required where input "mode" is deploy-only/],
    [
      'no revision handed over',
      { 'redeploy-inputs': '' },
      /input "redeploy-inputs" is required where input "mode" is deploy-only/,
    ],
    [
      'a workflow that is not there',
      { redeploy: 'gone.yml' },
      /input "redeploy" is gone\.yml.*nothing was done/,
    ],
  ])('with %s, nothing is done', async (_, change, message) => {
    await addWorkflow()
    const { exitCode, log } = await run({ ...inputs, ...change })
    expect(exitCode).toBe(1)
    expect(log).toMatch(message)
    expect(shop.hosted.dispatches).toEqual([])
  })
})

describe('GitHub’s deployments', () => {
  test('of the failed revision gets the state failure, once', async () => {
    await run({ reason: 'the homepage answers 500' })
    await run()
    const [failed] = shop.hosted.deployments
    expect(failed?.statuses.map(({ state, description }) => [state, description])).toEqual([
      ['failure', 'rolled back: the homepage answers 500'],
      ['success', ''],
    ])
  })

  test('are left alone when it is turned off, and when the token may not write them, which is said', async () => {
    await run({ 'record-deployment': 'false' })
    expect(shop.hosted.deployments[0]?.statuses).toHaveLength(1)
    const token = shop.github.createToken({
      login: 'github-actions[bot]',
      kind: 'actions',
      permissions: gitRollback.permissions,
    })
    const { exitCode, log } = await run({}, { token })
    expect(exitCode).toBe(0)
    expect(log).toContain("could not update GitHub's deployments")
  })
})

test('mode: list tells the recent rollbacks, and changes nothing', async () => {
  await run({ reason: 'it is down' })
  const rollback = await shop.head()
  await run({ target: 'undo' }, { ...byHand, sha: rollback })
  const before = writes().length
  const { exitCode, outputs, summary } = await run({ mode: 'list' })
  expect(exitCode).toBe(0)
  expect(outputs['decision']).toBe('listed')
  const recent: unknown = JSON.parse(outputs['recent'] ?? '')
  expect(recent).toMatchObject([
    { kind: 'undo', to: rollback },
    { kind: 'rollback', from: shop.bad, to: shop.good, environment: 'production', by: 'grace' },
  ])
  expect(outputs['recent']).not.toContain('it is down')
  expect(summary).toContain('it is down')
  expect(writes()).toHaveLength(before)
})

test('an archived repository is said before anything is written', async () => {
  await shop.close()
  shop = await openBrokenShop({ archived: true })
  const { exitCode, log } = await run()
  expect(exitCode).toBe(1)
  expect(log).toContain('octo-org/shop is archived')
  expect(await shop.head()).toBe(shop.bad)
})

test('a hold keeps a machine from it, and no person', async () => {
  const held = await run({ hold: 'audit until Friday' })
  expect(held.exitCode).toBe(1)
  expect(held.log).toContain('audit until Friday')
  expect(await shop.head()).toBe(shop.bad)
  expect((await run({ hold: 'audit until Friday' }, byHand)).exitCode).toBe(0)
})
