/** The front door over all layers is killed after every event it records, in turn, and run again: the end is that of an undisturbed run. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { slowDown } from '../../bench/support/slow-api.ts'
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

/** Runs the front door, holds the record of a layer back until the next layer is rolled back, and kills the run then. */
async function killUnrecorded(
  shop: WholeShop,
  layer: string,
  isNextBack: () => Promise<boolean>,
): Promise<number | null> {
  let kill = () => {}
  const api = await slowDown(shop.github.apiUrl, 0, async (method, path, body) => {
    if (method !== 'PUT' || !path.includes('events')) return
    const { content }: { content: string } = JSON.parse(body.toString('utf8'))
    const event = Buffer.from(content, 'base64').toString('utf8')
    if (!event.includes('"kind":"rollback-applied"') || !event.includes(`"layer":"${layer}"`)) return
    while (!(await isNextBack())) await sleep(20)
    kill()
    throw new Error('its sender is gone')
  })
  try {
    const onStart = (killer: () => void) => {
      kill = killer
    }
    return (await shop.run({ ...step, onStart }, { apiUrl: api.url })).exitCode
  } finally {
    await api.stop()
  }
}

test('killed while a layer is not recorded yet and the next one is back, it ends as if nothing had happened (15.10)', async () => {
  const undisturbed = await openWholeShop()
  await undisturbed.run(step)
  const expected = await endOf(undisturbed)
  await undisturbed.close()

  for (const layer of ['database', 'code']) {
    const shop = await openWholeShop()
    try {
      const isNextBack = async () =>
        layer === 'database'
          ? (await shop.tree(await shop.head())) === (await shop.tree(shop.good))
          : (await shop.releases()) === expected.releases
      expect({ layer, exitCode: await killUnrecorded(shop, layer, isNextBack) }).toEqual({
        layer,
        exitCode: null,
      })
      const { events } = await shop.history.read()
      const recorded = events.flatMap((event) => (event.kind === 'rollback-applied' ? [event.layer] : []))
      expect({ layer, recorded }).toEqual({ layer, recorded: layer === 'database' ? [] : ['database'] })
      expect({ layer, dispatches: shop.hosted.dispatches.length }).toEqual({ layer, dispatches: 0 })
      const again = await shop.run(step)
      expect({ layer, log: again.log, exitCode: again.exitCode }).toMatchObject({ layer, exitCode: 0 })
      expect({ layer, ...(await endOf(shop)) }).toEqual({ layer, ...expected })
    } finally {
      await shop.close()
    }
  }
}, 120_000)
