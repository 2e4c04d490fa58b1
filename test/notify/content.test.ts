import { describe, expect, test } from '@jest/globals'
import type { Occurrence } from '../../src/history/event.ts'
import { writeDiscord } from '../../src/notify/channels/discord.ts'
import { writeMail } from '../../src/notify/channels/email-message.ts'
import { writeMatrix } from '../../src/notify/channels/matrix.ts'
import { writeMattermost } from '../../src/notify/channels/mattermost.ts'
import { writeNtfy } from '../../src/notify/channels/ntfy.ts'
import { writeAlert } from '../../src/notify/channels/pagerduty.ts'
import { writeSlack } from '../../src/notify/channels/slack-message.ts'
import { writeTeams } from '../../src/notify/channels/teams.ts'
import { dueDeliveries } from '../../src/notify/due.ts'
import {
  applied,
  at,
  bad,
  began,
  ended,
  incident,
  minutes,
  recovered,
  start,
  unhealthy,
} from '../incident/example.ts'
import { hostile, incidentSettings, noticesOf, notifySettings, only } from './example.ts'

const story = [at(0, unhealthy('critical')), at(1, began), at(2, applied), at(5, recovered), at(6, ended())]
const notices = noticesOf(story, { links: { 'War room': 'https://meet.example.com/{incident}' } })
const facts = (index: number, from = notices) =>
  Object.fromEntries(only(from, index).facts.map(({ label, value }) => [label, value]))
const last = notices.length - 1

describe('every notice', () => {
  test('says what was wrong, also when the headline is about something later', () => {
    expect(facts(0)).not.toHaveProperty('Problem')
    for (let index = 1; index <= last; index += 1)
      expect(facts(index)).toMatchObject({ Problem: 'the homepage answers 500' })
  })

  test('says from where to where each layer goes, and whose commits are undone', () => {
    expect(facts(1)).toMatchObject({ Code: 'bbbbbbb → aaaaaaa' })
    expect(facts(last)).toMatchObject({
      Code: 'rolled back, bbbbbbb → aaaaaaa',
      Undone: 'Tidy up (Linus)',
      Resolved: 'verified recovery, after 5 min',
    })
  })

  test('says why a layer failed, and names at most three of many commits', () => {
    const failed: Occurrence = {
      ...{ kind: 'rollback-failed', layer: 'database', from: '2_b', to: '1_a' },
      ...{ reasonCode: 'refused', because: 'rows would be lost' },
    }
    const commit = { revision: bad, title: 't'.repeat(200), author: 'Ada' }
    const partial = noticesOf([
      at(0, unhealthy()),
      at(1, began),
      at(2, { ...applied, undone: Array.from({ length: 5 }, () => commit) } as never),
      at(3, failed),
      at(4, {
        ...ended(),
        outcome: 'partial',
        layers: [
          { layer: 'code', outcome: 'rolled-back' },
          { layer: 'database', outcome: 'failed' },
          { layer: 'flags', outcome: 'not-tried' },
        ],
      } as never),
    ])
    const told = facts(partial.length - 1, partial)
    expect(told).toMatchObject({ Database: 'failed: rows would be lost', Flags: 'not tried' })
    expect(told['Undone']).toMatch(/^(t{79}… \(Ada\); ){3}2 more$/)
  })

  test('does not say the evidence of a check a second time', () => {
    const evidence = '100 %, limit 5 %'
    expect(facts(0)['Check homepage']).toBe(evidence)
    const because = `a critical check is beyond its limit: homepage (${evidence})`
    expect(facts(0, noticesOf([at(0, { ...unhealthy(), because } as never)]))).not.toHaveProperty(
      'Check homepage',
    )
  })

  test('says that a person has to decide where the gate does not roll back', () => {
    expect(facts(0)).toMatchObject({ Decision: 'roll back' })
    const held = noticesOf([at(0, { ...unhealthy(), decision: 'hold' } as never)])
    expect(facts(0, held)).toMatchObject({ Decision: 'no automatic rollback; manual decision required' })
  })
})

describe('a message', () => {
  const notice = only(notices)

  test('says which repository it is about, in every channel', () => {
    const all = [
      writeSlack(notice),
      writeTeams(notice),
      writeDiscord(notice),
      writeMattermost(notice),
      writeMatrix(notice, {}),
      writeNtfy(notice),
      writeAlert(notice, 'key'),
      writeMail(notice, { isFirst: true, from: 'a@example.com' }),
    ]
    for (const message of all) expect(JSON.stringify(message)).toContain('octo-org/shop')
  })

  test('has the links of the settings, also where a title has one link alone', () => {
    const room = `https://meet.example.com/${incident}`
    for (const message of [
      writeDiscord(notice),
      writeMattermost(notice),
      writeMatrix(notice, {}),
      writeNtfy(notice),
      writeSlack(notice),
    ])
      expect(JSON.stringify(message)).toContain(room)
    expect(writeMatrix(notice, {}).body).toContain(`War room: ${room}`)
  })

  test('of a pager says what is wrong in its first words, and the environment once', () => {
    expect(writeAlert(notice, 'key')).toMatchObject({
      payload: { summary: '[octo-org/shop] production: failed deployment bbbbbbb: the homepage answers 500' },
    })
  })

  test('has links that a title of the settings cannot break out of', () => {
    const evil = only(
      noticesOf(story, {
        links: { 'a](https://evil.example) @everyone [b': 'https://meet.example.com/a)b' },
      }),
    )
    const [text] = writeDiscord(evil).embeds.map(({ description }) => description)
    expect(text).toContain('https://meet.example.com/a%29b')
    expect(text).not.toContain('](https://evil')
  })

  test('of commits with hostile titles pings nobody', () => {
    const undone = [{ revision: bad, title: hostile, author: '<!channel> @here' }]
    const told = noticesOf([
      at(0, unhealthy()),
      at(1, began),
      at(2, { ...applied, undone } as never),
      at(3, ended()),
    ])
    const message = JSON.stringify(writeSlack(only(told, told.length - 1)))
    expect(message).not.toContain('mrkdwn')
    expect(message).not.toMatch(/<[!@]\w|@(?=everyone|here|channel)/)
  })
})

describe('a status page', () => {
  const page = (events: readonly string[]) => ({
    page: { type: 'statuspage', token: { env: 'TOKEN' }, page: 'qfn30z5r6s5h', events },
  })
  const due = (events: typeof story) =>
    dueDeliveries(
      events,
      incident,
      {
        notify: notifySettings(page(['opened', 'resolved', 'rollback-ended'])),
        incident: incidentSettings(),
      },
      new Date(start + minutes(10)),
    ).map(({ change }) => change.topic)

  test('says once that it is over: subscribers are not notified of the same text again', () => {
    expect(due(story)).toEqual(['opened', 'resolved'])
  })

  test('is told of the end of a rollback that nobody has verified yet', () => {
    expect(due([at(0, unhealthy()), at(1, began), at(2, applied), at(3, ended())])).toEqual([
      'opened',
      'rollback-ended',
    ])
  })
})
