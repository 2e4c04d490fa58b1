import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { CloudEvent, HTTP } from 'cloudevents'
import { startReceiver } from '../../src/drill/receiver.ts'
import { writeCDEvent } from '../../src/notify/channels/cdevents.ts'
import { writeDiscord } from '../../src/notify/channels/discord.ts'
import { writeMattermost } from '../../src/notify/channels/mattermost.ts'
import { writeNtfy } from '../../src/notify/channels/ntfy.ts'
import { writeTeams } from '../../src/notify/channels/teams.ts'
import { applied, at, began, ended, recovered, unhealthy } from '../incident/example.ts'
import { hostile, noticesOf, only, open } from './example.ts'

// its modules are of a kind that Node does not load
const { AdaptiveCard, SerializationContext }: typeof import('adaptivecards') = createRequire(import.meta.url)(
  'adaptivecards/dist/adaptivecards.js',
)

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

const deployed = {
  kind: 'revision-deployed',
  deployed: 'd'.repeat(40),
  workflow: 'deploy.yml',
  url: 'https://x.example/1',
} as const
const notices = noticesOf([
  at(0, unhealthy('critical')),
  at(1, began),
  at(2, applied),
  at(3, deployed),
  at(4, ended()),
  at(5, recovered),
])
const first = only(notices)
const withText = (because: string) => only(noticesOf([at(0, { ...unhealthy(), because } as never)]))
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body))
const env = () => ({ HOOK: `${receiver.url}/hook`, TOKEN: 'a-token-4711', TOPIC: 'shop-4711' })

describe('teams', () => {
  const settings = { type: 'teams', url: { env: 'HOOK' } }

  test('is a card that the library of Adaptive Cards reads without a complaint', () => {
    for (const notice of [...notices, withText(hostile)]) {
      const context = new SerializationContext()
      const card = new AdaptiveCard()
      card.parse(writeTeams(notice).attachments[0]?.content, context)
      expect(Array.from({ length: context.eventCount }, (_, n) => context.getEventAt(n).message)).toEqual([])
    }
  })

  test('of any length is at most 20 kB (msteams-docs 11274: accepted, and failed in the flow)', () => {
    for (const text of ['x'.repeat(100_000), '\u{1f525}'.repeat(30_000), '"\\\n'.repeat(20_000)])
      expect(Buffer.byteLength(JSON.stringify(writeTeams(withText(text))))).toBeLessThanOrEqual(20_000)
  })

  test('that is taken is accepted, never delivered; a 200 that says it failed has failed (teams-notify-build-status 84)', async () => {
    receiver.answer(() => ({ status: 202 }))
    expect(await open(settings, env()).send(first, {})).toEqual({ outcome: 'accepted' })
    receiver.answer(() => ({ body: 'Webhook message delivery failed with error: 413' }))
    expect(await open(settings, env()).send(first, {})).toMatchObject({ outcome: 'failed', retry: 'never' })
  })

  test('a text from outside is a run of text, in which no markup and no mention is read', () => {
    const { body } = writeTeams(withText(hostile)).attachments[0]?.content ?? { body: [] }
    expect(new Set(body.map(({ type }) => type))).toEqual(new Set(['RichTextBlock']))
  })
})

