import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { startReceiver } from '../../src/drill/receiver.ts'
import { deliver } from '../../src/notify/deliver.ts'
import { openChannel } from '../../src/notify/open.ts'
import { at, unhealthy } from '../incident/example.ts'
import { meansWith, noticesOf, notifySettings, only } from './example.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
let elsewhere: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
  elsewhere = await startReceiver(() => ({ body: '{"ok":true,"id":"1","event_id":"$1"}' }))
})
afterEach(async () => {
  await receiver.stop()
  await elsewhere.stop()
})

const env = () => ({
  HOOK: `${receiver.url}/secret-path`,
  SECRET: 'sekret-value-4711',
  LIST: 'authorization=sekret-value-4711',
})
const hook = { env: 'HOOK' }
const secret = { env: 'SECRET' }
/** Every type that speaks HTTP. */
const all = () => ({
  webhook: { type: 'webhook', url: hook, secret },
  slack: { type: 'slack', url: hook },
  'slack-bot': { type: 'slack-bot', token: secret, channel: 'C0123456789', url: `${receiver.url}/api/` },
  alertmanager: { type: 'alertmanager', url: receiver.url, token: secret },
  pagerduty: { type: 'pagerduty', 'routing-key': secret, url: receiver.url },
  teams: { type: 'teams', url: hook },
  discord: { type: 'discord', url: hook },
  mattermost: { type: 'mattermost', url: hook },
  ntfy: { type: 'ntfy', url: receiver.url, topic: secret, token: secret },
  matrix: { type: 'matrix', url: receiver.url, room: '!abc:example.com', token: secret },
  cdevents: { type: 'cdevents', url: hook, token: secret },
  statuspage: { type: 'statuspage', token: secret, page: 'qfn30z5r6s5h', url: receiver.url },
  instatus: { type: 'instatus', token: secret, page: 'ckf01fonve9i40a32oas5b0uw', url: receiver.url },
  'incident-io': { type: 'incident-io', token: secret, url: receiver.url },
  opentelemetry: { type: 'opentelemetry', url: receiver.url, headers: { env: 'LIST' } },
})
const notice = only(noticesOf([at(0, unhealthy('critical'))]))

/** Sends the notice on every channel, as a run does. @returns what became of it, by channel */
async function sendOnAll(timeoutMs: number) {
  const channels = Object.entries(notifySettings(all()).channels)
  const attempts = await Promise.all(
    channels.map(async ([name, settings]) => {
      const delivered = await deliver(
        (signal) => openChannel(settings, { ...meansWith(env()), signal, timeoutMs }),
        notice,
        {},
        {
          timeoutMs,
          clock: () => performance.now(),
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5))),
          signal: new AbortController().signal,
        },
      )
      return [name, delivered] as const
    }),
  )
  return attempts
}

test.each([301, 302, 303, 307, 308])(
  'a server that redirects with %i sends no secret and no message to another host',
  async (status) => {
    receiver.answer(() => ({ status, headers: { location: `${elsewhere.url}/taken` } }))
    const sent = await sendOnAll(5000)
    expect(sent.map(([name, { outcome, because }]) => [name, outcome, because])).toEqual(
      Object.keys(all()).map((name) => [name, 'failed', `HTTP ${status}`]),
    )
    expect(elsewhere.received).toEqual([])
  },
)

test('a server that never answers ends each delivery in its time', async () => {
  receiver.answer(() => ({ hang: true }))
  const sent = await sendOnAll(300)
  for (const [, { outcome, because }] of sent) {
    expect(outcome).toBe('failed')
    expect(because).toMatch(/^no (?:complete )?answer within 300 ?ms$/)
  }
})

test.each(['99999999999999999999', '86400', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'a server that asks to wait for %s is not waited for',
  async (value) => {
    receiver.answer(() => ({ status: 429, headers: { 'retry-after': value } }))
    for (const [, { outcome, tries, because }] of await sendOnAll(5000)) {
      expect([outcome, tries]).toEqual(['failed', 1])
      expect(because).toBe('HTTP 429; it was not tried again, as that would take too long')
    }
  },
)

test.each(['-5', 'soon', '', 'NaN'])(
  'a server that asks to wait for "%s" is tried three times, and no more',
  async (value) => {
    receiver.answer(() => ({ status: 429, headers: { 'retry-after': value } }))
    for (const [, { outcome, tries }] of await sendOnAll(5000))
      expect([outcome, tries]).toEqual(['failed', 3])
  },
)

test('a server that answers 200 with a page, or with JSON of something else, has shown nothing to anybody', async () => {
  receiver.answer(() => ({ body: '<!doctype html><title>Log in</title>' }))
  for (const [, { outcome }] of await sendOnAll(5000)) expect(outcome).toBe('failed')
  receiver.answer(() => ({ body: '{"hello":[]}' }))
  const unsure = (await sendOnAll(5000)).flatMap(([name, { outcome }]) =>
    outcome === 'delivered' ? [name] : [],
  )
  // it says nothing by its answer but that it took it
  expect(unsure).toEqual(['webhook'])
})

test.each([
  ['null'],
  ['[]'],
  ['"x"'],
  ['{"incident":null,"severities":[null,{"id":1}],"partialSuccess":"x"}'],
  ['{"partialSuccess":{"rejectedSpans":"many"}}'],
])('an answer such as %s ends no run', async (body) => {
  receiver.answer(() => ({ body }))
  for (const [, { because }] of await sendOnAll(5000)) expect(because).not.toContain('unexpected')
})
