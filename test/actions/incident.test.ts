/** The compiled action on an emulated GitHub, with a receiver on loopback. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { startReceiver } from '../../src/drill/receiver.ts'
import { type Event, newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { unhealthy } from '../incident/example.ts'
import { openShop, type Shop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Shop
let receiver: Awaited<ReturnType<typeof startReceiver>>
let revision: string
const hook = { type: 'webhook', url: { env: 'HOOK' }, secret: { env: 'KEY' } }
beforeEach(async () => {
  receiver = await startReceiver()
  shop = await openShop()
  const settings = {
    incident: {
      levels: [{}, { people: ['grace', 'octo-org/sre'], channels: ['second'] }, { channels: ['third'] }],
    },
    notify: { channels: { all: hook, second: hook, third: hook } },
  }
  revision = await shop.commit({ '.github/rollback.yml': stringify(settings) })
  shop.deploy(revision)
})
afterEach(async () => {
  await shop.close()
  await receiver.stop()
})

const run = async (inputs: Record<string, string>) =>
  runStep(await shop.job({ sha: revision }), {
    action: 'incident',
    inputs,
    env: { HOOK: receiver.url, KEY: 'the-key-of-the-hook' },
  })
const told = () => receiver.received.map(({ body }) => JSON.parse(body).type)

/** An incident that began so many minutes ago. */
async function began(minutesAgo: number): Promise<void> {
  const about = {
    environment: 'production',
    revision,
    incident: incidentId({ environment: 'production', revision }),
  }
  const at = new Date(Date.now() - minutesAgo * 60_000).toISOString()
  const event: Event = newEvent({ ...unhealthy('critical'), ...about, at, actor: 'bot' } as never, ['x'])
  await shop.history.append(event)
}

describe('incident', () => {
  test('opens, changes, acknowledges and resolves one, and each once', async () => {
    const opened = await run({ operation: 'open', severity: 'critical', reason: 'checkout is down' })
    expect({ log: opened.log, ...opened.outputs }).toMatchObject({
      decision: 'opened',
      severity: 'critical',
      status: 'open',
      level: '1',
    })
    expect((await run({ operation: 'open' })).outputs).toMatchObject({ decision: 'unchanged' })
    expect((await run({ operation: 'update', severity: 'low', note: 'few users' })).outputs).toMatchObject({
      decision: 'updated',
      severity: 'low',
    })
    expect((await run({ operation: 'acknowledge' })).outputs).toMatchObject({
      decision: 'acknowledged',
      status: 'acknowledged',
    })
    expect((await run({ operation: 'acknowledge' })).outputs).toMatchObject({
      decision: 'unchanged',
      'reason-code': 'already-acknowledged',
    })
    expect((await run({ operation: 'resolve' })).outputs).toMatchObject({
      decision: 'resolved',
      status: 'resolved',
    })
    expect(told()).toEqual([
      'incident.opened',
      'incident.severity',
      'incident.note',
      'incident.acknowledged',
      'incident.resolved',
    ])
    const none = await run({ operation: 'resolve' })
    expect(none.outputs['decision']).toBe('none')
    expect(none.exitCode).toBe(1)
  })

  test('on a schedule that did not run for hours notifies the highest level once, with how late it is', async () => {
    await began(20)
    expect((await run({})).outputs).toMatchObject({ decision: 'escalated', level: '2' })
    const headlines = () => receiver.received.map(({ body }) => JSON.parse(body).data.headline).toSorted()
    const level2 = expect.stringMatching(
      /^Escalated to level 2, 5 min.* late: nobody acknowledged the incident within 15 min/,
    )
    // the channel of all, which was never told of the beginning either, and that which joins with this level
    const expected = [level2, level2, 'production is unhealthy: the homepage answers 500']
    expect(headlines()).toEqual(expected)
    expect((await run({})).outputs).toMatchObject({ decision: 'unchanged', 'reason-code': 'not-due' })
    expect(headlines()).toEqual(expected)
  })

  test('after an acknowledgement notifies nobody', async () => {
    await began(14)
    await run({ operation: 'acknowledge' })
    receiver.received.length = 0
    expect((await run({})).outputs).toMatchObject({ decision: 'unchanged' })
    expect(receiver.received).toEqual([])
  })

  test('with inputs that do not go together says which', async () => {
    const { log, exitCode } = await run({ operation: 'resolve', severity: 'high' })
    expect(exitCode).toBe(1)
    expect(log).toContain('input "severity" has an effect only with operation: open or update')
  })
})
