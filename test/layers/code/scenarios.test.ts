import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { noLimits } from '../../support/github/limits.ts'
import { histories } from '../../support/histories.ts'
import { publishBranch } from '../../support/published-branch.ts'
import { carryOut, step } from '../../support/random-history.ts'
import { openShop, type Shop } from '../../support/repository.ts'
import { openWorkRepository, type WorkRepository } from '../../support/work-repository.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ limits: noLimits })
  await shop.commit({ 'README.md': '# Shop\n' })
})
afterAll(() => shop.close())

/** Pushes what was built to a new branch, and opens the layer that rolls it back. */
async function publish(from: WorkRepository, good: string, options: Record<string, unknown> = {}) {
  const { asked, branch, bad, open } = await publishBranch(shop, from)
  const usual = {
    mode: 'restore',
    target: good,
    tagPattern: '',
    checks: [],
    paths: [],
    delivery: 'direct',
  } as const
  return { layer: open({ ...usual, ...asked, ...options }), branch, bad }
}

/** What `git diff` prints. */
const diff = async (a: string, b: string) =>
  (await shop.hosted.git.git(['diff', '--raw', '--no-renames', a, b])).toString('utf8')

/** The files that differ. */
const names = async (a: string, b: string) =>
  (await shop.hosted.git.git(['diff', '--name-only', '--no-renames', '-z', a, b]))
    .toString('utf8')
    .split('\0')
    .filter((name) => name !== '')

/** What git itself leaves of the head: a tree, which the shop gets, too. */
async function revertedByGit(
  { git }: WorkRepository,
  commits: readonly string[],
  mainline: number | undefined,
) {
  await git('revert', '--no-commit', ...(mainline === undefined ? [] : ['-m', String(mainline)]), ...commits)
  const tree = await git('write-tree')
  await git('reset', '--quiet', '--hard')
  await git('clean', '--quiet', '-fd')
  return tree
}

describe.each(histories)('%s', (_, { build }) => {
  let work: WorkRepository
  let good: string
  beforeAll(async () => {
    work = await openWorkRepository()
    good = await build(work)
  })
  afterAll(() => work.remove())

  test('is restored exactly and taken back exactly, by one commit each', async () => {
    const { layer, branch, bad } = await publish(work, good)
    const receipt = await (await layer.plan()).apply()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    expect(await diff(good, `refs/heads/${branch}`)).toBe('')
    expect((await shop.hosted.git.readCommit(receipt.now)).parents).toEqual([bad])
    await layer.undo(receipt)
    expect(await diff(bad, `refs/heads/${branch}`)).toBe('')
    expect((await shop.hosted.git.readCommit(await shop.head(branch))).parents).toEqual([receipt.now])
  })

  test('is proposed with exactly that content', async () => {
    const { layer, branch, bad } = await publish(work, good, { delivery: 'pull-request' })
    const receipt = await (await layer.plan()).apply()
    expect(receipt.outcome).toBe('proposed')
    expect(await diff(good, receipt.now)).toBe('')
    expect(await shop.head(branch)).toBe(bad)
  })

  test.each([true, false])(
    'goes where the rules of the branch lead it: they want a pull request, %s',
    async (rule) => {
      const { layer, branch, bad } = await publish(work, good, { delivery: 'auto' })
      if (rule)
        shop.hosted.addRuleset({
          name: branch,
          enforcement: 'active',
          include: [`refs/heads/${branch}`],
          rules: [{ type: 'pull_request', approvals: 1 }],
        })
      const receipt = await (await layer.plan()).apply()
      expect(receipt.outcome).toBe(rule ? 'proposed' : 'rolled-back')
      expect(await diff(good, receipt.now)).toBe('')
      expect(await shop.head(branch)).toBe(rule ? bad : receipt.now)
    },
  )

  test.each(['direct', 'pull-request'])('is reverted %s just as git itself reverts it', async (delivery) => {
    const [bad = '', ...parents] = (await work.git('rev-list', '--parents', '-n1', 'HEAD')).split(' ')
    // a merge is undone by itself; of all else what came after the good revision
    const mainline = parents.length > 1 ? 1 : undefined
    const commits = [mainline === undefined ? `${good}..${bad}` : bad]
    const expected = await revertedByGit(work, commits, mainline)
    const { layer, branch } = await publish(work, good, { mode: 'revert', commits, mainline, delivery })
    const receipt = await (await layer.plan()).apply()
    expect(await diff(expected, receipt.now)).toBe('')
    expect(await shop.head(branch)).toBe(delivery === 'direct' ? receipt.now : bad)
    expect((await shop.hosted.git.readCommit(receipt.now)).parents).toEqual([bad])
  })

  test('is restored in one path, and nothing else is touched', async () => {
    const [path = ''] = (await work.git('diff', '--name-only', '--no-renames', '-z', good, 'HEAD')).split(
      '\0',
    )
    const { layer, branch, bad } = await publish(work, good, { paths: [path] })
    await (await layer.plan()).apply()
    const changed = await names(bad, `refs/heads/${branch}`)
    expect(changed).toEqual([path])
    expect(await names(good, `refs/heads/${branch}`)).not.toContain(path)
  })

  test('is deployed again, and nothing is moved', async () => {
    const { layer, branch, bad } = await publish(work, good, { mode: 'deploy-only' })
    const tags = await shop.hosted.git.listRefs('refs/tags/')
    const receipt = await (await layer.plan()).apply()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', now: good })
    expect(await shop.head(branch)).toBe(bad)
    expect(await shop.hosted.git.listRefs('refs/tags/')).toEqual(tags)
  })

  test('is reset, and moved forward again', async () => {
    const { layer, branch, bad } = await publish(work, good, { mode: 'reset', allowDefaultBranch: false })
    const receipt = await (await layer.plan()).apply()
    expect(await shop.head(branch)).toBe(good)
    expect(await shop.hosted.git.resolve(receipt.tag ?? '')).toBe(bad)
    await layer.undo(receipt)
    expect(await shop.head(branch)).toBe(bad)
  })
})

test('an empty difference is nothing to do: no commit, and said so', async () => {
  const work = await openWorkRepository()
  await work.write('a', '1\n')
  const good = await work.commit('good')
  await work.write('a', '2\n')
  await work.commit('bad')
  await work.git('revert', '--no-edit', 'HEAD')
  const { layer, branch, bad } = await publish(work, good)
  const plan = await layer.plan()
  expect(plan.view.state).toBe('done')
  expect(await plan.apply()).toMatchObject({ outcome: 'already-rolled-back', now: bad })
  expect(await shop.head(branch)).toBe(bad)
  await work.remove()
})

test('over any history, a restore leaves no difference to its target, and its undo none to what was there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 5 }),
      fc.nat(),
      async (history, choice) => {
        const repository = await openWorkRepository()
        try {
          await repository.write('a', 'a\n')
          const commits = [await repository.commit('base')]
          for (const steps of history) {
            for (const each of steps) await carryOut(repository, each)
            commits.push(await repository.commit('step'))
          }
          const good = commits[choice % (commits.length - 1)] ?? ''
          const { layer, branch, bad } = await publish(repository, good)
          const receipt = await (await layer.plan()).apply()
          expect(await diff(good, `refs/heads/${branch}`)).toBe('')
          if (receipt.outcome === 'rolled-back') await layer.undo(receipt)
          expect(await diff(bad, `refs/heads/${branch}`)).toBe('')
        } finally {
          await repository.remove()
        }
      },
    ),
    { numRuns: 12 },
  )
})
