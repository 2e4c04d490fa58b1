/** The front door as the runner runs it, over code, database and over-the-air updates at once. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Job } from '../../src/drill/runner.ts'
import type { Event } from '../../src/history/event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const all = { layers: 'database, code, ota' }
const byHand: Partial<Job> = { eventName: 'workflow_dispatch' }
const limit = 60_000

const rollBack = (inputs: Record<string, string> = all, job: Partial<Job> = {}, env = {}) =>
  shop.run({ action: 'rollback', inputs, env }, job)
const kinds = async () => (await shop.history.read()).events.map(({ kind }) => kind)
const eventsOf = async <K extends Event['kind']>(kind: K) =>
  (await shop.history.read()).events.filter((event) => event.kind === kind)
const isGoodAgain = async () => (await shop.tree(await shop.head())) === (await shop.tree(shop.good))
/** What every layer is like, to be compared with before. */
const world = async () => ({
  head: await shop.head(),
  columns: shop.columns(),
  releases: await shop.releases(),
  deployed: [...shop.deployed],
})

describe('a deployment that broke everything', () => {
  test(
    'is taken back in one step: the database, the code, the update; deployed once; production is seen to be well',
    async () => {
      shop = await openWholeShop()
      const { exitCode, log, outputs, summary } = await rollBack()
      expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
      expect(outputs).toMatchObject({
        decision: 'complete',
        'reason-code': 'restored',
        layers: 'database,code,ota',
        commit: await shop.head(),
        recovery: 'recovered',
      })
      expect(await isGoodAgain()).toBe(true)
      expect(shop.columns()).toEqual(['name', 'price'])
      expect(shop.deployed).toEqual([outputs['commit']])
      expect(log).toMatch(/1\. database: 1_stars → .*\n(?:.*\n)*2\. code: .*\n(?:.*\n)*3\. ota: /)
      const told = await kinds()
      expect(told.filter((kind) => kind !== 'revision-deployed')).toEqual([
        'rollback-began',
        'rollback-applied',
        'rollback-applied',
        'rollback-applied',
        'recovery-verified',
        'rollback-ended',
      ])
      // the code is deployed while the update goes back: which of them ends first is not ours to say
      const deployedAt = told.indexOf('revision-deployed')
      expect(deployedAt).toBeGreaterThan(2)
      expect(deployedAt).toBeLessThan(told.indexOf('recovery-verified'))
      expect(summary).toContain('## Rolled back')
      expect(summary).toContain('devices are offered v3, package hash-of-good')
      expect(summary).toMatch(/\| deploy \| .* \| \d+ % \|/)
      // the database layer sees to the migrations
      expect(summary).not.toContain('db-restore')
      expect(log + summary + JSON.stringify(outputs)).not.toContain(shop.updates.accessKey)
    },
    limit,
  )

  test(
    'is taken back once: a second run changes nothing, and a machine does not do it again when the revision comes back',
    async () => {
      shop = await openWholeShop()
      await rollBack()
      const before = await world()
      const again = await rollBack()
      expect(again).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
      expect(await world()).toEqual(before)

      await shop.commit(shop.badFiles, { message: 'Once more' })
      shop.service.change({ status: 500 })
      const third = await rollBack({ layers: 'code' })
      expect(third).toMatchObject({ exitCode: 1, outputs: { decision: 'held', 'reason-code': 'guard' } })
      expect(third.log).toContain('and a revision is rolled back automatically once')
    },
    limit,
  )

  test(
    'is planned and not touched with mode: plan, and the plan is done later to the letter',
    async () => {
      shop = await openWholeShop()
      const before = await world()
      const planned = await rollBack({ ...all, mode: 'plan' })
      expect(planned).toMatchObject({ exitCode: 0, outputs: { decision: 'planned' } })
      expect(await world()).toEqual(before)
      const plan = planned.outputs['plan'] ?? ''

      const edited = `${plan}.edited.json`
      writeFileSync(edited, readFileSync(plan, 'utf8').replaceAll('1_stars', '0_stars'))
      const refused = await rollBack({ mode: 'apply', plan: edited })
      expect(refused.exitCode).toBe(1)
      expect(refused.log).toContain('it was edited, or made elsewhere: make a new plan')
      expect(await world()).toEqual(before)

      const applied = await rollBack({ mode: 'apply', plan })
      expect({ log: applied.log, ...applied.outputs }).toMatchObject({ decision: 'complete' })
      expect(await isGoodAgain()).toBe(true)
    },
    limit,
  )

  test(
    'is left alone by a plan when the world has moved since',
    async () => {
      shop = await openWholeShop()
      const { outputs } = await rollBack({ ...all, mode: 'plan' })
      shop.updates.release('Shop-ios', { content: 'mended' })
      const head = await shop.commit({ 'README.md': 'new' }, { message: 'Explain' })
      const before = await world()
      const applied = await rollBack({ mode: 'apply', plan: outputs['plan'] ?? '' })
      expect(applied.exitCode).toBe(1)
      expect(applied.log).toContain('the plan no longer holds, and nothing was changed')
      expect(applied.log).toContain(`head of main was ${shop.bad} and is ${head}`)
      expect(applied.log).toContain('ota: Shop-ios/Production was v2 and is v3')
      expect(await world()).toEqual(before)
    },
    limit,
  )
})

