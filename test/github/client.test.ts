import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { UnavailableError } from '../../src/errors.ts'
import { Bottleneck } from '../../src/github/bottleneck.ts'
import type { RepositoryOptions } from '../../src/github/client.ts'
import { createCommit, readCommit } from '../../src/github/commits.ts'
import { readFile, writeFile } from '../../src/github/contents.ts'
import { createIssue } from '../../src/github/issues.ts'
import { readRef } from '../../src/github/ref.ts'
import { moveBranch } from '../../src/github/refs.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

const open = (options: Partial<RepositoryOptions>) => shop.open({}, options)
const sent = (operation: string) =>
  shop.github.requests.filter((request) => request.operation === operation).length

const change = (path = 'note.txt') => ({
  path,
  branch: 'main',
  bytes: Buffer.from('note\n'),
  blob: undefined,
  message: 'A note',
})

test('without a token nothing is sent: said which input it is', () => {
  expect(() => open({ token: '' })).toThrow('`token` is empty')
})

test("nothing waits for a timer where Octokit's limiter only steps aside", () => {
  const store = Object.getPrototypeOf(Reflect.get(new Bottleneck(), '_store'))
  expect(Object.hasOwn(store, 'yieldLoop')).toBe(true)
  expect(String(store.yieldLoop)).toContain('setImmediate')
})

describe('an answer that breaks off in the middle', () => {
  test('of a read of JSON is read again', async () => {
    shop.github.fault({ kind: 'cut-off', operation: 'git/get-commit' })
    expect(await readCommit(shop.repository, shop.bad)).toMatchObject({ sha: shop.bad, message: 'Tidy up' })
    expect(sent('git/get-commit')).toBe(2)
  })

  test('of a read of a file is read again, and never a shorter file', async () => {
    shop.github.fault({ kind: 'cut-off', operation: 'repos/get-content' })
    const file = await readFile(shop.repository, { path: 'README.md', ref: 'main' })
    expect(file?.text).toBe('# Shop\n')
    expect(file?.blob).toBe((await shop.hosted.git.git(['rev-parse', 'main:README.md'])).toString().trim())
    expect(sent('repos/get-content')).toBe(2)
  })

  test('of a write that may be repeated is sent again', async () => {
    shop.github.fault({ kind: 'cut-off', operation: 'git/create-commit' })
    const tree = await shop.tree(shop.good)
    const commit = await createCommit(shop.repository, { tree, parents: [shop.bad], message: 'Back' })
    expect((await shop.hosted.git.readCommit(commit.sha)).tree).toBe(tree)
  })

  test('is the only reason to repeat such a write: one that is refused is sent once', async () => {
    const reader = shop.open({ permissions: { contents: 'read' } })
    const tree = await shop.tree(shop.good)
    await expect(createCommit(reader, { tree, parents: [shop.bad], message: 'Back' })).rejects.toThrow()
    expect(sent('git/create-commit')).toBe(1)
  })

  test('of any other write is an error that says so, and is sent once', async () => {
    shop.github.fault({ kind: 'cut-off', operation: 'repos/create-or-update-file-contents' })
    const written = writeFile(shop.repository, change())
    await expect(written).rejects.toThrow(UnavailableError)
    await expect(written).rejects.toThrow(
      /^could not write note.txt on main: GitHub did not send a complete answer/,
    )
    expect(sent('repos/create-or-update-file-contents')).toBe(1)
  })

  test('of a refusal is no refusal yet: the next whole one counts', async () => {
    shop.hosted.addRuleset({
      name: 'main',
      enforcement: 'active',
      include: ['~DEFAULT_BRANCH'],
      rules: [{ type: 'update' }],
    })
    shop.github.fault({ kind: 'cut-off', operation: 'git/update-ref' })
    const to = (
      await createCommit(shop.repository, {
        tree: await shop.tree(shop.good),
        parents: [shop.bad],
        message: 'x',
      })
    ).sha
    await expect(moveBranch(shop.repository, { branch: 'main', from: shop.bad, to })).rejects.toThrow(
      /Cannot update this protected ref/,
    )
    expect(await shop.head()).toBe(shop.bad)
  })

  test('is noticed even when something on the way ends it as if it were whole', async () => {
    const proxy = await openShorteningProxy(shop.github.url)
    try {
      const repository = open({ apiUrl: `${proxy.url}/api/v3` })
      expect((await readCommit(repository, shop.bad)).sha).toBe(shop.bad)
      expect(sent('git/get-commit')).toBe(2)
    } finally {
      proxy.close()
    }
  })
})

