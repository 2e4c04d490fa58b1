/** 12: the front door is killed, git-rollback completes the code, the front door runs again: it ends by a look at the world. */
import { afterEach, expect, test } from '@jest/globals'
import { killAfterEvent } from '../support/kill-after-event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let shop: WholeShop
afterEach(() => shop.close())

const frontDoor = (layers: string) => ({ action: 'rollback', inputs: { layers } })
const lastLine = (log: string) => log.trimEnd().split('\n').at(-1)

async function story(): Promise<readonly string[]> {
  const { events } = await shop.history.read()
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  return events.flatMap((event) => {
    switch (event.kind) {
      case 'rollback-applied':
        return [`applied ${event.layer}`]
      case 'revision-deployed':
        expect(shop.deployed).toContain(event.deployed)
        return ['deployed']
      case 'rollback-ended':
        return [event.outcome]
      default:
        return []
    }
  })
}

/** The rollback commits on the branch: commits after the bad one. */
async function rollbacks(): Promise<number> {
  const log = await shop.hosted.git.log(await shop.head(), { count: 10 })
  return log.findIndex(({ sha }) => sha === shop.bad)
}

/** Kills the front door after its nth event, and lets git-rollback complete the code. */
async function killAndComplete(layers: string, nth: number): Promise<string> {
  expect(await killAfterEvent(shop, frontDoor(layers), nth)).toBe(true)
  const { exitCode, log, outputs } = await shop.run({ action: 'git-rollback' })
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs['commit']).toBe(await shop.head())
  // it does not check production, and does not say that it is well
  expect(lastLine(log)).toContain('production was not checked')
  return outputs['commit'] ?? ''
}

test.each([
  ['before it has changed anything', 1],
  ['after the code was rolled back', 2],
])(
  'killed %s: one rollback, deployed once, and complete because production was seen to be well',
  async (_, nth) => {
    shop = await openWholeShop()
    const commit = await killAndComplete('code', nth)
    const { exitCode, log, outputs } = await shop.run(frontDoor('code'))
    expect({ exitCode, log, ...outputs }).toMatchObject({
      exitCode: 0,
      decision: 'complete',
      recovery: 'recovered',
      commit,
    })
    expect(lastLine(log)).toContain('production is healthy')
    expect(await rollbacks()).toBe(1)
    expect(shop.deployed).toEqual([commit])
    const said = await story()
    expect(said.filter((each) => each === 'applied code')).toHaveLength(1)
    expect(said.slice(-2)).toEqual(['deployed', 'complete'])
  },
)

test('killed between two layers: the front door rolls back only the layer that is left', async () => {
  shop = await openWholeShop()
  // its first event is that it began, its second that the database is back
  const commit = await killAndComplete('database, code', 2)
  const { exitCode, log, outputs } = await shop.run(frontDoor('database, code'))
  expect({ exitCode, log, ...outputs }).toMatchObject({ exitCode: 0, decision: 'complete', commit })
  expect(shop.columns()).not.toContain('stars')
  expect(await rollbacks()).toBe(1)
  expect(shop.deployed).toEqual([commit])
  const said = await story()
  for (const layer of ['database', 'code'])
    expect(said.filter((each) => each === `applied ${layer}`)).toHaveLength(1)
  expect(said.at(-1)).toBe('complete')
})

test('production is failing still: the front door deploys, looks, and does not call it complete', async () => {
  shop = await openWholeShop()
  await killAndComplete('code', 1)
  shop.failDeploys(1)
  const failed = await shop.run(frontDoor('code'))
  expect({ log: failed.log, exitCode: failed.exitCode, ...failed.outputs }).toMatchObject({
    exitCode: 1,
    decision: 'not-deployed',
  })
  const again = await shop.run(frontDoor('code'))
  expect({ log: again.log, exitCode: again.exitCode, ...again.outputs }).toMatchObject({
    exitCode: 0,
    decision: 'complete',
  })
  expect(await rollbacks()).toBe(1)
  expect((await story()).slice(-3)).toEqual(['not-deployed', 'deployed', 'complete'])
})
