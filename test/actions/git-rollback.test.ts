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

async function rollBack(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  return runStep(await shop.job({ sha: shop.bad, ...job }), { action: 'git-rollback', inputs })
}

const writes = () => shop.github.requests.filter(({ writes }) => writes)
/** What became of the code; that a rollback began and ended is told beside it. */
const events = async () => (await shop.history.read()).events.filter((event) => 'layer' in event)
const kinds = async () => (await events()).map(({ kind }) => kind)

describe('a rollback', () => {
  test('puts the content of the good revision on top, with the permissions that the README asks for', async () => {
    const { exitCode, outputs, log, summary } = await rollBack(
      { reason: 'the homepage answers 500' },
      {
        token: shop.github.createToken({
          login: 'github-actions[bot]',
          kind: 'actions',
          permissions: gitRollback.permissions,
        }),
      },
    )
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    const head = await shop.head()
    expect(outputs).toMatchObject({
      decision: 'rolled-back',
      from: shop.bad,
      to: shop.good,
      commit: head,
      'undone-commits': '2',
    })
    expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({ schema: 1, commit: head })
    expect(await shop.tree(head)).toBe(await shop.tree(shop.good))
    expect(summary).toContain('`Raise the price`')
    const [event] = await events()
    expect(event).toMatchObject({
      kind: 'rollback-applied',
      automatic: true,
      reason: 'the homepage answers 500',
    })
    expect(shop.hosted.signed.has(head)).toBe(true)
  })

  test('that is run twice makes one commit, and says so', async () => {
    await rollBack()
    const head = await shop.head()
    const { exitCode, outputs } = await rollBack()
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({ decision: 'already-rolled-back', commit: head })
    expect(await shop.head()).toBe(head)
    expect(await kinds()).toEqual(['rollback-applied'])
  })

  test('that is only planned sends nothing that writes', async () => {
    const { exitCode, outputs, log, summary } = await rollBack({ 'dry-run': 'true' })
    expect(exitCode).toBe(0)
    expect(outputs).toMatchObject({ decision: 'planned', from: shop.bad, to: shop.good })
    expect(log).toContain('undoes 2 commits in 2 files')
    expect(summary).toContain('nothing was changed')
    expect(writes()).toEqual([])
  })
})

describe('a branch that moves between plan and apply', () => {
  test('keeps the other commit: a conflict, and nothing is written but the event', async () => {
    let other = ''
    shop.github.fault({
      kind: 'meanwhile',
      operation: 'git/update-ref',
      act: async () => {
        other = await shop.commit({ 'fix.mjs': 'fixed\n' }, { message: 'Fix it by hand', author: 'Linus' })
      },
    })
    const { exitCode, outputs, log } = await rollBack()
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ decision: 'failed', 'reason-code': 'conflict' })
    expect(log).toContain(
      `error: main was at ${shop.bad.slice(0, 7)} when the rollback was planned and is at ${other.slice(0, 7)} now`,
    )
    expect(await shop.head()).toBe(other)
    const refs = await shop.hosted.git.listRefs('refs/')
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main', 'refs/heads/rollback-history'])
    expect(await kinds()).toEqual(['rollback-failed'])
  })
})

