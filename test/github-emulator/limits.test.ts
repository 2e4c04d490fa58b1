/** GitHub's limits: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
import { afterEach, describe, expect, test } from '@jest/globals'
import { githubLimits, openLimits } from '../support/github/limits.ts'
import { Refusal } from '../support/github/refusal.ts'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example | undefined
afterEach(() => example?.close())

const open = async (limits?: Parameters<typeof openExample>[0]) => {
  example = await openExample(limits)
  return example
}

describe('the secondary limit', () => {
  test('refuses the 81st write within a minute, says how long to wait, and lets reads go on', async () => {
    const { ask, hosted, octokit } = await open()
    const create = () => ask('POST', '/repos/octo-org/shop/issues', { body: { title: 'Down' } })
    const statuses = []
    for (let count = 0; count < 80; count += 1) statuses.push((await create()).status)
    expect(new Set(statuses)).toEqual(new Set([201]))

    const refused = await create()
    expect(refused.status).toBe(403)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(refused.headers.get('x-ratelimit-remaining')).not.toBe('0')
    expect(await refused.json()).toMatchObject({
      message: expect.stringContaining('You have exceeded a secondary rate limit.'),
    })
    expect(hosted.issues).toHaveLength(80)
    expect((await ask('GET', '/repos/octo-org/shop/issues')).status).toBe(200)
    // another token has its own
    expect((await octokit.rest.issues.create({ ...shop, title: 'Up' })).status).toBe(201)
  })

  test('is over when the first of the writes is a minute old', () => {
    let time = 0
    const { count } = openLimits({ ...githubLimits, writesPerMinute: 2 }, () => time)
    const token = { value: 'x', login: 'x', kind: 'actions', permissions: {}, isBot: true } as const
    const ask = (method: string) => count({ token, method, resource: 'core' })
    ask('POST')
    time = 20_000
    ask('PATCH')
    time = 59_999
    expect(() => ask('DELETE')).toThrow('secondary rate limit')
    ask('GET')
    time = 60_000
    ask('DELETE')
    expect(() => ask('DELETE')).toThrow('secondary rate limit')
  })
})

describe('over an hour, and by points', () => {
  const token = { value: 'x', login: 'x', kind: 'actions', permissions: {}, isBot: true } as const
  const open = (limits: Partial<typeof githubLimits>) => {
    let time = 0
    const { count } = openLimits({ ...githubLimits, ...limits }, () => time)
    return (method: string, at: number) => {
      time = at
      try {
        count({ token, method, resource: 'core' })
        return 'taken'
      } catch (error) {
        return error instanceof Refusal ? error.headers : error
      }
    }
  }

  test('the 501st write is refused, with no word on how long to wait', () => {
    const ask = open({ requestsPerHour: 10_000 })
    const hour = 60 * 60_000
    for (let each = 0; each < 500; each += 1) expect(ask('POST', each * 2_000)).toBe('taken')
    expect(ask('POST', 1_000_000)).toEqual({})
    expect(ask('GET', 1_000_000)).toBe('taken')
    expect(ask('POST', hour + 1)).toBe('taken')
  })

  test('a minute holds 900 points: a read is 1, a write 5', () => {
    const ask = open({ requestsPerHour: 10_000, writesPerMinute: 1_000 })
    for (let each = 0; each < 100; each += 1) expect(ask('POST', 0)).toBe('taken')
    for (let each = 0; each < 400; each += 1) expect(ask('GET', 0)).toBe('taken')
    expect(ask('GET', 59_999)).toEqual({})
    expect(ask('GET', 60_000)).toBe('taken')
  })
})

describe('the primary limit', () => {
  test('is one for all jobs of a repository, and another for a person', async () => {
    const { ask, token } = await open({ limits: { ...githubLimits, requestsPerHour: 2 } })
    const status = async (value: string) =>
      (await ask('GET', '/repos/octo-org/shop', { token: value })).status
    const [one, two, person] = [token(), token(), token({ kind: 'user', login: 'grace' })]
    expect([await status(one), await status(two), await status(one), await status(two)]).toEqual([
      200, 200, 403, 403,
    ])
    expect(await status(person)).toBe(200)
  })

  test('of GraphQL is its own, and over it the answer is 200 with an error', async () => {
    const { github, token, ask } = await open({ limits: { ...githubLimits, requestsPerHour: 1 } })
    const value = token()
    const query =
      'mutation { enablePullRequestAutoMerge(input: { pullRequestId: "none" }) { clientMutationId } }'
    const send = async () => {
      const response = await fetch(`${github.url}/api/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${value}` },
        body: JSON.stringify({ query }),
      })
      const answer = (await response.json()) as { errors: { type: string }[] }
      return [response.status, response.headers.get('x-ratelimit-resource'), answer.errors[0]?.type]
    }
    expect(await send()).toEqual([200, 'graphql', 'NOT_FOUND'])
    expect(await send()).toEqual([200, 'graphql', 'RATE_LIMITED'])
    expect((await ask('GET', '/repos/octo-org/shop', { token: value })).status).toBe(200)
  })

  test('refuses what is over it, and every answer says what is left', async () => {
    const { ask } = await open({ limits: { ...githubLimits, requestsPerHour: 2 } })
    const left = []
    for (let count = 0; count < 3; count += 1) {
      const response = await ask('GET', '/repos/octo-org/shop')
      const { headers } = response
      left.push([response.status, headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-used')])
      expect(headers.get('x-ratelimit-limit')).toBe('2')
      expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000)
      if (response.status === 403)
        expect(await response.json()).toMatchObject({
          message: 'API rate limit exceeded for installation ID 123.',
        })
    }
    expect(left).toEqual([
      [200, '1', '1'],
      [200, '0', '2'],
      [403, '0', '2'],
    ])
  })
})

describe('the length of a text', () => {
  const longest = 'x'.repeat(65_536)

  test('of an issue or a comment is 65,536 characters at most', async () => {
    const { octokit, hosted } = await open()
    const { issues } = octokit.rest
    const { data: issue } = await issues.create({ ...shop, title: 'Down', body: longest })
    const at = { ...shop, issue_number: issue.number }
    const { data: comment } = await issues.createComment({ ...at, body: longest })

    const body = `${longest}y`
    const refused = await Promise.all(
      [
        issues.create({ ...shop, title: 'Down', body }),
        issues.update({ ...at, body }),
        issues.createComment({ ...at, body }),
        issues.updateComment({ ...shop, comment_id: comment.id, body }),
      ].map(async (request) => {
        const error: unknown = await request.catch((each: unknown) => each)
        const { status, response } = error as { status: number; response: { data: { errors: unknown[] } } }
        return [status, response.data.errors[0]]
      }),
    )
    const said = (resource: string) => [
      422,
      {
        resource,
        field: 'body',
        code: 'custom',
        message: 'body is too long (maximum is 65536 characters)',
      },
    ]
    expect(refused).toEqual([said('Issue'), said('Issue'), said('IssueComment'), said('IssueComment')])
    expect(hosted.issues.map(({ body: kept }) => kept)).toEqual([longest])
    expect(hosted.comments.map(({ body: kept }) => kept)).toEqual([longest])
  })

  test('of an issue’s title is 256 characters at most, and more than none', async () => {
    const { octokit } = await open()
    const create = (title: string) => refusal(octokit.rest.issues.create({ ...shop, title }))
    expect(await create('x'.repeat(257))).toBe('422 Validation Failed')
    expect(await create(' ')).toBe('422 Validation Failed')
    expect((await octokit.rest.issues.create({ ...shop, title: 'x'.repeat(256) })).status).toBe(201)
  })

  test('of a deployment status’ description is 140 characters at most', async () => {
    const { octokit, commit } = await open()
    const sha = await commit({ 'README.md': '' })
    const { repos } = octokit.rest
    const { data } = await repos.createDeployment({ ...shop, ref: sha, required_contexts: [] })
    if (!('id' in data)) throw new Error('not deployed')
    const report = (length: number) =>
      repos.createDeploymentStatus({
        ...shop,
        deployment_id: data.id,
        state: 'failure',
        description: 'x'.repeat(length),
      })
    expect((await report(140)).status).toBe(201)
    expect(await refusal(report(141))).toMatch(/^422 Validation Failed/)
  })
})
