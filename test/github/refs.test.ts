import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, RefusedError, UnavailableError } from '../../src/errors.ts'
import { createCommit } from '../../src/github/commits.ts'
import { readRef } from '../../src/github/ref.ts'
import { createRef, moveBranch, tagCommit } from '../../src/github/refs.ts'
import { tagByFreeName } from '../../src/layers/code/publish.ts'
import { openBrokenShop, openShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let next: string
beforeEach(async () => {
  shop = await openBrokenShop()
  const tree = await shop.tree(shop.good)
  next = (await createCommit(shop.repository, { tree, parents: [shop.bad], message: 'Back' })).sha
})
afterEach(() => shop.close())

const move = () => moveBranch(shop.repository, { branch: 'main', from: shop.bad, to: next })
const sent = (operation: string) =>
  shop.github.requests.filter((request) => request.operation === operation).length
/** Somebody's push at the moment when our move is on its way. */
const pushMeanwhile = () => {
  const pushed: { sha: string } = { sha: '' }
  const act = async () => {
    pushed.sha = await shop.commit({ 'fix.mjs': 'fixed\n' }, { message: 'Fix it by hand' })
  }
  shop.github.fault({ kind: 'meanwhile', operation: 'git/update-ref', act })
  return pushed
}

describe('a branch is moved', () => {
  test('from where it was seen, in one request', async () => {
    await move()
    expect(await shop.head()).toBe(next)
    expect(sent('git/update-ref')).toBe(1)
  })

  test('and somebody was faster: a conflict that says so, and their commit stays', async () => {
    const pushed = pushMeanwhile()
    const moved = move()
    await expect(moved).rejects.toThrow(ConflictError)
    const [was, is] = [shop.bad, pushed.sha].map((sha) => sha.slice(0, 7))
    await expect(moved).rejects.toThrow(
      `main was at ${was} when the rollback was planned and is at ${is} now: nothing was overwritten; run again`,
    )
    expect(await shop.head()).toBe(pushed.sha)
    expect((await shop.hosted.git.readCommit(pushed.sha)).parents).toEqual([shop.bad])
  })

  test('and somebody deleted it: a conflict, and it is not made again', async () => {
    const act = () => shop.hosted.git.deleteRef('refs/heads/main')
    shop.github.fault({ kind: 'meanwhile', operation: 'git/update-ref', act })
    const moved = move()
    await expect(moved).rejects.toThrow(ConflictError)
    await expect(moved).rejects.toThrow('is at nothing now')
    expect(await shop.hosted.git.readRef('refs/heads/main')).toBeUndefined()
  })

  test.each([
    ['the answer is lost', { kind: 'no-answer', carriedOut: true }],
    ['the answer is lost before it is carried out', { kind: 'no-answer' }],
    ['the answer is cut off', { kind: 'cut-off' }],
    [
      'GitHub answers 502 although it is carried out',
      { kind: 'server-error', status: 502, carriedOut: true },
    ],
    ['GitHub answers 503 and does nothing', { kind: 'server-error', status: 503 }],
  ] as const)('and %s: it is there, once', async (_, fault) => {
    shop.github.fault({ ...fault, operation: 'git/update-ref' })
    await move()
    const log = await shop.hosted.git.log(await shop.head(), { count: 2 })
    expect(log.map(({ sha }) => sha)).toEqual([next, shop.bad])
  })

  test('and the answer is lost, and somebody pushes on top: ours is there, and so is theirs', async () => {
    shop.github.fault({ kind: 'no-answer', carriedOut: true, operation: 'git/update-ref' })
    const pushed = pushMeanwhile()
    await move()
    const log = await shop.hosted.git.log(await shop.head(), { count: 2 })
    expect(log.map(({ sha }) => sha)).toEqual([pushed.sha, next])
  })

  test('and GitHub lags behind a push and calls it no fast-forward: it is moved all the same', async () => {
    const message = 'Update is not a fast forward'
    shop.github.fault({ kind: 'refused', status: 422, message, operation: 'git/update-ref' })
    await move()
    expect(await shop.head()).toBe(next)
    expect(sent('git/update-ref')).toBe(2)
  })

  test('and GitHub keeps calling it no fast-forward: given up, with nothing claimed of somebody else', async () => {
    const message = 'Update is not a fast forward'
    shop.github.fault({ kind: 'refused', status: 422, message, operation: 'git/update-ref', times: 2 })
    const moved = move()
    await expect(moved).rejects.toThrow(UnavailableError)
    await expect(moved).rejects.toThrow(
      /^could not move main: GitHub rejected the update as not a fast-forward, although main is still at .* run again$/,
    )
    expect(sent('git/update-ref')).toBe(2)
    expect(await shop.head()).toBe(shop.bad)
  })

  test('never by force: a commit that is not on top of it is a conflict', async () => {
    const side = await shop.commit({ 'a.txt': 'a\n' }, { branch: 'side' })
    const moved = moveBranch(shop.repository, { branch: 'main', from: shop.good, to: side })
    await expect(moved).rejects.toThrow(ConflictError)
    expect(await shop.head()).toBe(shop.bad)
  })

  test('not with a token that may only read: said which permission it takes, and not tried again', async () => {
    const reader = shop.open({ permissions: { contents: 'read' } })
    const moved = moveBranch(reader, { branch: 'main', from: shop.bad, to: next })
    await expect(moved).rejects.toThrow(RefusedError)
    await expect(moved).rejects.toThrow('give the job `permissions: contents: write`')
    expect(sent('git/update-ref')).toBe(1)
    expect(await shop.head()).toBe(shop.bad)
  })
})

describe('a ref', () => {
  test.each(['heads/release/1.2', 'heads/feature#1', 'heads/50%-off', 'heads/größer'])(
    '%s is found by its whole name, whatever is in it',
    async (ref) => {
      await shop.commit({ 'a.txt': 'a\n' }, { branch: ref.slice('heads/'.length) })
      expect(await readRef(shop.repository, ref)).toBe(await shop.head(ref.slice('heads/'.length)))
      expect(await readRef(shop.repository, ref.slice(0, -1))).toBeUndefined()
    },
  )

  test('of an empty repository is not there', async () => {
    const empty = await openShop()
    try {
      expect(await readRef(empty.repository, 'heads/main')).toBeUndefined()
    } finally {
      await empty.close()
    }
  })

  test('that is created a second time is found', async () => {
    expect(await createRef(shop.repository, { ref: 'tags/one', sha: shop.good })).toBe(shop.good)
    expect(await createRef(shop.repository, { ref: 'tags/one', sha: shop.bad })).toBe(shop.good)
    expect((await shop.hosted.git.readRef('refs/tags/one'))?.sha).toBe(shop.good)
  })

  test('whose creation is lost on the way back is there, once', async () => {
    shop.github.fault({ kind: 'no-answer', carriedOut: true, operation: 'git/create-ref' })
    expect(await createRef(shop.repository, { ref: 'tags/one', sha: shop.good })).toBe(shop.good)
    expect((await shop.hosted.git.readRef('refs/tags/one'))?.sha).toBe(shop.good)
  })

  test('that a rule forbids is refused', async () => {
    shop.hosted.addRuleset({
      name: 'tags',
      enforcement: 'active',
      include: ['refs/tags/*'],
      rules: [{ type: 'creation' }],
    })
    const created = createRef(shop.repository, { ref: 'tags/one', sha: shop.good })
    await expect(created).rejects.toThrow(RefusedError)
    await expect(created).rejects.toThrow(/creations being restricted/)
  })
})

describe('a commit is tagged', () => {
  const tag = (commit: string) => tagCommit(shop.repository, { tag: 'v1', commit, message: 'The first\n' })

  test('with an annotated tag that git itself reads', async () => {
    await tag(shop.good)
    const { git } = shop.hosted
    expect((await git.readRef('refs/tags/v1'))?.type).toBe('tag')
    expect((await git.git(['tag', '-l', '--format=%(contents)', 'v1'])).toString().trim()).toBe('The first')
    expect(await git.resolve('v1')).toBe(shop.good)
  })

  test('twice: the tag stays as it was, and nothing is written', async () => {
    await tag(shop.good)
    const before = await shop.hosted.git.readRef('refs/tags/v1')
    const writes = shop.github.requests.filter(({ writes }) => writes).length
    await tag(shop.good)
    expect(await shop.hosted.git.readRef('refs/tags/v1')).toEqual(before)
    expect(shop.github.requests.filter(({ writes }) => writes)).toHaveLength(writes)
  })

  test('by two jobs at once: one tag, and both are done', async () => {
    await Promise.all([
      tag(shop.good),
      tagCommit(shop.open({}), { tag: 'v1', commit: shop.good, message: 'x' }),
    ])
    expect(await shop.hosted.git.resolve('v1')).toBe(shop.good)
  })

  test('whose name another commit has: a conflict that says which, and that tag stays', async () => {
    await tag(shop.good)
    await expect(tag(shop.bad)).rejects.toThrow(ConflictError)
    await expect(tag(shop.bad)).rejects.toThrow(`the tag v1 is already on ${shop.good.slice(0, 7)}`)
    expect(await shop.hosted.git.resolve('v1')).toBe(shop.good)
  })

  test('that another branch was given in the same second: the name goes on with the commit', async () => {
    const free = (commit: string) => tagByFreeName(shop.repository, { tag: 'v1', commit, message: 'it' })
    expect(await free(shop.good)).toBe('v1')
    const longer = `v1_${shop.bad.slice(0, 7)}`
    for (const _ of ['first', 'again']) expect(await free(shop.bad)).toBe(longer)
    expect(await shop.hosted.git.resolve('v1')).toBe(shop.good)
    expect(await shop.hosted.git.resolve(longer)).toBe(shop.bad)
  })

  test('whose name a lightweight tag has: fine on the same commit, a conflict on another', async () => {
    await createRef(shop.repository, { ref: 'tags/v1', sha: shop.good })
    await tag(shop.good)
    await expect(tag(shop.bad)).rejects.toThrow(`the tag v1 is already on ${shop.good.slice(0, 7)}`)
  })

  test('and the answer of the tag object is lost: one tag', async () => {
    shop.github.fault({ kind: 'no-answer', carriedOut: true, operation: 'git/create-tag' })
    await tag(shop.good)
    expect(await shop.hosted.git.resolve('v1')).toBe(shop.good)
  })
})
