import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'graphql'
import { costOf } from '../support/github/graphql-cost.ts'
import { openLimits } from '../support/github/limits.ts'
import { openBrokenShop } from '../support/repository.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeAll(async () => {
  shop = await openBrokenShop()
})
afterAll(() => shop.close())

async function ask(text: string, permissions: Readonly<Record<string, 'read' | 'write'>>) {
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  const response = await fetch(`${shop.github.url}/api/graphql`, {
    method: 'POST',
    headers: { authorization: `bearer ${token}` },
    body: JSON.stringify({ query: text }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const inShop = (fields: string) => `query { repository(owner: "octo-org", name: "shop") { ${fields} } }`

describe("the emulator's GraphQL", () => {
  test('costs a point for a hundred requests of its connections, and one at least', () => {
    expect(costOf(parse(inShop('ref(qualifiedName: "main") { name }')), {})).toBe(1)
    // https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api has this example
    const repositories = `query { viewer { repositories(first: 100) { nodes { issues(first: 50) { nodes { labels(first: 60) { nodes { id } } } } } } } }`
    expect(costOf(parse(repositories), {})).toBe(51)
  })

  test('counts its points apart from those of the REST API', async () => {
    const { headers, body } = await ask(`query { rateLimit { cost } }`, { contents: 'read' })
    expect(body).toEqual({ data: { rateLimit: { cost: 1 } } })
    expect(headers.get('x-ratelimit-resource')).toBe('graphql')
    const limits = { requestsPerHour: 3, writesPerMinute: 9, writesPerHour: 9, pointsPerMinute: 99 }
    const { count } = openLimits(limits)
    const token = { login: 'x', kind: 'actions', permissions: {}, value: 'x', isBot: true } as const
    count({ token, method: 'GET', resource: 'graphql', cost: 3 })
    expect(() => count({ token, method: 'GET', resource: 'graphql' })).toThrow('API rate limit exceeded')
    expect(() => count({ token, method: 'GET', resource: 'core' })).not.toThrow()
  })

  test('gives null for what the token may not see, says so, and gives the rest', async () => {
    const fields = `ref(qualifiedName: "refs/heads/main") { target { oid ... on Commit { associatedPullRequests(first: 1) { nodes { number } } } } }`
    const { status, body } = await ask(inShop(fields), { contents: 'read' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      data: { repository: { ref: { target: { oid: shop.bad, associatedPullRequests: null } } } },
      errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
    })
  })

  test('takes away all around a field that cannot be null', async () => {
    const fields = `deployments(first: 1) { nodes { databaseId } }`
    const { body } = await ask(inShop(fields), { contents: 'read' })
    expect(body).toMatchObject({ data: { repository: null }, errors: [{ type: 'FORBIDDEN' }] })
  })

  test.each([
    ['without a size', 'deployments { nodes { task } }', 'You must provide a `first` or `last` value'],
    ['of more than a hundred', 'deployments(first: 101) { nodes { task } }', 'exceeds the `first` limit'],
  ])('refuses a connection %s', async (_, fields, message) => {
    const { body } = await ask(inShop(fields), { deployments: 'read' })
    expect(body).toEqual({ errors: [expect.objectContaining({ message: expect.stringContaining(message) })] })
  })

  test('commits files on a branch, unless that is elsewhere by now', async () => {
    const commit = (head: string) =>
      ask(
        `mutation { createCommitOnBranch(input: { branch: { repositoryNameWithOwner: "octo-org/shop", branchName: "main" }, expectedHeadOid: "${head}", message: { headline: "Two" }, fileChanges: { additions: [{ path: "a/b", contents: "eA==" }], deletions: [{ path: "README.md" }] } }) { commit { oid } } }`,
        { contents: 'write' },
      )
    const from = await shop.head()
    const { body } = await commit(from)
    const head = await shop.head()
    expect(body).toEqual({ data: { createCommitOnBranch: { commit: { oid: head } } } })
    const paths = (await shop.hosted.git.diff(from, head)).map(({ path, status }) => `${status} ${path}`)
    expect(paths.sort()).toEqual(['added a/b', 'removed README.md'])
    expect((await commit(from)).body).toMatchObject({ errors: [{ type: 'STALE_DATA' }] })
  })
})
