import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError } from '../../../src/errors.ts'
import { applyPlan } from '../../../src/layers/code/apply.ts'
import { describePlan } from '../../../src/layers/code/describe.ts'
import { prepareClone } from '../../../src/layers/code/partial-clone.ts'
import { goalOf } from '../../../src/layers/code/plan.ts'
import { writeProposal } from '../../../src/layers/code/proposal.ts'
import { planRevert, type RevertRequest } from '../../../src/layers/code/revert-plan.ts'
import { openShop, type Shop } from '../../support/repository.ts'

let shop: Shop
let directory: string
let bad: string
beforeEach(async () => {
  shop = await openShop()
  directory = await mkdtemp(join(tmpdir(), 'revert-'))
  await shop.commit({ list: lines(), other: 'kept\n', 'dir/gone': 'x\n' }, { message: 'Begin' })
  bad = await shop.commit(
    { list: lines({ 2: 'bad' }), 'dir/gone': null, 'dir/new': 'y\n' },
    { message: 'Change the second line' },
  )
  await shop.commit(
    { list: lines({ 2: 'bad', 9: 'later' }), later: 'z\n' },
    { message: 'Change the ninth line', author: 'Linus' },
  )
})
afterEach(async () => {
  await shop.close()
  await rm(directory, { recursive: true, force: true })
})

function lines(changed: Record<number, string> = {}): string {
  return Array.from({ length: 10 }, (_, index) => `${changed[index + 1] ?? index + 1}\n`).join('')
}

function plan(commits: readonly string[], options: Partial<RevertRequest> = {}) {
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { contents: 'write' },
  })
  const { signal } = new AbortController()
  const openClone = prepareClone({
    url: shop.hosted.cloneUrl,
    token,
    directory,
    path: process.env['PATH'] ?? '',
    signal,
  })
  const request = {
    branch: 'main',
    environment: 'production',
    incident: 'i-1',
    bad,
    delivery: 'auto',
    mainline: undefined,
  } as const
  return planRevert(shop.repository, { ...request, ...options, commits }, openClone)
}

async function revert(commits: readonly string[], options: Partial<RevertRequest> = {}) {
  const made = await plan(commits, options)
  const trace = {
    incident: 'i-1',
    environment: 'production',
    from: made.head,
    to: goalOf(made),
    reason: 'it is down',
    by: 'grace',
    runUrl: undefined,
  }
  const proposal = writeProposal(shop.repository, made, trace, {
    labels: [],
    reviewers: [],
    autoMerge: false,
  })
  return applyPlan(shop.repository, made, { trace, delivery: 'auto', proposal, now: new Date() })
}

async function filesOf(revision: string): Promise<Record<string, string>> {
  const { git } = shop.hosted
  const entries = (await git.readTree(revision, { recursive: true })).filter(({ type }) => type === 'blob')
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ({ path, sha }) => [path, (await git.readBlob(sha)).toString('utf8')] as const),
    ),
  )
}