describe('the layers are chosen', () => {
  test(
    'by what the deployment changed: an older update is none of its changes',
    async () => {
      // the fake server's releases are of 2026-11-24
      shop = await openWholeShop()
      const { outputs, log } = await rollBack({})
      expect(outputs).toMatchObject({ decision: 'complete', layers: 'database,code' })
      expect(log).toContain('not changed: ota: the deployment changed nothing in it')
    },
    limit,
  )

  test(
    'by the type of the issue, as the settings say; and the plan tells what stays',
    async () => {
      shop = await openWholeShop({
        settings: { rollback: { verify: '2s', strategies: { performance: ['ota'] } } },
      })
      const { outputs, log } = await rollBack({ 'issue-type': 'performance', mode: 'plan' })
      expect(outputs).toMatchObject({ decision: 'planned', layers: 'ota' })
      expect(log).toContain("not changed: database: not chosen: the deployment's change stays")
      expect(log).toContain("not changed: code: not chosen: the deployment's change stays")
    },
    limit,
  )

  test.each([
    [
      { layers: 'code, cache' },
      'input "layers" asks for the layer "cache", and this repository has database, code, ota',
    ],
    [{ mode: 'apply' }, 'input "plan" is required where input "mode" is apply'],
    [{ mode: 'apply', plan: '/nowhere.json' }, 'input "plan" is /nowhere.json, and there is no such file'],
    [{ target: 'nope' }, 'has no such commit, tag or branch'],
    [{ 'issue-type': 'bug' }, 'input "issue-type" is "bug"; write one of code-bug'],
    [{ config: 'nope.yml' }, 'input "config" is "nope.yml", and there is no such file'],
  ])(
    'inputs %j are one clear error, and nothing is touched',
    async (inputs, message) => {
      shop = await openWholeShop()
      const before = await world()
      const { exitCode, log } = await rollBack(inputs)
      expect(exitCode).toBe(1)
      expect(log).toContain(message)
      expect(await world()).toEqual(before)
      expect(await kinds()).toEqual([])
    },
    limit,
  )

  test(
    'a secret that is not set is one clear error, and no layer is touched',
    async () => {
      shop = await openWholeShop()
      const { exitCode, log } = await rollBack(all, {}, { CODEPUSH_ACCESS_KEY: '' })
      expect(exitCode).toBe(1)
      expect(log).toContain(
        'the variable CODEPUSH_ACCESS_KEY, which `ota.access-key` in the configuration names, is not set',
      )
      expect(await isGoodAgain()).toBe(false)
      expect(shop.columns()).toContain('stars')
    },
    limit,
  )
})

describe('a machine does not roll back', () => {
  test(
    'what is not failing at this moment; a person does',
    async () => {
      shop = await openWholeShop()
      shop.service.change({ status: 200, body: 'good' })
      const automatic = await rollBack()
      expect(automatic).toMatchObject({
        exitCode: 0,
        outputs: { decision: 'well', 'reason-code': 'not-failing' },
      })
      expect(await isGoodAgain()).toBe(false)
      const person = await rollBack(all, byHand)
      expect(person).toMatchObject({ outputs: { decision: 'complete' } })
    },
    limit,
  )

  test(
    'while there is a hold, and says whose; a person does',
    async () => {
      shop = await openWholeShop()
      const held = await rollBack({ ...all, hold: 'audit until Friday' })
      expect(held).toMatchObject({ exitCode: 1, outputs: { decision: 'held' } })
      expect(held.log).toContain(
        'automatic rollbacks of production are on hold (the input `hold`): audit until Friday',
      )
      expect(await isGoodAgain()).toBe(false)
      const person = await rollBack({ ...all, hold: 'audit until Friday' }, byHand)
      expect(person).toMatchObject({ outputs: { decision: 'complete' } })
    },
    limit,
  )

  test(
    'a database from its backup, unless the settings say so in as many words',
    async () => {
      shop = await openWholeShop({ database: { strategy: 'backup', 'allow-data-loss': true } })
      const held = await rollBack()
      expect(held).toMatchObject({ exitCode: 1, outputs: { decision: 'held' } })
      expect(held.log).toMatch(/database: .*restore-without-a-person/)
      expect(shop.columns()).toContain('stars')
      await shop.close()

      const settings = { strategy: 'backup', 'allow-data-loss': true, 'restore-without-a-person': true }
      shop = await openWholeShop({ database: settings })
      const allowed = await rollBack()
      expect({ log: allowed.log, ...allowed.outputs }).toMatchObject({ decision: 'complete' })
      expect(shop.columns()).toEqual(['name', 'price'])
    },
    limit,
  )
})

