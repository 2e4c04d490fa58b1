import { expect, test } from '@jest/globals'
import { type Event, newEvent } from '../../src/history/event.ts'
import { escalateFor, type ResponseMeans } from '../../src/incident/carry-out.ts'
import { acknowledged, at, incident, minutes, start, unhealthy } from './example.ts'

/** A job that waits, on a record in memory and a clock that its sleep moves. `killedAt`: the minute in which it dies asleep. */
async function wait(record: Event[], fromMinute: number, killedAt = Number.POSITIVE_INFINITY): Promise<void> {
  let now = start + minutes(fromMinute)
  const means: ResponseMeans = {
    readHistory: async () => record,
    claim: async (what, naturalKey, about) => {
      const { environment, revision } = about
      const event = newEvent(
        {
          ...what,
          incident: about.incident,
          environment,
          revision,
          at: new Date(now).toISOString(),
          actor: 'bot',
        } as never,
        naturalKey,
      )
      if (record.some(({ id }) => id === event.id)) return false
      record.push(event)
      return true
    },
    policy: {
      levels: 3,
      respondMs: { critical: minutes(15), high: minutes(60), medium: minutes(240), low: minutes(1440) },
    },
    now: () => new Date(now),
    key: 'x',
  }
  const sleep = async (ms: number) => {
    now += ms
    if (now >= start + minutes(killedAt)) throw new Error('killed')
  }
  const onEscalated = () => {}
  await escalateFor('production', { ...means, forMs: minutes(120), sleep, onEscalated }).catch(
    (error: Error) => {
      if (error.message !== 'killed') throw error
    },
  )
}
const levels = (record: readonly Event[]) =>
  record.flatMap((event) =>
    event.kind === 'incident-escalated'
      ? [[event.level, Math.floor((Date.parse(event.at) - start) / minutes(1))]]
      : [],
  )

test('an escalation that waited in a job that was killed goes on in the next one, at its time (grafana/oncall 1206)', async () => {
  const record = [at(0, unhealthy('critical'))]
  await wait(record, 1, 10)
  expect(levels(record)).toEqual([])
  await wait(record, 12)
  expect(levels(record)).toEqual([
    [2, 15],
    [3, 30],
  ])
  expect(record.every((event) => event.incident === incident)).toBe(true)
})

test('killed in the middle and started late, each level is notified once, and none between is left out (grafana/oncall 1206)', async () => {
  const record = [at(0, unhealthy('critical'))]
  await wait(record, 1, 20)
  await wait(record, 90)
  await wait(record, 91)
  expect(levels(record)).toEqual([
    [2, 15],
    [3, 90],
  ])
})

test('an acknowledgement while no job waited stops what a killed job had begun to wait for (grafana/oncall 1206)', async () => {
  const record = [at(0, unhealthy('critical'))]
  await wait(record, 1, 10)
  record.push(at(11, acknowledged))
  await wait(record, 12)
  expect(levels(record)).toEqual([])
})
