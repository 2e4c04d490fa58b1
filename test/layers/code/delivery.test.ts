import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, RefusedError } from '../../../src/errors.ts'
import type { Repository } from '../../../src/github/client.ts'
import { readBranchRules } from '../../../src/github/rules.ts'
import { chooseWay, demandReviewers, type Proposal, propose } from '../../../src/layers/code/delivery.ts'
import { openBrokenShop } from '../../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let repository: Repository
beforeEach(async () => {
  shop = await openBrokenShop()
  shop.hosted.roles.set('linus', 'write')
  repository = shop.open({ permissions: { contents: 'write', 'pull-requests': 'write' } })
})
afterEach(() => shop.close())

const proposal: Proposal = {
  base: 'main',
  branch: 'rollback/production-1',
  title: 'Roll back',
  body: 'Because.',
  labels: ['rollback'],
  reviewers: ['linus', 'team:ops'],
  draft: false,
  autoMerge: true,
}

async function run(change: Partial<Proposal> = {}) {
  const draft = { tree: await shop.tree(shop.good), parents: [shop.bad], message: 'Roll back\n' }
  return propose(repository, { draft, proposal: { ...proposal, ...change } })
}

describe('a proposal', () => {
  test('is a pull request with labels, reviewers and auto-merge, and the branch is unchanged', async () => {
    const { commit, pull } = await run()
    expect(await shop.head()).toBe(shop.bad)
    expect(await shop.head('rollback/production-1')).toBe(commit.sha)
    expect(shop.hosted.issues).toMatchObject([
      {
        number: pull?.number,
        labels: ['rollback'],
        pull: {
          base: 'main',
          head: 'rollback/production-1',
          reviewers: ['linus', 'team:ops'],
          autoMerge: true,
        },
      },
    ])
  })

  test('that is made twice is one branch and one pull request', async () => {
    const first = await run()
    const second = await run()
    expect(second.commit.sha).toBe(first.commit.sha)
    expect(second.pull?.number).toBe(first.pull?.number)
    expect(shop.hosted.issues).toHaveLength(1)
  })

  test.each(['git/create-ref', 'pulls/create', 'issues/add-labels', 'pulls/request-reviewers'] as const)(
    'whose answer to %s is lost is still one',
    async (operation) => {
      shop.github.fault({ kind: 'no-answer', operation, carriedOut: true })
      await run()
      await run()
      expect(shop.hosted.issues).toHaveLength(1)
    },
  )

  test('that the repository lets no workflow make names the setting, not a permission, and where the commit is (12.15)', async () => {
    shop.hosted.actionsMayOpenPulls = false
    const refused = run()
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toThrow(
      'turn "Allow GitHub Actions to create and approve pull requests" on in the settings of the repository',
    )
    await expect(refused).rejects.toThrow(
      'The commit is on the branch rollback/production-1: open a pull request',
    )
    await expect(refused).rejects.not.toThrow('pull-requests: write')
    shop.hosted.actionsMayOpenPulls = true
    expect((await run()).pull?.number).toBe(1)
  })

  test.each([
    ['team:', 'write octocat or team:ops'],
    ['@grace', 'write grace'],
    ['team:octo-org/ops', 'write team:ops'],
    ['grace hopper', 'names "grace hopper", which is neither a login'],
  ])('with the reviewer %s is refused before anything is written', (reviewer, cure) => {
    expect(() => demandReviewers(['linus', 'team:ops', reviewer])).toThrow(cure)
  })

  test('does not touch a branch of that name with another change', async () => {
    const other = await shop.commit({ other: 'change\n' }, { branch: 'rollback/production-1' })
    await expect(run()).rejects.toThrow(ConflictError)
    expect(await shop.head('rollback/production-1')).toBe(other)
    expect(shop.hosted.issues).toEqual([])
  })
})

describe('the way', () => {
  const rulesOf = async () => readBranchRules(repository, 'main')

  test('is direct where no rule forbids it', async () => {
    expect(chooseWay('auto', await rulesOf())).toEqual({
      way: 'direct',
      because: 'no rule of the branch forbids it',
    })
  })

  test.each(['merge_queue', 'update'] as const)('is a pull request where the rule %s is on', async (type) => {
    shop.hosted.addRuleset({
      name: 'r',
      enforcement: 'active',
      include: ['~DEFAULT_BRANCH'],
      rules: [{ type }],
    })
    expect(chooseWay('auto', await rulesOf())).toEqual({
      way: 'pull-request',
      because: `the branch has the rule ${type}`,
    })
  })

  test('is direct where the rules are of another kind, or only evaluated', async () => {
    shop.hosted.addRuleset({
      name: 'signed',
      enforcement: 'active',
      include: ['~ALL'],
      rules: [{ type: 'required_signatures' }, { type: 'non_fast_forward' }],
    })
    shop.hosted.addRuleset({
      name: 'trial',
      enforcement: 'evaluate',
      include: ['~ALL'],
      rules: [{ type: 'pull_request', approvals: 1 }],
    })
    expect(chooseWay('auto', await rulesOf()).way).toBe('direct')
  })

  test('is the one that was asked for', async () => {
    expect(chooseWay('pull-request', await rulesOf()).way).toBe('pull-request')
    shop.hosted.addRuleset({
      name: 'r',
      enforcement: 'active',
      include: ['~ALL'],
      rules: [{ type: 'merge_queue' }],
    })
    expect(chooseWay('direct', await rulesOf()).way).toBe('direct')
  })
})
