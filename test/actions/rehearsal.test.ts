/** A rehearsal over all layers: the environment ends as it began, also when it is killed on the way and run again. */
import { afterEach, expect, test } from '@jest/globals'
import { killAfterEvent } from '../support/kill-after-event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

const step = { action: 'rollback', inputs: { rehearsal: 'true', layers: 'database, code, ota' } }
const settings = { rollback: { verify: '2s', objective: '10m' } }

let shop: WholeShop
afterEach(() => shop.close())

/** What every layer is like, to be compared with before. */
const world = async () => ({
  tree: await shop.tree(await shop.head('staging')),
  main: await shop.head(),
  columns: shop.columns(),
  products: shop.query('SELECT * FROM product'),
  offered: (await shop.releases()).split(' ')[0]?.slice(0, 2),
})

test('rolls every layer back and takes every layer back', async () => {
  shop = await openWholeShop({ staging: true, settings })
  const before = await world()
  const { exitCode, log, outputs, summary } = await shop.run(step)
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs).toMatchObject({ decision: 'rehearsed', 'reason-code': 'rehearsed', recovery: 'recovered' })
  const { offered: _, ...after } = await world()
  expect(before).toMatchObject(after)
  expect(log).toMatch(/ota: undone[\s\S]*code: undone[\s\S]*database: undone/)
  expect(summary).toContain('The objective is 10 min: **met**')
  // deployed once when it was rolled back, and once more when that was taken back
  expect(await Promise.all(shop.deployed.map(shop.tree))).toEqual([
    await shop.tree(shop.good),
    await shop.tree(shop.bad),
  ])
})

test.each([4, 7, 8])('killed after event %i and run again, it ends as it began', async (nth) => {
  shop = await openWholeShop({ staging: true, settings })
  const { offered: _, ...before } = await world()
  expect(await killAfterEvent(shop, step, nth)).toBe(true)
  const { exitCode, log } = await shop.run(step)
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(await world()).toMatchObject(before)
})

test('killed while all is rolled back, what comes next finds it rolled back: a real rollback does nothing twice, the next rehearsal takes it back', async () => {
  shop = await openWholeShop({ staging: true, settings })
  const { offered: _, ...before } = await world()
  expect(await killAfterEvent(shop, step, 7)).toBe(true)
  const rolledBack = await shop.head('staging')
  expect(await shop.tree(rolledBack)).toBe(await shop.tree(shop.good))
  const real = await shop.run({ action: 'rollback', inputs: { layers: 'database, code, ota' } })
  expect({ exitCode: real.exitCode, log: real.log }).toMatchObject({ exitCode: 0 })
  expect(await shop.head('staging')).toBe(rolledBack)
  const next = await shop.run(step)
  expect({ exitCode: next.exitCode, log: next.log }).toMatchObject({ exitCode: 0 })
  expect(await world()).toMatchObject(before)
})

test('after a real rollback of the same revision is refused: it would take that back', async () => {
  shop = await openWholeShop({ staging: true, settings })
  shop.service.change({ status: 500 })
  const real = await shop.run({ action: 'rollback', inputs: { layers: 'database, code, ota' } })
  expect(real.outputs).toMatchObject({ decision: 'complete' })
  const before = await world()
  const { exitCode, log } = await shop.run(step)
  expect({ exitCode, log }).toMatchObject({ exitCode: 1 })
  expect(log).toMatch(/a real rollback of this revision is in force \(.*code.*\)/)
  expect(await world()).toMatchObject(before)
})
