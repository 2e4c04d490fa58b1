import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startReceiver } from '../../src/drill/receiver.ts'
import {
  acknowledged,
  applied,
  at,
  began,
  ended,
  escalated,
  minutes,
  recovered,
  unhealthy,
} from '../incident/example.ts'
import { startAlertmanager } from '../support/alertmanager.ts'
import { startMailpit } from '../support/mailpit.ts'
import { freePort } from '../support/misbehaving-service.ts'
import { hostile, noticesOf, only, open } from './example.ts'

/** As if it happened now: Alertmanager drops what has ended long ago. */
const shift = Date.now() - Date.parse('2026-11-24T03:10:00.000Z')
const recent = (events: ReturnType<typeof at>[]) =>
  events.map((event) => ({ ...event, at: new Date(Date.parse(event.at) + shift).toISOString() }))

describe('a real Alertmanager', () => {
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>>
  let webhook: Awaited<ReturnType<typeof startReceiver>>
  beforeAll(async () => {
    webhook = await startReceiver()
    alertmanager = await startAlertmanager(webhook.url)
  })
  afterAll(async () => {
    await alertmanager.stop()
    await webhook.stop()
  })
  const told = () =>
    webhook.received.flatMap(({ body }) =>
      (JSON.parse(body).alerts as { status: string; labels: { level: string } }[]).map(
        ({ status, labels }) => `${status} ${labels.level}`,
      ),
    )
  const until = async (done: () => boolean) => {
    for (let tries = 0; tries < 200 && !done(); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }

  test('has one alert a level, which stays until the incident is resolved and ends with it', async () => {
    const events = recent([
      at(0, unhealthy('critical')),
      at(5, escalated(2)),
      at(8, acknowledged),
      at(10, recovered),
    ])
    const notices = noticesOf(events, { levels: [{}, {}] })
    const channel = open({ type: 'alertmanager', url: `${alertmanager.url}/`, labels: { team: 'shop' } })
    expect(await channel.send(only(notices, 0), {})).toEqual({ outcome: 'accepted' })
    await channel.send(only(notices, 0), {})
    const [alert, ...others] = await alertmanager.alerts()
    expect(others).toEqual([])
    expect(alert).toMatchObject({
      labels: {
        alertname: 'DeploymentIncident',
        incident: 'production-bbbbbbbbbbbb',
        level: '1',
        team: 'shop',
      },
      annotations: { severity: 'critical', description: 'production is unhealthy: the homepage answers 500' },
      status: { state: 'active' },
    })
    // without an end Alertmanager would call it resolved after five minutes
    expect(Date.parse(alert?.endsAt ?? '') - Date.now()).toBeGreaterThan(minutes(60))
    await channel.send(only(notices, 1), {})
    expect(await alertmanager.alerts()).toHaveLength(2)
    await until(() => told().length >= 2)
    await channel.send(only(notices, 3), {})
    await until(() => told().length >= 4)
    expect(told().toSorted()).toEqual(['firing 1', 'firing 2', 'resolved 1', 'resolved 2'])
  })
})

describe('a real mail server', () => {
  let mailpit: Awaited<ReturnType<typeof startMailpit>>
  beforeAll(async () => {
    mailpit = await startMailpit()
  })
  afterAll(() => mailpit.stop())
  const settings = () => ({
    ...{ type: 'email', host: '127.0.0.1', port: mailpit.smtp, tls: 'opportunistic' },
    ...{ from: 'Rollback <rollback@example.com>', to: ['ops@example.com', 'dev@example.com'] },
  })

  test('gets one thread an incident, as text and HTML, which nearly every mail program shows', async () => {
    const notices = noticesOf([
      at(0, unhealthy('critical')),
      at(1, began),
      at(2, applied),
      at(3, ended()),
      at(5, recovered),
    ])
    const channel = open(settings())
    const opened = await channel.send(only(notices, 0), {})
    expect(opened).toEqual({
      outcome: 'accepted',
      message: { thread: expect.stringMatching(/^<.+@example\.com>$/) },
    })
    const ids = 'message' in opened && opened.message ? opened.message : {}
    for (const notice of notices.slice(1)) await channel.send(notice, ids)
    const mails = await mailpit.mails()
    expect(mails.map(({ Subject }) => Subject)).toEqual([
      '[octo-org/shop] production: failed deployment bbbbbbb',
      ...notices.slice(1).map(() => 'Re: [octo-org/shop] production: failed deployment bbbbbbb'),
    ])
    const thread = ids['thread']
    expect(`<${mails[0]?.MessageID}>`).toBe(thread)
    for (const { ID } of mails.slice(1)) {
      const headers = await mailpit.headers(ID)
      expect([headers['In-Reply-To'], headers['References']]).toEqual([[thread], [thread]])
      expect(headers['Auto-Submitted']).toEqual(['auto-generated'])
    }
    const { Text, HTML } = await mailpit.message(mails[0]?.ID ?? '')
    for (const part of [Text, HTML])
      expect(part).toContain('production is unhealthy: the homepage answers 500')
    expect(await mailpit.compatibility(mails[0]?.ID ?? '')).toBeGreaterThanOrEqual(95)
  })

  test('a text from outside is no header and no HTML of a message', async () => {
    const before = (await mailpit.mails()).length
    const because = `x\r\nBcc: evil@example.com\r\n\r\n${hostile}`
    await open(settings()).send(only(noticesOf([at(0, { ...unhealthy(), because } as never)])), {})
    const [mail] = (await mailpit.mails()).slice(before)
    const { HTML } = await mailpit.message(mail?.ID ?? '')
    expect(HTML).not.toMatch(/<script|href="https:\/\/evil/)
    expect(mail?.To.map(({ Address }) => Address)).toEqual(['ops@example.com', 'dev@example.com'])
    expect((await mailpit.headers(mail?.ID ?? ''))['Bcc']).toBeUndefined()
  })

  test('that does not encrypt gets no mail by default, and one that is not there is tried again', async () => {
    const notice = only(noticesOf([at(0, unhealthy())]))
    const before = (await mailpit.mails()).length
    expect(await open({ ...settings(), tls: 'required' }).send(notice, {})).toMatchObject({
      outcome: 'failed',
      retry: 'never',
      because: expect.stringContaining('could not be encrypted'),
    })
    expect(await mailpit.mails()).toHaveLength(before)
    const nobody = await freePort()
    expect(await open({ ...settings(), port: nobody }).send(notice, {})).toMatchObject({
      outcome: 'failed',
      retry: 'always',
    })
  })
})
