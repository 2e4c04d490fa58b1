/** An ending of git-rollback says what is there now, and every run says which revision is to be deployed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { startRun } from '../support/github/runs.ts'
import { jobPermissions, openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let good: string
let bad: string
let conclusions: ('success' | 'failure')[]
beforeEach(async () => {
  shop = await openBrokenShop()
  conclusions = []
  const workflow = 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n'
  good = await shop.commit({ 'server.mjs': 'serve()\n', '.github/workflows/deploy.yml': workflow })
  shop.deploy(good)
  bad = await shop.commit({ 'server.mjs': 'throw 2\n' })
  shop.deploy(bad)
  shop.github.onRequest(() => {
    for (const each of shop.hosted.runs) {
      if (each.status !== 'queued') continue
      Object.assign(each, { status: 'completed', conclusion: conclusions.shift() ?? 'success' })
    }
  })
})
afterEach(() => shop.close())

const redeploy = { redeploy: 'deploy.yml', 'redeploy-inputs': 'revision={revision}' }
const tokenOf = () =>
  shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { ...jobPermissions, actions: 'write', deployments: 'write' },
  })
async function run(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  return runStep(await shop.job({ sha: bad, token: tokenOf(), ...job }), { action: 'git-rollback', inputs })
}
const lastLine = (log: string) => log.trimEnd().split('\n').at(-1)
const deployed = () => shop.hosted.dispatches.map(({ inputs }) => inputs['revision'])

describe('with redeploy, a rollback is over when its revision is deployed', () => {
  test.each([
    [
      'the dispatch is refused once',
      () =>
        shop.github.fault({
          kind: 'refused',
          operation: 'actions/create-workflow-dispatch',
          status: 403,
          message: 'Resource not accessible by integration',
        }),
    ],
    ['its run ends in failure', () => conclusions.push('failure')],
  ])('%s: not deployed; the next run deploys, and the one after it does nothing', async (_, fail) => {
    fail()
    const first = await run(redeploy)
    const head = await shop.head()
    expect({ log: first.log, exitCode: first.exitCode, ...first.outputs }).toMatchObject({
      exitCode: 1,
      decision: 'not-deployed',
      commit: head,
    })
    expect(lastLine(first.log)).toMatch(/^production: not-deployed: .* it is not deployed; /)
    expect(first.summary).toContain('deploy this revision now')
    const second = await run(redeploy)
    expect({ log: second.log, exitCode: second.exitCode, ...second.outputs }).toMatchObject({
      exitCode: 0,
      decision: 'already-rolled-back',
      commit: head,
    })
    expect(lastLine(second.log)).toContain(`deploy.yml deployed ${head.slice(0, 7)}`)
    expect(deployed().at(-1)).toBe(head)
    // it is deployed: nobody is asked to deploy it
    expect(second.log).not.toContain(`deploy ${head}`)
    expect(second.summary).toContain(', and is deployed.')
    const dispatches = shop.hosted.dispatches.length
    const third = await run(redeploy)
    expect(third).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
    expect(third.log).not.toContain(`deploy ${head}`)
    expect(third.summary).toContain(', and is deployed.')
    expect(shop.hosted.dispatches).toHaveLength(dispatches)
    expect(await shop.head()).toBe(head)
  })

  test('a failed deploy is gone on with by the next automatic run: the gate does not hold it as already-rolled-back until it is deployed', async () => {
    const service = await startService({ status: 500, body: 'down' })
    const gate = async () =>
      runStep(await shop.job({ sha: bad }), {
        action: 'health-gate',
        inputs: {
          checks: `- { name: url, type: http, url: '${service.url}', severity: critical, on-error: fail }`,
          window: '1s',
          interval: '100ms',
        },
      })
    try {
      conclusions.push('failure')
      expect((await run(redeploy)).outputs).toMatchObject({ decision: 'not-deployed' })
      const between = await gate()
      expect({ log: between.log, ...between.outputs }).toMatchObject({ decision: 'roll-back' })
      const again = await run(redeploy)
      expect({ log: again.log, exitCode: again.exitCode, ...again.outputs }).toMatchObject({
        exitCode: 0,
        decision: 'already-rolled-back',
      })
      expect(deployed().at(-1)).toBe(await shop.head())
      const { events } = await shop.history.read()
      const ended = events.flatMap((event) => (event.kind === 'rollback-ended' ? [event.outcome] : []))
      expect(ended).toEqual(['not-deployed', 'rolled-back'])
      expect((await gate()).outputs).toMatchObject({ decision: 'hold', 'reason-code': 'already-rolled-back' })
    } finally {
      await service.stop()
    }
  })

  test('one that the front door began is gone on with by git-rollback, and the other way round', async () => {
    const settings = `code: { redeploy: { workflow: deploy.yml, inputs: { revision: '{revision}' } } }\n`
    bad = await shop.commit({ '.github/rollback.yml': settings })
    shop.deploy(bad)
    conclusions.push('failure', 'failure')
    const frontDoor = async () =>
      runStep(await shop.job({ sha: bad, token: tokenOf() }), { action: 'rollback' })
    const first = await frontDoor()
    expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'not-deployed' })
    const head = await shop.head()
    const second = await run(redeploy)
    expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'not-deployed', commit: head })
    const third = await frontDoor()
    expect({ log: third.log, ...third.outputs }).toMatchObject({ decision: 'not-verified', commit: head })
    expect(deployed().at(-1)).toBe(head)
    expect(await shop.head()).toBe(head)
  })

  test('a branch that was moved back to a revision which was deployed before: that is deployed once more', async () => {
    const reset = { ...redeploy, mode: 'reset', 'allow-reset-default-branch': 'true' }
    await startRun(shop.hosted, {
      workflow: 'deploy.yml',
      sha: good,
      ref: 'main',
      event: 'workflow_dispatch',
      actor: 'ada',
    }).then((earlier) => Object.assign(earlier, { status: 'completed', conclusion: 'success' }))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    shop.deploy(bad)
    conclusions.push('failure')
    const first = await run(reset)
    expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'not-deployed', commit: good })
    const second = await run(reset)
    expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'already-rolled-back' })
    expect(deployed()).toEqual([good, good])
    expect(lastLine(second.log)).toContain(`deploy.yml deployed ${good.slice(0, 7)}`)
  })
})

describe('12: with paths that are the same in both revisions', () => {
  test('nothing is rolled back, and it is not called rolled back', async () => {
    const { exitCode, log, outputs } = await run({ paths: '.github/workflows' })
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 0,
      decision: 'nothing',
      'reason-code': 'nothing-changed',
      commit: bad,
    })
    expect(lastLine(log)).toBe(
      `production: nothing: nothing is rolled back: .github/workflows is the same in the failed revision and in ${good.slice(0, 7)}`,
    )
    expect(await shop.head()).toBe(bad)
  })

  test('and that differ in the failed one, but are back by other means, it is already rolled back', async () => {
    const head = await shop.commit({ 'server.mjs': 'serve()\n' })
    const { log, outputs } = await run({ paths: 'server.mjs' })
    expect({ log, ...outputs }).toMatchObject({
      decision: 'already-rolled-back',
      'reason-code': 'same-content',
      commit: head,
    })
  })
})

describe('the output commit is the revision to deploy', () => {
  test('where the branch has that content already by other means: its head, which is deployed', async () => {
    const commit = await shop.commit({ 'server.mjs': 'serve()\n' }, { message: 'Mend it' })
    expect(await shop.tree(commit)).toBe(await shop.tree(good))
    const first = await run()
    expect({ log: first.log, exitCode: first.exitCode, ...first.outputs }).toMatchObject({
      exitCode: 0,
      decision: 'already-rolled-back',
      'reason-code': 'same-content',
      commit,
    })
    expect(lastLine(first.log)).toBe(
      `production: already-rolled-back: code is at ${commit.slice(0, 7)}; nothing was deployed by this run; production was not checked: git-rollback does not check it`,
    )
    const second = await run(redeploy)
    expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'already-rolled-back', commit })
    expect(deployed()).toEqual([commit])
  })

  test('where it was only planned, or failed: the one that is deployed', async () => {
    const planned = await run({ 'dry-run': 'true' })
    expect(planned.outputs).toMatchObject({ decision: 'planned', commit: bad })
    expect(lastLine(planned.log)).toMatch(
      /^production: planned: code is at [0-9a-f]{7}; nothing was changed$/,
    )
    const held = await run({ hold: 'audit until Friday' })
    expect(held.outputs).toMatchObject({ decision: 'failed', commit: bad })
  })
})
