/** GitHub's limits: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
import { afterEach, describe, expect, test } from '@jest/globals'
import { githubLimits, openLimits } from '../support/github/limits.ts'
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
    count(token, 'POST')
    time = 20_000
    count(token, 'PATCH')
    time = 59_999
    expect(() => count(token, 'DELETE')).toThrow('secondary rate limit')
    count(token, 'GET')
    time = 60_000
    count(token, 'DELETE')
    expect(() => count(token, 'DELETE')).toThrow('secondary rate limit')
  })
})

describe('the primary limit', () => {
  test('refuses what is over it, and every answer says what is left', async () => {
    const { ask } = await open({ limits: { requestsPerHour: 2, writesPerMinute: 80 } })
    const left = []
    for (let count = 0; count < 3; count += 1) {
      const response = await ask('GET', '/repos/octo-org/shop')
      const { headers } = response
      left.push([response.status, headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-used')])
      expect(headers.get('x-ratelimit-limit')).toBe('2')
      expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000)
      if (response.status === 403)
        expect(await response.json()).toMatchObject({
          message: 'API rate limit exceeded for github-actions[bot].',
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
