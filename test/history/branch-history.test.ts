import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RefusedError, UnavailableError } from '../../src/errors.ts'
import { openBranchHistory } from '../../src/history/branch-history.ts'
import { type Event, newEvent } from '../../src/history/event.ts'
import { noLimits } from '../support/github/limits.ts'
import { openShop, type Shop } from '../support/repository.ts'

const branch = 'rollback-history'
const month = 'v1/events/2026/2026-11.jsonl'

let shop: Shop
let code: string
beforeEach(async () => {
  shop = await openShop({ limits: noLimits })
  code = await shop.commit({ 'README.md': '# Shop\n' })
})
afterEach(() => shop.close())

function opened(issue: number, at = '2026-11-24T03:00:00.000Z'): Event {
  const about = { incident: 'production-abc', environment: 'production', revision: 'a'.repeat(40) }
  return newEvent({ kind: 'postmortem-opened', at, issue, actor: 'grace', url: 'https://x/1', ...about }, [
    String(issue),
  ])
}

/** The issue numbers in a file of the branch as it is stored, line by line. */
async function storedIn(file: string): Promise<readonly number[]> {
  const text = (await shop.hosted.git.git(['show', `${branch}:${file}`])).toString('utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).issue)
}

const sent = (operation: string) =>
  shop.github.requests.filter((request) => request.operation === operation).length
const commits = async () => shop.hosted.git.count(`refs/heads/${branch}`)

describe('a history on a branch', () => {
  test('is empty before anything happened', async () => {
    expect(await shop.history.read()).toEqual({ events: [], unreadable: [] })
  })

  test('starts as a branch that has nothing in common with the code', async () => {
    expect(await shop.history.append(opened(1))).toBe('appended')
    const { git } = shop.hosted
    expect(await git.compare('refs/heads/main', `refs/heads/${branch}`)).toBeUndefined()
    expect(
      (await git.readTree(`refs/heads/${branch}`, { recursive: true })).map(({ path }) => path),
    ).toContain(month)
    expect(await shop.head()).toBe(code)
  })

  test('gives back what was appended, oldest first, a commit each, that says what happened', async () => {
    await shop.history.append(opened(2, '2026-11-02T00:00:00.000Z'))
    await shop.history.append(opened(1, '2026-11-01T00:00:00.000Z'))
    const { events } = await shop.history.read()
    expect(events).toEqual([opened(1, '2026-11-01T00:00:00.000Z'), opened(2, '2026-11-02T00:00:00.000Z')])
    const log = await shop.hosted.git.log(`refs/heads/${branch}`)
    expect(log.map(({ message }) => message)).toEqual([
      'postmortem-opened: production-abc',
      'postmortem-opened: production-abc',
    ])
  })

  test('holds an event once, however often and whenever it is appended', async () => {
    expect(await shop.history.append(opened(1))).toBe('appended')
    expect(await shop.history.append(opened(1))).toBe('already-there')
    expect(await shop.history.append(opened(1, '2026-11-25T00:00:00.000Z'))).toBe('already-there')
    await shop.history.append(opened(1, '2026-12-01T00:00:00.000Z'))
    expect((await shop.history.read()).events).toEqual([opened(1)])
    expect(await storedIn(month)).toEqual([1])
  })

  test('has a file for each month, and reads those since a time', async () => {
    for (const day of ['2025-12-31', '2026-10-15', '2026-11-20'])
      await shop.history.append(opened(Number(day.slice(8)), `${day}T00:00:00.000Z`))
    expect(await storedIn('v1/events/2025/2025-12.jsonl')).toEqual([31])
    expect(await storedIn('v1/events/2026/2026-10.jsonl')).toEqual([15])
    const read = sent('repos/get-content')
    const { events } = await shop.history.read({ since: new Date('2026-10-15T00:00:00.000Z') })
    expect(events.map(({ at }) => at.slice(0, 10))).toEqual(['2026-10-15', '2026-11-20'])
    expect(sent('repos/get-content') - read).toBe(2)
  })

  test('leaves other files of the branch alone, and does not take them for events', async () => {
    await shop.history.append(opened(1))
    await shop.commit({ 'README.md': 'What this is\n', 'v1/events/notes.jsonl': '{}\n' }, { branch })
    await shop.history.append(opened(2))
    expect((await shop.history.read()).events).toHaveLength(2)
    const { git } = shop.hosted
    expect((await git.git(['show', `${branch}:README.md`])).toString()).toBe('What this is\n')
  })
})

describe('a line that is damaged', () => {
  test.each([
    ['is no JSON', Buffer.from('{"cut o\n'), 'not JSON'],
    ['is of a newer version', Buffer.from('{"schema":2,"kind":"from-the-future"}\n'), 'not an event'],
    ['is not even text', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x0a]), 'not JSON'],
  ])('and %s is reported, and kept byte for byte by those who append', async (_, line, why) => {
    const event = Buffer.from(`${JSON.stringify(opened(1))}\n`)
    // the mark that some editors put in front
    const damaged = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), event, line])
    const { git } = shop.hosted
    const blob = await git.writeBlob(damaged)
    const tree = await git.writeTree(undefined, [{ path: month, mode: '100644', sha: blob }])
    const date = new Date()
    const person = { name: 'Ada', email: 'ada@example.com', date }
    const to = await git.writeCommit({
      tree,
      parents: [],
      message: 'By hand',
      author: person,
      committer: person,
    })
    await git.moveRef(`refs/heads/${branch}`, { from: '', to })

    await shop.history.append(opened(2))
    const { events, unreadable } = await shop.history.read()
    expect(events).toEqual([opened(1), opened(2)])
    expect(unreadable).toEqual([{ file: month, line: 2, why: expect.stringContaining(why) }])
    expect(await git.git(['show', `${branch}:${month}`])).toEqual(
      Buffer.concat([damaged, Buffer.from(`${JSON.stringify(opened(2))}\n`)]),
    )
  })
})

