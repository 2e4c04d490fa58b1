/** Compiled actions notify real receivers of what they append to the history, beside their work. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startReceiver } from '../../src/drill/receiver.ts'
import { killAfterEvent } from '../support/kill-after-event.ts'
import { openWholeShop, type WholeShop } from '../support/whole-shop.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
let shop: WholeShop | undefined
beforeEach(async () => {
  receiver = await startReceiver(() => ({ body: 'ok' }))
})
afterEach(async () => {
  await shop?.close()
  await receiver.stop()
})

const settings = {
  notify: {
    timeout: '2s',
    channels: {
      hook: { type: 'webhook', url: { env: 'HOOK_URL' }, secret: { env: 'HOOK_KEY' } },
      chat: { type: 'slack', url: { env: 'SLACK_URL' } },
    },
  },
}
const step = () => ({
  action: 'rollback',
  inputs: { layers: 'code', reason: '<!channel> @everyone the homepage answers 500' },
  env: {
    HOOK_URL: `${receiver.url}/hook/4711-secret-path`,
    HOOK_KEY: 'the-key-of-the-hook',
    SLACK_URL: `${receiver.url}/services/T0/B0/another-secret`,
  },
})
const toldTopics = ['opened', 'layer-rolled-back', 'deployed', 'resolved', 'rollback-ended']
const topics = () =>
  receiver.received.filter(({ path }) => path.startsWith('/hook')).map(({ body }) => JSON.parse(body).type)
const sent = async () => {
  const { events = [] } = (await shop?.history.read()) ?? {}
  return events.flatMap((event) =>
    event.kind === 'notification-sent' ? [`${event.channel} ${event.topic} ${event.outcome}`] : [],
  )
}

test('a rollback is told from its start to the recovery; history and summary say so, and nothing names an address', async () => {
  shop = await openWholeShop({ settings })
  const { log, raw, summary, outputs } = await shop.run(step())
  expect({ log, ...outputs }).toMatchObject({ decision: 'complete' })
  expect(topics()).toEqual(toldTopics.map((topic) => `incident.${topic}`))
  expect(await sent()).toEqual(
    expect.arrayContaining(['chat opened delivered', 'chat resolved delivered', 'hook deployed delivered']),
  )
  expect(summary).toContain('### Notifications')
  expect(summary).toMatch(/\| opened \| `chat` \| delivered \|/)
  const outside = raw.replaceAll(/^::add-mask::.*$/gm, '')
  for (const secret of ['4711-secret-path', 'the-key-of-the-hook', 'another-secret']) {
    expect(outside).not.toContain(secret)
    expect(summary + JSON.stringify(await shop.history.read())).not.toContain(secret)
  }
  const chat = receiver.received.filter(({ path }) => path.startsWith('/services')).map(({ body }) => body)
  expect(chat.join('\n')).not.toMatch(/<!channel>|@everyone/)
  // run again, everything is as it is, and nobody is told again
  const before = receiver.received.length
  await shop.run(step())
  expect(receiver.received).toHaveLength(before)
})

test('killed after any of its events and run again, the same is told', async () => {
  let expected: readonly string[] | undefined
  for (let nth = 0, isKilled = true; isKilled; nth += 1) {
    receiver.received.length = 0
    shop = await openWholeShop({ settings })
    isKilled = nth === 0 || (await killAfterEvent(shop, step(), nth))
    if (isKilled) await shop.run(step())
    const told = (await sent()).toSorted()
    expected ??= told
    expect({ nth, told }).toEqual({ nth, told: expected })
    const ids = receiver.received
      .filter(({ path }) => path.startsWith('/hook'))
      .map(({ headers }) => String(headers['webhook-id']))
    // one that was sent and not recorded yet has the same id again
    expect({ nth, ids: new Set(ids).size }).toEqual({ nth, ids: toldTopics.length })
    if (isKilled) await shop.close()
  }
})

test('channels that are down fail no rollback, and keep the step waiting for a bounded time', async () => {
  shop = await openWholeShop({ settings })
  receiver.answer(() => ({ hang: true }))
  const { exitCode, outputs, log, commands } = await shop.run(step())
  expect({ exitCode, ...outputs }).toMatchObject({ exitCode: 0, decision: 'complete' })
  expect((await sent()).every((each) => each.endsWith(' failed'))).toBe(true)
  expect(log).toContain('notification of opened to chat: failed')
  // that nobody was told is red
  expect(JSON.stringify(commands)).toContain('no channel could be notified')
})
