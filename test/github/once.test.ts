import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readCommit } from '../../src/github/commits.ts'
import { compareCommits, isAncestor } from '../../src/github/compare.ts'
import { readFile } from '../../src/github/contents.ts'
import { lookAhead } from '../../src/github/look-ahead.ts'
import { pullsOfCommits } from '../../src/github/pulls.ts'
import { readRef } from '../../src/github/ref.ts'
import { createRef } from '../../src/github/refs.ts'
import { readBranchRules } from '../../src/github/rules.ts'
import { listTree } from '../../src/github/trees.ts'
import { mergedPull } from '../support/pulls.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeAll(async () => {
  shop = await openBrokenShop()
})
afterAll(() => shop.close())

/** How many requests something takes. */
async function requestsOf(act: () => Promise<unknown>): Promise<number> {
  const before = shop.github.requests.length
  await act()
  return shop.github.requests.length - before
}

describe('what never changes is asked once a run (15.10)', () => {
  test('a commit, a comparison, a folder, a file of a commit, also by several at the same time', async () => {
    const { good, bad } = shop
    const repository = shop.open()
    const questions = [
      () => readCommit(repository, bad),
      () => compareCommits(repository, { base: good, head: bad }),
      async () => listTree(repository, await shop.tree(bad)),
      () => readFile(repository, { path: 'server.mjs', ref: bad }),
      () => readFile(repository, { path: '.gitmodules', ref: bad }),
    ]
    for (const ask of questions) expect(await requestsOf(() => Promise.all([ask(), ask(), ask()]))).toBe(1)
    for (const ask of questions) expect(await requestsOf(ask)).toBe(0)
  })

  test('what came along with another answer is not asked for', async () => {
    const repository = shop.open()
    await compareCommits(repository, { base: shop.good, head: shop.bad })
    expect(await requestsOf(() => readCommit(repository, shop.good))).toBe(0)
    expect(await requestsOf(() => isAncestor(repository, { older: shop.good, newer: shop.bad }))).toBe(0)
    expect(await requestsOf(() => isAncestor(repository, { older: shop.bad, newer: shop.good }))).toBe(0)
  })

  test('what a branch has is asked each time', async () => {
    const repository = shop.open()
    const ask = () => readFile(repository, { path: 'README.md', ref: 'main' })
    await ask()
    expect(await requestsOf(ask)).toBe(1)
    expect(await requestsOf(() => readRef(repository, 'heads/main'))).toBe(1)
    expect(await requestsOf(() => readRef(repository, 'heads/main'))).toBe(1)
  })

  test('one that failed is asked anew', async () => {
    const repository = shop.open({}, { retryPauseMs: 1 })
    shop.github.fault({ kind: 'refused', operation: 'git/get-commit', status: 404, message: 'Not Found' })
    await expect(readCommit(repository, shop.bad)).rejects.toThrow('it does not exist')
    expect((await readCommit(repository, shop.bad)).sha).toBe(shop.bad)
  })

  test('by each token for itself', async () => {
    await readCommit(shop.open(), shop.bad)
    expect(await requestsOf(() => readCommit(shop.open(), shop.bad))).toBe(1)
  })
})

describe('what is looked at ahead', () => {
  const ahead = () => ({ branch: 'main', environment: 'production', labels: ['rollback-hold'] })

  test('is not asked for by those who need it', async () => {
    const repository = shop.open()
    await lookAhead(repository, ahead())
    const head = await readRef(repository, 'heads/main')
    expect(head).toBe(shop.bad)
    expect(await requestsOf(() => readRef(repository, 'heads/main'))).toBe(0)
    expect(await requestsOf(() => readCommit(repository, shop.good))).toBe(0)
    expect(await requestsOf(() => isAncestor(repository, { older: shop.good, newer: 'main' }))).toBe(0)
    expect(await requestsOf(() => readBranchRules(repository, 'main'))).toBe(0)
  })

  test('does not stand any more once this run has written', async () => {
    const repository = shop.open()
    await lookAhead(repository, ahead())
    await createRef(repository, { ref: 'heads/aside', sha: shop.good })
    expect(await requestsOf(() => readRef(repository, 'heads/main'))).toBe(1)
    expect(await requestsOf(() => readBranchRules(repository, 'main'))).toBe(2)
  })

  test('and could not be seen is asked for when it is needed', async () => {
    const repository = shop.open({ permissions: { contents: 'read' } })
    shop.github.fault({
      kind: 'refused',
      operation: 'graphql',
      status: 403,
      message: 'Resource not accessible by integration',
    })
    await lookAhead(repository, ahead())
    expect(await readRef(repository, 'heads/main')).toBe(shop.bad)
  })

  test('without the permission for deployments still has the branch', async () => {
    const repository = shop.open({ permissions: { contents: 'read' } })
    await lookAhead(repository, ahead())
    expect(await requestsOf(() => readRef(repository, 'heads/main'))).toBe(0)
  })
})

describe('the pull requests of many commits', () => {
  test('take one request, each is found once, and one that is not merged is left out', async () => {
    const { hosted } = shop
    const commits = await hosted.git.listRange('main')
    for (const [n, sha] of commits.entries()) {
      hosted.issues.push(mergedPull(n + 1, `Pull ${n}`, sha))
      hosted.pullsOfCommits.set(sha, n + 1)
    }
    const first = hosted.issues.find(({ number }) => number === 1)
    if (first?.pull) first.pull.mergedAs = null
    const repository = shop.open({ permissions: { contents: 'read', 'pull-requests': 'read' } })
    let found: Awaited<ReturnType<typeof pullsOfCommits>>
    expect(
      await requestsOf(async () => {
        found = await pullsOfCommits(repository, [...commits, ...commits])
      }),
    ).toBe(1)
    expect(found?.map(({ number }) => number)).toEqual(commits.map((_, n) => n + 1).slice(1))
  })

  test('that the token may not see are undefined or refused, and not none', async () => {
    const repository = shop.open({ permissions: { contents: 'read' } })
    const found = await pullsOfCommits(repository, [shop.bad]).catch((error: unknown) => error)
    expect(found).not.toEqual([])
  })
})
