import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, RefusedError } from '../../../src/errors.ts'
import { incidentId } from '../../../src/history/incident.ts'
import { type CodeLayerOptions, openCodeLayer } from '../../../src/layers/code/layer.ts'
import { readMessage } from '../../../src/layers/code/message.ts'
import { prepareClone } from '../../../src/layers/code/partial-clone.ts'
import type { CodeRollback } from '../../../src/layers/code/plan-rollback.ts'
import { mergedPull } from '../../support/pulls.ts'
import { openBrokenShop } from '../../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const permissions = { contents: 'write', deployments: 'read', 'pull-requests': 'write' } as const

function open(rollback: Partial<CodeRollback> = {}, options: Partial<CodeLayerOptions> = {}) {
  const environment = 'production'
  const common = {
    branch: 'main',
    environment,
    incident: incidentId({ environment, revision: shop.bad }),
    bad: shop.bad,
    delivery: 'auto',
  } as const
  const restore = { mode: 'restore', target: 'last-successful-deployment', tagPattern: 'deploy-*' } as const
  return openCodeLayer({
    repository: shop.open({ permissions }),
    rollback: { ...common, ...restore, checks: [], paths: [], ...rollback } as CodeRollback,
    lookedAfter: new Set(),
    openClone: prepareClone({
      url: `${shop.github.url}/octo-org/shop.git`,
      token: shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions }),
      directory: shop.directory,
      path: process.env['PATH'] ?? '',
      signal: new AbortController().signal,
    }),
    wishes: { labels: [], reviewers: [], autoMerge: false },
    reason: 'it is down',
    by: 'grace',
    runUrl: undefined,
    now: () => new Date(),
    ...options,
  })
}

const undoable = ({ from, to, now, kept }: Awaited<ReturnType<typeof rollBack>>) => ({ from, to, now, kept })
async function rollBack(layer = open()) {
  return (await layer.plan()).apply()
}
const tags = async () => (await shop.hosted.git.listRefs('refs/tags/')).map(({ name }) => name.slice(10))
const wantPulls = () =>
  shop.hosted.addRuleset({
    name: 'main',
    enforcement: 'active',
    include: ['~DEFAULT_BRANCH'],
    rules: [{ type: 'pull_request', approvals: 1 }],
  })

