/** 12.8, 12.9 and 12.15b: which environment and revision a run is about, and who asked for it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const repository = {
  name: 'shop',
  full_name: 'octo-org/shop',
  default_branch: 'main',
  owner: { login: 'octo-org' },
}

async function run(action: string, inputs: Record<string, string>, job: Partial<Job> & { sha?: string }) {
  const result = await runStep(await shop.job({ sha: shop.bad, ...job }), { action, inputs })
  return { ...result, refs: (await shop.hosted.git.listRefs('refs/')).map(({ name }) => name) }
}
const workflowRun = (run: { head_sha: string; head_branch: string }, full_name = 'octo-org/shop') => ({
  eventName: 'workflow_run',
  event: { action: 'completed', repository, workflow_run: { ...run, head_repository: { full_name } } },
})
const deployment = (sha: string, environment: string, transient = false) => ({
  eventName: 'deployment_status',
  event: { repository, deployment: { sha, environment, transient_environment: transient } },
})
const database = { 'database-url': 'sqlite:none.db', storage: 'none' }
const every: readonly [string, Record<string, string>][] = [
  ['git-rollback', { target: 'HEAD~1' }],
  ['rollback', { target: 'HEAD~1' }],
  ['health-gate', { url: 'http://127.0.0.1:9/', window: '1s', interval: '100ms' }],
  ['db-backup', database],
  ['db-migrate', { 'database-url': database['database-url'], migrations: 'db' }],
  ['db-restore', database],
  ['codepush-rollback', { 'server-url': 'http://127.0.0.1:9/', 'access-key': 'x', channels: 'a/b' }],
]

describe('12.8: a workflow run of a fork', () => {
  test.each(every)('is refused by %s before any request', async (action, inputs) => {
    const about = { head_sha: shop.bad, head_branch: 'main' }
    const { exitCode, log, refs } = await run(action, inputs, workflowRun(about, 'evil/shop'))
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('a workflow run of the repository evil/shop, which is not octo-org/shop'),
    })
    expect(shop.github.requests).toEqual([])
    expect(refs).toEqual(['refs/heads/main'])
  })

  test.each(every)('with an odd field is refused by %s, too', async (action, inputs) => {
    const { eventName, event } = workflowRun({ head_sha: shop.bad, head_branch: 'main' }, 'evil/shop')
    for (const odd of [
      { sender: { login: 7 } },
      { comment: 'x' },
      { repository: { default_branch: null } },
    ]) {
      const { exitCode, log } = await run(action, inputs, { eventName, event: { ...event, ...odd } })
      expect({ exitCode, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('evil/shop') })
    }
    const { exitCode, log } = await run(action, inputs, { eventName, event: { workflow_run: shop.bad } })
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('the payload of the event "workflow_run" has an invalid `workflow_run`'),
    })
    expect(shop.github.requests).toEqual([])
  })

  test('so is one whose fork is gone', async () => {
    const event = { workflow_run: { head_sha: shop.bad, head_repository: null } }
    const { exitCode, log } = await run('git-rollback', {}, { eventName: 'workflow_run', event })
    expect({ exitCode, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('(deleted)') })
    expect(shop.github.requests).toEqual([])
  })
})

describe('12.8: a revision that is not on the branch', () => {
  test.each(every)('is refused by %s, and is not in the history', async (action, inputs) => {
    const feature = await shop.commit({ 'a.mjs': '1\n' }, { branch: 'feature' })
    for (const job of [
      workflowRun({ head_sha: feature, head_branch: 'feature' }),
      deployment(feature, 'production'),
    ]) {
      const { exitCode, log, refs } = await run(action, inputs, job)
      expect({ exitCode, log }).toMatchObject({
        exitCode: 1,
        log: expect.stringContaining(
          `input "revision" is ${feature.slice(0, 7)}, which is not on main, and production is deployed from main`,
        ),
      })
      expect(refs).toEqual(['refs/heads/feature', 'refs/heads/main'])
    }
  })

  test('one that a reset has taken off the branch counts as on it', async () => {
    const inputs = { mode: 'reset', 'allow-reset-default-branch': 'true' }
    const first = await run('git-rollback', inputs, {})
    expect({ exit: first.exitCode, log: first.log }).toMatchObject({ exit: 0 })
    expect(await shop.head()).toBe(shop.good)
    const { exitCode, log, outputs } = await run('git-rollback', inputs, {})
    expect({ exitCode, log, decision: outputs['decision'] }).toMatchObject({ exitCode: 0 })
  })
})

describe('12.8: a deployment of another environment', () => {
  test.each(every)('a preview is refused by %s', async (action, inputs) => {
    const preview = await run(action, inputs, deployment(shop.bad, 'preview-12', true))
    expect(preview).toMatchObject({ exitCode: 1, log: expect.stringContaining('a transient environment') })
    const other = await run(action, inputs, deployment(shop.bad, 'review'))
    expect(other).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining(
        'this run is for a deployment to "review", and the settings describe the environment "production"',
      ),
    })
    const named = await run(action, { ...inputs, environment: 'production' }, deployment(shop.bad, 'review'))
    expect(named).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining(
        'this run is for a deployment to "review", and input "environment" is "production"',
      ),
    })
    expect(await shop.head()).toBe(shop.bad)
  })
})

test('12.8: a deployment that a workflow made, as GitHub sends it, is rolled back', async () => {
  const { eventName, event } = deployment(shop.bad, 'production')
  const made = { workflow_run: { head_sha: shop.bad, head_branch: 'main' }, check_run: null }
  const { exitCode, log } = await run('git-rollback', {}, { eventName, event: { ...event, ...made } })
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(await shop.tree(await shop.head())).toBe(await shop.tree(shop.good))
})

describe('12.12: an automatic rollback to a revision that is not on the branch', () => {
  test.each([
    // nothing in these settings deploys, and the front door says so
    ['rollback', { exitCode: 1, log: expect.stringContaining('production: not-deployed: code is at') }],
    ['git-rollback', { exitCode: 0 }],
  ])('of %s requires manual approval', async (action, done) => {
    await shop.hosted.git.moveRef('refs/heads/hotfix', { from: '', to: shop.good })
    const side = await shop.commit({ 'fix.mjs': 'x\n' }, { branch: 'hotfix', message: 'Fix' })
    shop.hosted.deployments.length = 0
    shop.deploy(side)
    shop.deploy(shop.bad)
    const automatic = await run(action, {}, { eventName: 'push' })
    expect(automatic).toMatchObject({
      exitCode: 1,
      log: expect.stringMatching(
        /manual approval required[^\n]*is not on main, which would get content that was not merged/,
      ),
    })
    expect(await shop.head()).toBe(shop.bad)
    const { exitCode, log } = await run(action, {}, { eventName: 'workflow_dispatch' })
    expect({ exitCode, log }).toMatchObject(done)
    expect(await shop.tree(await shop.head())).toBe(await shop.tree(side))
  })
})

describe('12.9: environments in the settings', () => {
  test('one that is not among them is refused, and those that are get listed', async () => {
    const settings = 'environments: { production: {}, staging: { branch: develop } }\n'
    const bad = await shop.commit({ '.github/rollback.yml': settings })
    const { exitCode, log } = await run('rollback', { environment: 'prodcution' }, { sha: bad })
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining(
        'input "environment" is "prodcution", and .github/rollback.yml describes the environments "production", "staging"; did you mean `production`? If not, describe it under `environments`',
      ),
    })
    expect(await shop.head()).toBe(bad)
  })

  test('one that only the event names is not said to be in the file or in an input', async () => {
    const settings = 'environment: production\ncode: { max-commits: 10 }\n'
    const bad = await shop.commit({ '.github/rollback.yml': settings })
    const { exitCode, log } = await run('rollback', {}, { sha: bad, ...deployment(bad, 'staging') })
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining(
        'error: this run is for a deployment to "staging", and .github/rollback.yml describes the environment "production"; write `production`, or describe it under `environments`',
      ),
    })
    expect(await shop.head()).toBe(bad)
  })

  test('another one than the only one of the file is refused', async () => {
    const bad = await shop.commit({ '.github/rollback.yml': 'code: { max-commits: 10 }\n' })
    const { exitCode, log } = await run('git-rollback', { environment: 'staging' }, { sha: bad })
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('describes the environment "production"'),
    })
  })

  test('each has its own branch and paths', async () => {
    const settings = `environments:
  web: { paths: [web] }
  api: { paths: [api] }
`
    const good = await shop.commit({ '.github/rollback.yml': settings, 'web/a': '1\n', 'api/a': '1\n' })
    shop.deploy(good, 'success', 'web')
    shop.deploy(good, 'success', 'api')
    const bad = await shop.commit({ 'web/a': '2\n', 'api/a': '2\n' })
    shop.deploy(bad, 'success', 'web')
    const { exitCode, log } = await run('git-rollback', { environment: 'web' }, { sha: bad })
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    const files = await shop.hosted.git.readTree(await shop.head(), { recursive: true })
    const blob = (path: string) => files.find((each) => each.path === path)?.sha
    expect(blob('web/a')).not.toBe(blob('api/a'))
  })
})

describe('12.4: inputs that contradict the settings', () => {
  test.each([
    [{ paths: 'api' }, 'input "paths" names "api", and the settings deploy web only from web/site'],
    [{ paths: 'web' }, 'input "paths" names "web", and the settings deploy web only from web/site'],
    [{ paths: 'web/site, README.md' }, 'input "paths" names "README.md"'],
    [
      { mode: 'reset', 'allow-reset-default-branch': 'true' },
      'input "mode" is reset, which moves the whole branch, and the settings deploy web only from web/site',
    ],
  ])('git-rollback with %j', async (inputs, said) => {
    const settings = 'environments: { web: { paths: [web/site] }, api: { paths: [api] } }\n'
    const good = await shop.commit({ '.github/rollback.yml': settings, 'web/site/a': '1\n', 'api/a': '1\n' })
    shop.deploy(good, 'success', 'web')
    const sha = await shop.commit({ 'web/site/a': '2\n', 'api/a': '2\n' })
    const { exitCode, log } = await run('git-rollback', { environment: 'web', ...inputs }, { sha })
    expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(said) })
    expect(await shop.head()).toBe(sha)
    const inside = { environment: 'web', paths: './web/site/a' }
    const right = await run('git-rollback', inside, { sha })
    expect({ exitCode: right.exitCode, log: right.log }).toMatchObject({ exitCode: 0 })
  })
})

describe('12.15b: what is deployed, and who is a person', () => {
  const dispatch = { eventName: 'workflow_dispatch', event: { repository } }

  test('what is deployed is what a deployment succeeded with', async () => {
    const newer = await shop.commit({ 'c.mjs': '1\n' })
    shop.deploy(newer, 'waiting')
    const { outputs, log } = await run('git-rollback', { 'dry-run': 'true' }, { ...dispatch, sha: newer })
    expect({ log, to: outputs['to'] }).toMatchObject({ to: shop.good })
  })

  test.each([
    ['grace', 'write' as const, false],
    ['reader', 'read' as const, true],
    ['Copilot', undefined, true],
    ['ci[bot]', undefined, true],
  ])('a dispatch by %s is %s', async (actor, role, automatic) => {
    if (role !== undefined) shop.hosted.roles.set(actor, role)
    const { exitCode, log } = await run('git-rollback', {}, { ...dispatch, actor })
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    const { events } = await shop.history.read()
    const applied = events.filter(({ kind }) => kind === 'rollback-applied')
    expect(applied).toMatchObject([{ kind: 'rollback-applied', automatic }])
  })
})
