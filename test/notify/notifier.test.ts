import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startReceiver } from '../../src/drill/receiver.ts'
import { type Event, newEvent } from '../../src/history/event.ts'
import { recordTogether } from '../../src/history/together.ts'
import { changesOf } from '../../src/incident/incident.ts'
import { openNotifier } from '../../src/notify/notifier.ts'
import { unheardOf } from '../../src/notify/summary.ts'
import {
  acknowledged,
  applied,
  at,
  began,
  ended,
  incident,
  recovered,
  start,
  unhealthy,
} from '../incident/example.ts'
import { incidentSettings, notifySettings, repository } from './example.ts'

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver(() => ({ body: 'ok' }))
})
afterEach(() => receiver.stop())

const env = () => ({
  HOOK: `${receiver.url}/hook`,
  SLACK: `${receiver.url}/slack`,
  SECRET: 'sekret-value-4711',
})
const channels = {
  hook: { type: 'webhook', url: { env: 'HOOK' }, secret: { env: 'SECRET' } },
  slack: { type: 'slack', url: { env: 'SLACK' } },
}
const story = [
  at(0, unhealthy('critical')),
  at(1, began),
  at(2, applied),
  at(3, ended()),
  at(4, acknowledged),
  at(5, recovered),
]

/** A run on a history in memory, which stands for the branch: appends as the suite does, and notifies. */
function openRun(
  history: Event[],
  {
    given = channels,
    timeout = '2s',
    fetch: by = fetch,
    fault,
    where = 'record',
  }: {
    given?: object
    timeout?: string
    fetch?: typeof fetch
    fault?: Error
    where?: 'record' | 'message'
  } = {},
) {
  const append = async (...events: readonly Event[]) => {
    for (const event of events) if (!history.some(({ id }) => id === event.id)) history.push(event)
    return 'appended' as const
  }
  const notifier = openNotifier({
    ...repository,
    notify: notifySettings(given, { timeout }),
    incident: {
      ...incidentSettings(),
      get links() {
        if (fault !== undefined && where === 'message') throw fault
        return {}
      },
    },
    readPast: async () => [...history],
    describe: (what, key, { incident: id, environment, revision }) => {
      if (fault !== undefined && where === 'record') throw fault
      return newEvent(
        {
          ...what,
          incident: id,
          environment,
          revision,
          at: new Date(start + 360_000).toISOString(),
          actor: 'bot',
        } as never,
        key,
      )
    },
    run: undefined,
    env: env(),
    fetch: by,
    now: () => new Date(start + 360_000 + (performance.now() % 1000)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5))),
    redact: (text) => text.replaceAll('sekret-value-4711', '***'),
  })
  const record = recordTogether({ append }, notifier)
  const end = async (within = 2000) => {
    const deliveries = await notifier.end(within)
    const rest = notifier.unrecorded()
    await append(...rest)
    return deliveries
  }
  return { record, end, notifier }
}

const outcomes = (history: readonly Event[]) =>
  history.flatMap((event) =>
    event.kind === 'notification-sent' ? [`${event.channel} ${event.topic} ${event.outcome}`] : [],
  )
/** Which event was sent, by the requests that arrived at the webhook. */
const arrived = () =>
  receiver.received.filter(({ path }) => path === '/hook').map(({ headers }) => String(headers['webhook-id']))

describe('a run', () => {
  test('ends well although a notification has a fault of its own, which is a failed delivery', async () => {
    const run = openRun([], { fault: new Error('a fault with sekret-value-4711') })
    await run.record(at(0, unhealthy('critical')))
    const deliveries = await run.end()
    expect(deliveries.map(({ channel, outcome, because }) => [channel, outcome, because])).toEqual(
      ['hook', 'slack'].map((channel) => [channel, 'failed', 'unexpected: a fault with ***']),
    )
  })

  test('has the reason of such a fault in the history, without secrets and short', async () => {
    const history: Event[] = []
    const fault = new Error(`${'x'.repeat(280)}sekret-value-4711${'y'.repeat(5000)}`)
    const run = openRun(history, { fault, where: 'message' })
    await run.record(at(0, unhealthy('critical')))
    await run.end()
    const kept = history.flatMap((event) => (event.kind === 'notification-sent' ? [event] : []))
    expect(kept.map(({ channel, outcome, tries }) => [channel, outcome, tries])).toEqual([
      ['hook', 'failed', 0],
      ['slack', 'failed', 0],
    ])
    for (const { because } of kept) {
      expect(because).toMatch(/^unexpected: x+\*{3}/)
      expect(because.length).toBeLessThanOrEqual(300)
    }
  })

  test('has no half of a secret that a service repeats, however long its answer is', async () => {
    receiver.answer(() => ({ status: 400, body: `${'x'.repeat(270)}sekret-value-4711${'y'.repeat(900)}` }))
    const history: Event[] = []
    const run = openRun(history)
    await run.record(at(0, unhealthy('critical')))
    await run.end()
    expect(JSON.stringify(history)).toContain('HTTP 400: xxx')
    expect(JSON.stringify(history)).not.toContain('sek')
  })

  test('sends what it appends, in its order, and the record says what became of each', async () => {
    const history: Event[] = []
    const run = openRun(history)
    for (const event of story) await run.record(event)
    const deliveries = await run.end()
    expect(arrived()).toEqual(changesOf(story, incident).map(({ event }) => event.id))
    expect(outcomes(history).filter((each) => each.startsWith('slack'))).toEqual([
      'slack opened delivered',
      'slack rollback-started delivered',
      'slack rollback-ended delivered',
      'slack acknowledged delivered',
      'slack resolved delivered',
    ])
    expect(deliveries).toHaveLength(outcomes(history).length)
  })

  test('that is run again sends nothing twice', async () => {
    const history: Event[] = []
    for (let times = 0; times < 3; times += 1) {
      const run = openRun(history)
      for (const event of story) await run.record(event)
      await run.end()
    }
    const ids = arrived()
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(story.length)
  })

  test('without channels that listen ends in time, fails nothing, and records each failure', async () => {
    const history: Event[] = []
    receiver.answer(() => ({ hang: true }))
    const run = openRun(history, { timeout: '200ms' })
    for (const event of story) await run.record(event)
    const deliveries = await run.end(300)
    expect(deliveries.every(({ outcome }) => outcome === 'failed')).toBe(true)
    expect(outcomes(history)).toHaveLength(11)
    expect(unheardOf(deliveries)).toEqual(['production is unhealthy: the homepage answers 500'])
  })

  test('a variable that is not set is a failed delivery that names it, and no failed rollback', async () => {
    const history: Event[] = []
    const run = openRun(history, {
      given: { ...channels, slack: { type: 'slack', url: { env: 'MISSING' } } },
    })
    await run.record(at(0, unhealthy()))
    expect((await run.end()).map(({ channel, because }) => [channel, because])).toContainEqual([
      'slack',
      "the variable MISSING is not set; set it in the step's `env`, or hand it over as a secret",
    ])
  })

  test('what a service says of a secret is not in the record', async () => {
    const history: Event[] = []
    receiver.answer(() => ({ status: 400, body: 'bad key sekret-value-4711' }))
    const run = openRun(history)
    await run.record(at(0, unhealthy()))
    await run.end()
    expect(JSON.stringify(history)).toContain('bad key ***')
    expect(JSON.stringify(history)).not.toContain('sekret')
  })
})

