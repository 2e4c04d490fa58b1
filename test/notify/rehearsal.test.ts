import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startReceiver } from '../../src/drill/receiver.ts'
import type { Event } from '../../src/history/event.ts'
import { changesOf, openIncidents, rehearsalChangesOf } from '../../src/incident/incident.ts'
import { writeCDEvent } from '../../src/notify/channels/cdevents.ts'
import { writeAlert } from '../../src/notify/channels/pagerduty.ts'
import { dueDeliveries } from '../../src/notify/due.ts'
import { noticeOf } from '../../src/notify/notice.ts'
import {
  applied,
  at,
  began,
  ended,
  incident,
  minutes,
  recovered,
  start,
  unhealthy,
} from '../incident/example.ts'
import { incidentSettings, notifySettings, open, repository } from './example.ts'

const rehearsed = [
  at(0, { ...began, rehearsal: true, automatic: false } as never),
  at(1, applied),
  at(2, recovered),
  at(3, ended()),
]
const hook = (more: object = {}) => ({
  type: 'webhook',
  url: { env: 'HOOK' },
  secret: { env: 'SECRET' },
  ...more,
})
const due = (events: readonly Event[], channels: object) =>
  dueDeliveries(
    events,
    incident,
    { notify: notifySettings(channels), incident: incidentSettings() },
    new Date(start + minutes(10)),
  ).map(({ channel, change }) => `${channel} ${change.topic}`)
const notices = rehearsalChangesOf(rehearsed, incident).map((change) =>
  noticeOf(change, rehearsed, { ...repository, incident: incidentSettings({ levels: [{}, {}] }) }),
)

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

describe('a rehearsal', () => {
  test('notifies nobody unless a channel asks for it, and then whatever its severity is', () => {
    expect(due(rehearsed, { a: hook(), b: hook({ severity: 'critical', rehearsals: true }) })).toEqual([
      'b opened',
      'b layer-rolled-back',
      'b resolved',
      'b rollback-ended',
    ])
  })

  test('is no incident: it is not open, and does not escalate', () => {
    expect(changesOf(rehearsed.slice(0, 2), incident)).toEqual([])
    expect(openIncidents(rehearsed.slice(0, 2), 'production')).toEqual([])
    for (const { facts } of notices) expect(facts.map(({ label }) => label)).not.toContain('Acknowledge by')
  })

  test('says so first in every title, and is never taken for the incident of the revision', () => {
    for (const notice of notices) {
      expect(notice.title).toBe('REHEARSAL: production: rollback of bbbbbbb')
      expect(notice.incident.incident).toBe(`${incident}-rehearsal`)
    }
    expect(notices.map((notice) => writeAlert(notice, 'key'))).toMatchObject([
      {
        event_action: 'trigger',
        dedup_key: `octo-org/shop/${incident}-rehearsal`,
        payload: { severity: 'info', summary: expect.stringContaining('REHEARSAL') },
      },
      { event_action: 'trigger' },
      { event_action: 'resolve' },
      { event_action: 'resolve' },
    ])
    const events = notices.flatMap((notice) => writeCDEvent(notice) ?? [])
    expect(events.map(({ customData }) => customData.rehearsal)).toEqual(events.map(() => true))
  })

  test('is over when it ended, also where nothing looked at production', () => {
    const unseen = rehearsalChangesOf(
      [at(0, rehearsed[0] as never), at(1, applied), at(2, ended('failed'))],
      incident,
    )
    expect(unseen.at(-1)?.after).toMatchObject({ status: 'resolved', severity: 'low' })
  })

  test('is a test for incident.io, in a mode of its own', async () => {
    receiver.answer(({ path }) =>
      path === '/v1/severities'
        ? { body: '{"severities":[]}' }
        : { body: '{"incident":{"id":"01FDAG4SAP5TYPT98WGR2N7W91"}}' },
    )
    const channel = open({
      type: 'incident-io',
      url: receiver.url,
      token: { env: 'TOKEN' },
      rehearsals: true,
    })
    await channel.send(notices[0] as never, {})
    expect(JSON.parse(receiver.received.at(-1)?.body ?? '')).toMatchObject({
      mode: 'test',
      idempotency_key: `octo-org/shop/${incident}-rehearsal/1`,
    })
  })

  test('mentions nobody', async () => {
    receiver.answer(() => ({ body: 'ok' }))
    const settings = { type: 'slack', url: { env: 'HOOK' }, mentions: { 1: ['U0123456789'] } }
    await open(settings, { HOOK: receiver.url }).send(notices[0] as never, {})
    expect(receiver.received[0]?.body).not.toContain('<@')
  })

  test('is never on a status page', () => {
    const page = {
      type: 'statuspage',
      token: { env: 'T' },
      page: 'qfn30z5r6s5h',
      events: ['opened', 'resolved'],
    }
    expect(due(rehearsed, { page })).toEqual([])
    expect(() => notifySettings({ page: { ...page, rehearsals: true } })).toThrow('rehearsals')
  })

  test('hides no real incident after it', () => {
    const real = at(6, unhealthy('critical'))
    expect(due([...rehearsed, real], { a: hook({ events: ['opened'] }) })).toEqual(['a opened'])
  })
})
