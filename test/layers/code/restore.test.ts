import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError, RefusedError } from '../../../src/errors.ts'
import type { Repository } from '../../../src/github/client.ts'
import { incidentId } from '../../../src/history/incident.ts'
import { applyPlan } from '../../../src/layers/code/apply.ts'
import { describePlan } from '../../../src/layers/code/describe.ts'
import { type RollbackTrace, writeMessage } from '../../../src/layers/code/message.ts'
import type { RestorePlan } from '../../../src/layers/code/plan.ts'
import { writeProposal } from '../../../src/layers/code/proposal.ts'
import { planReset } from '../../../src/layers/code/reset.ts'
import { planRestore, type RestoreRequest } from '../../../src/layers/code/restore.ts'
import { openBrokenShop, openShop } from '../../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const environment = 'production'
const incidentOf = (revision: string) => incidentId({ environment, revision })
const short = (sha: string) => sha.slice(0, 7)
const scope = { mode: 'restore', paths: [] }

const baseRequest = () => ({
  branch: 'main',
  environment,
  incident: incidentOf(shop.bad),
  bad: shop.bad,
  tagPattern: 'deploy-*',
  checks: [],
  paths: [],
  delivery: 'auto' as const,
})

function plan(options: Partial<RestoreRequest> = {}, repository: Repository = shop.repository) {
  const bad = options.bad ?? shop.bad
  const target = 'last-successful-deployment'
  return planRestore(repository, {
    branch: 'main',
    environment,
    incident: incidentOf(bad),
    bad,
    target,
    tagPattern: 'deploy-*',
    checks: [],
    paths: [],
    delivery: 'auto',
    ...options,
  })
}

function traceOf(from: string, to: string, incident = incidentOf(shop.bad)): RollbackTrace {
  return { incident, environment, from, to, reason: 'it is down', by: 'grace', runUrl: undefined }
}

function apply(
  made: RestorePlan,
  trace: RollbackTrace,
  repository: Repository = shop.repository,
  delivery: RestoreRequest['delivery'] = 'auto',
) {
  const wishes = { labels: ['rollback'], reviewers: [], autoMerge: false }
  const proposal = writeProposal(repository, made, trace, wishes)
  return applyPlan(repository, made, { trace, delivery, proposal, now: new Date() })
}

/** Plans and applies, as a run of the action does. */
async function rollBack(options: Partial<RestoreRequest> = {}, repository: Repository = shop.repository) {
  const made = await plan(options, repository)
  const trace = traceOf(made.head, made.target.commit.sha, incidentOf(options.bad ?? shop.bad))
  return apply(made, trace, repository, options.delivery)
}

const writes = () => shop.github.requests.filter(({ writes }) => writes).map(({ operation }) => operation)
const tags = async () => (await shop.hosted.git.listRefs('refs/tags/')).map(({ name }) => name.slice(10))
const log = async () => (await shop.hosted.git.log(await shop.head())).map(({ sha }) => sha)

/** A commit with this very content on top of the branch, as a revert by hand makes. */
async function commitTree(tree: string, message: string): Promise<string> {
  const { git } = shop.hosted
  const parent = await shop.head()
  const person = { name: 'Linus', email: 'linus@example.com', date: new Date() }
  const to = await git.writeCommit({ tree, parents: [parent], message, author: person, committer: person })
  await git.moveRef('refs/heads/main', { from: parent, to })
  return to
}