describe('discord', () => {
  test('mentions nobody, and stays within the limits', async () => {
    receiver.answer(() => ({ body: '{"id":"42"}' }))
    const sent = await open({ type: 'discord', url: { env: 'HOOK' } }, env()).send(withText(hostile), {})
    expect(sent).toEqual({ outcome: 'delivered', message: { id: '42' } })
    expect(receiver.received[0]?.path).toBe('/hook?wait=true')
    const [{ allowed_mentions: mentions, embeds }] = bodies()
    expect(mentions).toEqual({ parse: [] })
    const [text, links] = embeds[0].description.split('\n\n[')
    expect(text).not.toMatch(/@(?=everyone|here)|(?<!\\)[*`[]/)
    expect(`[${links}`).toBe(`[Failed revision](https://github.com/octo-org/shop/commit/${'b'.repeat(40)})`)
    const [long] = writeDiscord(withText('*'.repeat(50_000))).embeds
    expect(JSON.stringify(long).length).toBeLessThan(6000)
  })

  test('every part of a message may be as long as it can be: Discord refuses more than 6,000 characters in all', () => {
    const much = 'x'.repeat(5000)
    const links = Array.from({ length: 40 }, () => ({ label: 'Runbook', url: 'https://example.com/runbook' }))
    const facts = Array.from({ length: 25 }, () => ({ label: much, value: much }))
    const notice = { ...first, title: much, headline: much, repository: much, facts, links }
    for (const { title, description, fields, footer } of writeDiscord(notice).embeds) {
      const texts = [title, description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])]
      expect(texts.join('').length).toBeLessThanOrEqual(6000)
    }
  })
})

describe('mattermost', () => {
  const settings = { type: 'mattermost', url: { env: 'HOOK' } }

  test('believes only "ok", and mentions nobody', async () => {
    receiver.answer(() => ({ body: 'ok' }))
    expect(await open(settings, env()).send(first, {})).toEqual({ outcome: 'delivered' })
    receiver.answer(() => ({ body: '<html>' }))
    expect(await open(settings, env()).send(first, {})).toMatchObject({ outcome: 'failed' })
    expect(JSON.stringify(writeMattermost(withText(hostile)))).not.toMatch(/@(?=everyone|here|channel|U123)/)
  })
})

describe('ntfy', () => {
  test('has the priority of the severity, and no message that would become an attachment', async () => {
    receiver.answer(() => ({ body: '{"id":"x","event":"message"}' }))
    const settings = { type: 'ntfy', url: receiver.url, topic: { env: 'TOPIC' }, token: { env: 'TOKEN' } }
    expect(await open(settings, env()).send(first, {})).toEqual({ outcome: 'delivered' })
    expect(bodies()[0]).toMatchObject({ topic: 'shop-4711', priority: 5 })
    expect(receiver.received[0]?.headers.authorization).toBe('Bearer a-token-4711')
    expect(Buffer.byteLength(writeNtfy(withText('ä'.repeat(9000))).message)).toBeLessThanOrEqual(4096)
  })
})

describe('matrix', () => {
  test('sends by the id of the event, and later events in the thread of the first', async () => {
    receiver.answer(() => ({ body: '{"event_id":"$one"}' }))
    const channel = open(
      { type: 'matrix', url: receiver.url, room: '!abc:example.com', token: { env: 'TOKEN' } },
      env(),
    )
    expect(await channel.send(first, {})).toEqual({
      outcome: 'delivered',
      message: { room: '!abc:example.com', thread: '$one' },
    })
    await channel.send(withText(hostile), { thread: '$one' })
    expect(receiver.received[0]).toMatchObject({
      method: 'PUT',
      path: `/_matrix/client/v3/rooms/!abc%3Aexample.com/send/m.room.message/${first.id}`,
    })
    const [, second] = bodies()
    expect(second).toMatchObject({
      'm.mentions': {},
      'm.relates_to': { rel_type: 'm.thread', event_id: '$one' },
    })
    expect(second.formatted_body).not.toContain('<script')
  })
})

describe('cdevents', () => {
  test('are CloudEvents by the SDK: detected, rolled back, deployed, resolved, in one chain', async () => {
    receiver.answer(() => ({ status: 202 }))
    const channel = open({ type: 'cdevents', url: { env: 'HOOK' } }, env())
    for (const notice of notices)
      if (writeCDEvent(notice)) expect(await channel.send(notice, {})).toEqual({ outcome: 'accepted' })
    const events = receiver.received.map(({ headers, body }) => {
      const event = HTTP.toEvent({ headers: headers as Record<string, string>, body })
      if (!(event instanceof CloudEvent)) throw new Error('a batch')
      event.validate()
      return event
    })
    expect(events.map(({ type }) => type)).toEqual([
      'dev.cdevents.incident.detected.0.3.0',
      'dev.cdevents.service.rolledback.0.3.0',
      'dev.cdevents.service.deployed.0.3.0',
      'dev.cdevents.incident.resolved.0.3.0',
    ])
    expect(new Set(bodies().map(({ context }) => context.chainId)).size).toBe(1)
    // what somebody reported has a ticket: the schema of the specification wants one
    const reported = only(noticesOf([at(0, { ...began, automatic: false } as never)]))
    expect(writeCDEvent(reported)).toMatchObject({
      context: { type: 'dev.cdevents.incident.reported.0.3.0' },
      subject: { content: { ticketURI: expect.stringMatching(/^https:/) } },
    })
    expect(events.map(({ id }) => id)).toEqual(bodies().map(({ context }) => context.id))
  })
})