describe('a plan of the code', () => {
  test('says what is undone, how sure the target is, and what it depends on; and writes nothing', async () => {
    const { view } = await open().plan()
    expect(view).toMatchObject({
      layer: 'code',
      state: 'pending',
      from: shop.bad,
      to: shop.good,
      losses: [],
      warnings: [],
      needsPerson: [],
      basis: { 'head of main': shop.bad },
    })
    expect(view.foundBy).toContain('the newest successful deployment of production')
    expect(view.undone.map(({ title, author }) => `${title} by ${author}`)).toEqual([
      'Raise the price by Linus',
      'Tidy up by Grace',
    ])
    expect(view.steps[0]).toBe('add one commit to main, and tag it (no rule of the branch forbids it)')
    expect(shop.github.requests.filter(({ writes }) => writes)).toEqual([])
    expect(JSON.parse(JSON.stringify(view))).toEqual(view)
  })

  test('lists what came after the failed revision apart, for nobody found fault with it', async () => {
    const later = await shop.commit({ 'news.md': 'News\n' }, { message: 'Tell the news', author: 'Ada' })
    const { view } = await open().plan()
    expect(view.losses).toEqual([
      `commit ${later.slice(0, 7)} (Tell the news, Ada) came after the failed revision, and is undone with it`,
    ])
    expect(view.undone).toHaveLength(3)
  })

  test('wants a person where later commits with migrations are undone, too: no database undoes these', async () => {
    await shop.commit({ 'db/2_stars.up.sql': 'ALTER TABLE product ADD stars;\n' })
    const options = { lookedAfter: new Set(['migrations'] as const) }
    const { view } = await open({}, options).plan()
    expect(view.needsPerson.join()).toMatch(
      /migrations of commits after the failed revision .*2_stars\.up\.sql/,
    )
    expect(view.warnings).toHaveLength(1)
    const newest = await shop.head()
    const incident = incidentId({ environment: 'production', revision: newest })
    const own = await open({ bad: newest, incident }, options).plan()
    expect(own.view).toMatchObject({ needsPerson: [], warnings: [] })
  })

  test('12: migrations of later commits are found among more files than a comparison lists', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 310 }, (_, nth) => [`assets/${String(nth).padStart(3, '0')}.txt`, `${nth}\n`]),
    )
    await shop.commit({ ...many, 'db/2_stars.up.sql': 'ALTER TABLE product ADD stars;\n' })
    const { view } = await open().plan()
    expect(view.needsPerson.join()).toMatch(
      /migrations of commits after the failed revision .*2_stars\.up\.sql/,
    )
  })

  test('12: migrations of later commits outside of the paths that go back are not undone, and not named', async () => {
    await shop.commit({ 'db/2_stars.up.sql': 'ALTER TABLE product ADD stars;\n' })
    const { view } = await open({ paths: ['server.mjs'] }).plan()
    expect(view.needsPerson).toEqual([])
  })

  test('12: what a database that goes back, too, does not undo is a problem, however often it is run', async () => {
    await shop.commit({ 'db/2_stars.up.sql': 'ALTER TABLE product ADD stars;\n' })
    const options = { lookedAfter: new Set(['migrations'] as const) }
    const receipt = await (await open({}, options).plan()).apply()
    expect(receipt).toMatchObject({
      outcome: 'rolled-back',
      problem: expect.stringMatching(/2_stars\.up\.sql.*: check that the restored code works with them/),
    })
    const { view } = await open({}, options).plan()
    expect(view).toMatchObject({ state: 'done', unverified: receipt.problem })
    // where no database goes back, it is a warning, as of the failed revision's own
    expect((await open().plan()).view.unverified).toBeUndefined()
  })

  test.each(['undoo', 'reaply', 'HEAD~1x', 'last-gren'])(
    'for the target %s lists undo and reapply',
    async (target) => {
      await expect(open({ target }).plan()).rejects.toThrow(/last-green, undo, reapply, a commit id, a tag/)
    },
  )

  test.each(['undo', 'reapply'])('says that only git-rollback supports the target %s', async (target) => {
    await expect(open({ target }).plan()).rejects.toThrow(
      `is "${target}", which only git-rollback supports; use that action, or write last-successful-deployment, previous-deployment-tag, last-green, a commit id,`,
    )
  })

  const limited = {
    kind: 'refused',
    status: 403,
    message: 'API rate limit exceeded for installation',
  } as const

  test('goes on where GitHub does not answer which pull requests are undone, and says so', async () => {
    shop.github.fault({ ...limited, operation: 'graphql' })
    const planned = await open().plan()
    expect(planned.view).toMatchObject({ state: 'pending', undoneCount: 2 })
    expect(planned.words?.lines.join('\n')).toContain('are not known, because GitHub did not answer')
    const receipt = await planned.apply()
    expect(await shop.tree(receipt.now)).toBe(await shop.tree(shop.good))
  })

  test('that it cannot be announced for a limit of GitHub’s takes nothing from the rollback', async () => {
    shop.hosted.issues.push(mergedPull(7, 'Tidy up', shop.bad))
    shop.hosted.pullsOfCommits.set(shop.bad, 7)
    const announcement = { comment: true, recordDeployment: true }
    const planned = await open({}, { announcement }).plan()
    const receipt = await planned.apply()
    shop.github.fault({ ...limited, operation: 'issues/list-comments' })
    shop.github.fault({ ...limited, operation: 'repos/list-deployments' })
    expect(await planned.announce?.(receipt, undefined)).toEqual([
      expect.stringMatching(/^could not comment on the undone pull requests: .*rate limit/),
      expect.stringMatching(/^could not update GitHub's deployments: .*rate limit/),
    ])
  })

  test('warns of workflow files', async () => {
    await shop.commit({ '.github/workflows/deploy.yml': 'on: push\n' })
    const { view } = await open().plan()
    expect(view.warnings.join()).toMatch(/workflow files change.*deploy\.yml/)
  })

  test('wants a person when the failed revision is itself a rollback', async () => {
    await rollBack()
    const rollback = await shop.head()
    const incident = incidentId({ environment: 'production', revision: rollback })
    const { view } = await open({ bad: rollback, incident, target: 'HEAD~2' }).plan()
    expect(view.needsPerson).toHaveLength(1)
  })
})

