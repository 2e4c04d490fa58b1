/** 12: a workflow that could not deploy the restored revision is found before anything is changed. */
import { afterEach, describe, expect, test } from '@jest/globals'
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
      /named by its file, without the folder: write deploy\.yml/,
    ],
    [
      'that is disabled',
      { workflow: 'deploy.yml' },
      () => shop.hosted.disabledWorkflows.add('deploy.yml'),
      /it is disabled manually; enable it: gh workflow enable deploy\.yml/,
    ],
    [
      'that does not take its inputs',
      { workflow: 'deploy.yml', inputs: { track: 'blue' } },
      () => {},
      /at [0-9a-f]{7} it has no input `track`/,
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
