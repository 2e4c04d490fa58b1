import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import { incidentId } from '../../../src/history/incident.ts'
import { lastGreen } from '../../../src/layers/code/green-target.ts'
import { planRestore } from '../../../src/layers/code/restore.ts'
import { previousDeploymentTag } from '../../../src/layers/code/tag-target.ts'
import { findTarget } from '../../../src/layers/code/target.ts'
import { openShop, type Shop } from '../../support/repository.ts'

let shop: Shop
let [first, good, middle, last]: string[] = []
/** the revision whose deployment failed: most often the last one */
let bad: string | undefined
beforeAll(async () => {
  shop = await openShop()
  first = await shop.commit({ 'README.md': '# Shop\n' }, { message: 'Begin' })
  good = await shop.commit({ 'server.mjs': 'serve()\n' }, { message: 'Serve' })
  middle = await shop.commit({ 'price.mjs': '2\n' }, { message: 'Raise the price' })
  last = await shop.commit({ 'server.mjs': 'throw 1\n' }, { message: 'Tidy up' })
})
beforeEach(() => {
  shop.hosted.deployments.length = 0
  bad = last
})
afterAll(async () => {
  const writes = shop.github.requests.filter(({ writes }) => writes)
  await shop.close()
  // finding changes nothing, whatever is found
  expect(writes).toEqual([])
})

const short = (sha: string | undefined) => sha?.slice(0, 7) ?? ''

function find(
  target: string,
  {
    head = last,
    environment = 'production',
    rolledBack = new Set<string>(),
    repository = shop.repository,
  } = {},
) {
  return findTarget(repository, {
    target,
    branch: 'main',
    environment,
    bad: bad ?? '',
    head: head ?? '',
    rolledBack,
    tagPattern: 'deploy-*',
    checks: ['build', 'e2e'],
  })
}

/** A deployment as many tests need it, oldest first. */
function deploy(...each: readonly (readonly [string | undefined, ('success' | 'failure')?, string?])[]) {
  for (const [revision = '', state, environment] of each) shop.deploy(revision, state, environment)
}

const lastGood = 'last-successful-deployment'

