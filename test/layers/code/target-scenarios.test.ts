/** Every way to name what is gone back to, on a history with merges that a person pushed. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { applyPlan } from '../../../src/layers/code/apply.ts'
import { lastGreen } from '../../../src/layers/code/green-target.ts'
import { goalOf } from '../../../src/layers/code/plan.ts'
import { writeProposal } from '../../../src/layers/code/proposal.ts'
import { previousDeploymentTag } from '../../../src/layers/code/tag-target.ts'
import { lastSuccessfulDeployment } from '../../../src/layers/code/target.ts'
import { findUndoable, planUndo } from '../../../src/layers/code/undo.ts'
import { noLimits } from '../../support/github/limits.ts'
import { type BuiltHistory, buildHistory, histories } from '../../support/histories.ts'
import { publishBranch } from '../../support/published-branch.ts'
import { openShop, type Shop } from '../../support/repository.ts'
import { openWorkRepository, type WorkRepository } from '../../support/work-repository.ts'

let shop: Shop
let work: WorkRepository
let built: BuiltHistory
beforeAll(async () => {
  shop = await openShop({ limits: noLimits })
  await shop.commit({ 'README.md': '# Shop\n' })
  work = await openWorkRepository()
  const merges = histories.find(([name]) => name === 'merges before and after')
  if (merges === undefined) throw new Error('there is no history with merges')
  built = await buildHistory(work, merges[1])
  // everything that marks the good revision, as its own tool makes it
  await publishBranch(shop, work)
  shop.deploy(built.good)
  shop.deploy(built.bad, 'failure')
  const { git } = shop.hosted
  const tagger = { name: 'Ada', email: 'ada@example.com', date: new Date() }
  const object = { sha: built.good, type: 'commit' }
  const annotated = await git.writeTag({ tag: 'v1.0', message: 'One', object, tagger })
  await git.moveRef('refs/tags/v1.0', { from: '', to: annotated })
  await git.moveRef('refs/tags/deploy-1', { from: '', to: built.good })
  await git.moveRef('refs/tags/deploy-2', { from: '', to: built.bad })
  await git.moveRef('refs/heads/release/1', { from: '', to: built.good })
  const green = { sha: built.good, name: 'build', conclusion: 'success' } as const
  shop.hosted.checkRuns.push({ id: shop.hosted.nextId(), ...green })
})
afterAll(async () => {
  await work.remove()
  await shop.close()
})

const diff = async (a: string, b: string) =>
  (await shop.hosted.git.git(['diff', '--raw', '--no-renames', a, b])).toString('utf8')

const targets: readonly (readonly [kind: string, target: () => string, foundBy: RegExp])[] = [
  [
    'the last successful deployment',
    () => lastSuccessfulDeployment,
    /^the newest successful deployment of production before/,
  ],
  [
    'the previous deployment tag',
    () => previousDeploymentTag,
    /^the newest tag deploy-\* before .*: deploy-1$/,
  ],
  ['the last green revision', () => lastGreen, /build/],
  ['a commit', () => built.good, /^named as the target: /],
  ['a short commit', () => built.good.slice(0, 10), /^named as the target: /],
  ['an annotated tag', () => 'v1.0', /^named as the target: v1\.0$/],
  ['a tag', () => 'deploy-1', /^named as the target: deploy-1$/],
  ['a branch', () => 'release/1', /^named as the target: release\/1$/],
  ['HEAD~n over a merge', () => 'HEAD~2', /^HEAD~2, counted along first parents$/],
]

test.each(targets)(
  '%s is restored exactly, and the plan says how it was found',
  async (_, target, foundBy) => {
    const { open, asked, branch } = await publishBranch(shop, work)
    const layer = open({
      ...asked,
      mode: 'restore',
      target: target(),
      tagPattern: 'deploy-*',
      checks: ['build'],
      paths: [],
      delivery: 'direct',
    })
    const plan = await layer.plan()
    expect(plan.view).toMatchObject({ to: built.good, foundBy: expect.stringMatching(foundBy) })
    expect(await plan.apply()).toMatchObject({ outcome: 'rolled-back', verified: { ok: true } })
    expect(await diff(built.good, `refs/heads/${branch}`)).toBe('')
  },
)

/** A branch that is rolled back, and what takes that back again. */
async function takeBack(mode: 'undo' | 'reapply', delivery: 'direct' | 'pull-request' | 'auto') {
  const { open, asked, branch, incident, repository, openClone } = await publishBranch(shop, work)
  const rollback = { target: built.good, tagPattern: '', checks: [], paths: [] }
  await (await open({ ...asked, ...rollback, mode: 'restore', delivery: 'direct' }).plan()).apply()
  const rolledBack = await shop.head(branch)
  const { commit } = await findUndoable(repository, { branch, incident: undefined })
  expect(commit.sha).toBe(rolledBack)
  const plan = await planUndo(
    repository,
    { mode, branch, incident, rollback: commit.sha, delivery },
    openClone,
  )
  const trace = {
    incident,
    environment: 'production',
    from: plan.head,
    to: goalOf(plan),
    reason: 'it was another fault',
    by: 'grace',
    runUrl: undefined,
  }
  const wishes = { labels: [], reviewers: [], autoMerge: false }
  const proposal = writeProposal(repository, plan, trace, wishes)
  const receipt = await applyPlan(repository, plan, { trace, delivery, proposal, now: new Date() })
  const pull = shop.hosted.issues.find(({ number }) => number === receipt.pull?.number)?.pull
  return { branch, rolledBack, receipt, pull }
}

test.each(['direct', 'auto'] as const)('undo, %s, puts the content from before on top', async (delivery) => {
  const { branch, rolledBack, receipt } = await takeBack('undo', delivery)
  expect(receipt.outcome).toBe('rolled-back')
  expect(await shop.head(branch)).toBe(receipt.commit)
  expect((await shop.hosted.git.readCommit(receipt.commit)).parents).toEqual([rolledBack])
  expect(await diff(built.bad, receipt.commit)).toBe('')
})

test.each([
  ['undo', 'pull-request', false],
  ['reapply', 'direct', true],
  ['reapply', 'pull-request', true],
  ['reapply', 'auto', true],
] as const)(
  '%s, %s, is a pull request with the content from before (draft: %s)',
  async (mode, delivery, draft) => {
    const { branch, rolledBack, receipt, pull } = await takeBack(mode, delivery)
    expect(receipt.outcome).toBe('proposed')
    expect(await shop.head(branch)).toBe(rolledBack)
    expect(pull).toMatchObject({ base: branch, draft })
    expect(await shop.head(pull?.head)).toBe(receipt.commit)
    expect(await diff(built.bad, receipt.commit)).toBe('')
  },
)