describe('a revert', () => {
  test('undoes what is named and keeps what came after it, by one commit', async () => {
    const head = await shop.head()
    const receipt = await revert([bad])
    expect(receipt).toMatchObject({ outcome: 'rolled-back', from: head })
    expect(await filesOf(await shop.head())).toEqual({
      list: lines({ 9: 'later' }),
      other: 'kept\n',
      later: 'z\n',
      'dir/gone': 'x\n',
    })
    const [commit, parent] = await shop.hosted.git.log(await shop.head(), { count: 2 })
    expect(parent?.sha).toBe(head)
    expect(commit?.message.split('\n')[0]).toBe(`Roll back production without ${bad.slice(0, 7)}`)
    expect(shop.hosted.signed.has(commit?.sha ?? '')).toBe(true)
  })

  test('that is run twice is done once', async () => {
    const { commit } = await revert([bad])
    expect(await revert([bad])).toMatchObject({ outcome: 'already-rolled-back', commit })
    expect(await shop.head()).toBe(commit)
  })

  test('is planned without a write, in words', async () => {
    const [begin] = await shop.hosted.git.log('main', { reverse: true })
    const made = await plan([`${begin?.sha}..main`])
    expect(made).toMatchObject({ undoneCount: 2, mode: 'revert' })
    expect(describePlan(made).slice(0, 4)).toEqual([
      `main: ${made.head.slice(0, 7)} → the same without the commits below; later commits stay`,
      'undoes 2 commits in 4 files:',
      `  ${bad.slice(0, 7)} Change the second line (Ada)`,
      expect.stringContaining('Change the ninth line (Linus)'),
    ])
    expect(shop.github.requests.filter(({ writes }) => writes)).toEqual([])
  })

  test('of commits in any order undoes the newest first', async () => {
    const head = await shop.head()
    await revert([bad, head])
    const [begin] = await shop.hosted.git.log('main', { reverse: true })
    expect(await shop.tree(await shop.head())).toBe(await shop.tree(begin?.sha ?? ''))
  })

  test('that later commits stand in the way of names the files, and nothing is written', async () => {
    await shop.commit({ list: lines({ 2: 'worse', 9: 'later' }) })
    const refused = plan([bad])
    await expect(refused).rejects.toThrow(ConflictError)
    await expect(refused).rejects.toThrow('Files in conflict:\n  list\n')
    expect(shop.github.requests.filter(({ writes }) => writes)).toEqual([])
  })

  test.each([
    ['nothing', [], /names no commits/],
    ['what is not there', ['nope'], /has no such revision/],
    ['what is not on the branch', ['side'], /which is not on main/],
    ['what is no name', ['--upload-pack=x'], /has no such revision/],
  ])('of %s is refused', async (_, commits, message) => {
    await shop.commit({ side: 'x\n' }, { branch: 'side' })
    const refused = plan(commits)
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(message)
  })
})

test('a range with merges and a mainline undoes each merge, and what it brought not a second time', async () => {
  const { git } = shop.hosted
  const begin = await shop.head()
  await git.moveRef('refs/heads/side', { from: '', to: begin })
  const side = await shop.commit({ side: '1\n' }, { branch: 'side' })
  await shop.commit({ list: lines({ 2: 'bad', 5: 'main', 9: 'later' }) })
  const head = await shop.head()
  const merged = await git.mergeTrees(head, side)
  const { author, committer } = await git.readCommit(head)
  const parents = [head, side]
  const merge = await git.writeCommit({ tree: merged ?? '', parents, message: 'Merge', author, committer })
  await git.moveRef('refs/heads/main', { from: head, to: merge })
  await shop.commit({ last: 'x\n' })
  const made = await plan([`${begin}..main`], { mainline: 1 })
  expect(made.undone.map(({ sha }) => sha)).not.toContain(side)
  expect(made.undoneCount).toBe(3)
  await revert([`${begin}..main`], { mainline: 1 })
  expect(await shop.tree(await shop.head())).toBe(await shop.tree(begin))
  const again = await plan([`${begin}..main`], { mainline: 1 })
  expect(again).toMatchObject({ done: { sha: await shop.head() } })
})

test('a range that is written the wrong way round names no commits, and says so', async () => {
  await expect(plan([`main..${bad}`])).rejects.toThrow(
    'no commit is in that range; write the older end first',
  )
})

test.each([2, 3])('mainline %s of a commit with one parent is refused, as by git', async (mainline) => {
  await expect(plan([bad], { mainline })).rejects.toThrow(
    `\`mainline\` is ${mainline}, but commit ${bad.slice(0, 7)} has 1 parent`,
  )
  expect(await plan([bad], { mainline: 1 })).toMatchObject({ undoneCount: 1 })
})

test('a name that is a tag and a branch is refused, and each may be named', async () => {
  const { git } = shop.hosted
  await git.moveRef('refs/tags/v1', { from: '', to: bad })
  await git.moveRef('refs/heads/v1', { from: '', to: await shop.head() })
  await expect(plan(['v1'])).rejects.toThrow('which is a tag and a branch; write tags/v1 or heads/v1')
  expect((await plan(['tags/v1'])).undone.map(({ sha }) => sha)).toEqual([bad])
})