describe('many writers', () => {
  test('at once lose nothing, and each event is there once', async () => {
    const writers = Array.from({ length: 8 }, () => openBranchHistory({ repository: shop.open(), branch }))
    await Promise.all(
      // two of them have the same event to tell
      writers.map((history, n) => history.append(opened(n === 7 ? 0 : n))),
    )
    expect([...(await storedIn(month))].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(await commits()).toBe(7)
  })

  test('that made the branch in between are found', async () => {
    const act = () => shop.history.append(opened(1)).then(() => {})
    shop.github.fault({ kind: 'meanwhile', operation: 'git/create-ref', act })
    const other = openBranchHistory({ repository: shop.open(), branch })
    await other.append(opened(2))
    expect(await storedIn(month)).toEqual([1, 2])
  })

  test('that began the month in between are not overwritten', async () => {
    await shop.history.append(opened(1, '2026-10-31T00:00:00.000Z'))
    const act = () => shop.history.append(opened(2)).then(() => {})
    shop.github.fault({ kind: 'meanwhile', operation: 'repos/create-or-update-file-contents', act })
    const other = openBranchHistory({ repository: shop.open(), branch })
    await other.append(opened(3))
    expect(await storedIn(month)).toEqual([2, 3])
  })

  test('that moved the branch in between are not overwritten', async () => {
    await shop.history.append(opened(1))
    const act = () => shop.history.append(opened(2)).then(() => {})
    shop.github.fault({ kind: 'meanwhile', operation: 'repos/create-or-update-file-contents', act })
    const other = openBranchHistory({ repository: shop.open(), branch })
    await other.append(opened(3))
    expect(await storedIn(month)).toEqual([1, 2, 3])
  })
})

describe('when an answer is lost', () => {
  const faults = [
    ['is lost although it was carried out', { kind: 'no-answer', carriedOut: true }],
    ['is lost', { kind: 'no-answer' }],
    ['is an error although it was carried out', { kind: 'server-error', status: 502, carriedOut: true }],
    ['is cut off', { kind: 'cut-off' }],
  ] as const

  test.each(faults)('and that of the first append %s: the event is there once', async (_, fault) => {
    shop.github.fault({ ...fault, operation: 'git/create-ref' })
    expect(await shop.history.append(opened(1))).toMatch(/^appended|already-there$/)
    expect(await storedIn(month)).toEqual([1])
    expect(await commits()).toBe(1)
  })

  test.each(faults)('and that of a later append %s: the event is there once', async (_, fault) => {
    await shop.history.append(opened(1))
    shop.github.fault({ ...fault, operation: 'repos/create-or-update-file-contents' })
    expect(await shop.history.append(opened(2))).toMatch(/^appended|already-there$/)
    expect(await storedIn(month)).toEqual([1, 2])
    expect(await commits()).toBe(2)
  })

  test('and that of a read is cut off: nothing is taken for empty', async () => {
    await shop.history.append(opened(1))
    shop.github.fault({ kind: 'cut-off', operation: 'repos/get-content' })
    expect((await shop.history.read()).events).toEqual([opened(1)])
    shop.github.fault({ kind: 'cut-off', operation: 'git/get-tree' })
    expect((await shop.history.read()).events).toEqual([opened(1)])
  })
})

describe('a history that may not be written', () => {
  test.each([
    ['is to be made', false],
    ['is there', true],
  ])(
    'because a rule forbids it, when the branch %s: refused with the way out, and not fought',
    async (_, there) => {
      if (there) await shop.history.append(opened(1))
      shop.hosted.addRuleset({
        name: 'everything',
        enforcement: 'active',
        include: ['~ALL'],
        rules: there ? [{ type: 'pull_request', approvals: 1 }] : [{ type: 'creation' }],
      })
      const operation = there ? 'repos/create-or-update-file-contents' : 'git/create-ref'
      const before = sent(operation)
      const append = shop.history.append(opened(2))
      await expect(append).rejects.toThrow(RefusedError)
      await expect(append).rejects.toThrow(
        "let the token's app or user bypass the rule, or take this branch out of the rule",
      )
      expect(sent(operation) - before).toBe(1)
    },
  )

  test('because the branch is protected in the classic way: refused, and not taken for a race', async () => {
    await shop.history.append(opened(1))
    shop.hosted.protectBranch(branch, { requiredApprovals: 1 })
    const before = sent('repos/create-or-update-file-contents')
    const append = shop.history.append(opened(2))
    await expect(append).rejects.toThrow(RefusedError)
    await expect(append).rejects.toThrow('take this branch out of the rule')
    expect(sent('repos/create-or-update-file-contents') - before).toBe(1)
  })

  test.each([
    ['is to be made', false],
    ['is there', true],
  ])('with this token, when the branch %s: said which permission it takes', async (_, there) => {
    if (there) await shop.history.append(opened(1))
    const reader = shop.open({ permissions: { contents: 'read' } })
    const history = openBranchHistory({ repository: reader, branch })
    const append = history.append(opened(2))
    await expect(append).rejects.toThrow(RefusedError)
    await expect(append).rejects.toThrow('give the job `permissions: contents: write`')
    expect((await history.read()).events).toHaveLength(there ? 1 : 0)
  })

  test('because of a limit that is over in an hour: said so at once, and not tried a dozen times', async () => {
    await shop.history.append(opened(1))
    const operation = 'repos/create-or-update-file-contents'
    shop.github.fault({ kind: 'too-many-requests', retryAfterSeconds: 3600, operation })
    const before = sent(operation)
    const append = shop.history.append(opened(2))
    await expect(append).rejects.toThrow(UnavailableError)
    await expect(append).rejects.toThrow('asks for a pause of 3600 s')
    expect(sent(operation) - before).toBe(1)
  })

  test('because the job was cancelled: given up at once', async () => {
    await shop.history.append(opened(1))
    const cancelled = new AbortController()
    const { signal } = cancelled
    const history = openBranchHistory({ repository: shop.open({}, { signal }), branch, signal })
    shop.github.onRequest(({ operation }) => {
      if (operation === 'repos/get-content') cancelled.abort(new Error('the job was cancelled'))
    })
    await expect(history.append(opened(2))).rejects.toThrow('the job was cancelled')
    expect(await storedIn(month)).toEqual([1])
  })
})
