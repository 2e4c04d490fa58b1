import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { HeaderBlock, KnownBlock } from '@slack/types'
import { Webhook } from 'standardwebhooks'
import { startReceiver } from '../../src/drill/receiver.ts'
import type { Occurrence } from '../../src/history/event.ts'
import { writeSlack } from '../../src/notify/channels/slack-message.ts'
import {
  acknowledged,
  applied,
  at,
  began,
  ended,
  escalated,
  recovered,
  unhealthy,
} from '../incident/example.ts'
import { hostile, noticesOf, only, open } from './example.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

const story = [
  at(0, unhealthy('critical')),
  at(1, began),
  at(2, applied),
  at(3, ended()),
  at(4, acknowledged),
  at(5, recovered),
]
const notices = noticesOf(story)
const first = only(notices)
const hostileNotice = only(noticesOf([at(0, { ...unhealthy(), because: hostile } as never)]))
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body))

describe('webhook', () => {
  const key = `whsec_${Buffer.from('a key of the receiver, secret').toString('base64')}`
  const env = () => ({ URL_OF_HOOK: `${receiver.url}/hook`, KEY: key })
  const settings = { type: 'webhook', url: { env: 'URL_OF_HOOK' }, secret: { env: 'KEY' } }

  test('is verified by the library of Standard Webhooks, and says what happened', async () => {
    expect(await open(settings, env()).send(first, {})).toEqual({ outcome: 'delivered' })
    const [got] = receiver.received
    const verified = new Webhook(key).verify(got?.body ?? '', got?.headers as Record<string, string>)
    expect(verified).toMatchObject({
      type: 'incident.opened',
      data: {
        repository: 'octo-org/shop',
        incident: { severity: 'critical', status: 'open' },
        event: story[0],
      },
    })
    expect(got?.headers['webhook-id']).toBe(story[0]?.id)
  })

  test('of another key, or changed on the way, is refused by it', async () => {
    await open(settings, { ...env(), KEY: 'another' }).send(first, {})
    const [got] = receiver.received
    const headers = got?.headers as Record<string, string>
    expect(() => new Webhook(key).verify(got?.body ?? '', headers)).toThrow('No matching signature')
  })

  test('with a variable that is not set says which', () => {
    expect(() => open(settings, {})).toThrow('the variable URL_OF_HOOK is not set')
  })
})

