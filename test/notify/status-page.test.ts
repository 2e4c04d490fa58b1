import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Received, startReceiver } from '../../src/drill/receiver.ts'
import { dueDeliveries } from '../../src/notify/due.ts'
import { applied, at, began, ended, recovered, start, unhealthy } from '../incident/example.ts'
import { incidentSettings, noticesOf, notifySettings, only, open } from './example.ts'

/** Statuspage as https://developer.statuspage.io/#tag/incidents, Instatus as https://instatus.com/help/api/incidents documents it. */
function imitate({ method, path, body }: Received) {
  const sent = JSON.parse(body)
  if (/^\/v1\/pages\/qfn30z5r6s5h\/incidents(\/tks5n8x7w24h)?$/.test(path)) {
    const { name, status } = sent.incident ?? {}
    if (!name) return { status: 422, body: '{"error":["Name can\'t be blank"]}' }
    if (method === (path.endsWith('h') && path.includes('tks5') ? 'PATCH' : 'POST'))
      return {
        status: method === 'POST' ? 201 : 200,
        body: JSON.stringify({ id: 'tks5n8x7w24h', name, status, impact: 'major' }),
      }
  }
  if (path === '/v1/ckf01fonve9i40a32oas5b0uw/incidents')
    return { body: JSON.stringify({ id: 'ckf01m59ueaqb0a32wrljz1yd', name: sent.name, status: sent.status }) }
  if (path === '/v1/ckf01fonve9i40a32oas5b0uw/incidents/ckf01m59ueaqb0a32wrljz1yd/incident-updates')
    return {
      body: JSON.stringify({ id: 'ckf01mnk9eaui0a32mmhgq68g', message: sent.message, status: sent.status }),
    }
  return { status: 404, body: '{"error":"Not found"}' }
}

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver(imitate)
})
afterEach(() => receiver.stop())

const pages = () =>
  [
    {
      type: 'statuspage',
      page: 'qfn30z5r6s5h',
      components: ['ftgks51sfs2d'],
      token: { env: 'TOKEN' },
      url: receiver.url,
    },
    {
      type: 'instatus',
      page: 'ckf01fonve9i40a32oas5b0uw',
      components: ['ckf01fvnxywz50a35nh1qzssm'],
      token: { env: 'TOKEN' },
      url: `${receiver.url}/`,
    },
  ] as const
const published = {
  kind: 'incident-published',
  title: 'Problems with the shop',
  text: 'Checkout fails for some. We work on it.',
  status: 'identified',
} as const
const story = [
  at(0, unhealthy('high')),
  at(1, published),
  at(2, began),
  at(3, applied),
  at(4, ended()),
  at(5, recovered),
]
const notices = noticesOf(story)
const sent = () => receiver.received.map(({ method, path, body }) => ({ method, path, ...JSON.parse(body) }))
const settingsWith = (channel: object) => ({
  notify: notifySettings({ page: channel }),
  incident: incidentSettings(),
})

describe('a status page', () => {
  test('publishes nothing without a person unless the settings say so', () => {
    const due = (more: object) =>
      dueDeliveries(
        story,
        only(notices).incident.incident,
        settingsWith({ ...pages()[0], ...more }),
        new Date(start + 600_000),
      ).map(({ change }) => change.topic)
    expect(due({})).toEqual(['published'])
    expect(due({ events: ['opened', 'rollback-started', 'rollback-ended', 'resolved'] })).toEqual([
      'opened',
      'rollback-started',
      'rollback-ended',
      'resolved',
    ])
  })

  test('Statuspage gets what the person wrote as an incident, and later texts as its updates', async () => {
    const channel = open(pages()[0])
    expect(await channel.send(only(notices, 1), {})).toEqual({
      outcome: 'delivered',
      message: { page: 'qfn30z5r6s5h', id: 'tks5n8x7w24h' },
    })
    expect(await channel.send(only(notices, notices.length - 1), { id: 'tks5n8x7w24h' })).toMatchObject({
      outcome: 'delivered',
    })
    expect(sent()).toEqual([
      {
        method: 'POST',
        path: '/v1/pages/qfn30z5r6s5h/incidents',
        incident: {
          name: 'Problems with the shop',
          status: 'identified',
          body: 'Checkout fails for some. We work on it.',
          deliver_notifications: true,
          impact_override: 'major',
          component_ids: ['ftgks51sfs2d'],
          components: { ftgks51sfs2d: 'partial_outage' },
        },
      },
      {
        method: 'PATCH',
        path: '/v1/pages/qfn30z5r6s5h/incidents/tks5n8x7w24h',
        incident: {
          name: 'Problems with the shop',
          status: 'resolved',
          body: expect.stringMatching(/^The problems with the shop .* ended at 03:05 UTC\. We have undone/),
          deliver_notifications: true,
          component_ids: ['ftgks51sfs2d'],
          components: { ftgks51sfs2d: 'operational' },
        },
      },
    ])
    expect(receiver.received[0]?.headers.authorization).toBe('OAuth xoxb-fake-token-4711')
  })

  test('Instatus gets the same in its own words, and keeps the id of the incident', async () => {
    const channel = open(pages()[1])
    const first = await channel.send(only(notices, 1), {})
    expect(first).toEqual({
      outcome: 'delivered',
      message: { page: 'ckf01fonve9i40a32oas5b0uw', id: 'ckf01m59ueaqb0a32wrljz1yd' },
    })
    const last = await channel.send(only(notices, notices.length - 1), { id: 'ckf01m59ueaqb0a32wrljz1yd' })
    expect(last).toEqual(first)
    expect(sent()).toMatchObject([
      {
        name: 'Problems with the shop',
        status: 'IDENTIFIED',
        started: '2026-11-24T03:00:00.000Z',
        notify: true,
        statuses: [{ id: 'ckf01fvnxywz50a35nh1qzssm', status: 'PARTIALOUTAGE' }],
      },
      { status: 'RESOLVED', statuses: [{ id: 'ckf01fvnxywz50a35nh1qzssm', status: 'OPERATIONAL' }] },
    ])
  })

  test.each([
    [{ status: 401, body: '{"error":"Could not authenticate"}' }, 'never'],
    [{ status: 404 }, 'never'],
    [{ status: 422, body: '{"error":["Name is too long"]}' }, 'never'],
    [{ status: 429, headers: { 'retry-after': '1' } }, 'always'],
    // a text that is published twice is read twice: another try is for channels that know an event again
    [{ status: 503 }, 'if-harmless'],
    [{ body: '<html>Sign in</html>' }, 'never'],
  ] as const)('an answer %j is a failure', async (answer, retry) => {
    receiver.answer(() => answer)
    for (const page of pages()) {
      const channel = open(page)
      expect(await channel.send(only(notices, 1), {})).toMatchObject({ outcome: 'failed', retry })
      expect(channel.isRepeatable(only(notices, 1))).toBe(false)
    }
  })
})
