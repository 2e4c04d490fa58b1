import { describe, expect, test } from '@jest/globals'
import type { Event } from '../../src/history/event.ts'
import { dueDeliveries } from '../../src/notify/due.ts'
import { isQuiet } from '../../src/notify/quiet-hours.ts'
import {
  acknowledged,
  at,
  began,
  escalated,
  incident,
  minutes,
  start,
  unhealthy,
} from '../incident/example.ts'
import { incidentSettings, notifySettings } from './example.ts'

const hook = (more: object = {}) => ({
  type: 'webhook',
  url: { env: 'HOOK' },
  secret: { env: 'SECRET' },
  events: ['opened', 'escalated', 'acknowledged', 'rollback-started'],
  ...more,
})
const sent = (channel: string, about: Event, outcome: 'delivered' | 'failed' = 'delivered') =>
  at(
    5,
    { kind: 'notification-sent', channel, about: about.id, topic: 'opened', outcome, because: '', tries: 1 },
    { key: [channel, about.id] },
  )

function due(events: readonly Event[], channels: object, { levels = [{}] as object[], minute = 10 } = {}) {
  const settings = { notify: notifySettings(channels), incident: incidentSettings({ levels }) }
  return dueDeliveries(events, incident, settings, new Date(start + minutes(minute))).map(
    ({ channel, change }) => `${channel} ${change.topic}`,
  )
}

describe('a channel', () => {
  const events = [at(0, unhealthy('medium')), at(1, began), at(2, acknowledged)]

  test('is sent what its settings subscribe to, from the least severity on', () => {
    expect(
      due(events, { a: hook(), b: hook({ events: ['acknowledged'] }), c: hook({ severity: 'high' }) }),
    ).toEqual(['a opened', 'a rollback-started', 'a acknowledged', 'b acknowledged'])
  })

  test('is not sent again what the record says was sent, whatever became of it', () => {
    const [opened = at(0, began)] = events
    expect(
      due([...events, sent('a', opened), sent('b', opened, 'failed')], { a: hook(), b: hook() }),
    ).toEqual(['a rollback-started', 'b rollback-started', 'a acknowledged', 'b acknowledged'])
  })

  test('that is new, or whose run was down for hours, is not sent the past', () => {
    expect(due(events, { a: hook() }, { minute: 61.5 })).toEqual(['a acknowledged'])
    expect(due(events, { a: hook() }, { minute: 600 })).toEqual([])
  })

  test('of a later level joins the incident when that level is reached, and hears of all that follows', () => {
    const levels = [{ channels: ['chat'] }, {}, { channels: ['pager'] }]
    const channels = { chat: hook(), pager: hook({ events: ['acknowledged'] }) }
    const story = [
      at(0, unhealthy()),
      at(1, escalated(2)),
      at(2, { ...escalated(3), after: 2 } as never),
      at(3, acknowledged),
    ]
    expect(due(story, channels, { levels })).toEqual([
      'chat opened',
      'chat escalated',
      'chat escalated',
      'pager escalated',
      'chat acknowledged',
      'pager acknowledged',
    ])
  })

  test('of a level that was passed over joins with the level after it: one message', () => {
    const levels = [{}, { channels: ['second'] }, { channels: ['third'] }]
    const channels = { second: hook({ events: [] }), third: hook({ events: [] }) }
    const story = [at(0, unhealthy()), at(9, { ...escalated(3), after: 1 } as never)]
    expect(due(story, channels, { levels })).toEqual(['second escalated', 'third escalated'])
  })
})

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', zone: 'Europe/Berlin', except: 'critical' } as const

  test.each([
    ['2026-11-24T20:59:00Z', false],
    ['2026-11-24T21:00:00Z', true],
    ['2026-11-25T05:59:00Z', true],
    ['2026-11-25T06:00:00Z', false],
    // in summer the zone is two hours ahead
    ['2026-07-24T20:00:00Z', true],
  ])(
    'in the time zone of the settings: at %s %s (firefighter-incident 336: a time zone that is fixed)',
    (time, quiet) => {
      expect(isQuiet(night, new Date(time), 'high')).toBe(quiet)
      expect(isQuiet(night, new Date(time), 'critical')).toBe(false)
    },
  )

  test('within a day', () => {
    const lunch = { ...night, zone: 'UTC', from: '12:00', to: '13:00' }
    expect(
      ['11:59', '12:00', '12:59', '13:00'].map((time) =>
        isQuiet(lunch, new Date(`2026-11-24T${time}:00Z`), 'low'),
      ),
    ).toEqual([false, true, true, false])
  })

  test('leave out what is not severe enough', () => {
    const quiet = { from: '02:00', to: '04:00', zone: 'UTC' }
    const channels = {
      a: hook({ 'quiet-hours': quiet }),
      b: hook({ 'quiet-hours': { ...quiet, except: 'low' } }),
    }
    expect(due([at(0, unhealthy('high'))], channels)).toEqual(['b opened'])
    expect(due([at(0, unhealthy('critical'))], channels)).toEqual(['a opened', 'b opened'])
  })
})