describe('a restore', () => {
  test('puts the content of the good revision on top of the branch, and tags it', async () => {
    const made = await plan()
    expect(writes()).toEqual([])
    expect(made).toMatchObject({ head: shop.bad, undoneCount: 2, sameContent: false, done: undefined })
    expect(made.undone.map(({ message }) => message)).toEqual(['Raise the price', 'Tidy up'])
    expect(made.files.map(({ path }) => path)).toEqual(['lib/price.mjs', 'server.mjs'])

    const receipt = await apply(made, traceOf(made.head, made.target.commit.sha))
    const { git } = shop.hosted
    expect(await shop.head()).toBe(receipt.commit)
    expect(receipt).toMatchObject({
      from: shop.bad,
      to: shop.good,
      outcome: 'rolled-back',
      untagged: undefined,
    })
    expect((await git.readCommit(receipt.commit)).parents).toEqual([shop.bad])
    expect(await git.diff(shop.good, 'main')).toEqual([])
    expect(await tags()).toEqual([receipt.tag])
    expect(await git.resolve(receipt.tag ?? '')).toBe(receipt.commit)
    const told = (await git.git(['tag', '-l', '--format=%(contents)'])).toString('utf8')
    expect(told).toContain(`Rollback-From: ${shop.bad}\nRollback-To: ${shop.good}`)
    expect(shop.hosted.signed.has(receipt.commit)).toBe(true)
    const [first, ...others] = writes()
    expect(first).toBe('git/create-commit')
    // the object of the tag, which nothing points at yet, is made while the branch is moved
    expect(others.slice(0, 2).sort()).toEqual(['git/create-tag', 'git/update-ref'])
    expect(others.slice(2)).toEqual(['git/create-ref'])
  })

  test('brings back modes, links and submodules exactly', async () => {
    const { git } = shop.hosted
    const blob = await git.writeBlob(Buffer.from('#!/bin/sh\n'))
    const link = await git.writeBlob(Buffer.from('bin/start'))
    const rich = await git.writeTree(shop.bad, [
      { path: 'bin/start', mode: '100755', sha: blob },
      { path: 'start', mode: '120000', sha: link },
      { path: 'vendor/lib', mode: '160000', sha: 'd'.repeat(40) },
      { path: 'größe/naïve file.txt', mode: '100644', sha: blob },
    ])
    const good = await commitTree(rich, 'With everything')
    const before = (await git.git(['ls-tree', '-r', good])).toString('utf8')
    expect(before).toMatch(/^100755 blob .*\tbin\/start$/m)
    expect(before).toMatch(/^120000 blob .*\tstart$/m)
    expect(before).toMatch(/^160000 commit d{40}\tvendor\/lib$/m)
    const plain = await git.writeTree(good, [
      { path: 'bin/start', mode: '100644', sha: blob },
      { path: 'start', mode: '100644', sha: blob },
      { path: 'vendor', mode: '', sha: null },
    ])
    const bad = await commitTree(plain, 'Without')
    const { commit } = await rollBack({ target: good, bad })
    expect((await git.git(['ls-tree', '-r', commit])).toString('utf8')).toBe(before)
  })

  test('of more commits than GitHub lists counts them all, and lists the newest', async () => {
    const blob = 'blob\nmark :1\ndata 2\nx\n\n'
    const commits = Array.from({ length: 260 }, (_, n) => {
      const who = `committer Ada <ada@example.com> ${1_800_000_000 + n} +0000`
      const message = `Change ${n}`
      const parent = n === 0 ? `from ${shop.bad}\n` : ''
      return `commit refs/heads/main\n${who}\ndata ${message.length}\n${message}\n${parent}M 100644 :1 f${n}\n`
    })
    await shop.hosted.git.git(['fast-import', '--quiet'], {
      input: Buffer.from(`${blob}${commits.join('\n')}`),
    })
    const made = await plan({ target: shop.good })
    expect(made.undoneCount).toBe(262)
    expect(made.undone).toHaveLength(250)
    expect(made.undone.at(-1)?.message).toBe('Change 259')
  })

  /** A commit with more files than GitHub lists, and some of special kinds behind them. */
  async function commitMany(): Promise<string> {
    const head = 'commit refs/heads/main\ncommitter Ada <ada@example.com> 1800000000 +0000\ndata 4\nMany\n'
    const many = Array.from({ length: 310 }, (_, n) => `M 100644 :1 .a/f${n}\n`).join('')
    const special = ['.github/workflows/ci.yml', 'db/migrations/2.sql', 'yarn.lock']
      .map((path) => `M 100644 :1 ${path}\n`)
      .join('')
    const input = `blob\nmark :1\ndata 2\nx\n\n${head}from ${await shop.head()}\n${many}${special}M 160000 ${'b'.repeat(40)} vendor/lib\n`
    await shop.hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(input) })
    return shop.head()
  }

  test('of more files than GitHub lists still tells of migrations, lock files, workflow files and submodules', async () => {
    const good = await shop.head()
    const made = await plan({ target: good, bad: await commitMany() })
    expect(made.files).toHaveLength(314)
    expect(describePlan(made)[1]).toBe('undoes 1 commit in 314 files:')
    expect(made.warnings).toMatchObject([
      { kind: 'migrations', paths: ['db/migrations/2.sql'] },
      { kind: 'lock-files', paths: ['yarn.lock'] },
      { kind: 'workflow-files', paths: ['.github/workflows/ci.yml'] },
      { kind: 'submodules', paths: ['vendor/lib'] },
    ])
  })

  test('of trees that are too large to be read tells of workflow files, and that there may be more', async () => {
    const good = await shop.head()
    shop.hosted.listedEntries = 200
    const made = await plan({ target: good, bad: await commitMany() })
    expect(made.warnings).toMatchObject([
      { kind: 'workflow-files', paths: ['.github/workflows/ci.yml'] },
      { kind: 'unlisted', message: expect.stringContaining('migrations, lock files and submodules') },
    ])
  })

  test('tells a submodule that goes back from a file', async () => {
    const { git } = shop.hosted
    const point = async (digit: string, message: string) => {
      const parent = await shop.head()
      const pinned = { path: 'vendor/lib', mode: '160000', sha: digit.repeat(40) }
      const modules = await git.writeBlob(
        Buffer.from('[submodule "lib"]\n\tpath = vendor/lib\n\turl = ../lib\n'),
      )
      const tree = await git.writeTree(parent, [
        pinned,
        { path: '.gitmodules', mode: '100644', sha: modules },
      ])
      const commit = await git.writeCommit({
        ...(await git.readCommit(parent)),
        tree,
        parents: [parent],
        message,
      })
      await git.moveRef('refs/heads/main', { from: parent, to: commit })
      return commit
    }
    const good = await point('a', 'Pin')
    const bad = await point('b', 'Pin another')
    expect((await plan({ target: good, bad })).warnings).toMatchObject([
      { kind: 'submodules', paths: ['vendor/lib'] },
    ])
  })

  test('of a branch that has the content already by other means is nothing to do', async () => {
    const byHand = await commitTree(await shop.tree(shop.good), 'Back by hand')
    expect(await plan()).toMatchObject({ sameContent: true, done: undefined, head: byHand })
    expect(writes()).toEqual([])
  })
})

