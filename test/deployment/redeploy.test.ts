import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { redeploy } from '../../src/deployment/redeploy.ts'
import { InputError, UnavailableError } from '../../src/errors.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop({ permissions: { contents: 'write', actions: 'write' } })
  await shop.commit({
    '.github/workflows/deploy.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
  })
})
afterEach(() => shop.close())

/** Runs it with a clock that a test can see, whose sleeps let the run go on as told. */
async function run(onSleep: (slept: number) => void, workflow = 'deploy.yml') {
  const lines: string[] = []
  let clock = 0
  const result = await redeploy(
    shop.repository,
    { workflow, ref: 'main', commit: await shop.head(), inputs: { revision: 'abc' }, timeoutMs: 60_000 },
    {
      say: (line) => void lines.push(line),
      now: () => clock,
      sleep: async (ms) => {
        clock += ms
        onSleep(clock)
      },
    },
  ).catch((error: unknown) => error)
  return { result, lines }
}

const theRun = () => {
  const [found] = shop.hosted.runs
  if (found === undefined) throw new Error('no run was started')
  return found
}

test('waits for the run that it started', async () => {
  const { result, lines } = await run((slept) => {
    theRun().status = slept < 10_000 ? 'in_progress' : 'completed'
    theRun().conclusion = slept < 10_000 ? null : 'success'
  })
  expect(result).toMatchObject({ conclusion: 'success' })
  expect(shop.hosted.dispatches).toMatchObject([
    { workflow: 'deploy.yml', ref: 'main', inputs: { revision: 'abc' } },
  ])
  expect(lines.map((line) => line.split(',')[0])).toEqual([
    'deploy.yml on main: queued',
    'deploy.yml on main: in_progress',
    'deploy.yml on main: completed',
  ])
})

test('a run that was started for the same revision before is waited for, and no second one is started', async () => {
  const first = await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'success' }))
  const second = await run(() => {})
  expect(first.result).toMatchObject({ conclusion: 'success' })
  expect(second.result).toEqual(first.result)
  expect(shop.hosted.dispatches).toHaveLength(1)
})

test('one that failed is started again', async () => {
  await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'failure' }))
  const { result } = await run(() =>
    Object.assign(shop.hosted.runs[1] ?? {}, { status: 'completed', conclusion: 'success' }),
  )
  expect(result).toMatchObject({ conclusion: 'success' })
  expect(shop.hosted.dispatches).toHaveLength(2)
})

test('says that the deployment failed, and where to look', async () => {
  const { result } = await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'failure' }))
  expect(result).toBeInstanceOf(InputError)
  expect(String(result)).toContain(`deploys it ended with failure: see ${shop.hosted.htmlUrl}/actions/runs/`)
})

test('gives up when the run takes too long', async () => {
  const { result } = await run(() => {})
  expect(result).toBeInstanceOf(UnavailableError)
  expect(String(result)).toContain('still queued after 1m')
})

test('says that there is no such workflow', async () => {
  const { result } = await run(() => {}, 'nope.yml')
  expect(String(result)).toMatch(/the workflow nope\.yml: GitHub answered 404/)
})
