import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Event } from '../../src/history/event.ts'
import { dueEscalation, nextDeadline } from '../../src/incident/escalation.ts'
import { changesOf, incidentOf } from '../../src/incident/incident.ts'
import { acknowledged, at, escalated, incident, minutes, resolved, start, unhealthy } from './example.ts'

const policy = {
  levels: 4,
  respondMs: { critical: minutes(15), high: minutes(60), medium: minutes(240), low: minutes(1440) },
}
const clock = (minute: number) => new Date(start + minutes(minute))

function due(events: readonly Event[], minute: number) {
  const found = incidentOf(events, incident)
  return found && dueEscalation(found, policy, clock(minute))
}

/** What a schedule does at these minutes, each time from the record alone. @returns the record */
function sweep(events: readonly Event[], at0: readonly number[]): readonly Event[] {
  const record = [...events]
  for (const minute of at0) {
    const known = record.filter((event) => Date.parse(event.at) <= clock(minute).getTime())
    const escalation = due(known, minute)
    if (escalation === undefined) continue
    const { level, after, dueAt, lateMs } = escalation
    const what = { ...escalated(level), after, dueAt: dueAt.toISOString(), lateMs } as const
    const event = at(minute, what, { key: ['1', String(level)] })
    if (!record.some(({ id }) => id === event.id)) record.push(event)
    record.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  }
  return record
}

const levelsOf = (events: readonly Event[]) =>
  changesOf(events, incident).flatMap(({ event }) =>
    event.kind === 'incident-escalated' ? [[(Date.parse(event.at) - start) / 60_000, event.level]] : [],
  )
const everyMinute = Array.from({ length: 300 }, (_, minute) => minute)

describe('an incident that nobody acknowledges', () => {
  test.each([
    ['critical', 15],
    ['high', 60],
    ['medium', 240],
    ['low', 1440],
  ] as const)('of severity %s is escalated after %i minutes, and not before', (severity, respond) => {
    const events = [at(0, unhealthy(severity))]
    expect(due(events, respond - 0.001)).toBeUndefined()
    expect(due(events, respond)).toEqual({ level: 2, after: 1, dueAt: clock(respond), lateMs: 0 })
  })

  test('reaches each level once, at its time', () => {
    expect(levelsOf(sweep([at(0, unhealthy('critical'))], everyMinute))).toEqual([
      [15, 2],
      [30, 3],
      [45, 4],
    ])
  })

  test('after an outage of the schedule the highest level is notified once, and how late it is is said (grafana 67344, 58386)', () => {
    const events = [at(0, unhealthy('critical'))]
    expect(due(events, 300)).toEqual({ level: 4, after: 1, dueAt: clock(45), lateMs: minutes(255) })
    expect(levelsOf(sweep(events, [300, 301, 302, 600]))).toEqual([[300, 4]])
  })

  test('is escalated at once when a person asks, and the next level has its whole time', () => {
    const events = [at(0, unhealthy('critical')), at(5, escalated(2, true))]
    const found = incidentOf(events, incident)
    expect(found && nextDeadline(found, policy)).toEqual(clock(20))
  })

  test('with another severity has the time of that from then on', () => {
    const set = at(50, { kind: 'incident-severity-set', severity: 'critical', because: 'checkout is down' })
    const events = [at(0, unhealthy('high')), set]
    expect(due(events, 64)).toBeUndefined()
    expect(due(events, 65)?.level).toBe(2)
  })

  test('and is forgotten notifies nobody after months (grafana/oncall 3111)', () => {
    expect(due([at(0, unhealthy())], 7 * 24 * 60 + 1)).toBeUndefined()
  })
})

describe('an acknowledgement', () => {
  test('stops every further level at once (grafana/oncall 4760, 4654)', () => {
    const events = [at(0, unhealthy('critical')), at(20, acknowledged)]
    expect(levelsOf(sweep(events, everyMinute))).toEqual([[15, 2]])
  })

  test('holds for months (grafana/oncall 3111)', () => {
    const events = [at(0, unhealthy('critical')), at(1, acknowledged)]
    expect([1e3, 1e5, 1e6].map((minute) => due(events, minute))).toEqual([undefined, undefined, undefined])
  })

  test('no level is notified after the incident is resolved', () => {
    expect(due([at(0, unhealthy('critical')), at(1, resolved)], 100)).toBeUndefined()
  })

  test('wins over an escalation that is written at the same moment', () => {
    const events = [at(0, unhealthy('critical')), at(15, acknowledged), at(15.001, escalated(2))]
    expect(levelsOf(events)).toEqual([])
    expect(levelsOf([...events, at(16, escalated(3, true))])).toEqual([[16, 3]])
  })

  test('that comes between two looks leaves no level behind (a job that waited)', () => {
    const events = [at(0, unhealthy('critical')), at(14.9, acknowledged)]
    expect(levelsOf(sweep(events, [15, 30]))).toEqual([])
  })
})

test('the next level is due when the time to respond is over', () => {
  const found = incidentOf([at(0, unhealthy('critical'))], incident)
  expect(found && nextDeadline(found, policy)).toEqual(clock(15))
})

test('whenever the schedule runs, and whenever somebody acknowledges: each level at most once, none early, none after it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }),
      fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
      (looks, ack) => {
        const events = [
          at(0, unhealthy('critical')),
          ...(ack === undefined ? [] : [at(ack, acknowledged, { key: ['ack'] })]),
        ]
        const sorted = looks.toSorted((a, b) => a - b)
        const record = sweep(events, sorted)
        const levels = levelsOf(record)
        const notified = levels.map(([, level]) => level)
        expect(new Set(notified).size).toBe(notified.length)
        for (const [minute = 0, level = 0] of levels) {
          expect(minute).toBeGreaterThanOrEqual((level - 1) * 15)
          if (ack !== undefined) expect(minute).toBeLessThan(ack + 1e-9)
        }
        // run again over the same record, from any point on, it notifies nobody anew
        expect(levelsOf(sweep(record, sorted))).toEqual(levels)
      },
    ),
  )
})
