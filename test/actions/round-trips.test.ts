/** GitHub takes 100 to 300 ms for an answer: what a rollback asks one after the other is what production waits for. */
import { expect, test } from '@jest/globals'
import { depthOf, slowDown } from '../../bench/support/slow-api.ts'
import { mergedPull } from '../support/pulls.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

const [read, write] = ['read', 'write'] as const
const permissions = {
  ...{ contents: write, deployments: read, issues: read },
  ...{ 'pull-requests': read, actions: read },
}

/** Runs the front door at a distance from GitHub. */
async function rollBack(
  shop: Awaited<ReturnType<typeof openBrokenShop>>,
  inputs: Readonly<Record<string, string>>,
  { sha = shop.bad, delayMs = 100, eventName = 'push' } = {},
) {
  const api = await slowDown(shop.github.apiUrl, delayMs)
  try {
    const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
    const job = await shop.job({ sha, apiUrl: api.url, token, eventName })
    const result = await runStep(job, { action: 'rollback', inputs })
    return { result, requests: api.requests.slice() }
  } finally {
    await api.stop()
  }
}

test('a plan is at most five round trips deep (15.10)', async () => {
  const shop = await openBrokenShop()
  try {
    // a busy machine adds to each: the delay is far more than that
    const { result, requests } = await rollBack(shop, { mode: 'plan' }, { delayMs: 500 })
    expect(result.outputs['decision']).toBe('planned')
    const first = requests.findIndex(({ writes }) => writes)
    expect(depthOf(requests.slice(0, first))).toBeLessThanOrEqual(5)
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