describe('applied', () => {
  test('the branch has the content of the target, and was looked at', async () => {
    const receipt = await rollBack()
    expect(await shop.tree(await shop.head())).toBe(await shop.tree(shop.good))
    const now = await shop.head()
    expect(receipt).toMatchObject({
      outcome: 'rolled-back',
      from: shop.bad,
      to: shop.good,
      now,
      branch: 'main',
    })
    expect(receipt.verified?.ok).toBe(true)
    expect(receipt.verified?.evidence).toContain(now.slice(0, 7))
    expect(await tags()).toEqual([receipt.tag])
  })

  test('twice, it is done once, and the second plan depends on the same state', async () => {
    const first = await open().plan()
    const receipt = await first.apply()
    const second = await open().plan()
    expect(second.view).toMatchObject({ state: 'done', basis: first.view.basis, to: first.view.to })
    expect(await second.apply()).toMatchObject({ outcome: 'already-rolled-back', now: receipt.now })
    expect(await shop.head()).toBe(receipt.now)
  })

  test('nothing is overwritten when the branch has moved since the plan', async () => {
    const plan = await open().plan()
    const other = await shop.commit({ 'fix.mjs': 'fixed\n' })
    await expect(plan.apply()).rejects.toThrow(ConflictError)
    expect(await shop.head()).toBe(other)
  })

  test('some paths come back, and the rest stays', async () => {
    const receipt = await rollBack(open({ paths: ['server.mjs'] }))
    expect(receipt.verified?.ok).toBe(true)
    expect((await shop.hosted.git.diff(shop.bad, 'main')).map(({ path }) => path)).toEqual(['server.mjs'])
  })

  test('a commit is reverted, and what came after it stays', async () => {
    await shop.commit({ 'news.md': 'News\n' })
    const receipt = await rollBack(open({ mode: 'revert', commits: [shop.bad], mainline: undefined }))
    expect(receipt).toMatchObject({ outcome: 'rolled-back', to: `without:${shop.bad.slice(0, 12)}` })
    const { git } = shop.hosted
    expect((await git.diff(`${shop.bad}~1`, 'main')).map(({ path }) => path)).toEqual(['news.md'])
  })

  test('where the rules want one, it is a pull request, and nothing is claimed to be seen', async () => {
    wantPulls()
    const receipt = await rollBack()
    expect(receipt).toMatchObject({ outcome: 'proposed', verified: undefined, pull: { number: 1 } })
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('taken back', () => {
  test('what was there before is there again, in one commit that says what it does', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    const said = await layer.undo(undoable(receipt))
    const head = await shop.head()
    expect(said).toContain(`${head.slice(0, 7)} undoes ${receipt.now.slice(0, 7)}`)
    expect(await shop.tree(head)).toBe(await shop.tree(shop.bad))
    const { parents, message } = await shop.hosted.git.readCommit(head)
    expect(parents).toEqual([receipt.now])
    expect(message).toContain(`This reverts commit ${receipt.now}.`)
    expect(message).toContain(`Rollback-Undoes: ${receipt.now}`)
    // or it would be taken for a rollback, and never rolled back from
    expect(readMessage(message)).toBeUndefined()
    expect((await tags()).filter((tag) => tag.startsWith('rollback_undone_'))).toHaveLength(1)
  })

  test('twice, it is taken back once', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    await layer.undo(undoable(receipt))
    const head = await shop.head()
    expect(await layer.undo(undoable(receipt))).toContain(`is already undone on main, by ${head.slice(0, 7)}`)
    expect(await shop.head()).toBe(head)
  })

  test('what came on top of the rollback stays', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    await shop.commit({ 'news.md': 'News\n' }, { message: 'Tell the news' })
    await layer.undo(undoable(receipt))
    expect((await shop.hosted.git.diff(shop.bad, 'main')).map(({ path }) => path)).toEqual(['news.md'])
  })

  test('but not over later work on the same lines', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    const later = await shop.commit({ 'server.mjs': 'serve(2)\n' })
    await expect(layer.undo(undoable(receipt))).rejects.toThrow(/server\.mjs/)
    expect(await shop.head()).toBe(later)
  })

  test('an answer that is lost leaves one commit', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    shop.github.fault({ kind: 'no-answer', operation: 'git/update-ref', carriedOut: true })
    await layer.undo(undoable(receipt))
    expect((await shop.hosted.git.readCommit(await shop.head())).parents).toEqual([receipt.now])
  })

  test('one that was only proposed has its pull request closed', async () => {
    wantPulls()
    const layer = open()
    const { from, to } = await rollBack(layer)
    const done = { from, to, now: from, kept: {} }
    expect(await layer.undo(done)).toContain('the pull request is closed')
    expect(await layer.undo(done)).toContain('main was not changed')
    expect(shop.hosted.issues.map(({ state }) => state)).toEqual(['closed'])
    expect(await shop.head()).toBe(shop.bad)
  })

  test('and done again: the rollback is done again', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    await layer.undo(undoable(receipt))
    const again = await rollBack(layer)
    expect(again).toMatchObject({ outcome: 'rolled-back', to: shop.good })
    expect(again.now).not.toBe(receipt.now)
    expect(await shop.tree(await shop.head())).toBe(await shop.tree(shop.good))
  })

  test('one that is gone from the branch cannot be', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    await shop.hosted.git.moveRef('refs/heads/main', { from: receipt.now, to: shop.bad })
    await expect(layer.undo(undoable(receipt))).rejects.toThrow(RefusedError)
  })

  test('where the rules want a pull request since, it is opened, and said to be needed', async () => {
    const layer = open()
    const receipt = await rollBack(layer)
    wantPulls()
    await expect(layer.undo(undoable(receipt))).rejects.toThrow(/merge #1/)
    expect(shop.hosted.issues.map(({ title }) => title)).toEqual([
      `Take the rollback ${receipt.now.slice(0, 7)} of production back`,
    ])
    expect(await shop.head()).toBe(receipt.now)
  })
})
