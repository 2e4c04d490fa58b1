/** The actions of one layer have what the common run has: saved plans, going on, rehearsals, and what happens when it fails. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { StepOptions } from '../../src/drill/runner.ts'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { startMicrosoft } from '../support/codepush/microsoft.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const settings = { rollback: { verify: '2s' } }
const restore = (inputs: Record<string, string> = {}) => ({
  action: 'db-restore',
  inputs: {
    'database-url': `sqlite:${shop.database}`,
    storage: shop.storage,
    'allow-data-loss': 'true',
    ...inputs,
  },
})
const rollBackUpdates = (inputs: Record<string, string> = {}) => ({
  action: 'codepush-rollback',
  inputs: {
    'server-url': shop.updates.url,
    'access-key': shop.updates.accessKey,
    channels: 'Shop-ios/Production',
    'verify-timeout': '1s',
    ...inputs,
  },
})
const rollBackCode = (inputs: Record<string, string> = {}) => ({ action: 'git-rollback', inputs })
const kinds = async () => (await shop.history.read()).events.map(({ kind }) => kind)

describe('a saved plan', () => {
  test.each([
    ['db-restore', restore],
    ['codepush-rollback', rollBackUpdates],
    ['git-rollback', rollBackCode],
  ] as const)('of %s is applied by a later run, once, and only as it was made', async (_, stepOf) => {
    shop = await openWholeShop({ settings })
    const world = async () => ({
      columns: shop.columns(),
      releases: await shop.releases(),
      head: await shop.head(),
    })
    const before = await world()
    const planned = await shop.run(stepOf({ 'save-plan': 'true' }))
    expect({ log: planned.log, ...planned.outputs }).toMatchObject({ decision: 'planned' })
    expect(await world()).toEqual(before)
    const plan = planned.outputs['plan'] ?? ''

    const edited = `${plan}.edited.json`
    writeFileSync(edited, readFileSync(plan, 'utf8').replace('"warnings": [', '"warnings": ["all is well", '))
    const forged = await shop.run(stepOf({ plan: edited }))
    expect({ exitCode: forged.exitCode, log: forged.log }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('input "plan"'),
    })
    expect(await world()).toEqual(before)

    const applied = await shop.run(stepOf({ plan }))
    expect({ log: applied.log, ...applied.outputs }).toMatchObject({ decision: 'rolled-back' })
    const after = await world()
    expect(after).not.toEqual(before)
    const again = await shop.run(stepOf({ plan }))
    expect(again.outputs['decision']).not.toBe('rolled-back')
    expect(await world()).toEqual(after)
  })

  test('of the code is refused once the branch has moved, and for another scope', async () => {
    shop = await openWholeShop({ settings })
    const { outputs } = await shop.run(rollBackCode({ 'save-plan': 'true' }))
    const plan = outputs['plan'] ?? ''
    const other = await shop.run(rollBackCode({ plan, paths: 'server.mjs' }))
    expect({ exitCode: other.exitCode, log: other.log, ...other.outputs }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('the list of paths was not there and is server.mjs'),
    })
    const moved = await shop.commit({ 'README.md': '# Shop\n' }, { message: 'Say what it is' })
    const late = await shop.run(rollBackCode({ plan }))
    expect({ exitCode: late.exitCode, log: late.log, ...late.outputs }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining('head of main was'),
    })
    expect(await shop.head()).toBe(moved)
  })

  test('of a restore that stops for newer rows is not applied as one that loses them', async () => {
    shop = await openWholeShop({ settings })
    const before = shop.query('SELECT * FROM product')
    const careful = restore({ 'save-plan': 'true', 'allow-data-loss': 'false' })
    const { outputs } = await shop.run(careful)
    const { exitCode, log, outputs: refused } = await shop.run(restore({ plan: outputs['plan'] ?? '' }))
    expect({ exitCode, log, ...refused }).toMatchObject({
      exitCode: 1,
      log: expect.stringContaining(
        'what happens to rows that were written since the backup was a reason to stop and is lost',
      ),
      'reason-code': 'conflict',
    })
    expect(shop.query('SELECT * FROM product')).toEqual(before)
  })

  test.each<[string, (other: string) => Record<string, string>, string]>([
    [
      'another channel, though nothing is put in its place on either',
      () => ({ mode: 'stop', channels: 'Shop-ios/Production, Shop-android/Production' }),
      'Shop-android/Production was not there and is v2',
    ],
    ['another server', (other) => ({ mode: 'stop', 'server-url': other }), 'update server was http'],
  ])('of updates is refused for %s', async (_, change, why) => {
    shop = await openWholeShop({ settings })
    const other = await startMicrosoft()
    for (const [server, app] of [
      [shop.updates, 'Shop-android'],
      [other, 'Shop-ios'],
    ] as const) {
      server.createApp(app)
      for (const content of ['good', 'bad']) server.release(app, { content })
    }
    try {
      const planned = await shop.run(rollBackUpdates({ mode: 'stop', 'save-plan': 'true' }))
      const plan = planned.outputs['plan'] ?? ''
      const { exitCode, log, outputs } = await shop.run(rollBackUpdates({ ...change(other.url), plan }))
      expect({ exitCode, log, ...outputs }).toMatchObject({
        exitCode: 1,
        decision: 'failed',
        log: expect.stringContaining(why),
      })
      for (const { requests } of [shop.updates, other])
        expect(requests.filter(({ method }) => method !== 'GET')).toEqual([])
    } finally {
      await other.stop()
    }
  })

  test('of a database that was migrated meanwhile is refused', async () => {
    shop = await openWholeShop({ settings })
    const { outputs } = await shop.run(restore({ 'save-plan': 'true' }))
    shop.query('CREATE TABLE later (a)')
    const { exitCode, log, outputs: refused } = await shop.run(restore({ plan: outputs['plan'] ?? '' }))
    expect({ exitCode, log, ...refused }).toMatchObject({
      exitCode: 1,
      decision: 'failed',
      'reason-code': 'conflict',
    })
    expect(shop.query('SELECT * FROM later')).toEqual([])
  })
})

describe('a rehearsal', () => {
  test('of db-restore restores, verifies, and puts back what was there', async () => {
    shop = await openWholeShop({ staging: true, settings })
    const before = { columns: shop.columns(), products: shop.query('SELECT * FROM product') }
    const { exitCode, log, outputs } = await shop.run(restore({ rehearsal: 'true' }))
    expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rehearsed' })
    expect({ columns: shop.columns(), products: shop.query('SELECT * FROM product') }).toEqual(before)
    expect(await kinds()).toEqual([
      'rollback-began',
      'rollback-applied',
      'recovery-verified',
      'rollback-ended',
      'rollback-undone',
      // how the environment is once all of it is taken back
      'recovery-verified',
    ])
  })

  test('of codepush-rollback rolls back, asks devices, and puts the release on top again', async () => {
    shop = await openWholeShop({ staging: true, settings })
    const { exitCode, log, outputs } = await shop.run(rollBackUpdates({ rehearsal: 'true' }))
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 0,
      decision: 'rehearsed',
      verified: 'false',
    })
    expect(log).toMatch(/ota: undone/)
  })

  test('of git-rollback rolls back, deploys, and reverts its own commit', async () => {
    shop = await openWholeShop({ staging: true, settings })
    const { exitCode, log, outputs } = await shop.run(
      rollBackCode({ rehearsal: 'true', redeploy: 'deploy.yml', 'redeploy-inputs': 'revision={revision}' }),
    )
    expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rehearsed' })
    expect(await shop.tree(await shop.head('staging'))).toBe(await shop.tree(shop.bad))
    expect(shop.deployed.at(-1)).toBe(await shop.head('staging'))
  })

  test.each<[string, Record<string, unknown>, () => StepOptions, RegExp]>([
    [
      'git-rollback without a workflow that deploys',
      {},
      () => rollBackCode({ rehearsal: 'true' }),
      /name it in `redeploy`/,
    ],
    [
      'the front door without a workflow that deploys',
      { code: { redeploy: 'external' } },
      () => ({ action: 'rollback', inputs: { rehearsal: 'true', layers: 'code' } }),
      /`?code\.redeploy\.workflow/,
    ],
    [
      'git-rollback without a check',
      { health: {} },
      () => rollBackCode({ rehearsal: 'true', redeploy: 'deploy.yml' }),
      /no check is configured.*health\.checks/,
    ],
    [
      'the front door without a check',
      { health: {} },
      () => ({ action: 'rollback', inputs: { rehearsal: 'true', layers: 'database' } }),
      /no check is configured.*health\.checks/,
    ],
    [
      'db-restore without a check',
      { health: {} },
      () => restore({ rehearsal: 'true' }),
      /no check is configured.*health\.checks/,
    ],
  ])('of %s is refused before anything is changed', async (_, more, stepOf, why) => {
    shop = await openWholeShop({ staging: true, settings: { ...settings, ...more } })
    const world = async () => ({
      refs: await shop.hosted.git.listRefs('refs/'),
      columns: shop.columns(),
      dispatches: shop.hosted.dispatches.length,
    })
    const before = await world()
    const { exitCode, log } = await shop.run(stepOf())
    expect({ exitCode, log }).toMatchObject({ exitCode: 1 })
    expect(log).toMatch(/a rehearsal .*nothing was changed/)
    expect(log).toMatch(why)
    expect(await world()).toEqual(before)
  })

  test('of git-rollback is refused on the default branch', async () => {
    shop = await openWholeShop({ settings: { ...settings, environment: 'staging' } })
    shop.deploy(shop.bad, 'success', 'staging')
    const head = await shop.head()
    const { exitCode, log } = await shop.run(rollBackCode({ rehearsal: 'true' }))
    expect({ exitCode, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('default branch') })
    expect(await shop.head()).toBe(head)
  })

  test('of production is refused', async () => {
    shop = await openWholeShop({ settings })
    const before = shop.columns()
    const { exitCode, log, outputs } = await shop.run(restore({ rehearsal: 'true' }))
    expect({ exitCode, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('customers use') })
    expect(outputs).toMatchObject({ decision: 'failed', 'reason-code': 'invalid-input' })
    expect(shop.columns()).toEqual(before)
  })
})

/** The history of a run that was killed once it had begun. */
async function beginRestore(to: string, scope = `backup ${to}`): Promise<void> {
  const environment = 'production'
  const incident = incidentId({ environment, revision: shop.bad })
  const at = new Date(Date.now() - 60_000).toISOString()
  const about = { incident, environment, revision: shop.bad, at, actor: 'grace' }
  const began = { kind: 'rollback-began', reason: 'x', automatic: true, startedAt: at } as const
  await shop.history.append(
    newEvent({ ...began, layers: [{ layer: 'database', from: 'shop.db', to, scope }], ...about }, ['x']),
  )
}

