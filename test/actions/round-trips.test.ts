/** GitHub takes 100 to 300 ms for an answer: what a rollback asks one after the other is what production waits for. */
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { depthOf, slowDown } from '../../bench/support/slow-api.ts'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { mergedPull } from '../support/pulls.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

const [read, write] = ['read', 'write'] as const
const permissions = {
  ...{ contents: write, deployments: read, issues: read },
  ...{ 'pull-requests': read, actions: read },
}

/** A shop whose history has its branch, which is made by a few requests more. */
async function openShopWithHistory() {
  const shop = await openBrokenShop()
  const [environment, at] = ['production', new Date().toISOString()]
  const about = {
    environment,
    revision: shop.good,
    incident: incidentId({ environment, revision: shop.good }),
  }
  const checked = {
    kind: 'health-checked',
    verdict: 'healthy',
    decision: 'keep',
    reasonCode: 'healthy',
  } as const
  const seen = { because: 'all is well', startedAt: at, checks: [] }
  await shop.history.append(newEvent({ ...checked, ...seen, ...about, at, actor: 'grace' }, ['earlier']))
  return shop
}

/** Runs an action at a distance from GitHub, the front door where none is named. */
async function rollBack(
  shop: Awaited<ReturnType<typeof openBrokenShop>>,
  inputs: Readonly<Record<string, string>>,
  { sha = shop.bad, delayMs = 100, eventName = 'push', action = 'rollback' } = {},
) {
  const api = await slowDown(shop.github.apiUrl, delayMs)
  try {
    const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
    const job = await shop.job({ sha, apiUrl: api.url, token, eventName })
    const result = await runStep(job, { action, inputs })
    return { result, requests: api.requests.slice() }
  } finally {
    await api.stop()
  }
}

test('a plan is at most three round trips deep: what needs no settings is asked while they are read (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    // a busy machine adds to each: the delay is far more than that
    const { result, requests } = await rollBack(shop, { mode: 'plan' }, { delayMs: 500 })
    expect(result.outputs['decision']).toBe('planned')
    const first = requests.findIndex(({ writes }) => writes)
    expect(depthOf(requests.slice(0, first))).toBeLessThanOrEqual(3)
  } finally {
    await shop.close()
  }
})

test('what is asked ahead with the usual settings is not asked again, and with others it is (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    const usual = await rollBack(shop, { mode: 'plan' }, { delayMs: 0 })
    expect(usual.result.outputs['decision']).toBe('planned')
    const asked = usual.requests.map(({ method, path }) => `${method} ${path}`)
    for (const each of ['query LookAhead', 'query ReadFolder', 'rules/branches/main'])
      expect(asked.filter((line) => line.includes(each))).toHaveLength(1)

    const settings = 'environment: live\nhistory: { branch: incidents }\n'
    const sha = await shop.commit({ '.github/rollback.yml': settings }, { message: 'Deploy to live' })
    shop.deploy(shop.good, 'success', 'live')
    shop.deploy(sha, 'success', 'live')
    const other = await rollBack(shop, { mode: 'plan' }, { sha, delayMs: 0 })
    const incident = incidentId({ environment: 'live', revision: sha })
    expect(other.result.outputs).toMatchObject({ decision: 'planned', incident })
    expect(other.result.log).toContain(
      `→ content of ${shop.good.slice(0, 7)} (the newest successful deployment of live`,
    )
    const events = other.requests.filter(({ method, path }) => method === 'PUT' && path.includes('events'))
    expect(events).toHaveLength(1)
    expect(await shop.hosted.git.readRef('refs/heads/incidents')).toBeDefined()
  } finally {
    await shop.close()
  }
})

test('a rollback is at most eight round trips deep from its plan to its end (15.10)', async () => {
  const shop = await openShopWithHistory()
  try {
    const { result, requests } = await rollBack(shop, {}, { delayMs: 300 })
    expect(result.outputs['decision']).toBe('not-deployed')
    const first = requests.findIndex(({ writes }) => writes)
    const writing = requests.slice(first)
    expect(depthOf(writing)).toBeLessThanOrEqual(8)
    const find = (method: string, path: string) => {
      const found = writing.find((each) => each.method === method && each.path.includes(path))
      if (found === undefined) throw new Error(`${method} ${path} was not sent`)
      return found
    }
    const began = find('PUT', 'events')
    // the commit is made while the history gets that the rollback begins, and is put on the branch after that
    expect(find('POST', '/git/commits').startedAt).toBeLessThan(began.endedAt)
    expect(find('PATCH', '/git/refs/heads').startedAt).toBeGreaterThan(began.endedAt)
  } finally {
    await shop.close()
  }
})

test('a gate is at most four round trips deep, its looks at production apart (15.10)', async () => {
  const shop = await openShopWithHistory()
  const service = await startService({ status: 500, body: 'down' })
  try {
    const inputs = {
      // without a history, in which it has passed before
      checks: `- { name: url, type: http, url: '${service.url}', severity: critical, on-error: fail }`,
      ...{ window: '10s', interval: '1s' },
    }
    const { result, requests } = await rollBack(shop, inputs, { delayMs: 300, action: 'health-gate' })
    expect(result.outputs['decision']).toBe('roll-back')
    expect(depthOf(requests)).toBeLessThanOrEqual(4)
  } finally {
    await service.stop()
    await shop.close()
  }
})

test('migrations are read at the same time as the settings (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    const script = 'CREATE TABLE product (name TEXT)'
    const files = { 'db/1_products.up.sql': script, 'db/1_products.down.sql': 'DROP TABLE product' }
    const sha = await shop.commit(files, { message: 'Products' })
    const inputs = { 'database-url': `sqlite:${join(shop.directory, 'shop.db')}`, migrations: 'db' }
    const { result, requests } = await rollBack(shop, inputs, { sha, delayMs: 300, action: 'db-migrate' })
    expect(result.outputs['decision']).toBe('migrated')
    expect(depthOf(requests)).toBe(1)
  } finally {
    await shop.close()
  }
})

test('a whole rollback asks no more than forty times, and nothing that never changes twice (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    const { result, requests } = await rollBack(shop, {}, { delayMs: 0 })
    expect(result.outputs['decision']).toBe('not-deployed')
    expect(requests.length).toBeLessThanOrEqual(40)
    const asked = requests.filter(({ method }) => method === 'GET').map(({ path }) => path)
    const lasting = asked.filter((path) => /\/(?:compare|git\/(?:commits|trees))\//.test(path))
    expect(lasting).toEqual([...new Set(lasting)])
  } finally {
    await shop.close()
  }
})

test('HEAD~100, over a hundred pull requests, is planned with at most twenty requests (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    let sha = shop.bad
    for (let n = 0; n < 100; n += 1) {
      sha = await shop.commit({ 'lib/price.mjs': `export const price = ${n}\n` }, { message: `Price ${n}` })
      shop.hosted.issues.push(mergedPull(n + 1, `Price ${n}`, sha))
      shop.hosted.pullsOfCommits.set(sha, n + 1)
    }
    shop.deploy(sha)
    const inputs = { target: 'HEAD~100', mode: 'plan', environment: 'production' }
    // a machine may not undo so many
    const manual = { sha, delayMs: 0, eventName: 'workflow_dispatch' }
    const { result, requests } = await rollBack(shop, inputs, manual)
    expect(result.log).toMatch(/#1, #2, .*#99, #100$/m)
    expect(requests.length).toBeLessThanOrEqual(20)
  } finally {
    await shop.close()
  }
})
