import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RefusedError, UnavailableError } from '../../src/errors.ts'
import { openBranchHistory } from '../../src/history/branch-history.ts'
import { type Event, newEvent } from '../../src/history/event.ts'
import { noLimits } from '../support/github/limits.ts'
import { openShop, type Shop } from '../support/repository.ts'

const branch = 'rollback-history'
const month = 'v1/events/2026/2026-11'
/** Where all events of a month were until November 2026. */
const oldFile = `${month}.jsonl`

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

/** The issue numbers in the files of a folder of the branch, line by line, sorted. */
async function storedIn(folder: string): Promise<readonly number[]> {
  const { git } = shop.hosted
  const entries = await git.readTree(`refs/heads/${branch}`, { recursive: true })
  const files = entries.filter(({ path, type }) => type === 'blob' && path.startsWith(`${folder}/`))
  const texts = await Promise.all(files.map(async ({ sha }) => (await git.readBlob(sha)).toString('utf8')))
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'))
  return lines.map((line): number => JSON.parse(line).issue).sort((a, b) => a - b)
}

/** Puts a file of each event on the branch. */
const putEach = (...numbers: readonly number[]) =>
  put(numbers.map((n) => [`${month}/${opened(n).id}.jsonl`, `${JSON.stringify(opened(n))}\n`]))

/** Puts files on the branch as an older version, or a person, would. */
async function put(files: readonly (readonly [path: string, content: string | Buffer])[]): Promise<void> {
  const { git } = shop.hosted
  const ref = `refs/heads/${branch}`
  const from = (await git.readRef(ref))?.sha
  const person = { name: 'Ada', email: 'ada@example.com', date: new Date() }
  const changes = await Promise.all(
    files.map(async ([path, content]) => {
      return { path, mode: '100644', sha: await git.writeBlob(Buffer.from(content)) }
    }),
  )
  const to = await git.writeCommit({
    tree: await git.writeTree(from, changes),
    parents: from === undefined ? [] : [from],
    message: 'By hand',
    author: person,
    committer: person,
  })
  await git.moveRef(ref, { from: from ?? '', to })
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
    ).toContain(`${month}/${opened(1).id}.jsonl`)
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

  test('has a folder for each month, and reads those since a time', async () => {
    for (const day of ['2025-12-31', '2026-10-15', '2026-11-20'])
      await shop.history.append(opened(Number(day.slice(8)), `${day}T00:00:00.000Z`))
    expect(await storedIn('v1/events/2025/2025-12')).toEqual([31])
    expect(await storedIn('v1/events/2026/2026-10')).toEqual([15])
    const { events } = await shop.history.read({ since: new Date('2026-10-15T00:00:00.000Z') })
    expect(events.map(({ at }) => at.slice(0, 10))).toEqual(['2026-10-15', '2026-11-20'])
  })

  test('is read in one request, however many files it is', async () => {
    for (let n = 0; n < 20; n += 1) await shop.history.append(opened(n))
    const before = shop.github.requests.length
    expect((await shop.history.read()).events).toHaveLength(20)
    expect(shop.github.requests.slice(before).map(({ path }) => path)).toEqual(['/graphql'])
  })

  test('takes one request for each append, and those that belong together share it', async () => {
    await shop.history.append(opened(1))
    const before = shop.github.requests.length
    await shop.history.append(opened(2), opened(3))
    await shop.history.append(opened(4))
    expect(shop.github.requests.slice(before).map(({ operation }) => operation)).toEqual([
      'repos/create-or-update-file-contents',
      'repos/create-or-update-file-contents',
    ])
    expect(await storedIn(month)).toEqual([1, 2, 3, 4])
    expect(await shop.history.append(opened(2), opened(3))).toBe('already-there')
    const other = openBranchHistory({ repository: shop.open(), branch })
    expect(await other.append(opened(2), opened(3))).toBe('already-there')
    expect(await storedIn(month)).toEqual([1, 2, 3, 4])
  })

  test('reads what an older version wrote, one file a month, and leaves that file as it is', async () => {
    const old = Buffer.from(`${JSON.stringify(opened(1))}\n${JSON.stringify(opened(2))}\n`)
    await put([[oldFile, old]])
    const history = openBranchHistory({ repository: shop.open(), branch })
    expect((await history.read()).events).toEqual([opened(1), opened(2)])
    expect(await history.append(opened(2))).toBe('already-there')
    await history.append(opened(3))
    expect((await history.read()).events).toEqual([opened(1), opened(2), opened(3)])
    expect(await shop.hosted.git.git(['show', `${branch}:${oldFile}`])).toEqual(old)
  })

  test('that GraphQL does not give whole is read file by file', async () => {
    const long = Array.from({ length: 2_500 }, (_, n) => `${JSON.stringify(opened(n))}\n`).join('')
    expect(long.length).toBeGreaterThan(512_000)
    await put([[oldFile, long]])
    await shop.history.append(opened(2_500))
    expect((await shop.history.read()).events).toHaveLength(2_501)
    expect(sent('repos/get-content')).toBe(1)
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
    await put([[oldFile, damaged]])
    await shop.history.append(opened(2))
    const { events, unreadable } = await shop.history.read()
    expect(events).toEqual([opened(1), opened(2)])
    expect(unreadable).toEqual([{ file: oldFile, line: 2, why: expect.stringContaining(why) }])
    expect(await shop.hosted.git.git(['show', `${branch}:${oldFile}`])).toEqual(damaged)
  })
})

