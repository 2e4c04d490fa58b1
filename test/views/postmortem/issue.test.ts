import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RefusedError, UnavailableError } from '../../../src/errors.ts'
import type { Repository } from '../../../src/github/client.ts'
import type { Event } from '../../../src/history/event.ts'
import { noEvidence } from '../../../src/views/postmortem/evidence.ts'
import { writeUp } from '../../../src/views/postmortem/issue.ts'
import { writePeopleSection } from '../../../src/views/postmortem/people.ts'
import { openShop, type Shop } from '../../support/repository.ts'
import { factsOf, healthChecked, incident, opened, rolledBack } from './example.ts'

let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(() => shop.close())

const links = { repositoryUrl: 'https://github.com/octo-org/shop' }
const marker = `<!-- rollback-incident: ${incident} -->`

/** Writes the incident up from these events, as a run of the action does. */
function write(
  events: readonly Event[] = [healthChecked(), rolledBack()],
  repository: Repository = shop.repository,
) {
  return writeUp(repository, {
    facts: factsOf(events),
    evidence: noEvidence,
    links,
    labels: ['postmortem', 'incident'],
    assignees: ['grace'],
    redact: (text) => text.replaceAll('hunter2', '***'),
  })
}

const issues = () => shop.hosted.issues
const first = () => {
  const [issue] = issues()
  if (issue === undefined) throw new Error('there is no issue')
  return issue
}
const edit = (change: (body: string) => string) => {
  first().body = change(first().body ?? '')
}
const sent = (operation: string) =>
  shop.github.requests.filter((request) => request.operation === operation).length
const open = () => issues().filter(({ state }) => state === 'open')

/** An issue that somebody wrote by hand. */
async function writeByHand(body: string, association: 'MEMBER' | 'NONE', title = 'About that night') {
  const { octokit, owner, repo } = shop.open({ kind: 'user', login: 'mallory', association })
  const { data } = await octokit.rest.issues.create({ owner, repo, title, body })
  return data.number
}

describe('the first run', () => {
  test('creates the issue, with its labels and assignees, the facts and what people are asked', async () => {
    expect(await write()).toEqual({
      issue: 1,
      outcome: 'created',
      url: expect.stringMatching(/\/issues\/1$/),
    })
    expect(first()).toMatchObject({
      title: 'Post-mortem: production rolled back from bbbbbbb to aaaaaaa',
      labels: ['postmortem', 'incident'],
      assignees: ['grace'],
    })
    expect(first().body?.split('\n')[0]).toBe(marker)
    expect(first().body).toContain('| Reason given | the homepage answers 500 |')
    expect(first().body?.endsWith(`\n${writePeopleSection(factsOf([healthChecked(), rolledBack()]))}`)).toBe(
      true,
    )
  })

  test('publishes no secret, not even one in a commit title', async () => {
    const undone = [{ revision: 'c'.repeat(40), title: 'Log in as hunter2', author: 'hunter2' }]
    await write([healthChecked(), rolledBack({ reason: 'hunter2 leaked', undone })])
    expect(JSON.stringify(first())).not.toContain('hunter2')
    expect(first().body).toContain('`Log in as ***`')
  })

  test('cuts the facts and not what people are asked when they are too long for an issue', async () => {
    const checks = Array.from({ length: 600 }, (_, n) => ({
      name: `check ${n}`,
      severity: 'high',
      state: 'breached' as const,
      evidence: 'x'.repeat(120),
    }))
    const events = [healthChecked({ checks }), rolledBack()]
    await write(events)
    const body = first().body ?? ''
    expect(body.length).toBeLessThanOrEqual(65_536)
    expect(body).toMatch(/… and 5\d\d more\./)
    expect(body.endsWith(`\n${writePeopleSection(factsOf(events))}`)).toBe(true)
  })
})

