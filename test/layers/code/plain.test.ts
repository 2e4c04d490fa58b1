import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError } from '../../../src/errors.ts'
import { describeStanding } from '../../../src/layers/code/describe.ts'
import { receiptCode } from '../../../src/layers/code/layer.ts'
import { openRemote } from '../../../src/layers/code/plain/open.ts'
import { describeRecent, listRollbackTags } from '../../../src/layers/code/recent.ts'
import { findReset, undoReset } from '../../../src/layers/code/reset.ts'
import { commitLines, fileLines, type GitRemote, openGitRemote } from '../../support/git-remote.ts'
import { plan, reset, restore, revert, roll, undo } from '../../support/plain-rollback.ts'
import { openWorkRepository } from '../../support/work-repository.ts'

let remote: GitRemote
let first: string
let good: string
let third: string
let bad: string
beforeEach(async () => {
  remote = await openGitRemote()
  ;[first, good, third, bad] = remote.commits
})
afterEach(() => remote.close())

const head = () => remote.git('rev-parse', 'main')
const tags = async () => (await remote.git('tag')).split('\n').filter(Boolean)
const treeOf = (revision: string) => remote.git('rev-parse', `${revision}^{tree}`)
const open = () =>
  openRemote({
    url: remote.path,
    username: 'git',
    password: '',
    directory: remote.directory,
    path: process.env['PATH'] ?? '',
    signal: new AbortController().signal,
  })