describe('a target that cannot be: said so, and nothing moves', () => {
  afterEach(async () => {
    expect(writes()).toEqual([])
    expect(await shop.head()).toBe(shop.bad)
  })

  test.each<[string, () => Promise<string> | string, string]>([
    ['is the head', () => shop.bad, 'which is the head of main already: there is nothing to undo'],
    ['is the head by another name', () => 'HEAD', 'which is the head of main already'],
    [
      'is on another branch',
      async () => {
        await shop.hosted.git.moveRef('refs/heads/side', { from: '', to: shop.good })
        return shop.commit({ a: 'a' }, { branch: 'side' })
      },
      'which is not an ancestor of main',
    ],
    [
      'has no history in common',
      () => shop.commit({ a: 'a' }, { branch: 'orphan' }),
      'which is not an ancestor of main',
    ],
    ['is not there', () => 'v0.0.0', 'has no such commit, tag or branch'],
    ['is an option of git', () => '--force', 'which cannot be the name of a commit, tag or branch'],
  ])('%s', async (_, target, message) => {
    const made = plan({ target: await target() })
    await expect(made).rejects.toThrow(InputError)
    await expect(made).rejects.toThrow(message)
    await expect(made).rejects.toThrow('`code.target`')
  })

  test('is ahead of the branch', async () => {
    await shop.hosted.git.moveRef('refs/heads/release', { from: '', to: shop.good })
    const made = plan({ branch: 'release', target: shop.bad })
    await expect(made).rejects.toThrow(InputError)
    await expect(made).rejects.toThrow(`which is not an ancestor of release (at ${short(shop.good)})`)
  })

  test('is of a branch that is not there', async () => {
    const made = plan({ branch: 'production' })
    await expect(made).rejects.toThrow(InputError)
    await expect(made).rejects.toThrow('`branch` is "production", and octo-org/shop has no such branch')
  })

  test('is of an empty repository', async () => {
    const empty = await openShop()
    try {
      await expect(plan({}, empty.repository)).rejects.toThrow('octo-org/shop has no such branch')
    } finally {
      await empty.close()
    }
  })
})

