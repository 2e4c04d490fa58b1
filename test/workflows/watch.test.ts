/** The scheduled look back, through the workflow that users call. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { documentedWorkflow } from '../support/act/documented.ts'
import { openShop, type Shop } from '../support/act/shop.ts'

describeAct('the scheduled look back', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop({ 'watch.yml': documentedWorkflow('docs/workflows.md', 'watch') })
  })
  afterAll(() => shop.close())

  const look = () =>
    shop.run('.github/workflows/watch.yml', { event: 'schedule', runId: String(shop.hosted.nextId()) })

  test('leaves a healthy deployment alone', async () => {
    const run = await look()
    expect(run).toMatchObject({ exitCode: 0, jobs: { 'watch/watch': 'success' } })
    expect(run.jobs['rollback/rollback'] ?? 'skipped').toBe('skipped')
    expect(await shop.head()).toBe(shop.good)
    expect(shop.hosted.issues).toEqual([])
  })

  test('takes a deployment back that has become bad, and writes the incident up', async () => {
    const bad = await shop.breakProduction()
    const run = await look()
    expect(run).toMatchObject({
      steps: {
        'watch/watch.look': { outputs: { verdict: 'unhealthy', decision: 'roll-back' } },
        'rollback/rollback.rollback': { outcome: 'success', outputs: { recovery: 'recovered' } },
      },
    })
    expect(await shop.hosted.git.readCommit(await shop.head())).toMatchObject({ parents: [bad] })
    expect((await shop.production.visit()).status).toBe(200)
    expect(shop.hosted.issues).toHaveLength(1)
  })
})