describe('slack', () => {
  const settings = { type: 'slack', url: { env: 'HOOK' } }
  const env = () => ({ HOOK: `${receiver.url}/services/T0/B0/secret` })

  test('posts Block Kit within the limits of Slack, and believes only its "ok"', async () => {
    receiver.answer(() => ({ body: 'ok' }))
    expect(await open(settings, env()).send(first, {})).toEqual({ outcome: 'delivered' })
    const [{ blocks, text }] = bodies() as [{ blocks: KnownBlock[]; text: string }]
    const header = blocks[0] as HeaderBlock
    expect(header.text.text).toBe('CRITICAL · production: failed deployment bbbbbbb')
    expect(text).toContain('the homepage answers 500')
    expect(blocks.length).toBeLessThanOrEqual(50)
  })

  test('with 200 and another body has failed (slack-github-action 9: green, and nobody was told)', async () => {
    receiver.answer(() => ({ body: '<html>maintenance</html>' }))
    expect(await open(settings, env()).send(first, {})).toMatchObject({ outcome: 'failed', retry: 'never' })
  })

  test('a text from outside pings nobody and makes no link', () => {
    const { text, blocks } = writeSlack(hostileNotice)
    expect(text).not.toMatch(/<[!@#h]|(?<!\u200b)[*`]|@(?=everyone|here|channel)/)
    // mrkdwn is never used, in which such a text would be markup
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn')
  })

  test('a text of any length stays within the limits', () => {
    const long = only(noticesOf([at(0, { ...unhealthy(), because: 'x'.repeat(60_000) } as never)]))
    const { text, blocks } = writeSlack(long)
    expect(text.length).toBeLessThanOrEqual(3000)
    for (const block of blocks)
      if (block.type === 'section' && 'text' in block)
        expect(block.text.text.length).toBeLessThanOrEqual(3000)
  })
})

describe('mentions of slack', () => {
  const mentions = { 1: ['S0123456789', 'U0123456789'], 2: ['U0000000002'], 3: ['W0000000003'] }
  const levels = { levels: [{}, {}, {}] }
  const paged = [
    at(0, unhealthy('critical')),
    at(1, began),
    { ...at(15, escalated(3)), after: 1 } as never,
    at(16, acknowledged),
  ]
  const textsOf = () => bodies().map(({ text }) => String(text).match(/<[@!][^>]*>/g) ?? [])

  test('name the people of each level once, when it is notified', async () => {
    receiver.answer(() => ({ body: 'ok' }))
    const channel = open({ type: 'slack', url: { env: 'HOOK' }, mentions }, { HOOK: receiver.url })
    for (const notice of noticesOf(paged, levels)) await channel.send(notice, {})
    expect(textsOf()).toEqual([
      ['<!subteam^S0123456789>', '<@U0123456789>'],
      [],
      ['<@U0000000002>', '<@W0000000003>'],
      [],
    ])
    expect(bodies()[0].blocks[2]).toEqual({
      type: 'section',
      text: { type: 'mrkdwn', text: '<!subteam^S0123456789> <@U0123456789>' },
    })
  })

  test('are in the thread of a bot, and never in the message above when it is updated', async () => {
    receiver.answer(() => ({ body: '{"ok":true,"ts":"1.1"}' }))
    const channel = open({
      ...{ type: 'slack-bot', token: { env: 'TOKEN' }, channel: 'C0123456789', mentions },
      url: `${receiver.url}/api/`,
    })
    const [opened, , third] = noticesOf(paged, levels)
    await channel.send(opened as never, {})
    await channel.send(third as never, { ts: '1.1' })
    expect(receiver.received.map(({ path }, index) => [path, textsOf()[index]?.length])).toEqual([
      ['/api/chat.postMessage', 2],
      ['/api/chat.postMessage', 2],
      ['/api/chat.update', 0],
    ])
  })

  test('are of ids in the settings alone', () => {
    for (const id of ['@grace', 'U1> <!channel', 'here', 'C0123456789'])
      expect(() => open({ type: 'slack', url: { env: 'HOOK' }, mentions: { 1: [id] } })).toThrow(
        'is not the id of a user or a user group',
      )
    const evil = noticesOf([
      at(0, { ...unhealthy(), because: '<@U0123456789> <!subteam^S0123456789>' } as never),
    ])
    expect(writeSlack(only(evil)).text).not.toMatch(/<[@!]/)
  })
})

describe('slack-bot', () => {
  const settings = () => ({
    type: 'slack-bot',
    token: { env: 'TOKEN' },
    channel: 'C0123456789',
    url: `${receiver.url}/api/`,
  })

  test('has one message an incident, updated in place, and the later events in its thread', async () => {
    receiver.answer(() => ({ body: JSON.stringify({ ok: true, ts: '1700000000.000100' }) }))
    const channel = open(settings())
    const sent = await channel.send(first, {})
    expect(sent).toEqual({
      outcome: 'delivered',
      message: { channel: 'C0123456789', ts: '1700000000.000100' },
    })
    await channel.send(only(notices, 1), { ts: '1700000000.000100' })
    expect(receiver.received.map(({ path }) => path)).toEqual([
      '/api/chat.postMessage',
      '/api/chat.postMessage',
      '/api/chat.update',
    ])
    const [, reply, update] = bodies()
    expect(reply).toMatchObject({
      channel: 'C0123456789',
      thread_ts: '1700000000.000100',
      reply_broadcast: false,
    })
    expect(update).toMatchObject({ ts: '1700000000.000100' })
    expect(receiver.received[0]?.headers.authorization).toBe('Bearer xoxb-fake-token-4711')
  })

  test('of another channel than before, as settings were changed in between, begins with a message of its own', async () => {
    receiver.answer(() => ({ body: JSON.stringify({ ok: true, ts: '2.2' }) }))
    const sent = await open(settings()).send(only(notices, 1), { channel: 'C9999999999', ts: '1.1' })
    expect(sent).toEqual({ outcome: 'delivered', message: { channel: 'C0123456789', ts: '2.2' } })
    expect(bodies()).toMatchObject([{ channel: 'C0123456789' }])
    expect(bodies()[0]).not.toHaveProperty('thread_ts')
  })

  test('shows an escalation in the channel, too', async () => {
    receiver.answer(() => ({ body: JSON.stringify({ ok: true, ts: '1.1' }) }))
    const notice = only(noticesOf([at(0, unhealthy()), at(60, escalated(2))], { levels: [{}, {}] }), 1)
    await open(settings()).send(notice, { ts: '1.1' })
    expect(bodies()[0]).toMatchObject({ reply_broadcast: true })
  })

  test.each([
    [{ ok: false, error: 'channel_not_found' }, 'never'],
    [{ ok: false, error: 'invalid_auth' }, 'never'],
    [{ ok: false, error: 'ratelimited' }, 'always'],
  ] as const)('takes 200 with %j for a failure', async (answer, retry) => {
    receiver.answer(() => ({ body: JSON.stringify(answer) }))
    const sent = await open(settings()).send(first, {})
    expect(sent).toEqual({ outcome: 'failed', because: `Slack refused it: ${answer.error}`, retry })
  })
})

describe('pagerduty', () => {
  const settings = () => ({ type: 'pagerduty', 'routing-key': { env: 'SECRET' }, url: receiver.url })

  test('triggers, acknowledges and resolves one alert, with a change event for each rollback', async () => {
    receiver.answer(() => ({
      status: 202,
      body: '{"status":"success","message":"Event processed","dedup_key":"x"}',
    }))
    const channel = open(settings())
    for (const notice of notices) expect(await channel.send(notice, {})).toEqual({ outcome: 'accepted' })
    expect(receiver.received.map(({ path }, index) => [path, bodies()[index].event_action])).toEqual([
      ['/v2/enqueue', 'trigger'],
      ['/v2/enqueue', 'trigger'],
      ['/v2/change/enqueue', undefined],
      ['/v2/enqueue', 'trigger'],
      ['/v2/enqueue', 'acknowledge'],
      ['/v2/enqueue', 'resolve'],
    ])
    const alerts = bodies().filter(({ dedup_key: key }) => key !== undefined)
    expect(new Set(alerts.map(({ dedup_key: key }) => key))).toEqual(
      new Set(['octo-org/shop/production-bbbbbbbbbbbb']),
    )
    expect(bodies()[0].payload).toMatchObject({ severity: 'critical', source: 'octo-org/shop' })
  })

  test.each<[string, Occurrence]>([
    ['the rollback ends', ended()],
    [
      'somebody adds a note',
      { kind: 'incident-noted', note: 'done', happenedAt: '2026-11-24T03:00:00.000Z' },
    ],
  ])('triggers nothing when %s after the recovery', async (_, late) => {
    const channel = open(settings())
    const after = noticesOf([at(0, unhealthy('critical')), at(1, began), at(2, recovered), at(3, late)])
    for (const notice of after) await channel.send(notice, {})
    expect(bodies().map((body) => body.event_action)).toEqual(['trigger', 'trigger', 'resolve', 'resolve'])
  })

  test('triggers anew when production fails again', async () => {
    const after = noticesOf([at(0, unhealthy('critical')), at(1, recovered), at(2, unhealthy('critical'))])
    const channel = open(settings())
    for (const notice of after) await channel.send(notice, {})
    expect(bodies().map((body) => body.event_action)).toEqual(['trigger', 'resolve', 'trigger'])
  })

  test('of a summary that is too long the start is sent', async () => {
    await open(settings()).send(
      only(noticesOf([at(0, { ...unhealthy(), because: 'x'.repeat(5000) } as never)])),
      {},
    )
    expect(bodies()[0].payload.summary).toHaveLength(1024)
  })
})

describe('every channel over HTTP', () => {
  const kinds = () => [
    { type: 'webhook', url: { env: 'HOOK' }, secret: { env: 'SECRET' } },
    { type: 'slack', url: { env: 'HOOK' } },
    { type: 'slack-bot', token: { env: 'TOKEN' }, channel: 'C0123456789', url: `${receiver.url}/api/` },
    { type: 'alertmanager', url: receiver.url },
    { type: 'pagerduty', 'routing-key': { env: 'SECRET' }, url: receiver.url },
  ]
  const env = () => ({ HOOK: `${receiver.url}/secret-path`, SECRET: 'sekret-value-4711', TOKEN: 'xoxb-4711' })

  test.each([
    [{ status: 400, body: '{"errors":["bad payload"]}' }, 'never', 'HTTP 400: {"errors":["bad payload"]}'],
    [{ status: 403, body: 'action_prohibited' }, 'never', 'HTTP 403: action_prohibited'],
    [{ status: 404, body: 'channel_is_archived' }, 'never', 'HTTP 404: channel_is_archived'],
    [{ status: 429, headers: { 'retry-after': '7' } }, 'always', 'HTTP 429'],
    [{ status: 500, body: '<html>oops</html>' }, 'if-harmless', 'HTTP 500'],
    [{ status: 503 }, 'if-harmless', 'HTTP 503'],
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'never', 'HTTP 302'],
  ] as const)('reads %j by what HTTP says of it, and follows no redirect', async (answer, retry, because) => {
    receiver.answer(() => answer)
    for (const settings of kinds()) {
      const attempt = await open(settings, env()).send(first, {})
      expect(attempt).toMatchObject({ outcome: 'failed', retry, because })
      if (answer.status === 429) expect(attempt).toMatchObject({ afterMs: 7000 })
    }
  })

  test('that answers 200 with a web page, as a proxy or a login does, has failed', async () => {
    receiver.answer(() => ({ status: 200, body: '<!DOCTYPE html><html>Log in</html>' }))
    const more = ['discord', 'teams', 'mattermost', 'cdevents'].map((type) => ({
      type,
      url: { env: 'HOOK' },
    }))
    for (const settings of [...kinds(), ...more]) {
      const attempt = await open(settings, env()).send(first, {})
      expect(attempt).toMatchObject({ outcome: 'failed', because: expect.stringContaining('web page') })
    }
  })

  test('that nobody listens to was not told: another try is harmless', async () => {
    await receiver.stop()
    for (const settings of kinds())
      expect(await open(settings, env()).send(first, {})).toMatchObject({
        outcome: 'failed',
        retry: 'always',
        because: 'the connection was refused (ECONNREFUSED)',
      })
  })

  test('says no secret in what went wrong', async () => {
    receiver.answer(() => ({ status: 400 }))
    for (const settings of kinds()) {
      const said = JSON.stringify(await open(settings, env()).send(first, {}))
      for (const secret of ['secret-path', 'sekret-value-4711', 'xoxb-4711'])
        expect(said).not.toContain(secret)
    }
  })
})