describe('the last successful deployment', () => {
  test('is the newest one that succeeded before the bad one, and says so', async () => {
    deploy([first], [good], [bad])
    const { commit, foundBy } = await find(lastGood)
    expect(commit.sha).toBe(good)
    expect(foundBy).toMatch(
      new RegExp(
        `^the newest successful deployment of production before that of ${short(bad)}, made 20\\d\\d-.*Z$`,
      ),
    )
  })

  test('is not one that failed', async () => {
    deploy([first], [good, 'failure'], [bad, 'failure'])
    expect((await find(lastGood)).commit.sha).toBe(first)
  })

  test('is one that succeeded and is inactive by now', async () => {
    deploy([good], [bad])
    const [newest, older] = shop.hosted.deployments
    const status = older?.statuses[0]
    if (status !== undefined) older?.statuses.unshift({ ...status, id: 9_001, state: 'inactive' })
    expect(newest?.sha).toBe(bad)
    expect((await find(lastGood)).commit.sha).toBe(good)
  })

  test('is not one with the content of the bad one', async () => {
    await shop.commit({ 'server.mjs': 'serve(2)\n' })
    const again = await shop.commit({ 'server.mjs': 'throw 1\n' }, { message: 'The same once more' })
    deploy([good], [bad], [again])
    bad = again
    expect((await find(lastGood, { head: again })).commit.sha).toBe(good)
  })

  test('is not one of a revision that is not on the branch', async () => {
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    deploy([good], [side], [bad])
    expect((await find(lastGood)).commit.sha).toBe(good)
  })

  test('is not one whose revision is gone from the repository', async () => {
    deploy([good], ['0123456789'.repeat(4)], [bad])
    expect((await find(lastGood)).commit.sha).toBe(good)
  })

  test('is not one that came after the bad one', async () => {
    deploy([good], [bad], [middle])
    expect((await find(lastGood)).commit.sha).toBe(good)
  })

  test('is one between two deployments of the bad revision: the newer of them failed', async () => {
    deploy([good], [bad], [middle], [bad])
    expect((await find(lastGood)).commit.sha).toBe(middle)
  })

  test('is not one that the branch was rolled back from since', async () => {
    deploy([good], [middle], [bad])
    const rolledBack = new Set([incidentId({ environment: 'production', revision: middle ?? '' })])
    expect((await find(lastGood, { rolledBack })).commit.sha).toBe(good)
    const elsewhere = new Set([incidentId({ environment: 'staging', revision: middle ?? '' })])
    expect((await find(lastGood, { rolledBack: elsewhere })).commit.sha).toBe(middle)
  })

  test('is one of this environment', async () => {
    deploy([first], [good, 'success', 'staging'], [bad])
    expect((await find(lastGood)).commit.sha).toBe(first)
    expect((await find(lastGood, { environment: 'staging' })).commit.sha).toBe(good)
  })

  test('is the newest one of all when the bad revision was not deployed by a deployment', async () => {
    deploy([first], [good])
    const { commit, foundBy } = await find(lastGood)
    expect(commit.sha).toBe(good)
    expect(foundBy).toMatch(/^the newest successful deployment of production, made /)
  })

  test('is found on a later page', async () => {
    deploy([good], ...Array.from({ length: 120 }, () => [bad] as const))
    expect((await find(lastGood)).commit.sha).toBe(good)
  })

  test('that is not there: said what was looked at, and what to do', async () => {
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    const same = await shop.commit({ 'b.txt': 'b\n' })
    const back = await shop.commit({ 'b.txt': null }, { message: 'Without it' })
    deploy([first, 'failure'], [side], [bad], [same])
    bad = back
    const rolledBack = new Set([incidentId({ environment: 'production', revision: same })])
    const found = find(lastGood, { head: back, rolledBack })
    await expect(found).rejects.toThrow(InputError)
    await expect(found).rejects.toThrow(
      `no successful deployment of the environment "production" was found from before ${short(back)} (not suitable: ${short(same)} was rolled back from, ${short(shop.hosted.deployments[1]?.sha)} has the same content, ${short(side)} is not on main, ${short(first)} never succeeded); name the good revision in \`code.target\``,
    )
  })

  test('that is not there, of many: said how many there were', async () => {
    deploy(...Array.from({ length: 8 }, () => [first, 'failure'] as const), [bad])
    await expect(find(lastGood)).rejects.toThrow(
      `${Array.from({ length: 5 }, () => `${short(first)} never succeeded`).join(', ')}, and 3 more)`,
    )
  })

  test('that is not there, because there is only the bad one', async () => {
    deploy([bad])
    await expect(find(lastGood)).rejects.toThrow('(there is no earlier one)')
  })

  test('of a revision that the branch does not have: there is nothing to undo', async () => {
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    deploy([good], [side])
    bad = side
    const found = find(lastGood)
    await expect(found).rejects.toThrow(InputError)
    await expect(found).rejects.toThrow(`${short(side)}, whose deployment failed, is not on main`)
  })

  test('may not be looked for with a token that sees no deployments: said which permission it takes', async () => {
    deploy([good], [bad])
    const blind = shop.open({ permissions: { contents: 'write' } })
    await expect(
      planRestore(blind, {
        branch: 'main',
        environment: 'production',
        incident: 'x',
        bad: bad ?? '',
        target: lastGood,
        tagPattern: '',
        checks: [],
        paths: [],
        delivery: 'direct',
      }),
    ).rejects.toThrow('give the job `permissions: deployments: read`')
  })
})

