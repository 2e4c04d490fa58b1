import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { newEvent } from '../../src/history/event.ts'
import { requestRollbackOnce } from '../../src/history/request-rollback.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop({ permissions: { contents: 'write', actions: 'write' } })
  await shop.commit({
    '.github/workflows/rollback.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
  })
})
afterEach(() => shop.close())

/** A job that sees the same bad revision as all the others. */
async function request({ minutesLater = 0, workflow = 'rollback.yml', past = true } = {}) {
  const about = { incident: 'production-abc', environment: 'production', revision: shop.bad }
  const now = Date.now() + minutesLater * 60_000
  return requestRollbackOnce(
    shop.repository,
    {
      incident: about.incident,
      workflow,
      ref: 'main',
      inputs: { revision: shop.bad },
      because: 'it is down',
    },
    {
      past: past ? (await shop.history.read()).events : [],
      now,
      claim: async (what, key) => {
        const event = newEvent({ ...what, ...about, at: new Date(now).toISOString(), actor: 'grace' }, key)
        return (await shop.history.append(event)) === 'appended'
      },
    },
  )
}
const outcomes = async () =>
  (await shop.history.read()).events.map((event) => event.kind === 'rollback-requested' && event.outcome)

test('starts the workflow with its inputs, and says which run it is', async () => {
  const { outcome, run } = await request()
  expect(outcome).toBe('started')
  expect(run).toBe(String(shop.hosted.runs[0]?.id))
  expect(shop.hosted.dispatches).toMatchObject([
    { workflow: 'rollback.yml', ref: 'main', inputs: { revision: shop.bad } },
  ])
  expect(await outcomes()).toEqual(['claimed', 'started'])
})

test('does not start it a second time, however late', async () => {
  const first = await request()
  expect(await request({ minutesLater: 60 * 24 * 100 })).toEqual({ outcome: 'done-before', run: first.run })
  expect(shop.hosted.dispatches).toHaveLength(1)
})

test('of several jobs at the same moment one starts it', async () => {
  const all = await Promise.all([1, 2, 3, 4].map(() => request({ past: false })))
  expect(all.map(({ outcome }) => outcome).sort()).toEqual([
    'done-before',
    'done-before',
    'done-before',
    'started',
  ])
  expect(shop.hosted.dispatches).toHaveLength(1)
})

test('one that is refused is an error, and is tried again by the next job', async () => {
  await expect(request({ workflow: 'nope.yml' })).rejects.toThrow('could not start the workflow nope.yml')
  expect(await outcomes()).toEqual(['claimed', 'failed'])
  expect((await request()).outcome).toBe('started')
  expect(await outcomes()).toEqual(['claimed', 'failed', 'claimed', 'started'])
})

test('one whose job was killed in between is left alone for ten minutes, and then started', async () => {
  shop.github.fault({ kind: 'no-answer', operation: 'actions/create-workflow-dispatch' })
  await expect(request()).rejects.toThrow()
  expect(await outcomes()).toEqual(['claimed'])
  expect((await request({ minutesLater: 5 })).outcome).toBe('done-before')
  expect(shop.hosted.dispatches).toEqual([])
  expect((await request({ minutesLater: 11 })).outcome).toBe('started')
  expect(shop.hosted.dispatches).toHaveLength(1)
})
