import { describe, expect, test } from '@jest/globals'
import type { Event } from '../../src/history/event.ts'
import { type ChecklistItem, checklistOf } from '../../src/incident/checklist.ts'
import { incidentOf, phases } from '../../src/incident/incident.ts'
import { writeResponse, writeStatus } from '../../src/incident/issue-section.ts'
import { userTextOf } from '../../src/incident/user-text.ts'
import { renderMarkdown } from '../../src/text/markdown.ts'
import { hostile } from '../notify/example.ts'
import {
  acknowledged,
  applied,
  at,
  bad,
  began,
  ended,
  incident,
  recovered,
  resolved,
  start,
  unhealthy,
} from './example.ts'

const known = (events: readonly Event[]) => {
  const found = incidentOf(events, incident)
  if (found === undefined) throw new Error('there is no incident')
  return found
}
const listOf = (events: readonly Event[]) => checklistOf(events, known(events))
const ticked = (items: readonly ChecklistItem[]) =>
  items.flatMap(({ task, evidence }) => (evidence === undefined ? [] : [`${task}: ${evidence}`]))
const open = (items: readonly ChecklistItem[]) =>
  items.flatMap(({ task, evidence }) => (evidence === undefined ? [task] : []))

const appliedToCode = { ...applied, kept: { branch: 'kept/1' }, deploys: ['d'.repeat(40)] } as never
const story = [
  at(0, unhealthy('critical')),
  at(1, began),
  at(2, appliedToCode),
  at(3, {
    kind: 'revision-deployed',
    deployed: 'd'.repeat(40),
    workflow: 'deploy.yml',
    url: 'https://x.example/1',
  }),
  at(4, ended()),
  at(5, recovered),
]

describe('the emergency checklist', () => {
  test('has what the suite did ticked, with its evidence, and leaves the rest to people', () => {
    const { before, during, after } = listOf(story)
    expect(ticked(before)).toEqual([
      'Confirm that production is failing: the homepage answers 500',
      'Decide what to roll back, and to where: code to aaaaaaa',
    ])
    expect(ticked(during)).toEqual([
      'Roll back code: at ddddddd since 03:02 UTC',
      'Keep what was replaced, so that the rollback can be undone: code',
      'Deploy the restored revision: ddddddd by deploy.yml, 03:03 UTC',
    ])
    expect(open(during)).toEqual([])
    expect(ticked(after)).toEqual([
      'Verify that production is healthy: all checks pass again, 03:05 UTC',
      'Resolve the incident (comment `/resolve`): verified recovery, 03:05 UTC',
    ])
    expect(open(after)).toContain('Fill in the post-mortem below, and assign its action items')
  })

  test('says nothing is done when only a check has failed', () => {
    const { before, during, after } = listOf(story.slice(0, 1))
    expect(ticked(before)).toHaveLength(1)
    expect([...ticked(during), ...ticked(after)]).toEqual([])
    expect(open(during)).toEqual(['Roll back'])
  })

  test('what does not hold any more is not ticked: a rollback that was taken back, a recovery that did not last', () => {
    const undone = {
      kind: 'rollback-undone',
      layer: 'code',
      from: 'd'.repeat(40),
      now: bad,
      because: 'asked for',
    } as const
    expect(open(listOf([...story, at(6, undone)]).during)).toContain('Roll back code')
    const failing = [...story.slice(0, 5), at(5, recovered), at(60, unhealthy())]
    const { during, after } = listOf(failing)
    expect(open(after)).toContain('Verify that production is healthy')
    expect(open(during)).toEqual(['Roll back'])
  })

  test('has the acknowledgement, the hold, and what users were told', () => {
    const told = { kind: 'incident-published', title: 't', text: 'x', status: 'investigating' } as const
    const { before, after } = listOf([
      at(0, unhealthy()),
      at(1, acknowledged),
      at(2, { kind: 'hold-set', because: 'x' }),
      at(3, told),
    ])
    expect(ticked(before)).toEqual(
      expect.arrayContaining([
        'Acknowledge the incident, so that one person leads the response (comment `/ack`): grace, 03:01 UTC',
        'Stop other deployments; comment `/hold` to stop automatic rollbacks, too: automatic rollbacks on hold since 03:02 UTC',
        'Inform the users that something is wrong (comment `/publish`): grace, 03:03 UTC',
      ]),
    )
    expect(open(after)).toContain('Inform the users that it is over (comment `/publish`)')
    const over = [at(0, unhealthy()), at(3, told), at(4, resolved)]
    expect(open(listOf(over).after)).toContain('Inform the users that it is over (comment `/publish`)')
    expect(
      ticked(listOf([...over, at(5, { ...told, status: 'resolved' }, { key: ['later'] })]).after),
    ).toContain('Inform the users that it is over (comment `/publish`): grace, 03:05 UTC')
  })
})

