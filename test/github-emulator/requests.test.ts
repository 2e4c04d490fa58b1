/** What GitHub would not understand, or would not answer so, fails the test that caused it. */
import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, owner, refusal, repo, shop } from './example.ts'

let example: Example
let head: string
beforeEach(async () => {
  example = await openExample()
  head = await example.commit({ 'README.md': '# Shop\n' })
})
afterEach(() => example.close())

/** Takes the violations, for the test that caused them on purpose. */
function violations(): string {
  return example.github.takeViolations().join('\n')
}

describe('refused and recorded', () => {
  test('a misspelt field, which GitHub itself passes over in silence', async () => {
    const { octokit, github, hosted } = example
    const misspelt = { ...shop, ref: 'heads/main', sha: head, froce: true }
    expect(await refusal(octokit.rest.git.updateRef(misspelt))).toMatch(/^422 Invalid request.*"froce"/s)
    expect(
      await refusal(octokit.request(`PATCH /repos/${owner}/${repo}/git/refs/heads/main`, { shaa: head })),
    ).toMatch(/must have required property 'sha'/)
    expect(github.takeViolations()).toEqual([
      'PATCH /repos/octo-org/shop/git/refs/heads%2Fmain: body: / must NOT have additional properties ("froce")',
      `PATCH /repos/octo-org/shop/git/refs/heads/main: body: / must have required property 'sha'`,
      'PATCH /repos/octo-org/shop/git/refs/heads/main: body: / must NOT have additional properties ("shaa")',
    ])
    expect((await hosted.git.readRef('refs/heads/main'))?.sha).toBe(head)
  })

  test('an unknown query parameter', async () => {
    expect((await example.ask('GET', '/repos/octo-org/shop/issues?stat=open')).status).toBe(422)
    expect(violations()).toBe('GET /repos/octo-org/shop/issues?stat=open: query: stat is not known')
  })

  test('a wrong type in the path, the query or the body', async () => {
    const statuses = [
      await example.ask('GET', '/repos/octo-org/shop/issues/first'),
      await example.ask('GET', '/repos/octo-org/shop/issues?per_page=many'),
      await example.ask('POST', '/repos/octo-org/shop/issues', {
        body: { title: 'Down', labels: 'incident' },
      }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([422, 422, 422])
    expect(violations()).toBe(
      [
        'GET /repos/octo-org/shop/issues/first: path issue_number: / must be integer',
        'GET /repos/octo-org/shop/issues?per_page=many: query per_page: / must be integer',
        'POST /repos/octo-org/shop/issues: body: /labels must be array',
      ].join('\n'),
    )
    expect(example.hosted.issues).toEqual([])
  })

  test('a route that the emulator does not have', async () => {
    expect((await example.ask('GET', '/repos/octo-org/shop/releases')).status).toBe(404)
    expect((await example.ask('DELETE', '/repos/octo-org/shop/issues/1')).status).toBe(404)
    expect(violations()).toBe(
      [
        'GET /repos/octo-org/shop/releases: no such route is known: add its operation to operations.ts and routes/',
        'DELETE /repos/octo-org/shop/issues/1: no such route is known: add its operation to operations.ts and routes/',
      ].join('\n'),
    )
  })

  test('an address that is neither below the API’s base nor git’s', async () => {
    const response = await fetch(`${example.github.url}/repos/octo-org/shop`)
    expect(response.status).toBe(404)
    expect(violations()).toBe("GET /repos/octo-org/shop: neither below /api/v3 nor a request of git's")
  })

  test('a body that is not JSON', async () => {
    const response = await example.ask('POST', '/repos/octo-org/shop/issues', { body: '{"title":' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ message: 'Problems parsing JSON', status: '400' })
  })

  test('a wrong request with a token that could not have made it anyway', async () => {
    await example.ask('POST', '/repos/octo-org/shop/issues', { body: { tittle: 'Down' }, token: 'ghs_none' })
    expect(violations()).toContain('"tittle"')
  })
})

describe('what the emulator does not do', () => {
  test('a query parameter or a field that GitHub heeds and the emulator does not', async () => {
    const { octokit } = example
    await octokit.rest.issues.listForRepo({ ...shop, milestone: '1' })
    await octokit.rest.issues.create({ ...shop, title: 'Down', milestone: 1 })
    await octokit.rest.repos.listCommits({ ...shop, author: 'ada' })
    expect(violations()).toBe(
      [
        'GET /repos/octo-org/shop/issues?milestone=1: query milestone: the emulator does not do what it asks for',
        'POST /repos/octo-org/shop/issues: body milestone: the emulator does not do what it asks for',
        'GET /repos/octo-org/shop/commits?author=ada: query author: the emulator does not do what it asks for',
      ].join('\n'),
    )
  })

  test('what its own code stops at', async () => {
    const { git } = example.hosted
    const link = { path: 'link', mode: '120000', sha: await git.writeBlob(Buffer.from('README.md')) }
    const { author, committer } = await git.readCommit(head)
    const tree = await git.writeTree(head, [link])
    const sha = await git.writeCommit({ tree, parents: [head], author, committer, message: 'Link' })
    const response = await example.ask('GET', `/repos/octo-org/shop/contents/link?ref=${sha}`)
    expect(response.status).toBe(500)
    expect(violations()).toContain(
      'the emulator failed: Error: link is a link or a submodule: the emulator does not give these',
    )
  })

  test('a version of the API other than the one that is described', async () => {
    const ask = (version: string) =>
      example.ask('GET', '/repos/octo-org/shop', { headers: { 'x-github-api-version': version } })
    await ask('2022-11-28')
    await ask('2026-03-10')
    expect(violations()).toBe(
      'GET /repos/octo-org/shop: x-github-api-version 2026-03-10: the description is of 2022-11-28',
    )
  })

  test('a media type other than JSON', async () => {
    const { octokit } = example
    await octokit.rest.repos.getCommit({ ...shop, ref: head, mediaType: { format: 'diff' } })
    expect(violations()).toContain(
      'the media type application/vnd.github.v3.diff: the emulator does not give it',
    )
  })
})

describe('stop', () => {
  test('throws with what was wrong when nobody took it', async () => {
    const other = await openExample()
    await other.ask('GET', '/repos/octo-org/shop/releases')
    await expect(other.close()).rejects.toThrow(
      'GitHub would not have it so:\nGET /repos/octo-org/shop/releases: no such route is known',
    )
  })

  test('does not throw for what was taken', async () => {
    const other = await openExample()
    await other.ask('GET', '/repos/octo-org/shop/releases')
    expect(other.github.takeViolations()).toHaveLength(1)
    expect(other.github.takeViolations()).toEqual([])
    await other.close()
  })

  test('throws when the emulator itself answered as GitHub would not', async () => {
    const other = await openExample()
    const color: unknown = 7
    other.hosted.labels.push({ id: 1, name: 'incident', color: color as string, description: null })
    await other.octokit.rest.issues.listLabelsForRepo(shop)
    await expect(other.close()).rejects.toThrow(
      'GET /repos/octo-org/shop/labels: response 200: /0/color must be string',
    )
  })

  test('waits for what is still being carried out', async () => {
    const other = await openExample()
    let isDone = false
    const arrived = new Promise<void>((resolve) => {
      other.github.fault({
        kind: 'meanwhile',
        async act() {
          resolve()
          await other.commit({ 'a.txt': 'a' })
          isDone = true
        },
      })
    })
    const url = new URL(`${other.github.apiUrl}/repos/octo-org/shop`)
    const leaving = httpRequest(url, { headers: { authorization: `Bearer ${other.token()}` } })
    leaving.on('error', () => {})
    leaving.end()
    await arrived
    leaving.destroy()
    await other.close()
    expect(isDone).toBe(true)
  })
})

describe('a client that goes away', () => {
  test('before it has sent all of its request has asked for nothing', async () => {
    const url = new URL(`${example.github.apiUrl}/repos/octo-org/shop/issues`)
    const leaving = httpRequest(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${example.token()}`, 'content-length': '1000' },
    })
    const gone = new Promise((resolve) => leaving.on('close', resolve))
    leaving.on('error', () => {})
    leaving.write('{"title":')
    leaving.on('socket', (socket) => socket.on('connect', () => socket.end()))
    await gone
    expect(example.github.requests).toEqual([])
  })
})

describe('the record of requests', () => {
  test('says who asked what, and how it was answered, oldest first', async () => {
    const { github, octokit, as } = example
    await octokit.rest.git.getRef({ ...shop, ref: 'heads/main' })
    await refusal(
      as({ login: 'grace', kind: 'user', permissions: {} }).rest.issues.get({ ...shop, issue_number: 9 }),
    )
    expect(github.requests).toEqual([
      {
        method: 'GET',
        path: '/repos/octo-org/shop/git/ref/heads%2Fmain',
        operation: 'git/get-ref',
        login: 'github-actions[bot]',
        status: 200,
        writes: false,
      },
      {
        method: 'GET',
        path: '/repos/octo-org/shop/issues/9',
        operation: 'issues/get',
        login: 'grace',
        status: 403,
        writes: false,
      },
    ])
  })

  test('a listener hears of a request when it was carried out and not yet answered', async () => {
    const { github, octokit, hosted } = example
    const heard: string[] = []
    const end = github.onRequest(({ operation, status }) => {
      heard.push(`${operation} ${status} ${hosted.issues.length}`)
    })
    await octokit.rest.issues.create({ ...shop, title: 'Down' })
    end()
    await octokit.rest.issues.listForRepo(shop)
    expect(heard).toEqual(['issues/create undefined 1'])
  })
})

describe('an address', () => {
  test('that fits two operations means the longer one', async () => {
    const { github, octokit } = example
    await octokit.rest.repos.getCommit({ ...shop, ref: 'main' })
    await octokit.rest.repos.getCombinedStatusForRef({ ...shop, ref: 'main' })
    await octokit.rest.git.getRef({ ...shop, ref: 'heads/main' })
    await octokit.rest.git.listMatchingRefs({ ...shop, ref: 'heads/' })
    expect(github.requests.map(({ operation }) => operation)).toEqual([
      'repos/get-commit',
      'repos/get-combined-status-for-ref',
      'git/get-ref',
      'git/list-matching-refs',
    ])
  })

  test('a repository is found whatever the case of its name', async () => {
    const { data } = await example.octokit.rest.repos.get({ owner: 'Octo-Org', repo: 'SHOP' })
    expect(data.full_name).toBe('octo-org/shop')
  })

  test('a repository that is not there is not found', async () => {
    expect(await refusal(example.octokit.rest.repos.get({ owner, repo: 'none' }))).toBe('404 Not Found')
  })
})
