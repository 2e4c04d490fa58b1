/** An ending of the front door says what is there now, and is never taken from what an earlier run wrote down. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const limit = 60_000
const byHand: Partial<Job> = { eventName: 'workflow_dispatch' }
const rollBack = (inputs: Record<string, string> = {}, job: Partial<Job> = {}) =>
  shop.run({ action: 'rollback', inputs: { layers: 'code', ...inputs } }, job)
const refuseDispatch = () =>
  shop.github.fault({
    kind: 'refused',
    operation: 'actions/create-workflow-dispatch',
    status: 403,
    message: 'Resource not accessible by integration',
  })
const lastLine = (log: string) => log.trimEnd().split('\n').at(-1)
const endings = async () =>
  (await shop.history.read()).events.flatMap((event) =>
    event.kind === 'rollback-ended' ? [event.outcome] : [],
  )

describe('a deployment that fails after the rollback is finished by the next run', () => {
  const failures: readonly (readonly [string, () => void])[] = [
    ['the dispatch is refused once', refuseDispatch],
    ['the run ends in failure', () => shop.failDeploys(1)],
  ]
  const runs: readonly (readonly [string, Partial<Job>])[] = [
    ['automatic', {}],
    ['by hand', byHand],
  ]
  test.each(failures.flatMap(([what, fail]) => runs.map(([how, job]) => ({ what, fail, how, job }))))(
    '$what, run again $how: deployed once, and seen to be well',
    async ({ fail, job }) => {
      shop = await openWholeShop()
      fail()
      const first = await rollBack({}, job)
      expect({ log: first.log, ...first.outputs }).toMatchObject({
        decision: 'not-deployed',
        commit: await shop.head(),
      })
      expect(first.exitCode).toBe(1)
      expect(lastLine(first.log)).toMatch(
        /^production: not-deployed: .*the restored revision is not deployed yet$/,
      )
      const head = await shop.head()
      const second = await rollBack({}, job)
      expect({ log: second.log, exitCode: second.exitCode, ...second.outputs }).toMatchObject({
        exitCode: 0,
        decision: 'complete',
        recovery: 'recovered',
        commit: head,
      })
      expect(shop.deployed).toEqual([head])
      expect(await endings()).toEqual(['not-deployed', 'complete'])
      const third = await rollBack({}, job)
      expect(third).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back', commit: head } })
      expect(lastLine(third.log)).toMatch(/deploy\.yml deployed it: .*; production is healthy: /)
      expect(shop.deployed).toEqual([head])
    },
    limit,
  )

  test(
    'also when it fails twice, and when an older version of the action has called the incident complete',
    async () => {
      shop = await openWholeShop()
      shop.failDeploys(2)
      expect((await rollBack()).outputs['decision']).toBe('not-deployed')
      expect((await rollBack()).outputs['decision']).toBe('not-deployed')
      const { events } = await shop.history.read()
      const last = events.at(-1)
      if (last?.kind !== 'rollback-ended') throw new Error('the rollback has no end')
      await shop.history.append({ ...last, id: '0'.repeat(24), outcome: 'complete' })
      const third = await rollBack()
      expect(third).toMatchObject({ exitCode: 0, outputs: { decision: 'complete' } })
      expect(shop.deployed).toEqual([await shop.head()])
    },
    limit,
  )
})

describe('what an earlier run has done is looked at', () => {
  test(
    'another revision was deployed since: the restored one is deployed again',
    async () => {
      shop = await openWholeShop()
      await rollBack()
      const head = await shop.head()
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      shop.deploy(shop.bad, 'success', 'production')
      shop.service.change({ status: 500 })
      const second = await rollBack()
      expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'complete', commit: head })
      expect(shop.deployed).toEqual([head, head])
    },
    limit,
  )

  test(
    'the next run is of other layers: the commit to deploy is still that of the rollback, and not the failed revision',
    async () => {
      shop = await openWholeShop()
      await rollBack()
      const head = await shop.head()
      const well = await rollBack({ layers: 'database' })
      expect({ log: well.log, ...well.outputs }).toMatchObject({ decision: 'well', commit: head })
      const done = await rollBack({ layers: 'database' }, byHand)
      expect({ log: done.log, ...done.outputs }).toMatchObject({ decision: 'complete', commit: head })
      const standing = await rollBack({ layers: 'database' }, byHand)
      expect({ log: standing.log, ...standing.outputs }).toMatchObject({
        decision: 'already-rolled-back',
        commit: head,
      })
    },
    limit,
  )

  test(
    'production fails again: it is not called rolled back, and nothing is rolled back further',
    async () => {
      shop = await openWholeShop()
      await rollBack()
      const head = await shop.head()
      shop.service.change({ status: 500 })
      const second = await rollBack()
      expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'not-recovered' })
      expect(second.exitCode).toBe(1)
      expect(lastLine(second.log)).toMatch(/^production: not-recovered: .*production is still failing$/)
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'a pull request that was merged since: its commit is deployed, and production is seen to be well',
    async () => {
      shop = await openWholeShop({
        settings: {
          code: {
            delivery: 'pull-request',
            redeploy: { workflow: 'deploy.yml', inputs: { revision: '{revision}' } },
          },
        },
        permissions: { 'pull-requests': 'write' },
      })
      const first = await rollBack()
      expect(first.outputs).toMatchObject({ decision: 'proposed' })
      const proposal = (await shop.hosted.git.listRefs('refs/heads/rollback/'))[0]
      await shop.hosted.git.moveRef('refs/heads/main', { from: shop.bad, to: proposal?.sha ?? '' })
      const second = await rollBack()
      expect({ log: second.log, exitCode: second.exitCode, ...second.outputs }).toMatchObject({
        exitCode: 0,
        decision: 'complete',
        commit: await shop.head(),
      })
      expect(shop.deployed).toEqual([await shop.head()])
    },
    limit,
  )
})

describe('whatever was not looked at is said in the last line', () => {
  test(
    'no check is configured: it is not called recovered',
    async () => {
      shop = await openWholeShop({ settings: { health: {} } })
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 0,
        decision: 'complete',
        recovery: 'unknown',
      })
      expect(lastLine(log)).toMatch(
        /production was not looked at: no check is configured under health\.checks$/,
      )
    },
    limit,
  )

  test(
    'a check that gets no answer: not verified, and the step fails',
    async () => {
      shop = await openWholeShop({
        settings: {
          health: {
            window: '2s',
            interval: '100ms',
            checks: [
              {
                name: 'errors',
                type: 'prometheus',
                url: 'http://127.0.0.1:9',
                query: 'up',
                max: 1,
                severity: 'critical',
              },
            ],
          },
        },
      })
      const { exitCode, outputs, log } = await rollBack({}, byHand)
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-verified' })
      expect(lastLine(log)).toMatch(/whether production recovered is unknown: /)
    },
    limit,
  )

  test(
    'a run that changes nothing sets commit to what is deployed, so that the next step deploys no empty name',
    async () => {
      shop = await openWholeShop()
      const held = await rollBack({ hold: 'audit until Friday' })
      expect(held.outputs).toMatchObject({ decision: 'held', commit: shop.bad })
      const planned = await rollBack({ mode: 'plan' })
      expect(planned.outputs).toMatchObject({ decision: 'planned', commit: shop.bad })
      shop.service.change({ status: 200 })
      const well = await rollBack()
      expect(well.outputs).toMatchObject({ decision: 'well', commit: shop.bad })
      for (const { log } of [held, planned, well])
        expect(lastLine(log)).toMatch(/^production: (held|planned|well): /)
    },
    limit,
  )
})
