import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openRevisionReader } from '../../src/github/revision-reader.ts'
import { prepareCheck } from '../../src/health/checks/prepare.ts'
import { openBrokenShop } from '../support/repository.ts'
import { checksOf, noon } from './example.ts'

const permissions = { contents: 'read', checks: 'read', statuses: 'read', deployments: 'read' } as const
let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop({ permissions })
})
afterEach(() => shop.close())

async function look(check: object, repository = shop.repository) {
  const [parsed] = checksOf({ name: 'ci', type: 'github', ...check })
  if (parsed === undefined) throw new Error('no check')
  const about = { branch: 'main', environment: 'production', revision: shop.bad }
  const surroundings = {
    fetch,
    env: {},
    timeoutMs: 1000,
    intervalMs: 15_000,
    plannedPolls: 1,
    alpha: 0.01,
    deployedAt: undefined,
    now: Date.now,
    revision: openRevisionReader(repository, about),
  }
  return prepareCheck(parsed, surroundings).look(noon, new AbortController().signal)
}

const ran = (name: string, conclusion: 'success' | 'failure' | null) =>
  shop.hosted.checkRuns.push({ id: shop.hosted.nextId(), sha: shop.bad, name, conclusion })
const require = (...contexts: string[]) =>
  shop.hosted.addRuleset({
    name: 'checks',
    enforcement: 'active',
    include: ['~DEFAULT_BRANCH'],
    rules: [{ type: 'required_status_checks', contexts }],
  })

test('a revision whose required checks and deployment are green is well', async () => {
  require('test', 'lint')
  ran('test', 'success')
  ran('lint', 'success')
  expect(await look({})).toEqual({ kind: 'value', value: 0, note: '3 of 3 passed' })
})

test('one whose required check failed is not, and which one is told', async () => {
  require('test', 'lint')
  ran('test', 'failure')
  ran('lint', 'success')
  expect(await look({})).toEqual({ kind: 'value', value: 1, note: '1 of 3 failed: test' })
})

test('a check that nobody requires does not count, unless it is named', async () => {
  require('test')
  ran('test', 'success')
  ran('smoke', 'failure')
  expect(await look({})).toMatchObject({ value: 0 })
  expect(await look({ checks: ['smoke'] })).toMatchObject({ value: 1, note: '1 of 2 failed: smoke' })
})

test('one that is still running, or never ran, is no data', async () => {
  require('test', 'lint')
  ran('test', null)
  expect(await look({})).toEqual({ kind: 'no-data', note: 'not known yet: test, lint' })
})

test('a deployment that failed is bad, whatever the checks say', async () => {
  shop.deploy(shop.bad, 'failure')
  expect(await look({})).toEqual({ kind: 'value', value: 1, note: '1 of 1 failed: the deployment' })
  expect(await look({ deployment: false })).toMatchObject({ kind: 'no-data' })
})

test('without the permission it is an error that says which one it takes', async () => {
  const blind = shop.open({ permissions: { contents: 'read' } })
  expect(await look({}, blind)).toMatchObject({
    kind: 'error',
    note: expect.stringContaining('deployments: read'),
  })
})