describe('a later run', () => {
  test('with nothing new changes nothing', async () => {
    await write()
    const events = [healthChecked(), rolledBack()]
    expect(await write(events)).toMatchObject({ issue: 1, outcome: 'unchanged' })
    expect(sent('issues/update')).toBe(0)
  })

  test('finds the issue by its number in the history, without listing, and writes what is new', async () => {
    await write()
    const listed = sent('issues/list-for-repo')
    const events = [healthChecked(), rolledBack(), opened(1)]
    expect(await write(events)).toMatchObject({ issue: 1, outcome: 'updated' })
    expect(sent('issues/list-for-repo')).toBe(listed)
    expect(first().body).toContain('this post-mortem was opened')
    expect(await write(events)).toMatchObject({ outcome: 'unchanged' })
  })

  test('writes a new title as things move on, and leaves one that somebody chose', async () => {
    await write([healthChecked()])
    expect(first().title).toBe('Post-mortem: production is unhealthy at bbbbbbb')
    await write()
    expect(first().title).toBe('Post-mortem: production rolled back from bbbbbbb to aaaaaaa')
    first().title = 'The night of the prices'
    await write([healthChecked(), rolledBack(), opened(1)])
    expect(first().title).toBe('The night of the prices')
  })

  test('leaves what people wrote, and the state of the issue, as they are', async () => {
    await write([healthChecked()])
    const answer = 'Three customers.\r\n\r\n- [ ] call them @grace #12\t \r\n'
    edit((body) => body.replace('Who noticed what, for how long? Numbers if there are any.', answer))
    first().state = 'closed'
    first().labels = ['mine']
    await write()
    expect(first().body).toContain(answer)
    expect(first()).toMatchObject({ state: 'closed', labels: ['mine'] })
    expect(first().body).toContain('the homepage answers 500')
  })

  test('finds the issue by its marker on a later page of the list', async () => {
    await write([healthChecked()])
    for (let n = 0; n < 105; n += 1)
      issues().push({ ...first(), id: 1_000 + n, number: 2 + n, body: 'Something else' })
    expect(await write()).toMatchObject({ issue: 1, outcome: 'updated' })
  })

  test('of another incident has an issue of its own', async () => {
    await writeByHand('<!-- rollback-incident: staging-0123456789ab -->\n', 'MEMBER')
    expect(await write()).toMatchObject({ issue: 2, outcome: 'created' })
  })

  test('on an issue that people filled to the brim leaves it as it is', async () => {
    await write([healthChecked()])
    first().body = 'x'.repeat(65_500)
    expect(await write([healthChecked(), rolledBack(), opened(1)])).toMatchObject({ issue: 1 })
    expect(first().body).toBe('x'.repeat(65_500))
  })

  test.each([
    ['was deleted', 410, 'This issue was deleted'],
    ['is not there', 404, 'Not Found'],
  ])('on an issue that %s writes a new one', async (_, status, message) => {
    shop.github.fault({ kind: 'refused', status, message, operation: 'issues/get' })
    const gone = opened(41)
    expect(await write([healthChecked(), rolledBack(), gone])).toMatchObject({ issue: 1, outcome: 'created' })
    const later = opened(1, { at: '2026-11-24T05:00:00.000Z' })
    const events = [healthChecked(), rolledBack(), gone, later]
    const listed = sent('issues/list-for-repo')
    expect(await write(events)).toMatchObject({ issue: 1, outcome: 'updated' })
    // the one that is gone is not asked for again
    expect(sent('issues/list-for-repo')).toBe(listed)
    expect(issues()).toHaveLength(1)
  })
})