test(
  'what needs a person is done by a machine when a reviewer has approved the job that applies the plan',
  async () => {
    shop = await openWholeShop({ database: { strategy: 'backup', 'allow-data-loss': true } })
    const { outputs } = await rollBack({ ...all, mode: 'plan' }, byHand)
    const apply = { mode: 'apply', plan: outputs['plan'] ?? '', approval: 'approval' }
    shop.hosted.approvals.push({ run: '7', login: 'ada', state: 'rejected', environments: ['approval'] })
    expect(await rollBack(apply)).toMatchObject({ exitCode: 1, outputs: { decision: 'held' } })
    shop.hosted.roles.set('linus', 'write')
    shop.hosted.approvals.push({ run: '7', login: 'linus', state: 'approved', environments: ['approval'] })
    const applied = await rollBack(apply)
    expect({ log: applied.log, ...applied.outputs }).toMatchObject({ decision: 'complete' })
    expect(applied.log).toContain('linus approved the plan')
  },
  limit,
)

describe('when a layer cannot be opened, as with a secret that is empty', () => {
  const withoutSecret = (inputs: Record<string, string>) =>
    shop.run({ action: 'rollback', inputs: { ...all, ...inputs }, env: { DATABASE_URL: '' } })

  test(
    'stop: nothing is touched, and it is said how the others go on',
    async () => {
      shop = await openWholeShop()
      const before = await world()
      const { exitCode, log } = await withoutSecret({})
      expect(exitCode).toBe(1)
      expect(log).toMatch(/database: the variable DATABASE_URL, .* is not set/)
      expect(log).toContain(
        'Nothing was changed: with input "on-failure" `continue` the other layers are rolled back without it',
      )
      expect(await world()).toEqual(before)
    },
    limit,
  )

  test(
    'stop: where no other layer was chosen, none is promised',
    async () => {
      shop = await openWholeShop()
      const { exitCode, log } = await withoutSecret({ layers: 'database' })
      expect(exitCode).toBe(1)
      expect(log).toMatch(/the variable DATABASE_URL, .* is not set/)
      expect(log).not.toContain('the other layers are rolled back without it')
    },
    limit,
  )

  test(
    'continue: the others are rolled back, the step fails with what is left, and the next run does just that',
    async () => {
      shop = await openWholeShop()
      const first = await withoutSecret({ 'on-failure': 'continue' })
      expect(first).toMatchObject({ exitCode: 1, outputs: { decision: 'partial' } })
      expect(first.log).toMatch(/database: the variable DATABASE_URL, .* is not set/)
      expect(await isGoodAgain()).toBe(true)
      expect(shop.columns()).toEqual(['name', 'price', 'stars'])

      const second = await rollBack({ 'on-failure': 'continue' })
      expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'complete' })
      expect(shop.columns()).toEqual(['name', 'price'])
    },
    limit,
  )

  test(
    'continue, and the only layer that is asked for: the step fails, and nothing is touched',
    async () => {
      shop = await openWholeShop()
      const before = await world()
      const { exitCode, outputs } = await withoutSecret({ 'on-failure': 'continue', layers: 'database' })
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'failed' })
      expect(await world()).toEqual(before)
    },
    limit,
  )
})

