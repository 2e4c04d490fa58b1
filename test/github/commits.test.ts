import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { RefusedError } from '../../src/errors.ts'
import { listCommits, readCommit, resolveRevision } from '../../src/github/commits.ts'
import { compareCommits, isAncestor, listRange } from '../../src/github/compare.ts'
import { defaultBranch } from '../../src/github/repository.ts'
import { openBrokenShop, openShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let side: string
let orphan: string
beforeAll(async () => {
  shop = await openBrokenShop()
  await shop.hosted.git.moveRef('refs/heads/side', { from: '', to: shop.good })
  side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side', message: 'Aside\n\nWith more to say.' })
  orphan = await shop.commit({ 'b.txt': 'b\n' }, { branch: 'orphan' })
})
afterAll(() => shop.close())

test('a commit is read with its tree, its parents and who made it', async () => {
  expect(await readCommit(shop.repository, shop.bad)).toMatchObject({
    sha: shop.bad,
    tree: await shop.tree(shop.bad),
    parents: [expect.stringMatching(/^[0-9a-f]{40}$/)],
    message: 'Tidy up',
    author: 'Grace',
    committedAt: (await shop.hosted.git.readCommit(shop.bad)).committer.date,
  })
})

test('a commit that is not there is refused by its short id', async () => {
  const read = readCommit(shop.repository, '0123456789abcdef0123456789abcdef01234567')
  await expect(read).rejects.toThrow(RefusedError)
  await expect(read).rejects.toThrow('could not read commit 0123456')
})

test.each<[string, () => string, () => string, number, number]>([
  ['ahead', () => shop.good, () => shop.bad, 2, 0],
  ['behind', () => shop.bad, () => shop.good, 0, 2],
  ['identical', () => shop.bad, () => shop.bad, 0, 0],
  ['diverged', () => side, () => shop.bad, 2, 1],
  ['unrelated', () => orphan, () => shop.bad, 0, 0],
])('two revisions are found to be %s', async (status, base, head, aheadBy, behindBy) => {
  expect(await compareCommits(shop.repository, { base: base(), head: head() })).toMatchObject({
    status,
    aheadBy,
    behindBy,
  })
})

test('a comparison has the commits, oldest first, and the files', async () => {
  const { commits, files } = await compareCommits(shop.repository, { base: shop.good, head: shop.bad })
  expect(commits.map(({ message, author }) => [message, author])).toEqual([
    ['Raise the price', 'Linus'],
    ['Tidy up', 'Grace'],
  ])
  expect(files).toEqual([
    { path: 'lib/price.mjs', additions: 0, deletions: 1 },
    { path: 'server.mjs', additions: 1, deletions: 1 },
  ])
})

test('a range has all of its commits, oldest first, where a comparison shows the newest 250', async () => {
  const { git } = shop.hosted
  const first = await git.readCommit(shop.bad)
  let head = shop.bad
  for (let number = 1; number <= 251; number += 1)
    head = await git.writeCommit({ ...first, parents: [head], message: `commit ${number}` })
  await git.moveRef('refs/heads/long', { from: '', to: head })
  const range = await listRange(shop.repository, { base: shop.bad, head: 'long' })
  expect(range.map(({ message }) => message)).toEqual(
    Array.from({ length: 251 }, (_, index) => `commit ${index + 1}`),
  )
  expect(await listRange(shop.repository, { base: shop.bad, head: shop.bad })).toEqual([])
})

test.each<[string, () => string, () => string, boolean]>([
  ['is older', () => shop.good, () => shop.bad, true],
  ['is the same', () => shop.bad, () => shop.bad, true],
  ['is newer', () => shop.bad, () => shop.good, false],
  ['is on another branch', () => side, () => shop.bad, false],
  ['has nothing in common', () => orphan, () => shop.bad, false],
  ['is not in the repository', () => '0123456789abcdef0123456789abcdef01234567', () => shop.bad, false],
])('a revision that %s is an ancestor, or not', async (_, older, newer, expected) => {
  expect(await isAncestor(shop.repository, { older: older(), newer: newer() })).toBe(expected)
})

test('a comparison that the token may not see is no answer to the question', async () => {
  const blind = shop.open({ permissions: { issues: 'write' } })
  const asked = isAncestor(blind, { older: shop.good, newer: shop.bad })
  await expect(asked).rejects.toThrow('give the job `permissions: contents: read`')
})

test('the newest commits of a branch are listed, newest first', async () => {
  const commits = await listCommits(shop.repository, { branch: 'side', count: 2 })
  expect(commits.map(({ message }) => message)).toEqual(['Aside\n\nWith more to say.', 'Serve products'])
})

test('a name that names nothing is no revision, in an empty repository, too', async () => {
  expect(await resolveRevision(shop.repository, 'nothing')).toBeUndefined()
  const empty = await openShop()
  try {
    expect(await resolveRevision(empty.repository, 'main')).toBeUndefined()
  } finally {
    await empty.close()
  }
})

test('the default branch is asked for', async () => {
  expect(await defaultBranch(shop.repository)).toBe('main')
})
