import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { findDeployed, findDeployedElsewhere } from '../../src/deployment/deployed.ts'
import { findLastGood, hasBeenDeployed } from '../../src/deployment/last-good.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

type Deployment = (typeof shop.hosted.deployments)[number]
type State = Deployment['statuses'][number]['state']

/** Makes a deployment; with the states that it was in, newest last. */
function deploy(revision: string, states: readonly State[], of: Partial<Deployment> = {}) {
  shop.deploy(revision, 'success', of.environment)
  const [made] = shop.hosted.deployments
  const [status] = made?.statuses ?? []
  if (made === undefined || status === undefined) throw new Error('nothing was deployed')
  const statuses = states.map((state) => ({ ...status, id: shop.hosted.nextId(), state })).reverse()
  shop.hosted.deployments[0] = { ...made, ...of, statuses }
}

describe('what is deployed is what a deployment succeeded with (12.15b)', () => {
  test.each<[string, readonly State[]]>([
    ['waits for its reviewers', ['waiting']],
    ['is queued', ['queued']],
    ['is pending', ['pending']],
    ['runs', ['waiting', 'queued', 'in_progress']],
    ['failed', ['in_progress', 'failure']],
    ['has no state yet', []],
  ])('and not the newest, which %s', async (_, states) => {
    const newer = await shop.commit({ 'news.md': 'x\n' })
    deploy(newer, states)
    expect(await findDeployed(shop.repository, 'production')).toMatchObject({
      revision: shop.bad,
      later: [{ revision: newer, state: states.at(-1) ?? 'pending' }],
    })
  })

  test('though a newer one of other code turned it inactive, or a rollback marked it as failed', async () => {
    const newer = await shop.commit({ 'news.md': 'x\n' })
    deploy(newer, ['success', 'inactive'])
    expect((await findDeployed(shop.repository, 'production'))?.revision).toBe(newer)
    deploy(newer, ['success', 'failure'])
    expect((await findDeployed(shop.repository, 'production'))?.revision).toBe(newer)
  })

  test.each([{ task: 'deploy:migrations' }, { transient: true }])('and not with %j', async (of) => {
    const newer = await shop.commit({ 'news.md': 'x\n' })
    deploy(newer, ['success'], of)
    expect((await findDeployed(shop.repository, 'production'))?.revision).toBe(shop.bad)
  })

  test('and what our own records of a rollback say', async () => {
    const newer = await shop.commit({ 'news.md': 'x\n' })
    deploy(newer, ['success'], { task: 'rollback' })
    expect((await findDeployed(shop.repository, 'production'))?.revision).toBe(newer)
  })

  test('and nothing, where none has succeeded', async () => {
    deploy(shop.bad, ['failure'], { environment: 'staging' })
    expect(await findDeployed(shop.repository, 'staging')).toBeUndefined()
    expect(await findDeployedElsewhere(shop.repository, 'production')).toEqual([])
    expect(await findDeployedElsewhere(shop.repository, 'staging')).toMatchObject([
      { environment: 'production', revision: shop.bad },
    ])
  })
})

describe('the last good deployment (12.11)', () => {
  const lastGood = () =>
    findLastGood(shop.repository, { environment: 'production', bad: shop.bad, reject: async () => undefined })

  test.each([
    [{ task: 'deploy:migrations' }, 'was deployed by the task deploy:migrations, not by deploy'],
    [{ transient: true }, 'was in a transient environment'],
  ])('is not one with %j, which is said', async (of, why) => {
    const [bad] = shop.hosted.deployments.splice(0, 1)
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    deploy(side, ['success'], of)
    if (bad !== undefined) shop.hosted.deployments.unshift({ ...bad, id: shop.hosted.nextId() })
    expect((await lastGood()).deployment.revision).toBe(shop.good)
    shop.hosted.deployments.splice(2)
    await expect(lastGood()).rejects.toThrow(`${side.slice(0, 7)} ${why}`)
    expect(await hasBeenDeployed(shop.repository, { environment: 'production', revision: side })).toBe(false)
  })
})