describe('restore', () => {
  test('is one tagged commit with the content of the target', async () => {
    const { plan: planned, receipt } = await roll(remote, restore(remote))
    expect(planned).toMatchObject({ undoneCount: 2, way: { way: 'direct' }, collateral: [] })
    const files = ['app/3.txt', 'app/4.txt', 'lib/deep/3.txt', 'lib/deep/4.txt', 'price.txt']
    expect(planned.files.map(({ path }) => path)).toEqual(files)
    expect(await head()).toBe(receipt?.commit)
    expect(await treeOf('main')).toBe(await treeOf(good))
    expect(await remote.git('rev-parse', 'main^')).toBe(bad)
    expect(await remote.git('rev-parse', `${receipt?.tag}^{commit}`)).toBe(receipt?.commit)
    expect(await remote.git('cat-file', 'tag', receipt?.tag ?? '')).toContain('Rollback-Requested-By: grace')
    const told = await listRollbackTags(await open())
    expect(told).toMatchObject([{ tag: receipt?.tag, from: bad, to: good, kind: 'rollback', by: 'grace' }])
  })

  test('run again with somebody’s commit on top, it is found, and nothing is changed', async () => {
    const { receipt } = await roll(remote, restore(remote))
    const theirs = await remote.pushOnTop('theirs.txt')
    const again = await roll(remote, restore(remote))
    const { commit, tag } = receipt ?? {}
    expect(again.receipt).toMatchObject({ outcome: 'already-rolled-back', commit, tag })
    expect(again.plan.since).toMatchObject([{ sha: theirs }])
    expect(await head()).toBe(theirs)
    expect(await tags()).toEqual([tag])
  })

  test('undoes the work of others since, and lists it apart', async () => {
    const theirs = await remote.pushOnTop('theirs.txt')
    const { plan: planned } = await roll(remote, restore(remote))
    expect(planned).toMatchObject({ undoneCount: 3, collateral: [{ sha: theirs }] })
    expect(await treeOf('main')).toBe(await treeOf(good))
  })

  test('to a target that still has the failed revision is refused (12.11)', async () => {
    await expect(plan(remote, restore(remote, { bad: first }))).rejects.toThrow(
      `the target is ${good.slice(0, 7)}, which has ${first.slice(0, 7)}, the revision that failed, in its history`,
    )
    await expect(plan(remote, restore(remote, { bad: good }))).rejects.toThrow(
      'the revision that failed, itself',
    )
  })

  test('goes as far back as a remote does that has not all of its history itself', async () => {
    const shallow = join(remote.directory, 'team', 'shallow.git')
    await remote.git('clone', '--quiet', '--bare', '--depth=3', `file://${remote.path}`, shallow)
    await roll(remote, restore(remote, { target: 'HEAD~1' }), { url: shallow })
    expect(await remote.git('--git-dir', shallow, 'rev-parse', 'main^{tree}')).toBe(await treeOf(third))
  })

  test('brings some paths back, and leaves all others', async () => {
    const paths = ['lib/deep', 'price.txt', 'app/4.txt']
    await roll(remote, restore(remote, { target: first, paths }))
    const listed = ['app/1.txt', 'app/2.txt', 'app/3.txt', 'lib/deep/1.txt', 'price.txt']
    expect((await remote.git('ls-tree', '-r', '--name-only', 'main')).split('\n')).toEqual(listed)
    expect(await remote.git('show', 'main:price.txt')).toBe('costs 1')
    const again = await roll(remote, restore(remote, { target: first, paths }))
    expect(again.receipt?.outcome).toBe('already-rolled-back')
  })

  test('finds targets by name, by tag and by counting', async () => {
    await remote.git(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'tag',
      '--annotate',
      '--message',
      '1',
      'v1',
      good,
    )
    await remote.git('branch', 'stable', good)
    await remote.git('tag', 'deploy-7', good)
    await remote.git('tag', 'deploy-8', bad)
    const found = [
      ['HEAD~2', 'HEAD~2, counted along first parents'],
      ['v1', 'named as the target: v1'],
      ['stable', 'named as the target: stable'],
      [good.slice(0, 8), 'named as the target'],
      ['previous-deployment-tag', 'the newest tag deploy-* before'],
    ] as const
    for (const [target, foundBy] of found) {
      const planned = await plan(remote, restore(remote, { target }))
      expect(planned).toMatchObject({ target: { commit: { sha: good } } })
      expect('target' in planned && planned.target.foundBy).toContain(foundBy)
    }
  })

  test('a tag and a branch of one name are told apart, and neither is guessed', async () => {
    await remote.git('tag', 'release', good)
    await remote.git('branch', 'release', third)
    await expect(plan(remote, restore(remote, { target: 'release' }))).rejects.toThrow(
      `which is a tag (at ${good.slice(0, 7)}) and a branch (at ${third.slice(0, 7)}`,
    )
    const tagged = await plan(remote, restore(remote, { target: 'tags/release' }))
    expect(tagged).toMatchObject({ target: { commit: { sha: good }, vouchedBy: 'the tag release' } })
    const named = await plan(remote, restore(remote, { target: 'refs/heads/release' }))
    expect(named).toMatchObject({ target: { commit: { sha: third } } })
  })

  test('brings a tree back that also lies deeper in another one that is wanted', async () => {
    const seconds = 1_764_000_200
    const font = (path: string, text: string) => fileLines(`${path}/fonts/a.txt`, text)
    const places = ['assets', 'android/app/assets', 'ios/deep/er/assets']
    const commit = (message: string, text: string) =>
      [
        commitLines({ message, seconds, from: 'refs/heads/main^0' }),
        ...places.map((path) => font(path, text)),
      ].join('')
    await remote.import(commit('Fonts', 'old\n'))
    const before = await head()
    await remote.import(commit('Other fonts', 'new\n'))
    await roll(remote, restore(remote, { target: before, bad: await head() }))
    expect(await treeOf('main')).toBe(await treeOf(before))
  })

  test('takes a revision that is on no branch of ours by its tag', async () => {
    await remote.git('branch', 'hotfix', good)
    const fixed = await remote.pushOnTop('fix.txt', 'x\n', 'hotfix')
    await expect(plan(remote, restore(remote, { target: fixed }))).rejects.toThrow(
      '(it is on hotfix): nothing was changed; name it by a tag',
    )
    await remote.git('tag', 'v1.1', fixed)
    const { plan: planned } = await roll(remote, restore(remote, { target: 'v1.1' }))
    expect(planned.warnings).toMatchObject([{ kind: 'elsewhere' }])
    expect(await treeOf('main')).toBe(await treeOf(fixed))
  })

  test('counts what touches the paths alone', async () => {
    await remote.pushOnTop('theirs.txt')
    const planned = await plan(remote, restore(remote, { paths: ['lib/deep'] }))
    expect(planned).toMatchObject({
      undoneCount: 2,
      files: [{ path: 'lib/deep/3.txt' }, { path: 'lib/deep/4.txt' }],
    })
  })

  test.each(['refs/heads/main', 'heads/main', 'origin/main'])(
    'the branch %s is refused: write main',
    async (branch) => {
      await expect(plan(remote, restore(remote, { branch }))).rejects.toThrow(
        `\`branch\` is "${branch}", and team/shop has no such branch; write main`,
      )
    },
  )

  test('lists rollbacks by short ids', async () => {
    await roll(remote, restore(remote))
    const [line = ''] = describeRecent(await listRollbackTags(await open()))
    expect(line).toContain(` rollback ${bad.slice(0, 7)} → ${good.slice(0, 7)}, tag rollback_`)
  })

  test('lists what took a rollback back before that rollback, in the same second, too', async () => {
    const trailers = `Rollback-Incident: i-1\nRollback-Environment: production`
    const tagLines = (name: string, commit: string | undefined, more: string) => {
      const text = `Roll back\n\nit is down\n\n${trailers}\n${more}\n`
      return `tag ${name}\nfrom ${commit}\ntagger Grace <grace@example.com> 1764000000 +0000\ndata ${text.length}\n${text}\n`
    }
    await remote.import(
      [
        tagLines('rollback_20251124_160000', third, `Rollback-From: ${bad}\nRollback-To: ${good}`),
        tagLines('rollback_undone_20251124_160000', bad, `Rollback-Undoes: ${third}`),
      ].join(''),
    )
    const listed = await listRollbackTags(await open())
    expect(listed.map(({ kind }) => kind)).toEqual(['undo', 'rollback'])
  })

  test.each([
    ['last-successful-deployment', 'which needs GitHub, and `remote` names another server; write'],
    ['last-green', 'which needs GitHub, and `remote` names another server; write'],
    ['v9', 'no such commit, tag or branch'],
    ['1'.repeat(40), 'no such commit'],
    ['other', 'not an ancestor of main'],
  ])('the target %s is refused, and what to write instead is said', async (target, message) => {
    await remote.import(commitLines({ branch: 'other', message: 'Other', seconds: 1_764_000_000 }))
    const refused = plan(remote, restore(remote, { target }))
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(message)
  })

  test('a branch that is not there is told', async () => {
    await expect(plan(remote, restore(remote, { branch: 'live' }))).rejects.toThrow(
      '`branch` is "live", and team/shop has no such branch; name the deployed branch',
    )
  })
})

