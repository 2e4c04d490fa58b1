/** An ending of the front door says what is there now, and is never taken from what an earlier run wrote down. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { slowDown } from '../../bench/support/slow-api.ts'
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

describe('a rollback that waits for its pull request', () => {
  const requirePulls = () =>
    shop.hosted.addRuleset({
      name: 'main',
      enforcement: 'active',
      include: ['~DEFAULT_BRANCH'],
      rules: [{ type: 'pull_request', approvals: 1 }],
    })
  const permissions = { 'pull-requests': 'write' } as const

  test(
    '12: that only the rules of the branch asked for fails the step, however often it is run, until it is merged',
    async () => {
      shop = await openWholeShop({ permissions })
      requirePulls()
      for (const job of [{}, byHand]) {
        const { exitCode, log, outputs } = await rollBack({}, job)
        expect({ exitCode, log, ...outputs }).toMatchObject({
          exitCode: 1,
          decision: 'proposed',
          'pull-request': '1',
          recovery: 'unknown',
        })
        expect(log).toContain('nothing is rolled back until pull request #1 is merged: merge it (http')
        const seen =
          job === byHand
            ? 'production was not'
            : 'production was failing when this run began \\(.*\\), and has not been'
        expect(lastLine(log)).toMatch(
          new RegExp(
            `^production: proposed: code is not rolled back until pull request #1 is merged; ${seen} checked`,
          ),
        )
      }
      const proposal = (await shop.hosted.git.listRefs('refs/heads/rollback/'))[0]
      await shop.hosted.git.moveRef('refs/heads/main', { from: shop.bad, to: proposal?.sha ?? '' })
      const { exitCode, log, outputs } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'complete' })
    },
    limit,
  )

  test(
    '12: that the settings ask for ends with exit code 0, and with what is not rolled back',
    async () => {
      const code = { delivery: 'pull-request', redeploy: 'external' }
      shop = await openWholeShop({ permissions, settings: { code } })
      const { exitCode, log, outputs } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'proposed' })
      expect(lastLine(log)).toContain('code is not rolled back until pull request #1 is merged')
    },
    limit,
  )
})

describe('whatever was not looked at is said in the last line', () => {
  test(
    '12: no check is configured: not verified, and the step fails, however often it is run',
    async () => {
      shop = await openWholeShop({ settings: { health: {} } })
      for (const job of [{}, {}, byHand]) {
        const { exitCode, outputs, log, summary } = await rollBack({}, job)
        expect({ exitCode, log, ...outputs }).toMatchObject({
          exitCode: 1,
          decision: 'not-verified',
          recovery: 'unknown',
          commit: await shop.head(),
        })
        expect(lastLine(log)).toMatch(
          /production was not checked: no check is configured under health\.checks$/,
        )
        expect(summary).toContain('Rolled back, and not verified')
      }
      expect(shop.deployed).toEqual([await shop.head()])
      expect(await endings()).toEqual(['not-verified', 'not-verified', 'not-verified'])
    },
    limit,
  )

  test(
    '12: nothing deploys: not deployed, and the step fails, until production is seen to be well',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      for (const job of [{}, byHand]) {
        const { exitCode, outputs, log, summary } = await rollBack({}, job)
        expect({ exitCode, log, ...outputs }).toMatchObject({
          exitCode: 1,
          decision: 'not-deployed',
          commit: await shop.head(),
        })
        expect(outputs['recovery']).not.toBe('recovered')
        expect(log).toContain(`nothing deploys ${outputs['commit']}, as pushes made with GITHUB_TOKEN`)
        expect(lastLine(log)).toMatch(/^production: not-deployed: code is at .*; it is not deployed; /)
        expect(summary).toContain('Rolled back, and not deployed')
      }
      // production that is healthy for a moment does not show it: GitHub says what is deployed
      shop.service.change({ status: 200 })
      const flapped = await rollBack({}, byHand)
      expect(flapped).toMatchObject({ exitCode: 1, outputs: { decision: 'not-deployed' } })
      expect(flapped.outputs['recovery']).not.toBe('recovered')
      const head = await shop.head()
      shop.deploy(head, 'success', 'production')
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 0,
        decision: 'complete',
        recovery: 'recovered',
      })
      expect(lastLine(log)).toMatch(
        new RegExp(
          `; the newest successful deployment of production is ${head.slice(0, 7)}; production is healthy$`,
        ),
      )
      expect(await endings()).toEqual(['not-deployed', 'not-deployed', 'not-deployed', 'complete'])
      const after = await rollBack()
      expect(after).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
      // somebody deploys the failed revision again: the incident is not over, however production looks
      shop.deploy(shop.bad, 'success', 'production')
      const again = await rollBack({}, byHand)
      expect(again).toMatchObject({ exitCode: 1, outputs: { decision: 'not-deployed' } })
    },
    limit,
  )

  test(
    '12: nothing deploys, and GitHub does not say what is deployed: that production was failing and is well shows it',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      // nobody records deployments there
      shop.hosted.deployments.length = 0
      const target = { target: shop.good }
      expect((await rollBack(target)).outputs).toMatchObject({ decision: 'not-deployed' })
      shop.service.change({ status: 200 })
      const { exitCode, outputs, log } = await rollBack(target)
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 0,
        decision: 'complete',
        recovery: 'recovered',
      })
      // that production is healthy again is what was looked at, and no deployment was
      expect(lastLine(log)).toMatch(/; its deployment was not checked; production is healthy$/)
      expect(await endings()).toEqual(['not-deployed', 'complete'])
      const standing = await rollBack(target, byHand)
      expect(standing).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
      expect(lastLine(standing.log)).toMatch(/; its deployment was not checked; production is healthy: /)
    },
    limit,
  )

  test(
    '12: nothing deploys, and the deployment of the failed revision has failed: the good one from before it is not the restored one',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      const [, ...older] = shop.hosted.deployments.splice(0)
      shop.hosted.deployments.push(...older)
      shop.deploy(shop.bad, 'failure', 'production')
      expect((await rollBack()).outputs).toMatchObject({ decision: 'not-deployed' })
      shop.service.change({ status: 200 })
      const { log, ...again } = await rollBack()
      expect({ log, ...again }).toMatchObject({ exitCode: 1, outputs: { decision: 'not-deployed' } })
      // the good revision itself is deployed again, in the same second as GitHub's times have it
      shop.deploy(shop.good, 'success', 'production')
      const [newest, failed] = shop.hosted.deployments
      if (newest === undefined || failed === undefined) throw new Error('there are no deployments')
      shop.hosted.deployments[0] = { ...newest, createdAt: failed.createdAt }
      const after = await rollBack()
      expect(after).toMatchObject({ exitCode: 0, outputs: { decision: 'complete' } })
      expect(lastLine(after.log)).toContain(
        `the newest successful deployment of production is ${shop.good.slice(0, 7)}`,
      )
    },
    limit,
  )

  test(
    '12: nothing deploys, and no deployment of the environment has succeeded: that production is well shows nothing',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      shop.hosted.deployments.length = 0
      shop.deploy(shop.good, 'failure', 'production')
      shop.deploy(shop.bad, 'failure', 'production')
      const target = { target: shop.good }
      expect((await rollBack(target)).outputs).toMatchObject({ decision: 'not-deployed' })
      shop.service.change({ status: 200 })
      for (const job of [{}, byHand]) {
        const { log, ...again } = await rollBack(target, job)
        expect({ log, ...again }).toMatchObject({ exitCode: 1, outputs: { decision: 'not-deployed' } })
      }
      shop.deploy(await shop.head(), 'success', 'production')
      expect(await rollBack(target)).toMatchObject({ exitCode: 0, outputs: { decision: 'complete' } })
    },
    limit,
  )

  test(
    '12: nothing deploys, and the token may not read deployments: that production is well shows nothing',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      expect((await rollBack()).outputs).toMatchObject({ decision: 'not-deployed' })
      shop.service.change({ status: 200 })
      const permissions = { contents: 'write', issues: 'write', actions: 'write' } as const
      const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
      const { exitCode, outputs, log } = await rollBack({ target: shop.good }, { token })
      expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-deployed' })
      expect(lastLine(log)).toMatch(
        /^production: not-deployed: code is at [0-9a-f]{7}; production was .*whether the restored revision is deployed could not be read: .*deployments: read/,
      )
    },
    limit,
  )

  const external = { code: { redeploy: 'external' } }
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['with checks', external],
    ['without checks', { ...external, health: {} }],
  ])(
    '12: a later step deploys, as the settings say (%s): rolled back, exit 0, and nothing more is claimed',
    async (_, settings) => {
      shop = await openWholeShop({ settings })
      // a job that is run again hands over again
      for (const _again of [1, 2]) {
        const { exitCode, outputs, log, summary } = await rollBack()
        expect({ exitCode, log, ...outputs }).toMatchObject({
          exitCode: 0,
          decision: 'rolled-back',
          'reason-code': 'not-checked',
          recovery: 'unknown',
          commit: await shop.head(),
        })
        const seen =
          'health' in settings
            ? 'production was not checked'
            : 'production was failing when this run began \\(.*home.*\\), and has not been checked since'
        const commit = (await shop.head()).slice(0, 7)
        const last = new RegExp(
          `^production: rolled-back: code is at ${commit}; ${seen}: something outside of this run deploys the restored revision: deploy ${commit}, then verify production$`,
        )
        expect(lastLine(log)).toMatch(last)
        expect(summary.includes('production was failing when this run began')).toBe(!('health' in settings))
        expect(summary).toContain('Rolled back; production was not checked')
      }
      expect(await endings()).toEqual(['rolled-back', 'rolled-back'])
      const postmortem = await shop.run({ action: 'postmortem-issue' })
      expect({ log: postmortem.log, exitCode: postmortem.exitCode }).toMatchObject({ exitCode: 0 })
      const body = shop.hosted.issues.at(-1)?.body ?? ''
      expect(body).toContain('the rollback ended **rolled-back**')
      expect(body).not.toMatch(/has recovered|production: \*\*recovered/)
    },
    limit,
  )

  test.each<[string, Record<string, string>, RegExp]>([
    ['only planned', { mode: 'plan' }, /^production: planned: .*; nothing was changed$/],
    ['held', { hold: 'release day' }, /^production: held: /],
  ])(
    '12: %s: the last line says that the checks of this run see production failing',
    async (_, inputs, last) => {
      shop = await openWholeShop()
      const { log } = await rollBack(inputs)
      expect(lastLine(log)).toMatch(last)
      expect(lastLine(log)).toMatch(/; production was failing when this run began \(.*home.*\)/)
    },
    limit,
  )

  test(
    '12: a later step has deployed, and the checks see it: already rolled back',
    async () => {
      shop = await openWholeShop({ settings: external })
      await rollBack()
      shop.service.change({ status: 200 })
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 0,
        decision: 'already-rolled-back',
        recovery: 'recovered',
      })
      expect(lastLine(log)).toMatch(/nothing was deployed by this run; production is healthy: /)
    },
    limit,
  )

  test.each<[string, Readonly<Record<string, unknown>>, number, string]>([
    ['a later step deploys', external, 0, 'rolled-back'],
    ['nothing deploys', { code: {} }, 1, 'not-deployed'],
  ])(
    '12: no check saw the fault, and %s: that production is well does not show that the restored revision is deployed',
    async (_, settings, code, decision) => {
      shop = await openWholeShop({ settings })
      shop.service.change({ status: 200 })
      for (const round of [1, 2]) {
        const { exitCode, outputs, log } = await rollBack({}, byHand)
        expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: code, decision, recovery: 'unknown' })
        // by hand, production is looked at once the layers are back
        expect(lastLine(log)).toContain(
          round === 1 ? 'production was not checked: ' : 'production was healthy when this run began (',
        )
      }
      expect(shop.deployed).toEqual([])
    },
    limit,
  )

  test(
    '12: the checks could not look when an automatic rollback began: that production is well later does not show that it is deployed',
    async () => {
      shop = await openWholeShop({ settings: { ...external, health: {} } })
      const { url } = shop.service
      // the check is refused, which says nothing of the service
      shop.service.change({ status: 403 })
      expect((await rollBack({ url })).outputs).toMatchObject({ decision: 'rolled-back' })
      shop.service.change({ status: 200 })
      const { outputs, log } = await rollBack({ url }, byHand)
      expect({ log, ...outputs }).toMatchObject({ decision: 'rolled-back', recovery: 'unknown' })
      expect(shop.deployed).toEqual([])
    },
    limit,
  )

  test(
    '12: a later step deploys, and only the database goes back: production is looked at, as nothing has to be deployed',
    async () => {
      shop = await openWholeShop({ settings: { ...external, health: {} } })
      const unseen = await rollBack({ layers: 'database' }, byHand)
      expect({ log: unseen.log, exitCode: unseen.exitCode, ...unseen.outputs }).toMatchObject({
        exitCode: 1,
        decision: 'not-verified',
      })
    },
    limit,
  )

  test(
    '12: an action of one layer verifies that layer, and the history does not call the rollback complete',
    async () => {
      shop = await openWholeShop()
      const { exitCode, outputs, log } = await shop.run({ action: 'git-rollback' })
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rolled-back' })
      expect(lastLine(log)).toMatch(/production was not checked: /)
      expect(await endings()).toEqual(['rolled-back'])
      // the front door deploys what git-rollback has restored
      const { outputs: after, log: said } = await rollBack()
      expect({ log: said, ...after }).toMatchObject({ decision: 'complete', commit: outputs['commit'] })
      expect(shop.deployed).toEqual([outputs['commit']])
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

test(
  'a fix that is pushed and deployed while the lock is taken: the database does not go back without the code',
  async () => {
    shop = await openWholeShop()
    let fix: Promise<string> | undefined
    shop.github.onRequest(async ({ method, path }) => {
      if (fix !== undefined || method !== 'PUT' || !path.includes('locks')) return
      fix = shop.commit({ 'server.mjs': 'serve()\n' }, { message: 'Serve again', author: 'Ada' })
      shop.deploy(await fix, 'success', 'production')
      shop.service.change({ status: 200 })
    })
    const { exitCode, log, outputs } = await rollBack({ layers: 'database, code' })
    expect({ log, exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'well' })
    expect(await shop.head()).toBe(await fix)
    expect(shop.columns()).toEqual(['name', 'price', 'stars'])
    expect(await endings()).toEqual([])
  },
  limit,
)

describe('a history that cannot be written any more ends the run with where each layer is', () => {
  /** Refuses an event of the history from the first of a kind on, and what else fails with it. */
  async function refuseEvents(
    first: string,
    alongside: (method: string, path: string) => boolean = () => false,
  ) {
    let isRefused = false
    const refusing = (operation: 'repos/create-or-update-file-contents' | 'git/update-ref') =>
      shop.github.fault({
        ...{ kind: 'refused', operation, status: 403 },
        message: 'Resource not accessible by integration',
      })
    return slowDown(shop.github.apiUrl, 0, async (method, path, body) => {
      if (alongside(method, path)) return refusing('git/update-ref')
      if (method !== 'PUT' || !path.includes('events')) return
      const { content }: { content: string } = JSON.parse(body.toString('utf8'))
      isRefused ||= Buffer.from(content, 'base64').toString('utf8').includes(`"kind":"${first}"`)
      if (isRefused) refusing('repos/create-or-update-file-contents')
    })
  }
  const movesMain = (method: string, path: string) => method === 'PATCH' && path.includes('heads%2Fmain')
  const run = async (api: { readonly url: string }, inputs: Record<string, string> = {}) =>
    shop.run(
      { action: 'rollback', inputs: { layers: 'database, code, ota', ...inputs } },
      { apiUrl: api.url },
    )
  const errorOf = (log: string) => log.split('\n').find((line) => line.startsWith('error: '))

  test(
    'layers that are back, and one that was not tried',
    async () => {
      shop = await openWholeShop()
      const api = await refuseEvents('rollback-applied')
      const { exitCode, outputs, log } = await run(api)
      await api.stop()
      const head = await shop.head()
      expect({ exitCode, decision: outputs['decision'] }).toEqual({ exitCode: 1, decision: undefined })
      expect(errorOf(log)).toContain(
        `give the job \`permissions: contents: write\`. The history does not contain everything that this run did: database is at no migration; code is at ${head.slice(0, 7)}; ota is not rolled back: it was not tried. Run it again: it continues from there`,
      )
      expect((await rollBack({ layers: 'database, code, ota' })).outputs).toMatchObject({
        decision: 'complete',
      })
      expect(await shop.head()).toBe(head)
    },
    limit,
  )

  test(
    'a layer that is back beside one that failed',
    async () => {
      shop = await openWholeShop()
      const api = await refuseEvents('rollback-applied', movesMain)
      const { exitCode, log } = await run(api)
      await api.stop()
      expect(exitCode).toBe(1)
      expect(errorOf(log)).toContain(
        'database is at no migration; code is not rolled back; ota is not rolled back',
      )
      expect(await shop.head()).toBe(shop.bad)
    },
    limit,
  )

  test(
    'a layer that was undone, and is not said to be rolled back',
    async () => {
      shop = await openWholeShop()
      const api = await refuseEvents('rollback-undone', movesMain)
      const { exitCode, log } = await run(api, { 'on-failure': 'undo' })
      await api.stop()
      expect(exitCode).toBe(1)
      expect(errorOf(log)).toContain('database is as it was before; code is not rolled back')
      expect(log).not.toContain('could not be undone')
      expect(shop.columns()).toContain('stars')
    },
    limit,
  )

  test(
    'all layers, where the end cannot be recorded',
    async () => {
      shop = await openWholeShop()
      const api = await refuseEvents('rollback-ended')
      const { exitCode, log } = await run(api)
      await api.stop()
      const head = (await shop.head()).slice(0, 7)
      expect(exitCode).toBe(1)
      expect(errorOf(log)).toContain(
        `database is at no migration; code is at ${head}; ota is at Shop-ios/Production v3. Run it again`,
      )
    },
    limit,
  )

  test(
    'a cancelled run, which does not say that its layers are recorded',
    async () => {
      shop = await openWholeShop()
      let cancel = () => {}
      let end = () => {}
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      const api = await slowDown(shop.github.apiUrl, 0, async (method, path) => {
        if (!movesMain(method, path)) return
        cancel()
        await ended
      })
      const hold = await slowDown(api.url, 0, async (method, path, body) => {
        if (method !== 'PUT' || !path.includes('events')) return
        const { content }: { content: string } = JSON.parse(body.toString('utf8'))
        if (Buffer.from(content, 'base64').toString('utf8').includes('"kind":"rollback-applied"')) await ended
      })
      const onStart = (_: () => void, canceller: () => void) => {
        cancel = canceller
      }
      const { exitCode, log } = await shop.run(
        { action: 'rollback', inputs: { layers: 'database, code, ota' }, onStart },
        { apiUrl: hold.url },
      )
      end()
      await hold.stop()
      await api.stop()
      expect(exitCode).toBe(1)
      expect(errorOf(log)).toMatch(
        /^error: this step was cancelled \(could not write the history: .*database is at no migration; code is not rolled back; .*: run it again to continue/,
      )
      expect(log).not.toContain('are recorded')
    },
    limit,
  )
})
