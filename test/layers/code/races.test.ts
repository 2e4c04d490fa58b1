import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ConflictError } from '../../../src/errors.ts'
import { incidentId } from '../../../src/history/incident.ts'
import { applyPlan } from '../../../src/layers/code/apply.ts'
import { goalOf, type RestorePlan } from '../../../src/layers/code/plan.ts'
import { planReset } from '../../../src/layers/code/reset.ts'
import { planRestore } from '../../../src/layers/code/restore.ts'
import { noLimits } from '../../support/github/limits.ts'
import { randomOf } from '../../support/random.ts'
import { openBrokenShop } from '../../support/repository.ts'
import { openWorkRepository } from '../../support/work-repository.ts'

type BrokenShop = Awaited<ReturnType<typeof openBrokenShop>>

/** Repositories that are raced in at the same time, for git is waited for most of it. */
const lanes = 5
let shops: readonly BrokenShop[] = []
beforeAll(async () => {
  const limits = noLimits
  shops = await Promise.all(Array.from({ length: lanes }, () => openBrokenShop({ limits })))
})
afterAll(() => Promise.all(shops.map((shop) => shop.close())))

const environment = 'production'
const races = 1_000
/** In one of so many races the other client pushes with git, over HTTP; in the others its push is what the server makes of one. */
const gitEvery = 6

const branch = 'race'
const delivery = 'direct'
const request = (shop: BrokenShop) =>
  ({
    branch,
    environment,
    incident: incidentId({ environment, revision: shop.bad }),
    bad: shop.bad,
    target: shop.good,
    tagPattern: 'deploy-*',
    checks: [],
    paths: [],
    delivery,
  }) as const

const traceOf = (plan: RestorePlan, incident: string) => ({
  incident,
  environment,
  from: plan.head,
  to: goalOf(plan),
  reason: 'it is down',
  by: 'grace',
  runUrl: undefined,
})

const proposal = {
  base: branch,
  branch: 'rollback/race',
  title: '',
  body: '',
  labels: [],
  reviewers: [],
  draft: false,
  autoMerge: false,
}

/** Where the other client may push: before a request is carried out, or before it is answered. */
const points = {
  restore: ['git/create-commit', 'git/update-ref', 'git/create-tag', 'git/create-ref'],
  reset: ['git/create-tag', 'git/create-ref', 'repos/get', undefined],
} as const

/** Pushes once, at the chosen point of the requests to come. */
function pushAt(
  shop: BrokenShop,
  point: (typeof points)[keyof typeof points][number],
  push: () => Promise<void>,
) {
  let isPushed = false
  return shop.github.onRequest(async ({ operation }) => {
    if (isPushed || operation !== point) return
    isPushed = true
    await push()
  })
}

/** Another client, with git: it has fetched and committed, and only needs to push; when refused, it fetches and goes on top. */
async function openGitClient(shop: BrokenShop) {
  const work = await openWorkRepository()
  const secret = shop.github.createToken({ login: 'linus', kind: 'user', permissions: { contents: 'write' } })
  const url = shop.hosted.cloneUrl.replace('://', `://linus:${secret}@`)
  const ref = `refs/heads/${branch}`
  const fetchHead = async () => {
    await work.git('fetch', '--quiet', url, ref)
    await work.git('reset', '--quiet', '--hard', 'FETCH_HEAD')
  }
  const isPushed = () =>
    work.git('push', '--quiet', url, `HEAD:${ref}`).then(
      () => true,
      (error: unknown) => {
        if (/\[(remote )?rejected\]/.test(String(error))) return false
        throw error
      },
    )
  await fetchHead()
  await work.write('theirs.md', 'theirs\n')
  const ready = await work.commit('Theirs')
  return {
    remove: work.remove,
    /** @returns the commit that it got onto the branch */
    async push(content: string): Promise<string> {
      await work.git('reset', '--quiet', '--hard', ready)
      while (!(await isPushed())) {
        await fetchHead()
        await work.write('theirs.md', content)
        await work.commit(content)
      }
      return work.git('rev-parse', 'HEAD')
    },
  }
}

test('a thousand races with another client that pushes lose no commit', async () => {
  const raced = await Promise.all(shops.map((shop, lane) => race(shop, randomOf(20261125 + lane))))
  expect(raced.flatMap(({ lost }) => lost)).toEqual([])
  // both happened often, or nothing was raced
  for (const { told } of raced) {
    expect(told.pushed).toBeGreaterThan(races / lanes / 2)
    expect(told.pushedByGit).toBeGreaterThanOrEqual(100 / lanes)
    expect(told.conflicts).toBeGreaterThan(races / lanes / 10)
    expect(told.done).toBeGreaterThan(races / lanes / 10)
  }
}, 600_000)

async function race(shop: BrokenShop, random: () => number) {
  const pick = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0]
  const { git } = shop.hosted
  const ref = `refs/heads/${branch}`
  // a client that has fetched, and only needs to push
  const theirs = await shop.commit({ 'theirs.md': 'theirs\n' }, { branch: 'theirs' })
  const ready = await git.writeCommit({ ...(await git.readCommit(theirs)), parents: [shop.bad] })
  await git.moveRef(ref, { from: '', to: shop.bad })
  const client = await openGitClient(shop)
  const plans = {
    restore: await planRestore(shop.repository, request(shop)),
    reset: await planReset(shop.repository, { ...request(shop), allowDefaultBranch: false }),
  }
  const told = { conflicts: 0, done: 0, pushed: 0, pushedByGit: 0 }
  const lost: string[] = []
  for (let index = 0; index < races / lanes; index += 1) {
    const mode = pick<keyof typeof points>(['restore', 'restore', 'reset'])
    const plan: RestorePlan = plans[mode]
    let sha = ''
    let pushing: Promise<void> | undefined
    const byGit = index % gitEvery === 0
    // the request waits until the push has arrived, or goes on beside it
    const waits = random() < 0.5
    const stop = pushAt(shop, pick(points[mode]), async () => {
      if (byGit) {
        pushing = client.push(`${index}\n`).then((pushed) => {
          sha = pushed
        })
        return waits ? pushing : undefined
      }
      const isReady = await git.moveRef(ref, { from: shop.bad, to: ready })
      // refused as no fast-forward: it fetches, and goes on top
      sha = isReady ? ready : await shop.commit({ 'theirs.md': `${index}\n` }, { branch })
    })
    const trace = traceOf(plan, `race-${index}`)
    await applyPlan(shop.repository, plan, { trace, delivery, proposal, now: new Date() }).then(
      () => (told.done += 1),
      (error: unknown) => {
        if (!(error instanceof ConflictError)) throw error
        told.conflicts += 1
      },
    )
    stop()
    await pushing
    const head = await shop.head(branch)
    if (sha !== '') told.pushed += 1
    if (sha !== '' && byGit) told.pushedByGit += 1
    if (sha !== '' && sha !== head && !(await git.isAncestor(sha, head))) lost.push(`${index}: ${sha}`)
    // the next race starts where this one did
    const tags = (await git.listRefs('refs/tags/')).map(({ name }) => `delete ${name}`)
    await git.git(['update-ref', '--stdin'], {
      input: Buffer.from([`update ${ref} ${shop.bad}`, ...tags, ''].join('\n')),
    })
  }
  await client.remove()
  return { lost, told }
}