describe('a revision by name', () => {
  test.each([
    ['its id', () => good ?? ''],
    ['the beginning of its id', () => short(good)],
  ])('is found by %s', async (_, name) => {
    const { commit, foundBy } = await find(name())
    expect(commit.sha).toBe(good)
    expect(foundBy).toBe(`named as the target: ${name()}`)
  })

  test.each(['v1.0', 'release/1.2', 'größer', 'a#b', '50%', 'it@home', 'HEADER'])(
    'is found by the tag or the branch %s',
    async (name) => {
      const { git } = shop.hosted
      await git.moveRef(`refs/tags/${name}`, { from: '', to: good ?? '' })
      expect((await find(name)).commit.sha).toBe(good)
      await git.deleteRef(`refs/tags/${name}`)
      await git.moveRef(`refs/heads/${name}`, { from: '', to: middle ?? '' })
      expect((await find(name)).commit.sha).toBe(middle)
    },
  )

  test('is found by an annotated tag', async () => {
    const { git } = shop.hosted
    const tagger = { name: 'Ada', email: 'ada@example.com', date: new Date() }
    const sha = await git.writeTag({
      object: { sha: good ?? '', type: 'commit' },
      tag: 'v1',
      tagger,
      message: 'One',
    })
    await git.moveRef('refs/tags/v1', { from: '', to: sha })
    expect((await find('v1')).commit.sha).toBe(good)
  })

  test.each([
    ['HEAD~1', () => middle],
    ['HEAD~', () => middle],
    ['HEAD^', () => middle],
    ['HEAD~2', () => good],
    ['HEAD^^', () => good],
    ['HEAD~3', () => first],
    ['HEAD~0', () => bad],
    ['HEAD', () => bad],
  ])('is found by %s, from where the branch stands', async (name, sha) => {
    const { commit, foundBy } = await find(name)
    expect(commit.sha).toBe(sha())
    expect(foundBy).toBe(`${name}, counted along first parents`)
  })

  test('is counted along first parents over a merge', async () => {
    const { git } = shop.hosted
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    const date = new Date()
    const person = { name: 'Ada', email: 'ada@example.com', date }
    const merge = await git.writeCommit({
      tree: await shop.tree(side),
      parents: [bad ?? '', side],
      message: 'Merge side',
      author: person,
      committer: person,
    })
    expect((await find('HEAD~1', { head: merge })).commit.sha).toBe(bad)
  })

  test.each([
    ['HEAD~4', '`code.target` is "HEAD~4", but the branch has only 4 commits'],
    ['HEAD~101', '`code.target` is "HEAD~101", but the branch has only 4 commits'],
    ['HEAD~5001', 'go back at most 5000 commits, or name the commit'],
    ['HEAD~99999999999999999999', 'go back at most 5000 commits'],
    ['v0.0.0', 'octo-org/shop has no such commit, tag or branch'],
    ['0123456', 'octo-org/shop has no such commit, tag or branch'],
    ['0123456789abcdef0123456789abcdef01234567', 'octo-org/shop has no such commit, tag or branch'],
  ])('that is not there, %s: said so', async (name, message) => {
    const found = find(name)
    await expect(found).rejects.toThrow(InputError)
    await expect(found).rejects.toThrow(message)
  })

  test.each([
    '-x',
    '--exec=sh',
    'a..b',
    'main...side',
    'refs@{1}',
    '@{upstream}',
    'main~1',
    'HEAD^2',
    'HEAD:server.mjs',
    ':/Tidy',
    'a b',
    'a\nb',
    'a\u0000b',
    'a\\b',
    'main*',
    'ma?n',
    '[a]',
    '/main',
    'main/',
    'main.',
    'a//b',
    'main.lock',
    'x'.repeat(256),
    '',
  ])('that no revision can be called is refused before anything is asked: %j', async (name) => {
    const asked = shop.github.requests.length
    const found = find(name)
    await expect(found).rejects.toThrow(InputError)
    await expect(found).rejects.toThrow(
      'which cannot be the name of a commit, tag or branch; write last-successful',
    )
    expect(shop.github.requests).toHaveLength(asked)
  })
})