describe('a restore that is run again', () => {
  test('finds its commit: one rollback, one tag, and nothing is written', async () => {
    const first = await rollBack()
    const before = writes().length
    expect(await rollBack()).toEqual({ ...first, outcome: 'already-rolled-back' })
    expect(writes()).toHaveLength(before)
    expect(await shop.head()).toBe(first.commit)
  })

  test('with HEAD~n finds it, too: that counts from before the rollback', async () => {
    const first = await rollBack({ target: 'HEAD~2' })
    expect(first.to).toBe(shop.good)
    expect(await rollBack({ target: 'HEAD~2' })).toEqual({ ...first, outcome: 'already-rolled-back' })
  })

  test('after it was ended between the move and the tag makes the tag', async () => {
    const { tag, commit } = await rollBack()
    await shop.hosted.git.deleteRef(`refs/tags/${tag}`)
    expect(await rollBack()).toMatchObject({ outcome: 'already-rolled-back', tag, commit })
    expect(await shop.hosted.git.resolve(tag ?? '')).toBe(commit)
  })

  test('from the same plan is a conflict, and there is one rollback', async () => {
    const made = await plan()
    const { commit } = await apply(made, traceOf(shop.bad, shop.good))
    const again = apply(made, { ...traceOf(shop.bad, shop.good), reason: 'twice' })
    await expect(again).rejects.toThrow(ConflictError)
    expect((await log()).slice(0, 2)).toEqual([commit, shop.bad])
  })

  test('with an older target goes further back', async () => {
    const { commit } = await rollBack()
    const further = await rollBack({ target: `HEAD~3` })
    expect(further).toMatchObject({ from: commit, outcome: 'rolled-back' })
    expect((await log()).slice(0, 2)).toEqual([further.commit, commit])
  })

  test('at the same moment by two jobs makes one rollback', async () => {
    const ended = await Promise.allSettled([rollBack(), rollBack({}, shop.open())])
    const conflicts = ended.filter((each) => each.status === 'rejected').map((each) => each.reason)
    for (const conflict of conflicts) expect(conflict).toBeInstanceOf(ConflictError)
    expect(conflicts.length).toBeLessThan(2)
    expect((await log())[1]).toBe(shop.bad)
    expect(await tags()).toHaveLength(1)
  })
})