describe('a target that cannot be', () => {
  test.each([
    [
      'is not an ancestor of the branch',
      () => shop.commit({ a: 'b' }, { branch: 'side' }),
      /is not an ancestor of main/,
    ],
    ['does not exist', async () => 'v0.0.0', /octo-org\/shop has no such commit, tag or branch/],
    ['is the head already', async () => shop.bad, /which is the head of main already/],
    [
      'is no name of a revision',
      async () => '--exec=sh',
      /which cannot be the name of a commit, tag or branch/,
    ],
  ])('%s: said so, and nothing moves', async (_, target, message) => {
    const { exitCode, log, outputs } = await rollBack({ target: await target() })
    expect(exitCode).toBe(1)
    expect(log).toMatch(message)
    expect(log).toContain('error: input "target"')
    expect(outputs).toMatchObject({ decision: 'failed', 'reason-code': 'invalid-input' })
    expect(writes()).toEqual([])
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('bad input is one clear error, before anything is sent that writes', () => {
  test.each<[string, Record<string, string>, Partial<Job>, RegExp]>([
    ['a missing token', { token: '' }, {}, /^error: input "token" is required and was not given$/],
    [
      'a wrong token',
      { token: 'ghs_wrong' },
      {},
      /^error: could not .*input "token" is wrong or has expired$/,
    ],
    ['a malformed flag', { 'dry-run': 'yes' }, {}, /^error: input "dry-run" is "yes"; write true or false$/],
    [
      'a short revision',
      { revision: 'abc123' },
      {},
      /^error: input "revision" is "abc123"; write the full 40-character id/,
    ],
    [
      'a branch that is not there',
      { branch: 'production' },
      {},
      /^error: the branch "production" is not in octo-org\/shop, .*write the name of a branch in input "branch"/,
    ],
    [
      'a configuration that is not there',
      { config: 'no.yml' },
      {},
      /^error: input "config" is "no.yml", and there is no such file/,
    ],
    [
      'a pull request from a fork',
      {},
      {
        eventName: 'pull_request',
        event: {
          pull_request: {
            head: { repo: { full_name: 'mallory/shop' } },
            base: { repo: { full_name: 'octo-org/shop' } },
          },
        },
      },
      /^error: this run is for a pull request from the fork mallory\/shop: its token can write nothing/,
    ],
  ])('%s', async (_, inputs, job, message) => {
    const { exitCode, log } = await rollBack(inputs, job)
    expect(exitCode).toBe(1)
    expect(log).toMatch(message)
    expect(writes()).toEqual([])
  })

  test('a faulty configuration is shown with its line', async () => {
    const sha = await shop.commit({ '.github/rollback.yml': 'environment: production\nbrnach: main\n' })
    const { exitCode, log } = await rollBack({}, { sha })
    expect(exitCode).toBe(1)
    expect(log).toContain('.github/rollback.yml:2:1')
    expect(log).toContain('`branch`')
    expect(writes()).toEqual([])
  })

  test('a token that may not write is told which permission it lacks, and the branch stays', async () => {
    const token = shop.github.createToken({
      login: 'github-actions[bot]',
      kind: 'actions',
      permissions: { contents: 'read', deployments: 'read' },
    })
    const { exitCode, log } = await rollBack({ token })
    expect(exitCode).toBe(1)
    expect(log).toContain('give the job `permissions: contents: write`')
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('a branch with a rule', () => {
  beforeEach(() => {
    shop.hosted.addRuleset({
      name: 'main',
      enforcement: 'active',
      include: ['~DEFAULT_BRANCH'],
      rules: [{ type: 'pull_request', approvals: 1 }],
    })
  })
  const tokenOf = (permissions: Record<string, 'read' | 'write'>) =>
    shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })

  test('gets a pull request that says what is undone, why, and how it comes back', async () => {
    const token = tokenOf({ ...gitRollback.permissions, 'pull-requests': 'write' })
    const { exitCode, log, outputs, summary } = await rollBack({ token, reason: 'the homepage answers 500' })
    // only the rules of the branch asked for a pull request
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('nothing is rolled back until pull request #1 is merged'),
    })
    expect(outputs).toMatchObject({
      decision: 'proposed',
      'reason-code': 'pull-request',
      'pull-request': '1',
    })
    expect(summary).toContain('takes effect when the pull request is merged')
    const [pull] = shop.hosted.issues
    expect(pull).toMatchObject({
      title: `Roll back production to ${shop.good.slice(0, 7)}`,
      labels: ['rollback'],
    })
    expect(pull?.body).toContain('the homepage answers 500')
    expect(pull?.body).toContain('`Raise the price`')
    expect(pull?.body).toContain('revert this pull request')
    expect(await shop.head()).toBe(shop.bad)
    expect(await kinds()).toEqual(['rollback-proposed'])
    const asked = await rollBack({ token, delivery: 'pull-request' })
    expect({ log: asked.log, exitCode: asked.exitCode, ...asked.outputs }).toMatchObject({
      exitCode: 0,
      decision: 'proposed',
      'pull-request': '1',
    })
    expect(asked.log.trimEnd().split('\n').at(-1)).toContain(
      'code is not rolled back until pull request #1 is merged',
    )
    expect(await kinds()).toEqual(['rollback-proposed'])
  })

  test('is named, and so is the permission that is missing; nothing is left behind', async () => {
    const { exitCode, log, outputs } = await rollBack()
    expect(exitCode).toBe(1)
    expect(outputs).toMatchObject({ decision: 'failed', 'reason-code': 'refused' })
    expect(log).toContain('the branch has the rule pull_request')
    expect(log).toContain('give the job `permissions: pull-requests:')
    const refs = await shop.hosted.git.listRefs('refs/')
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main', 'refs/heads/rollback-history'])
    expect(await kinds()).toEqual(['rollback-failed'])
  })

  test('is not gone around when it is to be direct', async () => {
    const { exitCode, log } = await rollBack({ delivery: 'direct' })
    expect(exitCode).toBe(1)
    expect(log).toContain('Changes must be made through a pull request.')
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('a machine', () => {
  test('undoes no more than it may, and a person does', async () => {
    const refused = await rollBack({ 'max-commits': '1' })
    expect(refused.exitCode).toBe(1)
    expect(refused.log).toContain('would undo 2 commits, and input "max-commits" allows 1. Check the plan')
    expect(refused.outputs).toMatchObject({ decision: 'failed', 'reason-code': 'refused' })
    expect(await shop.head()).toBe(shop.bad)
    const byHand = await rollBack({ 'max-commits': '1' }, { eventName: 'workflow_dispatch' })
    expect(byHand.exitCode).toBe(0)
  })

  test('rolls no rollback back', async () => {
    await rollBack()
    const rollback = await shop.head()
    const again = await rollBack({ revision: rollback, target: 'HEAD~2' }, { sha: rollback })
    expect(again.exitCode).toBe(1)
    expect(again.log).toContain('is itself a rollback')
    expect(await shop.head()).toBe(rollback)
  })
})

test('the pull requests that are undone are told once', async () => {
  const now = new Date()
  const author = { login: 'linus', kind: 'user', permissions: {}, value: '', isBot: false } as const
  const pull = {
    head: 'price',
    base: 'main',
    draft: false,
    mergedAs: shop.bad,
    reviewers: [],
    autoMerge: false,
  }
  shop.hosted.issues.push({
    id: shop.hosted.nextId(),
    number: 1,
    author,
    createdAt: now,
    title: 'Tidy up',
    body: null,
    state: 'closed',
    stateReason: null,
    labels: [],
    assignees: [],
    updatedAt: now,
    closedAt: now,
    pull,
  })
  shop.hosted.pullsOfCommits.set(shop.bad, 1)
  await shop.hosted.git.moveRef('refs/heads/price', { from: '', to: shop.bad })
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { contents: 'write', deployments: 'read', 'pull-requests': 'write' },
  })
  const first = await rollBack({ token, reason: 'it is down' })
  expect({ exitCode: first.exitCode, log: first.log }).toMatchObject({ exitCode: 0 })
  expect(first.log).toContain('from the pull requests #1')
  await rollBack({ token })
  expect(shop.hosted.comments.map(({ issue }) => issue)).toEqual([1])
  expect(shop.hosted.comments[0]?.body).toContain('it is down')
})