describe('revert', () => {
  test('undoes the named commits alone, as git itself does, and is found when it is run again', async () => {
    await remote.pushOnTop('theirs.txt')
    const oracle = await openWorkRepository()
    await oracle.git('pull', '--quiet', remote.path, 'main')
    await oracle.git('revert', '--no-edit', bad)
    const { receipt } = await roll(remote, revert(remote, [bad]))
    expect(await treeOf('main')).toBe(await oracle.git('rev-parse', 'HEAD^{tree}'))
    await oracle.remove()
    const again = await roll(remote, revert(remote, [bad]))
    expect(again.receipt).toMatchObject({ outcome: 'already-rolled-back', commit: receipt?.commit })
  })

  test('brings back what was a folder, a link, a program, a submodule or has a name beyond ASCII', async () => {
    const pinned = '1'.repeat(40)
    const before = [
      fileLines('was-folder/a/b.txt', 'b\n'),
      fileLines('was-file', 'f\n'),
      fileLines('grüße/日本.txt', 'ü\n'),
      fileLines('run.sh', 'run\n').replace('100644', '100755'),
      fileLines('link', 'price.txt').replace('100644', '120000'),
      `M 160000 ${pinned} sub\n`,
    ]
    const gone = ['was-folder', 'was-file', 'grüße', 'run.sh', 'link', 'sub'].map((path) => `D ${path}\n`)
    const after = [
      fileLines('was-folder', 'x\n'),
      fileLines('was-file/c/d.txt', 'y\n'),
      fileLines('link', 'no link\n'),
    ]
    const seconds = 1_764_000_100
    const first = commitLines({ message: 'Before', seconds, from: 'refs/heads/main^0' })
    const second = commitLines({ message: 'After', seconds })
    await remote.import([first, ...before, second, ...gone, ...after].join(''))
    await roll(remote, revert(remote, [await head()]))
    expect(await treeOf('main')).toBe(await treeOf('main~2'))
  })

  test('takes ranges; files that a merge makes anew are pushed', async () => {
    const before = await remote.pushOnTop('list.txt', 'a\nb\nc\nd\ne\nf\n')
    const culprit = await remote.pushOnTop('list.txt', 'BAD\nb\nc\nd\ne\nf\n')
    await remote.pushOnTop('list.txt', 'BAD\nb\nc\nd\ne\nF\n')
    await roll(remote, revert(remote, [`${before}..${culprit}`]))
    expect(await remote.git('show', 'main:list.txt')).toBe('a\nb\nc\nd\ne\nF')
  })

  test('one that later work stands in the way of names the files, and changes nothing', async () => {
    const refused = roll(remote, revert(remote, [third]))
    await expect(refused).rejects.toThrow(ConflictError)
    await expect(refused).rejects.toThrow('price.txt')
    expect(await head()).toBe(bad)
  })
})