describe('what became of an earlier rollback', () => {
  test('people went on from it: theirs stays, nothing is written, and the plan says what came on top', async () => {
    const { commit, tag } = await rollBack()
    const fix = await shop.commit({ 'fix.mjs': 'fixed\n' }, { message: 'Fix it properly', author: 'Linus' })
    const before = writes().length
    const made = await plan()
    expect(made).toMatchObject({ done: { sha: commit }, takenBackBy: undefined, head: shop.bad })
    expect(made.since.map(({ message }) => message)).toEqual(['Fix it properly'])
    const receipt = await apply(made, traceOf(shop.bad, shop.good))
    expect(receipt).toMatchObject({ outcome: 'already-rolled-back', commit, tag })
    expect(writes()).toHaveLength(before)
    expect(await shop.head()).toBe(fix)
  })

  test('it was taken back: the plan says by what, and it is done again, on top', async () => {
    const first = await rollBack()
    const back = await commitTree(await shop.tree(shop.bad), 'Try it once more')
    const made = await plan()
    expect(made).toMatchObject({ done: undefined, takenBackBy: { sha: back }, head: back, since: [] })
    const second = await rollBack()
    expect(second).toMatchObject({ outcome: 'rolled-back', from: back, to: shop.good })
    expect(second.tag).not.toBe(first.tag)
    expect((await log()).slice(0, 4)).toEqual([second.commit, back, first.commit, shop.bad])
    expect(await shop.hosted.git.diff(shop.good, 'main')).toEqual([])
    expect(await rollBack()).toMatchObject({ outcome: 'already-rolled-back', commit: second.commit })
  })

  test('it was taken back by a revert among other changes: it is done again', async () => {
    const { commit } = await rollBack()
    const other = await shop.commit({ 'other.mjs': 'other\n' }, { message: 'Something else' })
    const { git } = shop.hosted
    const merged = await git.writeTree(shop.bad, [
      { path: 'other.mjs', mode: '100644', sha: await git.writeBlob(Buffer.from('other\n')) },
    ])
    const revert = await commitTree(merged, `Revert "Roll back"\n\nThis reverts commit ${commit}.`)
    const made = await plan()
    expect(made).toMatchObject({ done: undefined, takenBackBy: { sha: revert }, head: revert })
    expect(made.undone.map(({ sha }) => sha)).toContain(other)
    expect(await rollBack()).toMatchObject({ outcome: 'rolled-back', from: revert })
  })

  test('it was taken back, and that was taken back by hand: it holds', async () => {
    const { commit } = await rollBack()
    await commitTree(await shop.tree(shop.bad), 'Try it once more')
    await commitTree(await shop.tree(shop.good), 'No, rather not')
    expect(await plan()).toMatchObject({ done: { sha: commit }, takenBackBy: undefined })
  })

  test('it was of another incident: it is not taken for ours', async () => {
    const { commit: other } = await rollBack()
    const worse = await shop.commit({ 'server.mjs': 'throw 2\n' }, { message: 'Worse' })
    shop.deploy(worse)
    const made = await plan({ bad: worse })
    expect(made).toMatchObject({ done: undefined, head: worse })
    const receipt = await rollBack({ bad: worse })
    expect(receipt).toMatchObject({ outcome: 'rolled-back', from: worse, to: shop.good })
    expect((await log()).slice(0, 3)).toEqual([receipt.commit, worse, other])
  })

  test('the bad change came again and failed again: gone back to the good revision, not to the one known as bad', async () => {
    await rollBack()
    const again = await commitTree(await shop.tree(shop.bad), 'Try it once more')
    const tuned = await shop.commit({ 'tune.mjs': '1\n' }, { message: 'And tune it' })
    shop.deploy(tuned)
    const made = await plan({ bad: tuned })
    expect(made.target.commit.sha).toBe(shop.good)
    expect(made.undone.map(({ sha }) => sha)).toEqual(expect.arrayContaining([again, tuned]))
  })

  test('a commit that only says that it is our rollback is none', async () => {
    const message = writeMessage(traceOf(shop.good, shop.good), scope)
    const forged = await commitTree(await shop.tree(shop.bad), message)
    const made = await plan()
    expect(made).toMatchObject({ done: undefined, takenBackBy: undefined, head: forged })
    expect(await rollBack()).toMatchObject({ outcome: 'rolled-back', from: forged })
  })

  test('a commit that claims more than it holds is not taken for done', async () => {
    await commitTree(await shop.tree(shop.bad), writeMessage(traceOf(shop.bad, shop.good), scope))
    expect(await plan()).toMatchObject({ done: undefined })
  })
})

