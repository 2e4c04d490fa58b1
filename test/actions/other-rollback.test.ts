/**
 * 12.3 and 12.7: a run goes on with a rollback that began only where that is what it is asked for. Another one, of other paths,
 * commits, targets or layers, or in another mode, is a rollback of its own: every guard binds it.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { jobPermissions, openShop, type Shop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Shop
let [good, between, bad] = ['', '', '']
let failures: number
beforeEach(async () => {
  shop = await openShop({ permissions: { ...jobPermissions, actions: 'write' } })
  failures = 1
  const workflow = 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n'
  const settings = `code: { max-commits: 1, redeploy: { workflow: deploy.yml, inputs: { revision: '{revision}' } } }
config: { files: [app.json] }
`
  await shop.commit({
    'web/a': '0\n',
    'api/a': '0\n',
    'app.json': '{"a":0}\n',
    '.github/workflows/deploy.yml': workflow,
  })
  good = await shop.commit({
    'web/a': '1\n',
    'api/a': '1\n',
    'app.json': '{"a":1}\n',
    '.github/rollback.yml': settings,
  })
  shop.deploy(good)
  between = await shop.commit({ 'web/b': '1\n', 'api/b': '1\n' })
  bad = await shop.commit({ 'web/a': '2\n', 'api/a': '2\n', 'app.json': '{"a":2}\n' })
  shop.deploy(bad)
  shop.github.onRequest(() => {
    for (const each of shop.hosted.runs) {
      if (each.status !== 'queued') continue
      failures -= 1
      Object.assign(each, { status: 'completed', conclusion: failures >= 0 ? 'failure' : 'success' })
    }
  })
})
afterEach(() => shop.close())

const redeploy = { redeploy: 'deploy.yml', 'redeploy-inputs': 'revision={revision}' }
async function run(action: string, inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  return runStep(await shop.job({ sha: bad, ...job }), { action, inputs })
}
const gitRollback = (inputs: Record<string, string>) => run('git-rollback', { ...redeploy, ...inputs })
const began = async () =>
  (await shop.history.read()).events.filter(({ kind }) => kind === 'rollback-began').length

/** Nothing was undone, because a guard that the first run met binds this one, too. */
async function expectHeld({ exitCode, log }: Awaited<ReturnType<typeof run>>, head: string) {
  expect({ exitCode, log }).toEqual({
    exitCode: 1,
    log: expect.stringMatching(
      /manual approval required: [0-9a-f]{7} was rolled back from production at|manual approval required: the rollback would undo \d commits?/,
    ),
  })
  expect(await shop.head()).toBe(head)
  expect(await began()).toBe(1)
}

describe('git-rollback that is run again after its deployment failed', () => {
  const first = { paths: 'web', target: 'HEAD~2', 'max-commits': '2' }
  beforeEach(async () => {
    const { exitCode, outputs, log } = await gitRollback(first)
    expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-deployed' })
  })

  test('for the same goes on with it, whatever the guards say now', async () => {
    const head = await shop.head()
    const { exitCode, outputs, log } = await gitRollback({ ...first, paths: './web/', 'max-commits': '0' })
    expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 0, commit: head })
    expect(log).toContain('resuming the rollback that began at')
    expect(await began()).toBe(1)
  })

  test.each<[string, Record<string, string>]>([
    ['other paths', { paths: 'api' }],
    ['more paths', { paths: 'web, api' }],
    ['all paths', { paths: '' }],
    ['another target', { target: 'HEAD~1' }],
    ['another target by its id', { target: 'between' }],
    ['a revert of commits', { mode: 'revert', paths: '', target: '', commits: 'between' }],
    ['a reset', { mode: 'reset', paths: '', target: 'good', 'allow-reset-default-branch': 'true' }],
    ['a deployment of another revision', { mode: 'deploy-only', paths: '', target: 'good' }],
  ])('with %s meets the guards', async (_, changed) => {
    const head = await shop.head()
    const names: Record<string, string> = { between, good }
    const given = Object.entries({ ...first, ...changed, 'max-commits': '0' })
    const inputs = Object.fromEntries(given.map(([name, value]) => [name, names[value] ?? value]))
    await expectHeld(await gitRollback(inputs), head)
  })

  test('for another environment meets the guards', async () => {
    shop.deploy(good, 'success', 'staging')
    const settings = 'environments: { production: {}, staging: {} }\n'
    const sha = await shop.commit({ '.github/rollback.yml': settings })
    const about = { environment: 'staging', paths: 'api', revision: bad, target: good, 'max-commits': '0' }
    const inputs = { ...redeploy, ...first, ...about }
    await expectHeld(await run('git-rollback', inputs, { sha }), sha)
  })

  test('to take it back automatically is refused, as it would be after its end', async () => {
    const head = await shop.head()
    const { exitCode, log } = await gitRollback({ target: 'undo', revision: bad })
    expect({ exitCode, log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('a rollback is not undone automatically'),
    })
    expect(await shop.head()).toBe(head)
  })
})

describe('the front door, and config-rollback, after a rollback whose deployment failed', () => {
  test('with another target meets the guards; with the same, it goes on', async () => {
    const first = await run('rollback', { layers: 'code', target: 'HEAD~1' })
    expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'not-deployed' })
    const head = await shop.head()
    await expectHeld(await run('rollback', { layers: 'code', target: good }), head)
    const { outputs, log } = await run('rollback', { layers: 'code', target: 'HEAD~1' })
    expect({ log, ...outputs }).toMatchObject({ decision: 'not-verified', commit: head })
  })

  test('with more layers meets the guards', async () => {
    const first = await run('rollback', { layers: 'code', target: 'HEAD~1' })
    expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'not-deployed' })
    await expectHeld(await run('rollback', { layers: 'config, code', target: good }), await shop.head())
  })

  test.each([
    ['rollback', { layers: 'config', target: 'HEAD~3' }],
    ['config-rollback', { mode: 'restore', target: 'HEAD~3' }],
  ])('%s with %j is a rollback of its own', async (action, inputs) => {
    const first = await run('rollback', { layers: 'code', target: 'HEAD~1' })
    expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'not-deployed' })
    const { log } = await run(action, inputs)
    expect(log).not.toContain('going on with')
    const { events } = await shop.history.read()
    const begun = events.flatMap((event) => (event.kind === 'rollback-began' ? [event.layers] : []))
    expect(begun.map((layers) => layers.map(({ layer }) => layer))).toEqual([['code'], ['config']])
  })
})

test('12.3: automatic runs for the apps of one push each restore their own paths, once', async () => {
  failures = 0
  const of = (paths: string) => gitRollback({ paths, target: 'HEAD~2', 'max-commits': '2' })
  const [web, api] = [await of('web'), await of('api')]
  for (const { log, exitCode, outputs } of [web, api])
    expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rolled-back' })
  const again = await of('web')
  expect({ log: again.log, ...again.outputs }).toMatchObject({ decision: 'already-rolled-back' })
})
