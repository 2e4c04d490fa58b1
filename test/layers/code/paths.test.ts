import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import { incidentId } from '../../../src/history/incident.ts'
import { applyPlan } from '../../../src/layers/code/apply.ts'
import { describePlan } from '../../../src/layers/code/describe.ts'
import { writeMessage } from '../../../src/layers/code/message.ts'
import { parsePaths } from '../../../src/layers/code/paths.ts'
import { goalOf, knownPulls, type RestorePlan } from '../../../src/layers/code/plan.ts'
import { writeProposal } from '../../../src/layers/code/proposal.ts'
import { planRestore, type RestoreRequest } from '../../../src/layers/code/restore.ts'
import { mergedPull } from '../../support/pulls.ts'
import { openShop, type Shop } from '../../support/repository.ts'

let shop: Shop
let [good, bad]: string[] = []
const environment = 'production'

beforeAll(async () => {
  shop = await openShop({ permissions: { contents: 'write', deployments: 'read', 'pull-requests': 'write' } })
  await shop.commit({
    'app/web/index.js': '1\n',
    'app/api/index.js': '1\n',
    'app/[id]/page.js': '1\n',
    'lib/old.js': '1\n',
    'README.md': '1\n',
  })
  const { git } = shop.hosted
  const parent = await shop.head()
  const blob = await git.writeBlob(Buffer.from('app/web'))
  const tree = await git.writeTree(parent, [
    { path: 'latest', mode: '120000', sha: blob },
    { path: 'vendor/lib', mode: '160000', sha: 'a'.repeat(40) },
  ])
  const commit = await git.writeCommit({
    ...(await git.readCommit(parent)),
    tree,
    parents: [parent],
    message: 'Link',
  })
  await git.moveRef('refs/heads/main', { from: parent, to: commit })
  good = commit
  shop.deploy(good)
  await shop.commit({ 'app/api/index.js': '2\n' }, { message: 'api: pay by card' })
  await shop.commit({ 'app/web/index.js': '2\n' }, { message: 'web: a new colour' })
  bad = await shop.commit(
    {
      'app/web/index.js': '3\n',
      'app/[id]/page.js': '3\n',
      'lib/old.js': null,
      'lib/new.js': '3\n',
      'README.md': '3\n',
    },
    { message: 'web: break it' },
  )
  shop.deploy(bad)
})
afterAll(() => shop.close())

function plan(paths: readonly string[], options: Partial<RestoreRequest> = {}) {
  const failed = bad ?? ''
  return planRestore(shop.repository, {
    branch: 'main',
    environment,
    incident: incidentId({ environment, revision: failed }),
    bad: failed,
    target: 'last-successful-deployment',
    tagPattern: 'deploy-*',
    checks: [],
    paths,
    delivery: 'direct',
    ...options,
  })
}

async function apply(made: RestorePlan) {
  const incident = incidentId({ environment, revision: bad ?? '' })
  const trace = {
    incident,
    environment,
    from: made.head,
    to: goalOf(made),
    reason: 'down',
    by: 'grace',
    runUrl: undefined,
  }
  const proposal = writeProposal(shop.repository, made, trace, {
    labels: [],
    reviewers: [],
    autoMerge: false,
  })
  return applyPlan(shop.repository, made, { trace, delivery: 'direct', proposal, now: new Date() })
}