describe('the issue', () => {
  const responders = {
    service: 'the shop',
    owners: ['octo-org/shop'],
    links: { 'War room': 'https://meet.example.com/{incident}?to={to}' },
  }
  const write = (events: readonly Event[]) => renderMarkdown(writeResponse(events, incident, responders))

  test('shows the checklist as boxes, who to ask, and a draft for users', () => {
    expect(write(story)).toMatchSnapshot()
    expect(renderMarkdown(writeStatus(story.slice(0, 3), incident, responders))).toBe(
      'Incident status: **rolling back** · severity critical · not acknowledged, level 1 notified\n\n[War room](https://meet.example.com/production-bbbbbbbbbbbb?to=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)\n',
    )
  })

  test('mentions nobody: not an author, not an owner, not a text of a check or a commit', () => {
    const evil = {
      ...(appliedToCode as object),
      undone: [{ revision: bad, title: hostile, author: '@octo-org/everyone' }],
    } as never
    const because = { ...unhealthy(), because: hostile } as never
    const written = write([at(0, because), at(1, began), at(2, evil)])
    // in code, GitHub makes no mention of a name
    expect(written.replace(/`[^`]*`/g, '')).not.toMatch(/@(?=\w)/)
    expect(written).not.toMatch(/(?<!\\)<script|^# heading/m)
  })
})

describe('the draft for users', () => {
  const at_ = (phase: (typeof phases)[number], events: readonly Event[] = story) =>
    userTextOf({ ...known(story), phase }, 'the shop', events)

  test('says how it stands, in each phase, as a status page names it', () => {
    expect(phases.map((phase) => at_(phase).status)).toEqual([
      'investigating',
      'identified',
      'identified',
      'monitoring',
      'resolved',
    ])
    expect(phases.map((phase) => at_(phase).text)).toMatchSnapshot()
  })

  test('has none of our internals: revision, environment, check, workflow, person', () => {
    const texts = phases.map((phase) => JSON.stringify(at_(phase))).join('\n')
    for (const internal of [
      'production',
      bad.slice(0, 7),
      'homepage',
      '500',
      'deploy.yml',
      'grace',
      'Linus',
      'rollback',
    ])
      expect(texts).not.toContain(internal)
  })

  test('does not say that a change was undone when none was', () => {
    const alone = [at(0, unhealthy()), at(5, resolved)]
    expect(userTextOf(known(alone), 'the shop', alone).text).toBe(
      'The problems with the shop that began at 03:00 UTC on 2026-11-24 ended at 03:05 UTC. We are sorry for the trouble.',
    )
    expect(start).toBe(Date.parse('2026-11-24T03:00:00Z'))
  })

  test('does not say that a change was undone when only that of another incident was', () => {
    const alone = [at(0, unhealthy()), at(5, resolved)]
    const other = { ...at(3, applied), incident: 'staging-other' }
    expect(userTextOf(known(alone), 'the shop', [...alone, other]).text).not.toContain('undone')
  })
})