describe('a branch that moves between plan and apply', () => {
  test('is a conflict: the other commit stays, and there is no tag', async () => {
    const made = await plan()
    const other = await shop.commit({ 'fix.mjs': 'fixed\n' }, { message: 'Fix it by hand' })
    const applied = apply(made, traceOf(shop.bad, shop.good))
    await expect(applied).rejects.toThrow(ConflictError)
    await expect(applied).rejects.toThrow(`is at ${short(other)} now: nothing was overwritten`)
    expect(await log()).toContain(other)
    expect(await shop.head()).toBe(other)
    expect(await tags()).toEqual([])
  })
})

describe('a restore that is forbidden: said by which rule, and the branch stays', () => {
  async function expectRefused(message: string, repository: Repository = shop.repository): Promise<void> {
    const refused = rollBack({ delivery: 'direct' }, repository)
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toThrow(message)
    expect(await shop.head()).toBe(shop.bad)
    expect(await tags()).toEqual([])
  }

  test.each([
    [{ type: 'pull_request', approvals: 1 }, 'Changes must be made through a pull request.'],
    [{ type: 'merge_queue' }, 'Changes must be made through the merge queue'],
    [{ type: 'required_status_checks', contexts: ['ci'] }, 'Required status check "ci" is expected.'],
    [{ type: 'update' }, 'Cannot update this protected ref.'],
  ] as const)('by the rule %o', async (rule, message) => {
    const rules = [rule]
    shop.hosted.addRuleset({ name: 'main', enforcement: 'active', include: ['~DEFAULT_BRANCH'], rules })
    await expectRefused(message)
  })

  test('by required signatures, for a person whose commits GitHub does not sign', async () => {
    const rules = [{ type: 'required_signatures' }] as const
    shop.hosted.addRuleset({ name: 'main', enforcement: 'active', include: ['~DEFAULT_BRANCH'], rules })
    await expectRefused('Commits must have verified signatures.', shop.open({ kind: 'user', login: 'grace' }))
    expect(await rollBack()).toMatchObject({ outcome: 'rolled-back' })
  })

  test.each([
    [{ requiredApprovals: 1 }, 'At least 1 approving review is required'],
    [{ requiredContexts: ['ci'] }, 'Required status check "ci" is expected.'],
    [{ pushers: ['ada'] }, "You're not authorized to push to this branch."],
  ])('by the classic protection %o', async (protection, message) => {
    shop.hosted.protectBranch('main', protection)
    await expectRefused(message)
    await expectRefused('a rule of the branch forbids it')
  })

  test('by a token that may not change workflow files, when the good revision has another one', async () => {
    const good = await shop.commit({ '.github/workflows/ci.yml': 'on: push\n' })
    shop.deploy(good)
    const bad = await shop.commit({ '.github/workflows/ci.yml': 'on: pull_request\n' })
    shop.deploy(bad)
    const refused = rollBack({ bad })
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toThrow('use a GitHub App token with `workflows: write`')
    expect(await shop.head()).toBe(bad)
    const able = shop.open({
      kind: 'app',
      permissions: { contents: 'write', deployments: 'read', workflows: 'write' },
    })
    expect(await rollBack({ bad }, able)).toMatchObject({ outcome: 'rolled-back', to: good })
  })

  test('by a token that may only read', async () => {
    const reader = shop.open({ permissions: { contents: 'read', deployments: 'read' } })
    await expectRefused('give the job `permissions: contents: write`', reader)
  })

  test('by the archive', async () => {
    await shop.close()
    shop = await openBrokenShop({ archived: true })
    await expectRefused('the repository is archived; unarchive it first')
  })
})