describe('a try that failed', () => {
  const first = at(0, unhealthy())
  const answers = async (statuses: readonly number[], headers: Record<string, string> = {}) => {
    const left = [...statuses]
    const counts = new Map<string, number>()
    receiver.answer(({ path }) => {
      counts.set(path, (counts.get(path) ?? 0) + 1)
      return { status: left[(counts.get(path) ?? 1) - 1] ?? 200, headers, body: 'ok' }
    })
    const run = openRun([], { timeout: '5s' })
    await run.record(first)
    const deliveries = await run.end(5000)
    return Object.fromEntries(
      deliveries.map(({ channel, outcome, tries }) => [channel, `${outcome} ${tries}`]),
    )
  }

  test('because of too many requests is repeated: it was not taken', async () => {
    expect(await answers([429, 429], { 'retry-after': '0' })).toEqual({
      hook: 'delivered 3',
      slack: 'delivered 3',
    })
  })

  test('in the server is repeated only where a second message is harmless', async () => {
    expect(await answers([500])).toEqual({ hook: 'delivered 2', slack: 'failed 1' })
  })

  test('and would take longer than there is time is not repeated', async () => {
    expect(await answers([429], { 'retry-after': '60' })).toEqual({ hook: 'failed 1', slack: 'failed 1' })
  })

  test('for good ends after three tries', async () => {
    expect(await answers([503, 503, 503, 503])).toEqual({ hook: 'failed 3', slack: 'failed 1' })
  })
})

test('killed after every event and run again: the same events arrive, and each once by its id', async () => {
  const expected = changesOf(story, incident).map(({ event }) => event.id)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: story.length }), { maxLength: 4 }), async (kills) => {
      receiver.received.length = 0
      const history: Event[] = []
      for (const after of [...kills, story.length]) {
        const run = openRun(history)
        for (const event of story.slice(0, after)) await run.record(event)
        // a run that is killed records nothing of what it has not recorded with a later event
        if (after === story.length) await run.end()
        else await run.notifier.end(2000)
      }
      expect([...new Set(arrived())]).toEqual(expected)
      const told = outcomes(history).filter((each) => each.startsWith('hook'))
      expect(told).toHaveLength(expected.length)
    }),
    { numRuns: 10 },
  )
})

test('nothing that is recorded waits for a delivery: all of a rollback is in the history before any channel has answered', async () => {
  const history: Event[] = []
  const asked: string[] = []
  // a service that never answers, whatever signal is aborted
  const never: typeof fetch = (url) => {
    asked.push(String(url))
    return new Promise(() => {})
  }
  const run = openRun(history, { timeout: '200ms', fetch: never })
  for (const event of story) await run.record(event)
  expect(history).toEqual(story)
  expect(run.notifier.unrecorded()).toEqual([])
  const deliveries = await run.end(300)
  expect(new Set(deliveries.map(({ outcome }) => outcome))).toEqual(new Set(['failed']))
  // one at a time in each channel: the two first, and nobody waited for them
  expect(asked.length).toBeGreaterThanOrEqual(2)
})

test('a soak: of 100 incidents with a third of the channels failing at random no record is lost', async () => {
  let seed = 7
  const chance = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  receiver.answer(() =>
    chance() < 1 / 3
      ? ([{ status: 500 }, { status: 404 }, { hang: true }][Math.floor(chance() * 3)] ?? {})
      : { body: 'ok' },
  )
  const many = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [`channel-${n}`, n % 2 === 0 ? channels.hook : channels.slack]),
  )
  const ends: Promise<number>[] = []
  for (let n = 0; n < 100; n += 1) {
    const history: Event[] = []
    const run = openRun(history, { given: many, timeout: '500ms' })
    for (const event of [at(0, unhealthy()), at(1, began), at(3, ended())])
      await run.record({ ...event, incident: `production-${n}` })
    ends.push(run.end(600).then(() => outcomes(history).length))
    if (n % 10 === 9) await Promise.all(ends)
  }
  expect(new Set(await Promise.all(ends))).toEqual(new Set([18]))
})
