import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Received, startReceiver } from '../../src/drill/receiver.ts'
import { at, began, ended, recovered, unhealthy } from '../incident/example.ts'
import { hostile, noticesOf, only, open } from './example.ts'

/** The severities of an organization, as https://docs.incident.io/api-reference/severities-v1/list documents them. */
const severity = (name: string, rank: number) => ({
  created_at: '2021-08-17T13:28:57.801578Z',
  description: `Issues with **${name}** impact.`,
  id: `01-${name}`,
  name,
  rank,
  updated_at: '2021-08-17T13:28:57.801578Z',
})
const usual = [severity('Minor', 1), severity('Critical', 3), severity('Major', 2)]

/** As incident.io documents it: an idempotency key that was used before answers with that incident. */
function imitate(severities: readonly object[] = usual) {
  const known = new Map<string, string>()
  return ({ method, path, body }: Received) => {
    if (method === 'GET' && path === '/v1/severities') return { body: JSON.stringify({ severities }) }
    const sent = JSON.parse(body)
    if (path === '/v2/incidents') {
      const { idempotency_key: key, visibility } = sent
      if (!key || !visibility)
        return {
          status: 422,
          body: '{"type":"validation_error","status":422,"errors":[{"code":"is_required"}]}',
        }
      if (!known.has(key)) known.set(key, `01FDAG4SAP5TYPT98WGR2N7W9${known.size}`)
      return {
        body: JSON.stringify({ incident: { id: known.get(key), reference: 'INC-123', mode: sent.mode } }),
      }
    }
    const [, id] = /^\/v2\/incidents\/([^/]+)\/actions\/edit$/.exec(path) ?? []
    if (id && [...known.values()].includes(id)) return { body: JSON.stringify({ incident: { id } }) }
    return { status: 404, body: '{"type":"not_found","status":404}' }
  }
}

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver(imitate())
})
afterEach(() => receiver.stop())

const settings = (more: object = {}) => ({
  type: 'incident-io',
  token: { env: 'TOKEN' },
  url: `${receiver.url}/`,
  ...more,
})
const story = [at(0, unhealthy('high')), at(1, began), at(3, ended('failed')), at(5, recovered)]
const notices = noticesOf(story)
const sent = () =>
  receiver.received
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => ({ path, ...JSON.parse(body) }))

describe('incident.io', () => {
  test('gets one incident, created by its key and edited as it goes on', async () => {
    const channel = open(settings())
    const first = await channel.send(only(notices), {})
    expect(first).toEqual({ outcome: 'delivered', message: { id: '01FDAG4SAP5TYPT98WGR2N7W90' } })
    const ids = 'message' in first && first.message ? first.message : {}
    for (const notice of notices.slice(1))
      expect(await channel.send(notice, ids)).toMatchObject({ outcome: 'delivered' })
    const [created, ...edits] = sent()
    expect(created).toMatchObject({
      path: '/v2/incidents',
      idempotency_key: 'octo-org/shop/production-bbbbbbbbbbbb/1',
      visibility: 'public',
      mode: 'standard',
      name: '[octo-org/shop] production: failed deployment bbbbbbb',
      severity_id: '01-Major',
    })
    // a rollback that failed is critical
    expect(edits.map(({ path, incident }) => [path.split('/').at(-1), incident.severity_id])).toEqual([
      ['edit', '01-Major'],
      ['edit', '01-Critical'],
      ['edit', '01-Critical'],
    ])
    expect(edits.at(-1).incident.summary).toContain('This incident can be closed.')
    expect(receiver.received[0]?.headers.authorization).toBe('Bearer xoxb-fake-token-4711')
  })

  test('a run that was killed before it recorded the id, and one after it, have the same incident', async () => {
    const again = [
      await open(settings()).send(only(notices), {}),
      await open(settings()).send(only(notices, 1), {}),
    ]
    expect(again.map((each) => 'message' in each && each.message?.['id'])).toEqual(
      Array(2).fill('01FDAG4SAP5TYPT98WGR2N7W90'),
    )
    const reopened = noticesOf([...story, at(60, unhealthy())]).at(-1)
    const other = await open(settings()).send(reopened ?? only([]), {})
    expect(other).toMatchObject({ message: { id: '01FDAG4SAP5TYPT98WGR2N7W91' } })
  })

  test.each([
    [['A'], ['A', 'A', 'A', 'A']],
    [
      ['A', 'B'],
      ['A', 'A', 'B', 'B'],
    ],
    [
      ['A', 'B', 'C'],
      ['A', 'B', 'B', 'C'],
    ],
    [
      ['A', 'B', 'C', 'D'],
      ['A', 'B', 'C', 'D'],
    ],
    [
      ['A', 'B', 'C', 'D', 'E'],
      ['A', 'B', 'D', 'E'],
    ],
  ])('of the severities %j, worst first, it uses %j, whatever they are called', async (names, used) => {
    receiver.answer(imitate(names.map((name, index) => severity(name, names.length - index))))
    for (const each of ['critical', 'high', 'medium', 'low'])
      await open(settings()).send(only(noticesOf([at(0, unhealthy(each))])), {})
    expect(sent().map(({ severity_id: id }) => id)).toEqual(used.map((name) => `01-${name}`))
  })

  test('of an environment to practise in it is marked as a test', async () => {
    await open(settings({ mode: 'test', visibility: 'private' })).send(only(notices), {})
    expect(sent()[0]).toMatchObject({ mode: 'test', visibility: 'private' })
  })

  test('without severities, incident.io chooses; a text from outside is no markup and no mention', async () => {
    receiver.answer(imitate([]))
    await open(settings()).send(only(noticesOf([at(0, { ...unhealthy(), because: hostile } as never)])), {})
    const [{ summary, ...rest }] = sent()
    expect(rest).not.toHaveProperty('severity_id')
    expect(summary).not.toMatch(/@(?=everyone|here|channel|U123)|(?<!\\)[*`[<]/)
  })

  test.each([
    [{ status: 401, body: '{"type":"authentication_error","status":401}' }, 'never'],
    [{ status: 429, headers: { 'retry-after': '3' } }, 'always'],
    [{ status: 503 }, 'if-harmless'],
    [{ body: '<html>Sign in</html>' }, 'never'],
  ] as const)('an answer %j is a failure', async (answer, retry) => {
    receiver.answer(() => answer)
    expect(await open(settings()).send(only(notices), {})).toMatchObject({ outcome: 'failed', retry })
  })
})