describe('the revision with the previous deployment tag', () => {
  const tag = (name: string, sha: string | undefined) =>
    shop.hosted.git.moveRef(`refs/tags/${name}`, { from: '', to: sha ?? '' })

  test('is the newest tagged one before the failed one', async () => {
    await tag('deploy-1', good)
    await tag('deploy-2', bad)
    await tag('other', last)
    expect(await find(previousDeploymentTag)).toMatchObject({
      commit: { sha: good },
      foundBy: `the newest tag deploy-* before ${short(bad)}: deploy-1`,
    })
  })

  test('may be marked by an annotated tag', async () => {
    const { git } = shop.hosted
    const tagger = { name: 'Ada', email: 'ada@example.com', date: new Date() }
    const object = { sha: good ?? '', type: 'commit' }
    await git.deleteRef('refs/tags/deploy-1')
    await tag('deploy-1', await git.writeTag({ tag: 'deploy-1', message: 'x', object, tagger }))
    expect((await find(previousDeploymentTag)).commit.sha).toBe(good)
  })

  test('is found hundreds of commits back', async () => {
    const lines = Array.from({ length: 250 }, (_, n) => {
      const from = n === 0 ? `from ${bad}\n` : ''
      return `commit refs/heads/far\ncommitter Ada <ada@example.com> ${1_900_000_000 + n} +0000\ndata 1\nx\n${from}M 100644 inline f${n}\ndata 2\nx\n\n`
    })
    await shop.hosted.git.git(['fast-import', '--quiet'], { input: Buffer.from(lines.join('')) })
    await tag('deploy-3', last)
    bad = await shop.head('far')
    // the tag of the failed revision before is on its content still
    expect(await find(previousDeploymentTag, { head: bad })).toMatchObject({ commit: { sha: last } })
  })

  test('is missed with a word on what to change', async () => {
    await shop.hosted.git.deleteRef('refs/tags/deploy-1')
    await expect(find(previousDeploymentTag)).rejects.toThrow(
      new RegExp(
        `^no tag deploy-\\* marks a commit with other content before ${short(bad)} \\(\\d+ commits checked\\); change \`code.tag-pattern\``,
      ),
    )
  })
})

describe('the last green revision', () => {
  const check = (sha: string | undefined, name: string, conclusion: 'success' | 'failure' | null) =>
    shop.hosted.checkRuns.push({ id: shop.hosted.nextId(), sha: sha ?? '', name, conclusion })
  const status = (sha: string | undefined, context: string, state: 'success' | 'failure') => {
    const creator = { login: 'ci', kind: 'app', permissions: {}, value: '', isBot: true } as const
    const rest = { description: null, targetUrl: null, creator, createdAt: new Date() }
    shop.hosted.statuses.unshift({ id: shop.hosted.nextId(), sha: sha ?? '', context, state, ...rest })
  }
  const blind = { permissions: { contents: 'read', checks: 'read', statuses: 'read' } } as const

  test('is the newest one before the failed one at which every named check passed, whatever made it', async () => {
    check(good, 'build', 'success')
    status(good, 'e2e', 'success')
    const [older] = (await shop.hosted.git.log(good ?? '', { count: 2 })).slice(1)
    check(older?.sha, 'build', 'success')
    check(older?.sha, 'e2e', 'success')
    const repository = shop.open(blind)
    expect(await find(lastGreen, { repository })).toMatchObject({ commit: { sha: good } })
    status(good, 'e2e', 'failure')
    expect(await find(lastGreen, { repository })).toMatchObject({ commit: { sha: older?.sha } })
  })

  test('is missed when a check is not there or not done', async () => {
    shop.hosted.checkRuns.length = 0
    shop.hosted.statuses.length = 0
    check(good, 'build', 'success')
    check(good, 'e2e', null)
    await expect(find(lastGreen, { repository: shop.open(blind) })).rejects.toThrow(
      /passed all of build, e2e/,
    )
  })
})