describe('a restore that began', () => {
  test('is gone on with for the same backup, and not for another one', async () => {
    shop = await openWholeShop({ settings })
    await beginRestore('20260101T000000000Z-another')
    const { exitCode, log, outputs } = await shop.run(restore())
    expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'rolled-back' })
    expect(log).not.toContain('going on with')
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(2)
  })

  test.each([
    [2, 'is another rollback than of another number of migrations', 'last 2 migrations'],
    [2, 'of migrations is another rollback than of a backup', 'backup no migration'],
    [1, 'of the same number of migrations is gone on with', 'last 1 migrations'],
  ])('12: with %d beginnings, one that %s', async (beginnings, _, scope) => {
    shop = await openWholeShop({ settings })
    await beginRestore('no migration', scope)
    const inputs = { strategy: 'migrations', migrations: 'db', last: '1' }
    const { exitCode, log } = await shop.run(restore(inputs))
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(beginnings)
    expect(shop.columns()).not.toContain('stars')
  })

  test('is gone on with, and ended, where it had been carried out', async () => {
    shop = await openWholeShop({ settings })
    const planned = await shop.run(restore({ 'dry-run': 'true' }))
    await beginRestore(planned.outputs['backup'] ?? '')
    const { log, outputs } = await shop.run(restore())
    expect({ log, ...outputs }).toMatchObject({ decision: 'rolled-back' })
    expect(log).toContain('resuming the rollback that began at')
    expect((await kinds()).filter((kind) => kind === 'rollback-began')).toHaveLength(1)
  })
})

test('a dry run restores beside and counts the rows that would be lost', async () => {
  shop = await openWholeShop({ settings })
  const before = { columns: shop.columns(), kinds: await kinds() }
  const { exitCode, log, outputs, summary } = await shop.run(
    restore({ 'dry-run': 'true', 'allow-data-loss': 'false' }),
  )
  expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'planned' })
  expect(Number(outputs['rows-lost'])).toBeGreaterThanOrEqual(0)
  expect(summary).toContain(outputs['backup'])
  expect({ columns: shop.columns(), kinds: await kinds() }).toEqual(before)
})
