/** Two runs that roll the same environment back at the same time do it once, and what they wrote down is true. */
import { afterEach, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { killAfterEvent } from '../support/kill-after-event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const front = { action: 'rollback', inputs: { layers: 'code' } }
const run = (runId: string, step: Parameters<WholeShop['run']>[0] = front, job: Partial<Job> = {}) =>
  shop.run(step, { runId, ...job })
const events = async () => (await shop.history.read()).events
const kinds = async () => (await events()).map(({ kind }) => kind)
const rollbackCommits = async () =>
  (await shop.hosted.git.git(['log', '--format=%s', `${shop.bad}..main`])).toString().trim().split('\n')

test('two front doors: one rolls back, the other waits for it and finds it done; no failure takes the place of the success', async () => {
  shop = await openWholeShop()
  const results = await Promise.all([run('101'), run('102')])
  expect(results.map(({ exitCode, log }) => ({ exitCode, log }))).toMatchObject([
    { exitCode: 0 },
    { exitCode: 0 },
  ])
  expect(results.map(({ outputs }) => outputs['decision']).sort()).toEqual([
    'already-rolled-back',
    'complete',
  ])
  expect(await rollbackCommits()).toHaveLength(1)
  expect(shop.deployed).toEqual([await shop.head()])
  expect(await kinds()).not.toContain('rollback-failed')
  expect((await events()).at(-1)).toMatchObject({ kind: 'rollback-ended', outcome: 'complete' })
  const head = await shop.head()
  expect(results.map(({ outputs }) => outputs['commit'])).toEqual([head, head])
})

test('a front door and git-rollback: one commit, one deployment', async () => {
  shop = await openWholeShop()
  const git = {
    action: 'git-rollback',
    inputs: { redeploy: 'deploy.yml', 'redeploy-inputs': 'revision={revision}' },
  }
  const results = await Promise.all([run('101'), run('102', git)])
  expect(results.map(({ exitCode, log }) => ({ exitCode, log }))).toMatchObject([
    { exitCode: 0 },
    { exitCode: 0 },
  ])
  expect(await rollbackCommits()).toHaveLength(1)
  expect(shop.deployed).toEqual([await shop.head()])
  expect(await kinds()).not.toContain('rollback-failed')
})

test('a run that was killed while it held the environment does not keep the next one from it', async () => {
  shop = await openWholeShop()
  expect(await killAfterEvent(shop, { ...front }, 2)).toBe(true)
  const { exitCode, outputs, log } = await run('102')
  expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'complete' })
  expect(await rollbackCommits()).toHaveLength(1)
})
