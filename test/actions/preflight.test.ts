/** 12: a workflow that could not deploy the restored revision is found before anything is changed. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { StepOptions } from '../../src/drill/runner.ts'
import { jobPermissions } from '../support/repository.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const settingsWith = (redeploy: Readonly<Record<string, unknown>>) => ({ settings: { code: { redeploy } } })
const world = async () => ({
  refs: (await shop.hosted.git.listRefs('refs/')).filter(({ name }) => !name.includes('rollback-history')),
  columns: shop.columns(),
  releases: await shop.releases(),
  dispatches: shop.hosted.dispatches,
})

describe('12: before anything is changed, the front door finds a deploy workflow', () => {
  test.each<[string, Readonly<Record<string, unknown>>, () => void, RegExp]>([
    [
      'that does not exist',
      { workflow: 'gone.yml' },
      () => {},
      /there is no workflow gone\.yml on the default branch/,
    ],
    [
      'that is named with its folder',
      { workflow: '.github/workflows/deploy.yml' },
      () => {},
      /named by its file, without the folder\. Write deploy\.yml/,
    ],
    [
      'that is disabled',
      { workflow: 'deploy.yml' },
      () => shop.hosted.disabledWorkflows.add('deploy.yml'),
      /deploy\.yml is disabled manually\. Enable it: gh workflow enable deploy\.yml/,
    ],
    [
      'that does not take its inputs',
      { workflow: 'deploy.yml', inputs: { track: 'blue' } },
      () => {},
      /deploy\.yml cannot be started at [0-9a-f]{7}: it has no input `track`/,
    ],
  ])('%s', async (_, redeploy, change, why) => {
    shop = await openWholeShop(settingsWith(redeploy))
    change()
    const before = await world()
    const { exitCode, log } = await shop.run({ action: 'rollback' })
    expect(exitCode).toBe(1)
    expect(log).toMatch(
      /code\.redeploy\.workflow.* is .*could not be started after the rollback, so nothing was done: /,
    )
    expect(log).toMatch(why)
    // a permission is named only where GitHub's answer may be for want of it
    expect(log.includes('actions: write')).toBe(redeploy['workflow'] === 'gone.yml')
    expect(await world()).toEqual(before)
  })

  test('that the token may not read, and names the permission that starting it takes', async () => {
    shop = await openWholeShop()
    const token = shop.github.createToken({
      ...{ login: 'github-actions[bot]', kind: 'actions', permissions: jobPermissions },
    })
    const before = await world()
    const { exitCode, log } = await shop.run({ action: 'rollback' }, { token })
    expect(exitCode).toBe(1)
    expect(log).toMatch(
      /so nothing was done: .*lacks a permission.*give the job `permissions: actions: write`/,
    )
    expect(log).not.toMatch(/Name a file|actions: read/)
    expect(await world()).toEqual(before)
  })

  test('without workflow_dispatch at the good revision, which is what runs then; git-rollback does so, too', async () => {
    shop = await openWholeShop({ settings: { code: { redeploy: { workflow: 'release.yml' } } } })
    // only the head of the branch has the trigger
    await shop.commit({ '.github/workflows/release.yml': 'on: { workflow_dispatch: {} }\njobs: {}\n' })
    const before = await world()
    for (const step of [
      { action: 'rollback' },
      { action: 'git-rollback', inputs: { redeploy: 'release.yml' } },
    ]) {
      const { exitCode, log } = await shop.run(step)
      expect(exitCode).toBe(1)
      expect(log).toMatch(
        new RegExp(`nothing was done: ${shop.good.slice(0, 7)} has no \\.github/workflows/release\\.yml`),
      )
    }
    expect(await world()).toEqual(before)
  })

  test('and does not look for it where the code does not go back', async () => {
    shop = await openWholeShop(settingsWith({ workflow: 'gone.yml' }))
    const { log } = await shop.run({ action: 'rollback', inputs: { layers: 'database' } })
    expect(log).not.toContain('could not be started')
    expect(shop.columns()).not.toContain('stars')
  })
})

describe('12: a plan says that it would be refused, without failing what can be planned', () => {
  const gone = /deploy\.yml is disabled manually\. Enable it: gh workflow enable deploy\.yml/

  test.each<[string, StepOptions, RegExp]>([
    ['mode: plan', { action: 'rollback', inputs: { mode: 'plan' } }, /`code\.redeploy\.workflow/],
    [
      'dry-run of git-rollback',
      { action: 'git-rollback', inputs: { redeploy: 'deploy.yml', 'dry-run': 'true' } },
      /input "redeploy"/,
    ],
    [
      'save-plan of git-rollback',
      { action: 'git-rollback', inputs: { redeploy: 'deploy.yml', 'save-plan': 'true' } },
      /input "redeploy"/,
    ],
  ])('%s', async (_, step, name) => {
    shop = await openWholeShop({ settings: { code: { redeploy: { workflow: 'deploy.yml' } } } })
    shop.hosted.disabledWorkflows.add('deploy.yml')
    const { exitCode, log, outputs, summary } = await shop.run(step)
    expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
    expect(outputs).toMatchObject({ decision: 'planned' })
    const [warned = ''] = log.match(/^warning: this plan would be refused.*$/m) ?? []
    expect(warned).toMatch(name)
    expect(warned).toMatch(gone)
    expect(summary).toMatch(/\*\*Warning:\*\* this plan would be refused: .*deploy\.yml is disabled manually/)
    // the file that a person reviews says so, too
    if (outputs['plan'] === undefined) return
    expect(readFileSync(outputs['plan'], 'utf8')).toMatch(
      /"obstacle": "this plan would be refused: .*disabled/,
    )
    shop.hosted.disabledWorkflows.clear()
    const { mode: __, 'save-plan': ___, ...inputs } = step.inputs ?? {}
    const apply = step.action === 'rollback' ? { mode: 'apply' } : {}
    const applied = await shop.run({ ...step, inputs: { ...inputs, ...apply, plan: outputs['plan'] } })
    expect({ ...applied.outputs, log: applied.log }).toMatchObject({
      decision: expect.stringMatching(/complete|rolled-back/),
    })
  })

  test('dry-run of an undo', async () => {
    shop = await openWholeShop()
    const inputs = { redeploy: 'deploy.yml' }
    const done = await shop.run({ action: 'git-rollback', inputs })
    expect(done.outputs).toMatchObject({ decision: 'rolled-back' })
    shop.hosted.disabledWorkflows.add('deploy.yml')
    const head = await shop.head()
    const undo = await shop.run({
      action: 'git-rollback',
      inputs: { ...inputs, target: 'undo', 'dry-run': 'true' },
    })
    expect({ exitCode: undo.exitCode, log: undo.log }).toMatchObject({ exitCode: 0 })
    expect(undo.log).toMatch(/^warning: this plan would be refused: input "redeploy" is deploy\.yml/m)
    expect(await shop.head()).toBe(head)
  })

  test('held for approval, where nothing is applied either', async () => {
    shop = await openWholeShop()
    shop.hosted.disabledWorkflows.add('deploy.yml')
    const { log, outputs } = await shop.run({ action: 'rollback', inputs: { hold: 'release day' } })
    expect(outputs).toMatchObject({ decision: 'held' })
    expect(log).toMatch(gone)
  })

  test('an archived repository', async () => {
    shop = await openWholeShop()
    const plan = { action: 'git-rollback', inputs: { 'dry-run': 'true' } }
    Object.assign(shop.hosted, { archived: true })
    expect((await shop.run(plan)).log).toMatch(/this plan would be refused: .* is archived/)
  })
})