describe('a tag', () => {
  test('that a rule forbids does not make the rollback undone: it is said', async () => {
    shop.hosted.addRuleset({
      name: 'tags',
      enforcement: 'active',
      include: ['refs/tags/*'],
      rules: [{ type: 'creation' }],
    })
    const receipt = await rollBack()
    expect(receipt).toMatchObject({ outcome: 'rolled-back', tag: undefined })
    expect(receipt.untagged).toMatch(/^could not create .*creations being restricted/)
    expect(writes().filter((operation) => operation === 'git/create-ref')).toHaveLength(1)
    expect(await shop.head()).toBe(receipt.commit)
  })

  test('whose second is taken by the rollback of another branch gets a name of its own, and the same again', async () => {
    const { git } = shop.hosted
    let commit = ''
    shop.github.onRequest(async ({ operation, status }) => {
      if (operation !== 'git/update-ref' || commit !== '' || status !== undefined) return
      commit = await shop.head()
      const { committer } = await git.readCommit(commit)
      const stamp = committer.date.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')
      await git.moveRef(`refs/tags/rollback_${stamp.replace('T', '_')}`, { from: '', to: shop.good })
    })
    const receipt = await rollBack()
    expect(receipt.tag).toMatch(new RegExp(`^rollback_\\d{8}_\\d{6}_${short(receipt.commit)}$`))
    expect(await git.resolve(receipt.tag ?? '')).toBe(receipt.commit)
    expect(await rollBack()).toEqual({ ...receipt, outcome: 'already-rolled-back' })
    expect(await tags()).toHaveLength(2)
  })
})

describe('a restore of some paths', () => {
  test('brings these back and leaves the rest as it is', async () => {
    const receipt = await rollBack({ paths: ['lib'] })
    expect(receipt).toMatchObject({ outcome: 'rolled-back', to: shop.good })
    const { git } = shop.hosted
    const changed = await git.diff(shop.bad, receipt.commit)
    expect(changed.map(({ path, status }) => [path, status])).toEqual([['lib/price.mjs', 'added']])
    const treeOf = async (sha: string) => (await git.git(['rev-parse', `${sha}:lib`])).toString('utf8')
    const [now, then] = await Promise.all([treeOf(receipt.commit), treeOf(shop.good)])
    expect(now).toBe(then)
    expect(await rollBack({ paths: ['lib'] })).toMatchObject({
      outcome: 'already-rolled-back',
      commit: receipt.commit,
    })
  })

  test('takes away what was not there, and finds nothing to do where all is the same', async () => {
    const bad = await shop.commit({ 'new/a.mjs': 'x\n' })
    const made = await plan({ bad, target: shop.good, paths: ['new', 'README.md'] })
    expect(made.content).toMatchObject({ edits: [{ path: 'new', entry: null }] })
    expect((await plan({ paths: ['README.md'] })).sameContent).toBe(true)
  })
})

describe('a failed revision that the target still has (12.11)', () => {
  afterEach(() => expect(writes()).toEqual([]))

  test.each([
    [
      'is older than it',
      () => shop.good,
      () => 'HEAD~1',
      /which has [0-9a-f]{7}, the revision that failed, in its/,
    ],
    ['is it', () => shop.good, () => shop.good, /the revision that failed, itself/],
  ])('because it %s: refused, whatever the target is', async (_, bad, target, said) => {
    await expect(plan({ bad: bad(), target: target() })).rejects.toThrow(said)
  })

  test('is passed over among the deployments', async () => {
    // the older revision was deployed again, and failed: the newer one, which has it, is no way back
    shop.deploy(shop.good, 'failure')
    const again = plan({ bad: shop.good })
    await expect(again).rejects.toThrow(
      `${short(shop.bad)} is newer than ${short(shop.good)}, and has it in its history`,
    )
  })

  test('is not on the branch at all: refused, whatever the target', async () => {
    const side = await shop.commit({ a: 'a' }, { branch: 'side' })
    const refused = plan({ bad: side, target: 'HEAD~2' })
    await expect(refused).rejects.toThrow(`${short(side)}, whose deployment failed, is not on main`)
  })
})

