/** Each way in which an answer of GitHub's can go wrong, as a client meets it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Fault } from '../support/github/faults.ts'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
let head: string
beforeEach(async () => {
  example = await openExample()
  head = await example.commit({ 'README.md': '# Shop\n' })
})
afterEach(() => example.close())

const createIssue = () => example.ask('POST', '/repos/octo-org/shop/issues', { body: { title: 'Down' } })
const issues = () => example.hosted.issues.length

describe('a server error', () => {
  test.each([500, 502, 503] as const)('of status %i answers so, and nothing was done', async (status) => {
    example.github.fault({ kind: 'server-error', status })
    const response = await createIssue()
    expect([response.status, await response.json()]).toEqual([status, { message: expect.any(String) }])
    expect(issues()).toBe(0)
    expect((await createIssue()).status).toBe(201)
  })

  test('that is carried out answers so, and the write is done all the same', async () => {
    example.github.fault({ kind: 'server-error', status: 502, carriedOut: true })
    expect((await createIssue()).status).toBe(502)
    expect(issues()).toBe(1)
    expect(example.github.requests.at(-1)).toMatchObject({ operation: 'issues/create', status: 502 })
  })
})

describe('a refusal', () => {
  test('of too many requests is 429 with the seconds to wait', async () => {
    example.github.fault({ kind: 'too-many-requests', retryAfterSeconds: 7 })
    const response = await createIssue()
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(issues()).toBe(0)
  })

  test('by the secondary limit is 403 with the seconds to wait', async () => {
    example.github.fault({ kind: 'secondary-limit', retryAfterSeconds: 60 })
    const response = await createIssue()
    expect([response.status, response.headers.get('retry-after')]).toEqual([403, '60'])
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('secondary rate limit') })
    expect(issues()).toBe(0)
  })

  test('with a text of the test’s choice says it', async () => {
    example.github.fault({ kind: 'refused', status: 422, message: 'Reference update failed' })
    expect(await refusal(example.octokit.rest.issues.create({ ...shop, title: 'Down' }))).toBe(
      '422 Reference update failed',
    )
    expect(issues()).toBe(0)
  })
})

describe('a connection', () => {
  test('that is slow is answered late, and the write is done at once', async () => {
    example.github.fault({ kind: 'slow', ms: 150 })
    let doneAt = Number.POSITIVE_INFINITY
    example.github.onRequest(() => {
      doneAt = performance.now()
    })
    expect((await createIssue()).status).toBe(201)
    // timers may fire a little early
    expect(performance.now() - doneAt).toBeGreaterThan(140)
  })

  test('that is slow does not hold the end of a test up', async () => {
    const other = await openExample()
    other.github.fault({ kind: 'slow', ms: 60_000 })
    const carriedOut = new Promise<void>((resolve) => other.github.onRequest(() => resolve()))
    const answer = other.ask('GET', '/repos/octo-org/shop')
    await Promise.all([carriedOut.then(() => other.close()), expect(answer).rejects.toThrow('fetch failed')])
  })

  test('that is cut off ends in the middle of the body, when the write was done', async () => {
    example.github.fault({ kind: 'cut-off' })
    const response = await createIssue()
    expect(response.status).toBe(201)
    const length = Number(response.headers.get('content-length'))
    expect(length).toBeGreaterThan(1000)
    let received = 0
    const read = async () => {
      for await (const chunk of response.body ?? []) received += (chunk as Uint8Array).length
    }
    await expect(read()).rejects.toThrow('terminated')
    expect(received).toBe(Math.ceil(length / 2))
    expect(issues()).toBe(1)
  })

  test('that is cut off in an answer without a body ends before it', async () => {
    await example.octokit.rest.git.createRef({ ...shop, ref: 'refs/heads/topic', sha: head })
    example.github.fault({ kind: 'cut-off' })
    await expect(example.ask('DELETE', '/repos/octo-org/shop/git/refs/heads/topic')).rejects.toThrow(
      'fetch failed',
    )
    expect(await example.hosted.git.readRef('refs/heads/topic')).toBeUndefined()
  })

  test.each([
    [true, 1],
    [false, 0],
  ])('that ends without an answer leaves the write done or not: %s', async (carriedOut, count) => {
    example.github.fault({ kind: 'no-answer', carriedOut })
    await expect(createIssue()).rejects.toThrow('fetch failed')
    expect(issues()).toBe(count)
    expect(example.github.requests.at(-1)).toMatchObject({ operation: 'issues/create', status: undefined })
  })
})

describe('meanwhile', () => {
  test('something else happens before the request is looked at', async () => {
    const { git } = example.octokit.rest
    const { tree } = await example.hosted.git.readCommit(head)
    const { data: mine } = await git.createCommit({ ...shop, message: 'Mine', tree, parents: [head] })
    let theirs = ''
    example.github.fault({
      kind: 'meanwhile',
      operation: 'git/update-ref',
      async act() {
        theirs = await example.commit({ 'README.md': 'theirs' })
      },
    })
    const move = git.updateRef({ ...shop, ref: 'heads/main', sha: mine.sha })
    expect(await refusal(move)).toBe('422 Update is not a fast forward')
    expect((await example.hosted.git.readRef('refs/heads/main'))?.sha).toBe(theirs)
  })
})

describe('a fault', () => {
  const statuses = async (count: number) => {
    const seen = []
    for (let request = 0; request < count; request += 1) seen.push((await createIssue()).status)
    return seen
  }
  const error = { kind: 'server-error', status: 500 } as const

  test('happens once, to the next request', async () => {
    example.github.fault(error)
    expect(await statuses(3)).toEqual([500, 201, 201])
  })

  test('may pass some requests over, and happen several times', async () => {
    example.github.fault({ ...error, skip: 1, times: 2 })
    expect(await statuses(5)).toEqual([201, 500, 500, 201, 201])
  })

  test('may be of one operation only', async () => {
    example.github.fault({ ...error, operation: 'issues/create' })
    expect((await example.octokit.rest.issues.listForRepo(shop)).status).toBe(200)
    expect(await statuses(2)).toEqual([500, 201])
  })

  test('may happen to every request, and then it has no end to wait for', async () => {
    example.github.fault({ ...error, operation: 'issues/create', times: Infinity })
    expect(await statuses(3)).toEqual([500, 500, 500])
  })

  test('waits its turn behind another', async () => {
    example.github.fault(error)
    example.github.fault({ kind: 'too-many-requests', retryAfterSeconds: 1 })
    expect(await statuses(3)).toEqual([500, 429, 201])
  })

  test.each<[Fault, string]>([
    [{ kind: 'cut-off', operation: 'git/get-ref' }, 'the fault cut-off of git/get-ref never happened'],
    [{ kind: 'slow', ms: 1, skip: 1 }, 'the fault slow of any operation never happened'],
    [{ ...error, skip: 1, times: Infinity }, 'the fault server-error of any operation never happened'],
    [{ ...error, times: 4 }, 'the fault server-error of any operation never happened, 3 times'],
  ])('that does not happen as often as it should fails the test: %j', async (fault, said) => {
    const other = await openExample()
    other.github.fault(fault)
    await other.ask('GET', '/repos/octo-org/shop')
    await expect(other.close()).rejects.toThrow(said)
  })
})