describe('a history of many small files', () => {
  const later = () => Date.parse('2026-11-28T00:00:00.000Z')
  const paths = async () =>
    (await shop.hosted.git.readTree(`refs/heads/${branch}`, { recursive: true }))
      .filter(({ type }) => type === 'blob')
      .map(({ path }) => path)

  test('is merged a hundred at a time by one commit, and nothing is lost or read twice', async () => {
    await putEach(...Array.from({ length: 130 }, (_, n) => n))
    const history = openBranchHistory({ repository: shop.open(), branch, now: later })
    await history.read()
    await history.compact()
    expect(await paths()).toHaveLength(31)
    const { events } = await history.read()
    expect(events).toHaveLength(130)
    await history.compact()
    expect(await paths()).toHaveLength(31)
  })

  test('keeps those of the last day, which a job may be about to append', async () => {
    await putEach(...Array.from({ length: 100 }, (_, n) => n))
    const now = () => Date.parse('2026-11-24T12:00:00.000Z')
    const history = openBranchHistory({ repository: shop.open(), branch, now })
    await history.read()
    await history.compact()
    expect(await paths()).toHaveLength(100)
  })

  test('is left as it is when another job writes at that moment', async () => {
    await putEach(...Array.from({ length: 100 }, (_, n) => n))
    const history = openBranchHistory({ repository: shop.open(), branch, now: later })
    await history.read()
    let isFirst = true
    shop.github.onRequest(async ({ path }) => {
      if (path !== '/graphql' || !isFirst) return
      isFirst = false
      await putEach(200)
    })
    await history.compact()
    expect(await paths()).toHaveLength(101)
  })
})

describe('many writers', () => {
  test('at once lose nothing, and each event is there once', async () => {
    const writers = Array.from({ length: 8 }, () => openBranchHistory({ repository: shop.open(), branch }))
    await Promise.all(
      // two of them have the same event to tell
      writers.map((history, n) => history.append(opened(n === 7 ? 0 : n))),
    )
    expect(await storedIn(month)).toEqual([0, 1, 2, 3, 4, 5, 6])
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
    shop.github.fault({ kind: 'cut-off', operation: 'graphql' })
    expect((await shop.history.read()).events).toEqual([opened(1)])
    shop.github.fault({
      kind: 'refused',
      operation: 'graphql',
      status: 502,
      message: 'Server Error',
      times: 8,
    })
    shop.github.fault({ kind: 'cut-off', operation: 'repos/get-content' })
    expect((await shop.history.read()).events).toEqual([opened(1)])
    shop.github.fault({
      kind: 'refused',
      operation: 'graphql',
      status: 502,
      message: 'Server Error',
      times: 8,
    })
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
      if (operation === 'repos/create-or-update-file-contents')
        cancelled.abort(new Error('the job was cancelled'))
    })
    await expect(history.append(opened(2))).rejects.toThrow('the job was cancelled')
    expect(sent('repos/create-or-update-file-contents')).toBe(2)
  })
})