describe('a target that is not on the branch (12.12)', () => {
  let side: string
  /** A pull request as it was deployed before it was squashed: its branch left main at the good revision. */
  beforeEach(async () => {
    await shop.hosted.git.moveRef('refs/heads/release/1.2', { from: '', to: shop.good })
    side = await shop.commit({ 'fix.mjs': 'x\n' }, { branch: 'release/1.2', message: 'Fix' })
  })

  test('is taken when a deployment of the environment vouches for it, and the plan says so', async () => {
    shop.hosted.deployments.splice(0, 1)
    shop.deploy(side)
    shop.deploy(shop.bad)
    const made = await plan({ target: side })
    expect(made.undone.map(({ message }) => message)).toEqual(['Raise the price', 'Tidy up'])
    expect(made.files.map(({ path }) => path).sort()).toEqual(['fix.mjs', 'lib/price.mjs', 'server.mjs'])
    expect(made.warnings).toMatchObject([
      {
        kind: 'elsewhere',
        message: expect.stringContaining(
          `${short(side)} is not on main, and a successful deployment of production vouches for it`,
        ),
      },
    ])
    expect((await plan()).target.commit.sha).toBe(side)
    const receipt = await rollBack({ target: side })
    expect(await shop.tree(receipt.commit)).toBe(await shop.tree(side))
    expect(await rollBack({ target: side })).toMatchObject({ outcome: 'already-rolled-back' })
  })

  test('is taken by a tag', async () => {
    await shop.hosted.git.moveRef('refs/tags/v1.2.1', { from: '', to: side })
    expect((await plan({ target: 'v1.2.1' })).warnings[0]?.message).toContain('the tag v1.2.1 vouches for it')
  })

  test.each([
    ['only a branch names', async () => {}],
    ['was deployed to another environment', async () => shop.deploy(side, 'success', 'staging')],
    ['was deployed and failed', async () => shop.deploy(side, 'failure')],
  ])('and that %s is refused, with the branch that has it', async (_, happen) => {
    await happen()
    await expect(plan({ target: side })).rejects.toThrow(
      `which is not an ancestor of main (at ${short(shop.bad)}) (it is on release/1.2): nothing was changed; name it by a tag, or deploy it to production once, or name a revision that main has been at`,
    )
  })

  test('is no target of a reset', async () => {
    shop.deploy(side)
    const request = { ...baseRequest(), target: side, allowDefaultBranch: true }
    await expect(planReset(shop.repository, request)).rejects.toThrow('which is not an ancestor of main')
  })
})

describe('other environments that are deployed from the branch (12.10)', () => {
  test('are named with what they would lose, and not when only paths are restored', async () => {
    const middle = (await shop.hosted.git.readCommit(shop.bad)).parents[0] ?? ''
    shop.deploy(middle, 'success', 'staging')
    shop.deploy(shop.good, 'success', 'docs')
    shop.deploy(shop.bad, 'failure', 'canary')
    const made = await plan()
    expect(made.warnings).toMatchObject([
      {
        kind: 'environments',
        message: `staging is deployed from this branch, too, and runs ${short(middle)}: its next deployment loses 1 commit; to leave it as it is, restore only the paths of this environment`,
      },
    ])
    expect((await plan({ paths: ['lib'] })).warnings).toEqual([])
    const blind = shop.open({ permissions: { contents: 'read' } })
    expect((await plan({ target: shop.good }, blind)).warnings).toEqual([])
  })
})

test('HEAD~100 takes at most 20 requests, and far more than 100 are possible', async () => {
  const lines = Array.from({ length: 240 }, (_, n) => {
    const from = n === 0 ? `from ${shop.bad}\n` : ''
    return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_900_000_000 + n} +0000\ndata 1\nx\n${from}M 100644 inline f${n}\ndata 2\nx\n\n`
  })
  await shop.hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(lines.join('')) })
  const bad = await shop.head()
  const before = shop.github.requests.length
  const made = await plan({ bad, target: 'HEAD~100' })
  expect(shop.github.requests.length - before).toBeLessThanOrEqual(20 + made.undone.slice(-20).length)
  expect(made.undoneCount).toBe(100)
  expect((await plan({ bad, target: 'HEAD~239' })).undoneCount).toBe(239)
})
