import { describe, expect, test } from '@jest/globals'
import type { Event } from '../../src/history/event.ts'
import { incidentOf } from '../../src/incident/incident.ts'
import { findIncident, respond, timeOfNote, type Wish } from '../../src/incident/respond.ts'
import { acknowledged, at, bad, escalated, incident, minutes, resolved, start, unhealthy } from './example.ts'

const policy = {
  levels: 3,
  respondMs: { critical: minutes(15), high: minutes(60), medium: minutes(240), low: minutes(1440) },
}
function answer(events: readonly Event[], wish: Wish, minute = 10) {
  const found = incidentOf(events, incident)
  if (found === undefined) throw new Error('there is no incident')
  return respond(found, wish, { policy, now: new Date(start + minutes(minute)), key: 'comment-7' })
}
const because = 'on it'

describe('a wish', () => {
  const open = [at(0, unhealthy('critical'))]

  test('to acknowledge is one event, whoever has it at the same moment', () => {
    expect(answer(open, { kind: 'acknowledge', because })).toEqual({
      kind: 'record',
      what: { kind: 'incident-acknowledged', because },
      naturalKey: ['1'],
    })
    expect(answer([...open, at(1, acknowledged)], { kind: 'acknowledge', because })).toMatchObject({
      reasonCode: 'already-acknowledged',
    })
  })

  test.each(['acknowledge', 'resolve'] as const)(
    'to %s what is resolved changes nothing (PostHog 66884: a stale button)',
    (kind) => {
      expect(answer([...open, at(1, resolved)], { kind, because })).toMatchObject({
        reasonCode: 'already-resolved',
      })
    },
  )

  test('to escalate what is due says how late it is; before that nothing is due', () => {
    const wish = { kind: 'escalate', when: 'due', because: '' } as const
    expect(answer(open, wish, 14)).toMatchObject({ reasonCode: 'not-due' })
    expect(answer(open, wish, 100)).toMatchObject({
      what: { level: 3, after: 1, requested: false, lateMs: minutes(70), dueAt: '2026-11-24T03:30:00.000Z' },
      naturalKey: ['1', '3'],
    })
  })

  test('to escalate now is the next level, until there is none', () => {
    const wish = { kind: 'escalate', when: 'now', because } as const
    expect(answer(open, wish)).toMatchObject({ what: { level: 2, after: 1, requested: true } })
    const last = [...open, at(1, escalated(2)), at(2, escalated(3))]
    expect(answer(last, wish)).toMatchObject({ reasonCode: 'last-level' })
  })

  test('of the severity that it has changes nothing once a person has set it', () => {
    const wish = { kind: 'severity', severity: 'high', because } as const
    expect(answer(open, wish)).toMatchObject({ what: { severity: 'high' }, naturalKey: ['1', 'comment-7'] })
    const set = [...open, at(1, { kind: 'incident-severity-set', severity: 'high', because })]
    expect(answer(set, wish)).toMatchObject({ reasonCode: 'same-severity' })
  })
})

describe('the incident that is meant', () => {
  const written = at(1, { kind: 'postmortem-opened', issue: 5, url: 'https://github.com/o/r/issues/5' })
  const other = { ...at(2, unhealthy()), incident: 'production-cccccccccccc' }
  const events = [at(0, unhealthy()), written, other]

  test('is that of the issue, else the newest of the environment that is not resolved', () => {
    const environment = 'production'
    expect(findIncident(events, { environment, issue: 5 })?.incident).toBe(incident)
    expect(findIncident(events, { environment, issue: 6 })?.incident).toBe('production-cccccccccccc')
    expect(findIncident(events, { environment, incident })?.revision).toBe(bad)
    expect(findIncident(events, { environment: 'staging' })).toBeUndefined()
    expect(findIncident([at(0, unhealthy()), at(1, resolved)], { environment })).toBeUndefined()
  })
})

test.each([
  ['14:05', '2026-11-24T14:05:00.000Z'],
  ['9:05', '2026-11-24T09:05:00.000Z'],
  ['23:59', '2026-11-23T23:59:00.000Z'],
  ['2026-11-24T14:05', '2026-11-24T14:05:00.000Z'],
  ['2026-11-24T15:05+01:00', '2026-11-24T14:05:00.000Z'],
  ['2026-11-25T00:00Z', undefined],
  ['25:00', undefined],
  ['yesterday', undefined],
])('a note at %s is of %s', (text, expected) => {
  expect(timeOfNote(text, new Date('2026-11-24T15:00:00Z'))?.toISOString()).toBe(expected)
})
