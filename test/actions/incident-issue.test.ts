/** The compiled actions on an emulated GitHub: what people see of an incident in its issue. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { startReceiver } from '../../src/drill/receiver.ts'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { unhealthy } from '../incident/example.ts'
import { openShop, type Shop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Shop
let receiver: Awaited<ReturnType<typeof startReceiver>>
let revision: string
beforeEach(async () => {
  receiver = await startReceiver(() => ({ status: 201, body: '{"id":"tks5n8x7w24h"}' }))
  shop = await openShop()
  const settings = {
    incident: {
      service: 'the shop',
      levels: [{ people: ['grace', 'octo-org/sre'] }, { people: ['linus'] }, { people: ['ada'] }],
    },
    notify: {
      channels: {
        page: { type: 'statuspage', page: 'qfn30z5r6s5h', token: { env: 'PAGE' }, url: receiver.url },
      },
    },
  }
  revision = await shop.commit({ '.github/rollback.yml': stringify(settings) })
  shop.deploy(revision)
})
afterEach(async () => {
  await shop.close()
  await receiver.stop()
})

const run = async (
  action: 'incident' | 'postmortem-issue',
  inputs: Record<string, string> = {},
  runId = '1',
) => runStep(await shop.job({ sha: revision, runId }), { action, inputs, env: { PAGE: 'page-token-4711' } })
const issue = () => shop.hosted.issues[0]
const comments = () => shop.hosted.comments.map(({ body }) => body.split('\n').at(-1))

async function began(minutesAgo: number): Promise<void> {
  const about = {
    environment: 'production',
    revision,
    incident: incidentId({ environment: 'production', revision }),
  }
  const at = new Date(Date.now() - minutesAgo * 60_000).toISOString()
  await shop.history.append(
    newEvent({ ...unhealthy('critical'), ...about, at, actor: 'bot' } as never, ['x']),
  )
}

describe('the issue of an incident', () => {
  test('mentions the people of the first level once, and those of every level that a late schedule reaches', async () => {
    await began(1)
    for (let times = 0; times < 2; times += 1) await run('postmortem-issue')
    expect(comments()).toEqual([
      '@grace @octo-org/sre This incident of `production` (severity critical) is open. Comment `/ack` to acknowledge it.',
    ])
    expect(issue()?.body).toContain(
      'Incident status: **investigating** · severity critical · not acknowledged, level 1 notified',
    )
  })

  test('of several levels that were reached at once mentions the people of each', async () => {
    await began(40)
    await run('postmortem-issue')
    await run('incident')
    expect(comments().at(-1)).toMatch(/^@linus @ada This incident .* is escalated to level 3\./)
  })

  test('shows its status in place, keeps the ticks of people, and mentions nobody once it is acknowledged', async () => {
    await began(1)
    await run('incident', { operation: 'acknowledge' })
    await run('postmortem-issue')
    expect(comments()).toEqual([])
    const written = issue()
    if (written === undefined) throw new Error('there is no issue')
    expect(written.body).toMatch(/status: \*\*investigating\*\* · severity critical · acknowledged by/)
    written.body = (written.body ?? '').replace('- [ ] Fix the cause', '- [x] Fix the cause')
    const resolved = await run('incident', { operation: 'resolve' })
    expect(resolved.outputs['decision']).toBe('resolved')
    expect(issue()?.body).toContain('status: **resolved**')
    expect(issue()?.body).toContain('- [x] Fix the cause, and bring')
    expect(issue()?.body).toContain('ended at')
    expect(shop.hosted.issues).toHaveLength(1)
  })

  test('a secret in a note, a reason or a text for users is in no issue, no message and no history (digger 2677)', async () => {
    await began(1)
    await run('postmortem-issue')
    await run('incident', { operation: 'update', note: 'the key is page-token-4711' })
    await run('incident', { operation: 'publish', text: 'We changed page-token-4711.' })
    await run('incident', { operation: 'resolve', reason: 'page-token-4711 was rotated' })
    const { events } = await shop.history.read()
    expect(events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['incident-noted', 'incident-published', 'incident-resolved']),
    )
    const everything = JSON.stringify([
      events,
      shop.hosted.comments,
      issue()?.body,
      receiver.received.map(({ body }) => body),
    ])
    expect(everything).not.toContain('page-token-4711')
    expect(issue()?.body).toContain('published for users')
  })

  test('what users read is published when a person says so, and not before', async () => {
    await began(1)
    await run('postmortem-issue')
    await run('incident', { operation: 'update', severity: 'high' })
    expect(receiver.received).toEqual([])
    const { outputs } = await run('incident', { operation: 'publish' })
    expect(outputs['decision']).toBe('published')
    const [{ incident }] = receiver.received.map(({ body }) => JSON.parse(body))
    expect(incident).toMatchObject({
      name: 'Problems with the shop',
      status: 'investigating',
      impact_override: 'major',
    })
    expect(incident.body).toMatch(/^We are investigating problems with the shop that began at/)
    expect(issue()?.body).toMatch(/- \[x\] Inform the users that something is wrong/)
    await run('incident', { operation: 'publish', text: 'It works again.' }, '2')
    const [, update] = receiver.received
    expect(update).toMatchObject({ method: 'PATCH', path: '/v1/pages/qfn30z5r6s5h/incidents/tks5n8x7w24h' })
    expect(JSON.parse(update?.body ?? '').incident.body).toBe('It works again.')
  })
})
