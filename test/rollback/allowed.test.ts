import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RefusedError } from '../../src/errors.ts'
import { incidentId } from '../../src/history/incident.ts'
import { openCodeLayer } from '../../src/layers/code/layer.ts'
import { prepareClone } from '../../src/layers/code/partial-clone.ts'
import { demandAllowed } from '../../src/rollback/allowed.ts'
import { planLayers, viewsOf } from '../../src/rollback/plan.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeAll(async () => {
  shop = await openBrokenShop()
})
afterAll(() => shop.close())

const environment = 'production'

/** Puts that many commits on top of the branch. @returns the newest */
async function pushMany(count: number): Promise<string> {
  const at = Math.floor(Date.now() / 1000)
  const commits = Array.from({ length: count }, (_, n) => {
    const message = `Change ${n}`
    const parent = n === 0 ? `from ${shop.bad}\n` : ''
    return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${at} +0000\ndata ${message.length}\n${message}\n${parent}M 100644 :1 f${n}\n`
  })
  const stream = `blob\nmark :1\ndata 2\nx\n\n${commits.join('\n')}`
  await shop.hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(stream) })
  return shop.head()
}

test('a machine counts every commit that would be undone, those that GitHub does not list, too', async () => {
  const revision = await pushMany(300)
  const incident = incidentId({ environment, revision })
  const layer = openCodeLayer({
    repository: shop.repository,
    rollback: {
      mode: 'restore',
      branch: 'main',
      environment,
      incident,
      bad: revision,
      target: shop.good,
      tagPattern: 'deploy-*',
      checks: [],
      paths: [],
      delivery: 'direct',
    },
    lookedAfter: new Set(),
    openClone: prepareClone({
      url: shop.hosted.cloneUrl,
      token: '',
      directory: shop.directory,
      path: process.env['PATH'] ?? '',
      signal: new AbortController().signal,
    }),
    wishes: { labels: [], reviewers: [], autoMerge: false },
    reason: 'it is down',
    by: 'grace',
    runUrl: undefined,
    now: () => new Date(),
  })
  const plan = await planLayers([layer], 'changed')
  const judge = (maxCommits: number) =>
    demandAllowed(
      shop.repository,
      {
        environment,
        incident,
        revision,
        automatic: true,
        layers: ['code'],
        undoneCount: viewsOf(plan)[0]?.undoneCount,
      },
      {
        limits: { cooldownMs: 0, maxCommits, maxAgeMs: 24 * 60 * 60 * 1000, dailyCap: 3 },
        hold: '',
        readHistory: async () => [],
        now: Date.now(),
        log: () => {},
      },
    )
  await expect(judge(301)).rejects.toThrow(RefusedError)
  await expect(judge(301)).rejects.toThrow('would undo 302 commits, and `code.max-commits` allows 301')
  await expect(judge(302)).resolves.toBeUndefined()
})
