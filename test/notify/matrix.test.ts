import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { acknowledged, applied, at, began, ended, recovered, unhealthy } from '../incident/example.ts'
import { startSynapse } from '../support/synapse.ts'
import { hostile, noticesOf, only, open } from './example.ts'

/** Each test has notices of its own: a transaction id that the server has seen sends nothing. */
let minute = 0
const story = () => {
  minute += 10
  return noticesOf([
    at(minute, unhealthy('critical')),
    at(minute + 1, began),
    at(minute + 2, applied),
    at(minute + 3, acknowledged),
    at(minute + 4, ended()),
    at(minute + 5, recovered),
  ])
}

describe('a real homeserver of Matrix', () => {
  let synapse: Awaited<ReturnType<typeof startSynapse>>
  let bot: Awaited<ReturnType<Awaited<ReturnType<typeof startSynapse>>['register']>>
  beforeAll(async () => {
    synapse = await startSynapse()
    bot = await synapse.register('rollback')
  })
  afterAll(() => synapse.stop())
  const channelOf = (room: string, token = bot.token) =>
    open({ type: 'matrix', url: `${synapse.url}/`, room, token: { env: 'TOKEN' } }, { TOKEN: token })

  test('shows a message in the room, and all later events of the incident in its thread', async () => {
    const room = await bot.createRoom()
    const [opened, ...later] = story()
    if (opened === undefined) throw new Error('there is no notice')
    const sent = await channelOf(room).send(opened, {})
    const [message] = await bot.messages(room)
    expect(sent).toEqual({ outcome: 'delivered', message: { room, thread: message?.event_id } })
    expect(message?.content).toMatchObject({
      msgtype: 'm.text',
      body: expect.stringContaining('CRITICAL: [octo-org/shop] production: failed deployment bbbbbbb'),
    })
    const ids = { room, thread: message?.event_id ?? '' }
    for (const notice of later)
      expect(await channelOf(room).send(notice, ids)).toEqual({ outcome: 'delivered', message: ids })
    const messages = await bot.messages(room)
    expect(await bot.thread(room, ids.thread)).toEqual(messages.slice(1).map(({ event_id: id }) => id))
    expect(messages).toHaveLength(1 + later.length)
  })

  test('sends a notice once, however often it is repeated', async () => {
    const room = await bot.createRoom()
    const [opened] = story()
    const first = await channelOf(room).send(opened as never, {})
    expect(await channelOf(room).send(opened as never, {})).toEqual(first)
    expect(await bot.messages(room)).toHaveLength(1)
  })

  test('of which the bot is no member refuses it, and so does one that does not know the token', async () => {
    const other = await synapse.register('outsider')
    const room = await other.createRoom()
    const notice = only(story())
    expect(await channelOf(room).send(notice, {})).toMatchObject({
      outcome: 'failed',
      retry: 'never',
      because: expect.stringMatching(/^HTTP 403: .*M_FORBIDDEN/),
    })
    expect(await channelOf(room, 'syt_unknown_4711').send(notice, {})).toMatchObject({
      outcome: 'failed',
      retry: 'never',
      because: expect.stringMatching(/^HTTP 401: .*M_UNKNOWN_TOKEN/),
    })
    expect(await other.messages(room)).toEqual([])
  })

  test('says how long to wait when a bot sends too much', async () => {
    const chatty = await synapse.register('chatty')
    const room = await chatty.createRoom()
    const channel = channelOf(room, chatty.token)
    let attempt = await channel.send(only(story()), {})
    for (let sent = 1; sent < 30 && attempt.outcome !== 'failed'; sent += 1)
      attempt = await channel.send(only(story()), {})
    expect(attempt).toMatchObject({
      outcome: 'failed',
      retry: 'always',
      because: expect.stringMatching(/^HTTP 429: .*M_LIMIT_EXCEEDED/),
      afterMs: expect.any(Number),
    })
    expect(attempt.outcome === 'failed' && attempt.afterMs).toBeGreaterThan(1000)
  })

  test('where the room is gone says so', async () => {
    const room = await bot.createRoom()
    await bot.deleteRoom(room)
    expect(await channelOf(room).send(only(story()), {})).toMatchObject({
      outcome: 'failed',
      retry: 'never',
      because: expect.stringMatching(/^HTTP 403: /),
    })
  })

  test('of another room than the thread, as settings were changed in between, shows it in the room', async () => {
    const [before, room] = [await bot.createRoom(), await bot.createRoom()]
    const [opened, later] = story()
    const sent = await channelOf(before).send(opened as never, {})
    const ids = 'message' in sent && sent.message ? sent.message : {}
    const moved = await channelOf(room).send(later as never, ids)
    const [message, ...others] = await bot.messages(room)
    expect(others).toEqual([])
    expect(moved).toEqual({ outcome: 'delivered', message: { room, thread: message?.event_id } })
  })

  test('a text from outside mentions nobody and is no markup', async () => {
    const room = await bot.createRoom()
    minute += 10
    const notice = only(noticesOf([at(minute, { ...unhealthy(), because: `@room ${hostile}` } as never)]))
    await channelOf(room).send(notice, {})
    const [message] = await bot.messages(room)
    expect(message?.content).toMatchObject({ 'm.mentions': {} })
    expect(message?.content['formatted_body']).not.toMatch(/<script|href="https:\/\/evil/)
  })
})
