import { describe, expect, test } from '@jest/globals'
import { changesOf, incidentOf, openIncidents } from '../../src/incident/incident.ts'
import { timelineOf } from '../../src/incident/timeline.ts'
import {
  acknowledged,
  applied,
  at,
  began,
  ended,
  escalated,
  healthy,
  incident,
  recovered,
  resolved,
  unhealthy,
} from './example.ts'

const topicsOf = (...events: Parameters<typeof changesOf>[0]) =>
  changesOf(events, incident).map(({ topic }) => topic)

describe('an incident', () => {
  test('begins with an unhealthy verdict, and has the severity of the worst check beyond its limit', () => {
    const found = incidentOf([at(0, unhealthy('medium'))], incident)
    expect(found).toMatchObject({ status: 'open', severity: 'medium', episode: 1, level: 1, reported: false })
    expect(incidentOf([at(0, healthy)], incident)).toBeUndefined()
  })

  test('is not opened by a rehearsal, which notifies nobody, and is by a real rollback after it', () => {
    const rehearsed = { ...began, rehearsal: true } as typeof began
    const practice = [at(1, rehearsed), at(2, applied), at(3, ended()), at(4, recovered)]
    expect(incidentOf(practice, incident)).toBeUndefined()
    expect(topicsOf(...practice)).toEqual([])
    expect(incidentOf([...practice, at(5, began)], incident)).toMatchObject({ status: 'open', episode: 1 })
  })

  test('goes through its phases, and is resolved by a look at production', () => {
    const events = [at(0, unhealthy()), at(1, began), at(2, applied), at(3, ended()), at(4, recovered)]
    expect(events.map((_, index) => incidentOf(events.slice(0, index + 1), incident)?.phase)).toEqual([
      'investigating',
      'rolling back',
      // the first of several layers is not the end of the rollback
      'rolling back',
      'monitoring',
      'resolved',
    ])
    expect(topicsOf(...events)).toEqual([
      'opened',
      'rollback-started',
      'layer-rolled-back',
      'rollback-ended',
      'resolved',
    ])
  })

  test('is resolved by the look at production, not by whoever pushed the commit that the run is of', () => {
    const events = [at(0, unhealthy()), at(1, began), at(2, applied), at(3, ended()), at(4, recovered)]
    expect(incidentOf(events, incident)?.resolved?.by).toBe('verified recovery')
    expect(incidentOf([at(0, unhealthy()), at(1, healthy)], incident)?.resolved?.by).toBe('health-gate')
  })

  test('is not resolved by a rollback that nobody verified', () => {
    const events = [at(0, unhealthy()), at(1, began), at(3, ended())]
    expect(incidentOf(events, incident)?.status).toBe('open')
  })

  test('becomes critical when the rollback fails, unless a person set its severity', () => {
    const events = [at(0, unhealthy('low')), at(1, began), at(3, ended('failed'))]
    expect(incidentOf(events, incident)?.severity).toBe('critical')
    const set = at(2, { kind: 'incident-severity-set', severity: 'medium', because: 'few users' })
    expect(incidentOf([...events.slice(0, 2), set, ...events.slice(2)], incident)?.severity).toBe('medium')
  })

  test('one incident for an environment and revision, however many checks fail later (Checkmate 3006)', () => {
    const events = [0, 1, 2, 3].map((minute) => at(minute, unhealthy()))
    expect(topicsOf(...events)).toEqual(['opened'])
    expect(openIncidents(events, 'production')).toHaveLength(1)
  })

  test('a repeated resolve or acknowledgement changes nothing (a stale button)', () => {
    const events = [at(0, unhealthy()), at(1, acknowledged), at(2, acknowledged), at(3, resolved)]
    const late = [at(4, resolved), at(5, acknowledged), at(6, escalated(2))]
    expect(topicsOf(...events, ...late)).toEqual(['opened', 'acknowledged', 'resolved'])
    expect(incidentOf([...events, ...late], incident)?.resolved?.at).toBe('2026-11-24T03:03:00.000Z')
  })

  test('the same revision that fails again after it was resolved opens the incident again', () => {
    const events = [at(0, unhealthy()), at(1, acknowledged), at(3, recovered), at(60, unhealthy())]
    expect(incidentOf(events, incident)).toMatchObject({
      episode: 2,
      status: 'open',
      acknowledged: undefined,
    })
  })
})

test('a note is in the timeline at the time that it is about, with its author; times are UTC and relative (firefighter-incident 336, 365)', () => {
  const note = at(
    30,
    { kind: 'incident-noted', note: 'the queue filled up', happenedAt: '2026-11-24T03:05:00.000Z' },
    { actor: 'ada' },
  )
  const entries = timelineOf([at(0, unhealthy()), at(10, applied), note])
  expect(entries.map((entry) => [entry.event.kind, entry.at, entry.sinceStartMs / 60_000])).toEqual([
    ['health-checked', '2026-11-24T03:00:00.000Z', 0],
    ['incident-noted', '2026-11-24T03:05:00.000Z', 5],
    ['rollback-applied', '2026-11-24T03:10:00.000Z', 10],
  ])
  expect(entries[1]?.event.actor).toBe('ada')
})

test('each entry keeps its own time (Icinga notifications 60)', () => {
  const entries = timelineOf([at(0, unhealthy()), at(1, began), at(2, applied)])
  expect(new Set(entries.map((entry) => entry.at)).size).toBe(3)
})