describe('when a layer fails', () => {
  const failOta = () => {
    shop.updates.fault({ method: 'POST', path: 'rollback', answer: { status: 403, body: 'no' } })
  }

  test(
    'stop: what is done stays, the step fails with how to go on, and the next run does just what is left',
    async () => {
      shop = await openWholeShop()
      failOta()
      const first = await rollBack()
      expect(first).toMatchObject({
        exitCode: 1,
        outputs: { decision: 'partial', 'reason-code': 'layers-partial' },
      })
      expect(first.log).toContain('run the rollback again: it continues where it stopped')
      expect(await isGoodAgain()).toBe(true)
      const head = await shop.head()
      const second = await rollBack()
      expect({ log: second.log, ...second.outputs }).toMatchObject({ decision: 'complete' })
      expect(await shop.head()).toBe(head)
      expect(shop.deployed).toEqual([head])
      expect((await eventsOf('rollback-ended')).map((event) => 'outcome' in event && event.outcome)).toEqual([
        'partial',
        'complete',
      ])
    },
    limit,
  )

  test(
    'undo: what was done is taken back, the last first, from the safety copies',
    async () => {
      shop = await openWholeShop()
      failOta()
      const { exitCode, outputs, log } = await rollBack({ ...all, 'on-failure': 'undo' })
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 1, decision: 'undone' })
      expect(await shop.tree(await shop.head())).toBe(await shop.tree(shop.bad))
      expect(shop.columns()).toEqual(['name', 'price', 'stars'])
      expect(shop.deployed).toEqual([])
      expect((await eventsOf('rollback-undone')).map((event) => 'layer' in event && event.layer)).toEqual([
        'code',
        'database',
      ])
    },
    limit,
  )

  test(
    'continue: the layers after it are rolled back all the same',
    async () => {
      shop = await openWholeShop({ settings: { rollback: { verify: '2s', 'on-failure': 'continue' } } })
      // the down script of the bad revision cannot run
      shop.sql('CREATE VIEW stars AS SELECT stars FROM product')
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 1, decision: 'partial' })
      expect(await isGoodAgain()).toBe(true)
      expect(shop.columns()).toContain('stars')
      expect(outputs['layers']).toBe('database,code,ota')
    },
    limit,
  )

  test(
    'and production that is not well afterwards fails the step, whatever the layers say',
    async () => {
      shop = await openWholeShop({ settings: { code: {} } })
      const { exitCode, outputs, log } = await rollBack({ layers: 'database' })
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 1,
        decision: 'not-recovered',
        'reason-code': 'not-recovered',
        recovery: 'not-recovered',
      })
    },
    limit,
  )
})

test(
  'an address alone is enough to detect whether production is failing, and whether it is well again',
  async () => {
    shop = await openWholeShop({ settings: { health: {} } })
    const unseen = await rollBack({ layers: 'code', mode: 'plan' })
    expect(unseen).toMatchObject({ exitCode: 0, outputs: { decision: 'planned' } })
    const { outputs, log } = await rollBack({ layers: 'code', url: shop.service.url })
    expect({ log, ...outputs }).toMatchObject({ decision: 'complete', recovery: 'recovered' })
    const { events } = await shop.history.read()
    expect(events.find(({ kind }) => kind === 'recovery-verified')).toMatchObject({ outcome: 'recovered' })
  },
  limit,
)

test(
  'without a configuration file the code is rolled back, and it is said what one could add',
  async () => {
    shop = await openWholeShop({ settings: 'none' })
    const { exitCode, outputs, log } = await rollBack({})
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 1,
      decision: 'not-deployed',
      layers: 'code',
    })
    expect(log).toContain(
      'there is no .github/rollback.yml at this revision: only the code is rolled back. That file configures',
    )
    expect(shop.columns()).toContain('stars')
  },
  limit,
)

test(
  'an environment that the settings do not describe is one clear error that names those that they do',
  async () => {
    shop = await openWholeShop()
    const { exitCode, log } = await rollBack({ environment: 'prod' })
    expect(exitCode).toBe(1)
    expect(log).toContain(
      'input "environment" is "prod", and .github/rollback.yml describes the environment "production"; write `production`, or describe it under `environments`',
    )
  },
  limit,
)

test(
  'a mistake in the configuration is told by file, line and column, and nothing else happens',
  async () => {
    shop = await openWholeShop()
    const sha = await shop.commit({ '.github/rollback.yml': 'rollback:\n  on-failure: retry\n' })
    const { exitCode, log } = await rollBack({}, { sha })
    expect(exitCode).toBe(1)
    expect(log).toMatch(/\.github\/rollback\.yml:\d+:\d+: `on-failure` .*stop.*continue.*undo/)
    expect(await kinds()).toEqual([])
  },
  limit,
)

test(
  'a branch with rules gets a pull request, and the other layers go back',
  async () => {
    shop = await openWholeShop({
      settings: { code: { delivery: 'pull-request' } },
      permissions: { 'pull-requests': 'write' },
    })
    const { exitCode, outputs, log } = await rollBack()
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 0,
      decision: 'proposed',
      'reason-code': 'pull-request',
    })
    expect(log.trimEnd().split('\n').at(-1)).toContain(
      `code is not rolled back until pull request #${outputs['pull-request']} is merged`,
    )
    expect(outputs['pull-request']).toMatch(/^\d+$/)
    expect(await isGoodAgain()).toBe(false)
    expect(shop.columns()).toEqual(['name', 'price'])
  },
  limit,
)