describe('reset', () => {
  test('moves the branch back, tags what it was at, and done twice it is done once', async () => {
    const { receipt } = await roll(remote, reset(remote))
    expect(await head()).toBe(good)
    expect(await remote.git('rev-parse', `${receipt?.tag}^{commit}`)).toBe(bad)
    const again = await roll(remote, reset(remote, { target: 'HEAD~2' }))
    expect(again.receipt).toMatchObject({ outcome: 'already-rolled-back', tag: receipt?.tag })
    expect(await head()).toBe(good)
  })

  test('is taken back, and may be done again', async () => {
    const { receipt } = await roll(remote, reset(remote))
    const repository = await open()
    const found = await findReset(repository, { branch: 'main', incident: undefined })
    expect(found).toMatchObject({ tag: receipt?.tag, from: bad, to: good })
    expect(await undoReset(repository, 'main', { from: bad, now: good })).toContain(bad.slice(0, 7))
    expect(await head()).toBe(bad)
    await roll(remote, reset(remote))
    expect(await head()).toBe(good)
    expect(await tags()).toEqual([receipt?.tag])
  })

  test('of the default branch is refused unless it is allowed', async () => {
    await expect(plan(remote, reset(remote, { allowDefaultBranch: false }))).rejects.toThrow(
      'would remove commits from main, the default branch',
    )
  })
})

describe('taking a rollback back', () => {
  test('brings all of it again, once', async () => {
    await roll(remote, restore(remote))
    const { receipt } = await roll(remote, undo('undo'))
    expect(await treeOf('main')).toBe(await treeOf(bad))
    expect(receipt?.tag).toMatch(/^rollback_undone_/)
    expect((await roll(remote, undo('undo'))).receipt?.outcome).toBe('already-rolled-back')
    expect(await head()).toBe(receipt?.commit)
  })

  test('keeps what came on top of it', async () => {
    await roll(remote, restore(remote))
    await remote.pushOnTop('theirs.txt')
    await roll(remote, undo('undo'))
    const changed = await remote.git('diff', '--name-only', bad, 'main')
    expect(changed).toBe('theirs.txt')
  })

  test('for mending is a branch of its own, and people’s work on it stays', async () => {
    await roll(remote, restore(remote))
    const rollback = await head()
    const { plan: planned, receipt } = await roll(remote, undo('reapply'))
    expect(planned.way.way).toBe('branch')
    const own = receipt?.proposedOn ?? ''
    expect(await remote.git('rev-parse', own, 'main')).toBe(`${receipt?.commit}\n${rollback}`)
    expect(await treeOf(own)).toBe(await treeOf(bad))
    const standing = receipt && describeStanding(planned, receiptCode(planned, receipt))
    expect(standing).toContain(`on the branch ${own} again`)
    const mended = await remote.pushOnTop('mended.txt', 'yes\n', own)
    expect((await roll(remote, undo('reapply'))).receipt).toMatchObject({
      outcome: 'proposed',
      commit: mended,
    })
  })
})