describe('paths (12.2)', () => {
  test.each([
    [['./app/web/'], ['app/web']],
    [['/app/web'], ['app/web']],
    [['app//web', 'app/./web'], ['app/web']],
    [
      ['app/web', 'app', 'apple'],
      ['app', 'apple'],
    ],
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
  ])('%j are %j', (given, paths) => {
    expect(parsePaths(given)).toEqual(paths)
  })

  test.each([
    [['../x'], 'names "../x"; write the path from the root of the repository, without ..'],
    [['app/../lib'], 'without ..'],
    [['.'], 'which is the whole repository; name files and folders in it, or leave `paths` out'],
    [['/'], 'which is the whole repository'],
    [[''], 'which is the whole repository'],
    [['app/nosuch'], `is neither in main (at`],
    [['app/**'], 'patterns are not supported: name a folder, which stands for all that is in it'],
    [['*.js'], 'patterns are not supported'],
    [[':(glob)app'], 'patterns are not supported'],
    [['App/Web'], 'write "app/web", upper and lower case matter'],
    [['readme.md'], 'write "README.md"'],
    [['vendor/lib/src'], '"vendor/lib" is a submodule, whose content is in another repository'],
    [['latest/index.js'], '"latest" is a symbolic link: name the folder that it points to'],
    [['README.md/x'], 'neither in main'],
    [['app/web', 'app/nosuch'], 'names "app/nosuch"'],
  ])('%j are one error, and nothing is changed', async (paths, said) => {
    const before = shop.github.requests.length
    const refused = plan(paths)
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(said)
    await expect(refused).rejects.toThrow('`paths`')
    expect(shop.github.requests.slice(before).filter(({ writes }) => writes)).toEqual([])
    expect(await shop.head()).toBe(bad)
  })

  test.each([
    ['a file that only the branch has', 'lib/new.js', [{ path: 'lib/new.js', entry: null }]],
    ['a file that only the target has', 'lib/old.js', [{ path: 'lib/old.js', entry: { type: 'blob' } }]],
    ['a submodule', 'vendor/lib', []],
    ['a symbolic link', 'latest', []],
    ['a name that looks like a pattern', 'app/[id]', [{ path: 'app/[id]', entry: { type: 'tree' } }]],
  ])('%s may be named', async (_, path, edits) => {
    expect((await plan([path])).content).toMatchObject({ edits })
  })

  test('a path below what is a symbolic link now is refused, because the link would go', async () => {
    const { git } = shop.hosted
    const blob = await git.writeBlob(Buffer.from('lib'))
    const tree = await git.writeTree(bad, [{ path: 'app', mode: '120000', sha: blob }])
    const commit = await git.writeCommit({
      ...(await git.readCommit(bad ?? '')),
      tree,
      parents: [bad ?? ''],
      message: 'x',
    })
    await git.moveRef('refs/heads/linked', { from: '', to: commit })
    await expect(plan(['app/web'], { branch: 'linked' })).rejects.toThrow(
      /has a symbolic link at "app", which would go; name "app" to restore all of it/,
    )
  })
})

describe('a restore of some paths (12.10)', () => {
  test('counts the commits, files and pull requests that touch them, and no others', async () => {
    for (const sha of await shop.hosted.git.listRange(`${good}..${bad}`)) {
      const number = shop.hosted.issues.length + 1
      const { message } = await shop.hosted.git.readCommit(sha)
      shop.hosted.issues.push(mergedPull(number, message, sha))
      shop.hosted.pullsOfCommits.set(sha, number)
    }
    const made = await plan(['./app/web/'])
    expect(made.undone.map(({ message }) => message)).toEqual(['web: a new colour', 'web: break it'])
    expect(made).toMatchObject({ undoneCount: 2, files: [{ path: 'app/web/index.js', additions: 1 }] })
    expect(
      knownPulls(made)
        .map(({ title }) => title)
        .sort(),
    ).toEqual(['web: a new colour', 'web: break it'])
    expect(describePlan(made)[1]).toBe('undoes 2 commits in 1 file (+1 −1 lines):')
    expect((await plan([])).undoneCount).toBe(3)
    expect((await plan(['app/api'])).undone.map(({ message }) => message)).toEqual(['api: pay by card'])
  })

  test('finds them in a range of more commits than a comparison lists', async () => {
    const lines = Array.from({ length: 300 }, (_, n) => {
      const path = n % 100 === 7 ? `app/web/${n}.js` : `other/${n}`
      return `commit refs/heads/long\ncommitter Ada <ada@example.com> ${1_900_000_000 + n} +0000\ndata 1\nx\n${n === 0 ? `from ${bad}\n` : ''}M 100644 inline ${path}\ndata 2\nx\n\n`
    })
    await shop.hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(lines.join('')) })
    const made = await plan(['app/web'], { branch: 'long' })
    expect(made).toMatchObject({ undoneCount: 5, files: [{}, {}, {}, {}] })
  })
})

