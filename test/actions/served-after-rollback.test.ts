/** 14.3 and 14.2: after a rollback the restored revision has to be served, and what never passed proves nothing. */
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { recordPasses } from '../support/passed-before.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

/** What is served: a revision, and how. */
interface Served {
  readonly revision: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

const limit = 60_000
let shop: WholeShop
let production: Awaited<ReturnType<typeof startProduction>>

beforeEach(async () => {
  production = await startProduction()
  const check = { name: 'home', type: 'http', url: production.url, severity: 'critical', for: '0s' }
  const checks = [{ ...check, expect: { revision: { header: 'x-revision' } } }]
  shop = await openWholeShop({
    settings: { health: { window: '1s', interval: '100ms', checks }, rollback: { verify: '600ms' } },
  })
}, limit)
afterEach(async () => {
  await production.stop()
  await shop.close()
})

/** A production on loopback that answers as it is told to, request by request. */
async function startProduction() {
  let requests = 0
  let answer: (request: number) => Served | Promise<Served> = () => ({ revision: shop.bad, status: 500 })
  const respond = async (response: ServerResponse) => {
    const { revision, status = 200, headers = {} } = await answer(requests++)
    response.writeHead(status, { connection: 'close', 'x-revision': revision, ...headers }).end('x')
  }
  const server = createServer((_, response) => void respond(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    /** @param next gets the number of the request, and the head of the branch */
    serve: (next: (request: number, head: string) => Served) => {
      answer = async (request) => next(request, await shop.head())
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

const run = (action: string, inputs: Record<string, string>) =>
  shop.run({ action, inputs }, { eventName: 'workflow_dispatch' })
const rollBack = () => run('rollback', { layers: 'code', revision: shop.bad })

describe('the front door', () => {
  test(
    'is complete when the rollback commit is served, or the good revision',
    async () => {
      production.serve((_, head) => ({ revision: head }))
      expect(await rollBack()).toMatchObject({
        exitCode: 0,
        outputs: { decision: 'complete', recovery: 'recovered' },
      })
      production.serve(() => ({ revision: shop.good.slice(0, 10) }))
      expect(await rollBack()).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
    },
    limit,
  )

  test.each([
    ['well', {}],
    ['failing', { status: 500 }],
  ])(
    'is not deployed while the failed revision is served, %s',
    async (_, how) => {
      production.serve(() => ({ revision: shop.bad, ...how }))
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-deployed' })
      expect(log).toContain(`it serves ${shop.bad.slice(0, 7)} and not ${(await shop.head()).slice(0, 7)}`)
      // once it is served, the next run has nothing left to do
      production.serve((_request, head) => ({ revision: head }))
      expect(await rollBack()).toMatchObject({ exitCode: 0 })
    },
    limit,
  )

  test(
    'is not verified while some answers are of the failed revision',
    async () => {
      production.serve((request, head) => ({ revision: request % 2 === 0 ? head : shop.bad }))
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision: 'not-verified' })
      expect(log).toContain('the rollout is still in progress')
      expect(log).toContain(`some answers are of ${shop.bad.slice(0, 7)}`)
    },
    limit,
  )

  test(
    'says that what it was shown came from a cache',
    async () => {
      production.serve(() => ({ revision: shop.bad, headers: { age: '120', 'x-cache': 'HIT' } }))
      const { outputs, log } = await rollBack()
      expect(outputs).toMatchObject({ decision: 'not-deployed' })
      expect(log).toContain('an answer came from a cache, 120 s old')
    },
    limit,
  )

  test.each([
    ['never passed here: it is not known whether it recovered', false, 'not-verified'],
    ['passed before: it has not recovered', true, 'not-recovered'],
  ])(
    'whose check fails and has %s',
    async (_, passed, decision) => {
      if (passed) await recordPasses(shop.history, { revision: shop.good, names: ['home'] })
      production.serve((_request, head) => ({ revision: head, status: 500 }))
      const { exitCode, outputs, log } = await rollBack()
      expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 1, decision })
      expect(log.includes('this check has never passed in this environment')).toBe(!passed)
    },
    limit,
  )
})

describe('the gate with `mode: verify`', () => {
  const verify = () =>
    run('health-gate', { mode: 'verify', 'up-tries': '1', window: '600ms', revision: shop.bad })
  beforeEach(async () => {
    production.serve((_, head) => ({ revision: head }))
    await rollBack()
  }, limit)

  test(
    'is healthy when the restored revision is served',
    async () => {
      expect((await verify()).outputs).toMatchObject({ verdict: 'healthy', 'reason-code': 'recovered' })
    },
    limit,
  )

  test(
    'is not deployed while the failed one is, which fails the step',
    async () => {
      production.serve(() => ({ revision: shop.bad }))
      expect(await verify()).toMatchObject({
        exitCode: 1,
        outputs: { verdict: 'not-deployed', 'reason-code': 'other-revision-served' },
      })
    },
    limit,
  )

  test(
    'is inconclusive while the rollout is in progress, which fails the step',
    async () => {
      production.serve((request, head) => ({ revision: request % 2 === 0 ? head : shop.bad }))
      expect(await verify()).toMatchObject({
        exitCode: 1,
        outputs: { verdict: 'inconclusive', 'reason-code': 'rollout-in-progress' },
      })
    },
    limit,
  )
})
