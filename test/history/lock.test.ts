import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Lock, type LockHolder, type LockOptions, openLock } from '../../src/history/lock.ts'
import { openShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openShop>>
let clock: number
let lines: string[]
let alive: Set<number>
const open: Lock[] = []
beforeEach(async () => {
  shop = await openShop()
  clock = Date.now()
  lines = []
  alive = new Set([1, 2])
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((lock) => lock.release()))
  await shop.close()
})

const holder = (pid: number, more: Partial<LockHolder> = {}): LockHolder => ({
  key: `key-${pid}`,
  actor: 'grace',
  host: 'runner-1',
  pid,
  ...more,
})
async function openAs(own: LockHolder, more: Partial<LockOptions> = {}): Promise<Lock> {
  const lock = await openLock({
    repository: shop.repository,
    branch: 'rollback-history',
    environment: 'production',
    holder: own,
    isAlive: (pid) => alive.has(pid),
    now: () => new Date(clock),
    sleep: async (ms) => {
      clock += ms
    },
    log: (line) => lines.push(line),
    ...more,
  })
  open.push(lock)
  return lock
}

test('is taken by one of two that open it at once; the other knows that it has to look again', async () => {
  const [first, second] = await Promise.all([openAs(holder(1)), openAs(holder(2))])
  expect(await first.take()).toBe('taken')
  await first.release()
  expect(await second.take()).toBe('changed')
})

test('ten at once hold it one after the other', async () => {
  let inside = 0
  const run = async (pid: number) => {
    const lock = await openAs(holder(pid), {
      isAlive: () => true,
      now: () => new Date(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
    })
    await lock.take()
    inside += 1
    expect(inside).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    inside -= 1
    await lock.release()
  }
  await Promise.all(Array.from({ length: 10 }, (_, index) => run(index + 10)))
})

test('names the run that holds it, and gives up in the end with nothing changed', async () => {
  const url = 'https://github.com/octo-org/shop/actions/runs/9'
  const first = await openAs(holder(1, { run: { id: '9', attempt: 1, url } }))
  await first.take()
  // the first one renews it as long as it lives
  const second = await openAs(holder(2, { run: { id: '10', attempt: 1, url: '' } }), {
    sleep: async (ms) => {
      clock += ms * 60
      const state = {
        schema: 1,
        environment: 'production',
        holder: holder(1, { run: { id: '9', attempt: 1, url } }),
      }
      const text = JSON.stringify({ ...state, at: new Date(clock).toISOString() })
      await shop.commit({ 'v1/locks/production.json': text }, { branch: 'rollback-history' })
    },
  })
  await expect(second.take()).rejects.toThrow(
    `production is still being rolled back by ${url} (attempt 1, grace) after 45m, and nothing was changed: cancel that run`,
  )
  expect(lines).toEqual([
    `production is being rolled back by ${url} (attempt 1, grace): waiting until that has ended`,
  ])
})

test.each<[string, Partial<LockHolder>, Partial<LockHolder>]>([
  ['whose process is gone from this host', {}, {}],
  [
    'of an earlier attempt of the same run, on another host',
    { host: 'runner-2', run: { id: '9', attempt: 1, url: '' } },
    { run: { id: '9', attempt: 2, url: '' } },
  ],
])('a killed holder %s does not keep it', async (_, dead, own) => {
  const first = await openAs(holder(1, dead))
  await first.take()
  alive.delete(1)
  const second = await openAs(holder(2, own))
  expect(await second.take()).toBe('changed')
  expect(lines).toEqual([])
})

test('a holder on another host that has not renewed it for two minutes does not keep it', async () => {
  const first = await openAs(holder(1, { host: 'runner-2' }))
  await first.take()
  const second = await openAs(holder(2))
  expect(await second.take()).toBe('changed')
  expect(lines).toEqual(['production is being rolled back by grace: waiting until that has ended'])
})

test('an environment has a lock of its own, and a damaged one is held by nobody', async () => {
  await (await openAs(holder(1))).take()
  expect(await (await openAs(holder(2), { environment: 'staging' })).take()).toBe('taken')
  await shop.commit({ 'v1/locks/production.json': '{"schema"' }, { branch: 'rollback-history' })
  expect(await (await openAs(holder(2))).take()).toBe('taken')
  expect((await shop.history.read()).unreadable).toEqual([])
})

test('that cannot be written says that nothing was changed, and what to do', async () => {
  const lock = await openAs(holder(1))
  shop.github.fault({ kind: 'server-error', status: 502, operation: 'repos/create-or-update-file-contents' })
  await expect(lock.take()).rejects.toThrow(
    /^production could not be locked, and this run changed nothing: .* 502 .*; run it again$/,
  )
})

test('12: one that cannot be released says what happened, that no action is needed, and when it is free', async () => {
  const lock = await openAs(holder(1))
  await lock.take()
  shop.github.fault({
    kind: 'refused',
    operation: 'repos/create-or-update-file-contents',
    status: 403,
    message: 'Resource not accessible by integration',
  })
  await lock.release()
  expect(lines).toEqual([
    expect.stringMatching(
      /^warning: the lock of production could not be released: .*[^.]\. No action is needed: the lock expires in 2m, and the next rollback of production waits until then$/,
    ),
  ])
  expect(lines[0]).not.toMatch(/Error:|\[object/)
  // and so it does
  clock += 3 * 60_000
  const next = await openAs(holder(2))
  await next.take()
})
