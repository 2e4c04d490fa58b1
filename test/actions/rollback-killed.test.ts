/** The front door over all layers is killed after every event it records, in turn, and run again: the end is that of an undisturbed run. */
import { expect, test } from '@jest/globals'
import { killAfterEvent } from '../support/kill-after-event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

const step = { action: 'rollback', inputs: { layers: 'database, code, ota' } }

/** Everything that a rollback leaves behind, without what differs from run to run: ids and times. */
async function endOf(shop: WholeShop) {
  const { events } = await shop.history.read()
  const { git } = shop.hosted
  const log = await git.log(await shop.head(), { count: 10 })
  return {
    isGoodAgain: (await shop.tree(await shop.head())) === (await shop.tree(shop.good)),
    commits: log.map(({ message }) => message.split('\n')[0]?.replace(/[0-9a-f]{7}/, 'GOOD')),
    tags: (await git.listRefs('refs/tags/')).length,
    columns: shop.columns(),
    releases: await shop.releases(),
    deployments: shop.deployed.length,
    dispatches: shop.hosted.dispatches.length,
    events: events.map((event) => ('layer' in event ? `${event.kind} ${event.layer}` : event.kind)).sort(),
    endings: events.flatMap((event) => (event.kind === 'rollback-ended' ? [event.outcome] : [])),
  }
}

test('killed after any of its events and run again, it ends as if nothing had happened', async () => {
  const undisturbed = await openWholeShop()
  const { log, outputs } = await undisturbed.run(step)
  expect({ log, ...outputs }).toMatchObject({ decision: 'complete' })
  const expected = await endOf(undisturbed)
  expect(expected.endings).toEqual(['complete'])
  expect(expected.releases).toBe('v3<v1 v2! v1')
  await undisturbed.close()

  let kills = 0
  for (let isKilled = true; isKilled; ) {
    const shop = await openWholeShop()
    const nth = kills + 1
    try {
      isKilled = await killAfterEvent(shop, step, nth)
      if (isKilled) {
        kills += 1
        const again = await shop.run(step)
        expect({ nth, log: again.log, exitCode: again.exitCode }).toMatchObject({ nth, exitCode: 0 })
      }
      expect({ nth, ...(await endOf(shop)) }).toEqual({ nth, ...expected })
    } finally {
      await shop.close()
    }
  }
  // the end is recorded with the recovery, and what happens at the same time may be recorded together, too
  expect(kills).toBeGreaterThanOrEqual(expected.events.length - 2)
}, 600_000)
