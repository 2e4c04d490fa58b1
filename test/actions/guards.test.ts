/** What a machine must not do, no action does: each asks the same guards, and gives the same reason. */
import { afterEach, expect, test } from '@jest/globals'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

test('a second automatic rollback a second after the first is held by every action, in the same words; a person may do it', async () => {
  shop = await openWholeShop()
  const first = await shop.run({ action: 'rollback', inputs: { layers: 'code' } })
  expect({ log: first.log, ...first.outputs }).toMatchObject({ decision: 'complete' })

  const sha = await shop.commit({ 'server.mjs': 'throw 2\n' }, { message: 'Sort by price' })
  shop.deploy(sha, 'success', 'production')
  shop.service.change({ status: 500 })
  shop.updates.release('Shop-ios', { content: 'bad again' })
  const ota = {
    'server-url': shop.updates.url,
    'access-key': shop.updates.accessKey,
    'server-kind': 'microsoft',
    channels: 'Shop-ios/Production',
  }
  const database = { 'database-url': `sqlite:${shop.database}`, storage: shop.storage, backup: 'latest' }
  const before = { head: await shop.head(), columns: shop.columns(), releases: await shop.releases() }
  const steps = [
    { action: 'health-gate', inputs: { window: '300ms', interval: '100ms' } },
    { action: 'rollback', inputs: { layers: 'code' } },
    { action: 'git-rollback' },
    { action: 'codepush-rollback', inputs: ota },
    { action: 'db-restore', inputs: { ...database, 'allow-data-loss': 'true' } },
  ]
  const said = /the last automatic rollback of production was at \S+ \S+ UTC, and [^;]*is 30 min/
  for (const step of steps) {
    const { exitCode, log } = await shop.run(step, { sha })
    expect({ action: step.action, log }).toEqual({ action: step.action, log: expect.stringMatching(said) })
    expect(exitCode).toBe(1)
  }
  expect({ head: await shop.head(), columns: shop.columns(), releases: await shop.releases() }).toEqual(
    before,
  )

  const byHand = { sha, eventName: 'workflow_dispatch' }
  const manual = await shop.run({ action: 'rollback', inputs: { layers: 'code' } }, byHand)
  expect({ log: manual.log, ...manual.outputs }).toMatchObject({ decision: 'complete' })
})