describe('an answer that does not come', () => {
  test('of a read is waited for up to the time-out, and the next try has the same time again', async () => {
    shop.github.fault({ kind: 'slow', ms: 1500, operation: 'git/get-ref' })
    const repository = open({ requestTimeoutMs: 700 })
    expect(await readRef(repository, 'heads/main')).toBe(shop.bad)
    expect(sent('git/get-ref')).toBe(2)
  })

  test('of a write is an error that says how long it was waited for, and is sent once', async () => {
    shop.github.fault({ kind: 'slow', ms: 1500, operation: 'repos/create-or-update-file-contents' })
    const written = writeFile(open({ requestTimeoutMs: 700 }), change())
    await expect(written).rejects.toThrow('GitHub did not send a complete answer ("no answer within 0.7 s")')
    expect(sent('repos/create-or-update-file-contents')).toBe(1)
  })

  test('of a read that failed is asked for again', async () => {
    shop.github.fault({ kind: 'server-error', status: 502, operation: 'git/get-ref' })
    expect(await readRef(shop.repository, 'heads/main')).toBe(shop.bad)
    expect(sent('git/get-ref')).toBe(2)
  })

  test('of a read is asked for again as quickly after a write, and after another read that failed', async () => {
    await writeFile(shop.repository, change())
    const started = Date.now()
    for (let reads = 1; reads <= 4; reads += 1) {
      shop.github.fault({ kind: 'server-error', status: 502, operation: 'git/get-ref' })
      expect(await readRef(shop.repository, 'heads/main')).toBeDefined()
      expect(sent('git/get-ref')).toBe(2 * reads)
    }
    // four first pauses of 50 ms; a second pause is 200 ms, a third 450 ms
    expect(Date.now() - started).toBeLessThan(1200)
  })

  test.each([
    ['a lost answer', { kind: 'no-answer', carriedOut: true }],
    ['a 502', { kind: 'server-error', status: 502, carriedOut: true }],
  ] as const)('after %s an issue is not created a second time', async (_, fault) => {
    shop.github.fault({ ...fault, operation: 'issues/create' })
    await expect(
      createIssue(shop.repository, { title: 'Down', body: '', labels: [], assignees: [] }),
    ).rejects.toThrow()
    expect(sent('issues/create')).toBe(1)
    expect(shop.hosted.issues).toHaveLength(1)
  })

  test('is not waited for when the job is cancelled', async () => {
    const cancelled = new AbortController()
    const repository = open({ signal: cancelled.signal })
    shop.github.fault({ kind: 'slow', ms: 1000, operation: 'git/get-ref' })
    shop.github.onRequest(() => cancelled.abort(new Error('the job was cancelled')))
    const started = Date.now()
    await expect(readRef(repository, 'heads/main')).rejects.toThrow(
      'could not read refs/heads/main: the job was cancelled before GitHub answered',
    )
    expect(Date.now() - started).toBeLessThan(900)
    expect(sent('git/get-ref')).toBe(1)
  })
})

describe('a limit of GitHub', () => {
  test('that is over soon is waited for, the pause not counted as a lost answer, and said in the log', async () => {
    const log: string[] = []
    const repository = open({ log: (line) => void log.push(line), requestTimeoutMs: 700 })
    const operation = 'repos/create-or-update-file-contents'
    shop.github.fault({ kind: 'secondary-limit', retryAfterSeconds: 1, operation })
    expect(await writeFile(repository, change())).toEqual({
      commit: await shop.head(),
      parent: expect.any(String),
    })
    expect(sent(operation)).toBe(2)
    expect(log).toEqual([
      expect.stringMatching(/^GitHub's secondary rate limit is reached at PUT .*contents.*: waiting 1 s$/),
    ])
  })

  test('that is over in an hour is not waited for: said how long it is', async () => {
    const log: string[] = []
    shop.github.fault({ kind: 'too-many-requests', retryAfterSeconds: 3600, operation: 'git/get-ref' })
    const read = readRef(open({ log: (line) => void log.push(line) }), 'heads/main')
    await expect(read).rejects.toThrow(UnavailableError)
    await expect(read).rejects.toThrow(
      /^could not read refs\/heads\/main: GitHub answered 429 .* and asks for a pause of 3600 s; run again when the limit is over$/,
    )
    expect(sent('git/get-ref')).toBe(1)
    expect(log.join()).toContain('not waiting 3600 s')
  })
})

/** Passes everything on, but ends the first answer in its middle, as a middlebox does that gives up and says nothing. */
async function openShorteningProxy(target: string) {
  let first = true
  const server = createServer(async (request, response) => {
    const headers = { authorization: request.headers.authorization ?? '' }
    const answer = await fetch(new URL(request.url ?? '/', target), { headers })
    const body = Buffer.from(await answer.arrayBuffer())
    const end = first ? Math.floor(body.length / 2) : body.length
    first = false
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(body.subarray(0, end))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