describe('of issues with the marker', () => {
  test('one that a stranger wrote is not taken, nor touched', async () => {
    await writeByHand(`${marker}\nfree money`, 'NONE')
    expect(await write()).toMatchObject({ issue: 2, outcome: 'created' })
    expect(first()).toMatchObject({ state: 'open', body: `${marker}\nfree money`, title: 'About that night' })
    expect(await write([healthChecked(), rolledBack(), opened(2)])).toMatchObject({ issue: 2 })
    expect(open()).toHaveLength(2)
  })

  test('one in which somebody only quotes it is not taken, nor closed', async () => {
    const quote = `Look at \`${marker}\` in the other one\n> ${marker}\n`
    await writeByHand(quote, 'MEMBER')
    expect(await write()).toMatchObject({ issue: 2, outcome: 'created' })
    expect(first()).toMatchObject({ state: 'open', body: quote })
  })

  test('one of our own is ours even if GitHub does not say who we are to the repository', async () => {
    const user = shop.open({ kind: 'user', login: 'release-robot', association: 'NONE' })
    expect(await write(undefined, user)).toMatchObject({ issue: 1, outcome: 'created' })
    expect(issues()).toHaveLength(1)
    expect(await write([healthChecked(), rolledBack(), opened(1)], user)).toMatchObject({ issue: 1 })
    expect(issues()).toHaveLength(1)
  })
})

describe('two jobs at once', () => {
  test('end with one open issue, the other closed as its duplicate', async () => {
    const ended = await Promise.all([write(), write(undefined, shop.open())])
    expect(new Set(ended.map(({ issue }) => issue)).size).toBe(1)
    expect(open().map(({ number }) => number)).toEqual([1])
  })

  test('that both created one keep the lower number, and lose nothing of the other', async () => {
    const act = async () => {
      await write(undefined, shop.open())
      edit((body) => `${body}\nSomebody was quick.\n`)
    }
    shop.github.fault({ kind: 'meanwhile', operation: 'issues/create', act })
    expect(await write()).toMatchObject({ issue: 1 })
    const [kept, duplicate] = issues()
    expect(kept).toMatchObject({ state: 'open', body: expect.stringContaining('Somebody was quick.') })
    expect(duplicate).toMatchObject({ state: 'closed', stateReason: 'not_planned' })
    expect(duplicate?.body).toMatch(/^Duplicate of #1: /)
    expect(duplicate?.body).not.toContain(marker)
    expect(duplicate?.body).toContain('the homepage answers 500')
    expect(await write()).toMatchObject({ issue: 1 })
    expect(issues()).toHaveLength(2)
  })
})

describe('when the answer of the creation', () => {
  test.each([
    ['is lost although it was carried out', { kind: 'no-answer', carriedOut: true }],
    ['is lost', { kind: 'no-answer' }],
    ['is cut off', { kind: 'cut-off' }],
    ['is a 502 although it was carried out', { kind: 'server-error', status: 502, carriedOut: true }],
    ['is a 503', { kind: 'server-error', status: 503 }],
  ] as const)('%s, there is one issue', async (_, fault) => {
    shop.github.fault({ ...fault, operation: 'issues/create' })
    expect(await write()).toMatchObject({ issue: 1, outcome: 'created' })
    expect(issues()).toHaveLength(1)
  })

  test('is lost again and again, it is given up, and said so', async () => {
    shop.github.fault({ kind: 'server-error', status: 503, operation: 'issues/create', times: 3 })
    const written = write()
    await expect(written).rejects.toThrow(UnavailableError)
    await expect(written).rejects.toThrow(/^could not create the post-mortem issue: GitHub answered 503/)
    expect(sent('issues/create')).toBe(3)
  })
})

describe('a post-mortem that may not be written', () => {
  test('with this token: said which permission it takes', async () => {
    const reader = shop.open({ permissions: { issues: 'read' } })
    const written = write(undefined, reader)
    await expect(written).rejects.toThrow(RefusedError)
    await expect(written).rejects.toThrow('give the job `permissions: issues: write`')
    expect(sent('issues/create')).toBe(1)
  })

  test('where issues are turned off: said in GitHub’s words', async () => {
    const message = 'Issues are disabled for this repo'
    shop.github.fault({ kind: 'refused', status: 410, message, operation: 'issues/list-for-repo' })
    const written = write()
    await expect(written).rejects.toThrow(RefusedError)
    await expect(written).rejects.toThrow('GitHub answered 410 "Issues are disabled for this repo"')
  })
})