describe('a second rollback of the same revision (12.3)', () => {
  test('with other paths does its work, and each is found when it is run again', async () => {
    const web = await apply(await plan(['app/web'], { target: 'HEAD~3' }))
    const api = await apply(await plan(['/app/api'], { target: 'HEAD~3' }))
    expect([web.outcome, api.outcome]).toEqual(['rolled-back', 'rolled-back'])
    expect(api.to).toBe(good)
    const { git } = shop.hosted
    const left = (await git.diff(good ?? '', 'main')).map(({ path }) => path)
    expect(left.some((path) => path.startsWith('app/web') || path.startsWith('app/api'))).toBe(false)
    expect(left).toContain('README.md')
    const [again, alsoAgain] = [await plan(['app/web/'], { target: 'HEAD~3' }), await plan(['app/api'])]
    expect(again).toMatchObject({ done: { sha: web.commit }, since: [{ sha: api.commit }] })
    expect(alsoAgain).toMatchObject({ done: { sha: api.commit }, since: [] })
    expect((await git.readCommit(web.commit)).message).toContain(
      'Rollback-Mode: restore\nRollback-Paths: ["app/web"]\n',
    )
  })

  test('of all of it brings back the rest', async () => {
    const made = await plan([])
    expect(made).toMatchObject({ done: undefined, sameContent: false })
    const receipt = await apply(made)
    expect(await shop.tree(receipt.commit)).toBe(await shop.tree(good ?? ''))
    expect(await plan(['app/web'])).toMatchObject({ sameContent: true })
  })

  test('is done again where these paths were put back since, beside other work', async () => {
    const { git } = shop.hosted
    await git.moveRef('refs/heads/again', { from: '', to: bad ?? '' })
    const on = { branch: 'again' }
    const first = await apply(await plan(['app/web'], on))
    await shop.commit({ 'news.md': 'x\n' }, on)
    expect(await plan(['app/web'], on)).toMatchObject({ done: { sha: first.commit } })
    await shop.commit({ 'app/web/index.js': '3\n', 'news.md': 'y\n' }, on)
    expect(await plan(['app/web'], on)).toMatchObject({ done: undefined, sameContent: false })
    const second = await apply(await plan(['app/web'], on))
    expect(second.outcome).toBe('rolled-back')
    expect(await plan(['app/web'], on)).toMatchObject({ done: { sha: second.commit } })
  })

  test('leaves the work of people who went on from it in these paths', async () => {
    const { git } = shop.hosted
    await git.moveRef('refs/heads/fixed', { from: '', to: bad ?? '' })
    const on = { branch: 'fixed' }
    const { commit } = await apply(await plan(['app/web'], on))
    const fix = await shop.commit({ 'app/web/index.js': 'fixed\n' }, on)
    expect(await plan(['app/web'], on)).toMatchObject({ done: { sha: commit }, since: [{ sha: fix }] })
  })

  test('is not taken for one that only says so: the commit has to hold these paths', async () => {
    const { git } = shop.hosted
    await git.moveRef('refs/heads/forged', { from: '', to: bad ?? '' })
    const trace = { incident: incidentId({ environment, revision: bad ?? '' }), environment, from: bad ?? '' }
    const told = { ...trace, to: good ?? '', reason: 'x', by: 'eve', runUrl: undefined }
    const message = writeMessage(told, { mode: 'restore', paths: ['app/web'] })
    await shop.commit({ 'x.md': 'x\n' }, { branch: 'forged', message })
    expect(await plan(['app/web'], { branch: 'forged' })).toMatchObject({
      done: undefined,
      sameContent: false,
    })
  })

  test('by pull request has a branch of its own', async () => {
    const on = { branch: 'main', delivery: 'pull-request' as const }
    const trace = {
      incident: 'x',
      environment,
      from: '',
      to: good ?? '',
      reason: '',
      by: '',
      runUrl: undefined,
    }
    const wishes = { labels: [], reviewers: [], autoMerge: false }
    const branches = await Promise.all(
      [['README.md'], ['lib'], []].map(
        async (paths) => writeProposal(shop.repository, await plan(paths, on), trace, wishes).branch,
      ),
    )
    expect(new Set(branches).size).toBe(3)
    expect(branches[2]).toBe('rollback/x')
  })
})
