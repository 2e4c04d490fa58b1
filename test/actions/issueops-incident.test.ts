/** Commands about an incident, in comments on an emulated GitHub. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { unhealthy } from '../incident/example.ts'
import { openShop, type Shop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Shop
let revision: string
let issue: number
beforeEach(async () => {
  shop = await openShop()
  shop.hosted.roles.set('ada', 'write')
  shop.hosted.roles.set('reader', 'read')
  revision = await shop.commit({ a: '1' })
  shop.deploy(revision)
  const { octokit, owner, repo } = shop.open({ login: 'ada', kind: 'user', permissions: { issues: 'write' } })
  issue = (await octokit.rest.issues.create({ owner, repo, title: 'Post-mortem' })).data.number
  const about = {
    environment: 'production',
    revision,
    incident: incidentId({ environment: 'production', revision }),
  }
  const event = (what: object, minutesAgo: number) =>
    newEvent(
      {
        ...what,
        ...about,
        at: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
        actor: 'bot',
      } as never,
      ['x'],
    )
  await shop.history.append(
    event(unhealthy('critical'), 2),
    event({ kind: 'postmortem-opened', issue, url: `https://github.com/o/r/issues/${issue}` }, 1),
  )
})
afterEach(() => shop.close())

async function comment(login: string, body: string) {
  const { octokit, owner, repo } = shop.open({ login, kind: 'user', permissions: { issues: 'write' } })
  const { data } = await octokit.rest.issues.createComment({ owner, repo, issue_number: issue, body })
  const event = {
    action: 'created',
    sender: { login },
    issue: { number: issue },
    comment: { id: data.id, body, user: { login, type: 'User' } },
  }
  const job = await shop.job({ sha: revision, eventName: 'issue_comment', actor: login, event })
  return runStep(job, { action: 'issueops' })
}
const kinds = async () =>
  (await shop.history.read()).events.slice(2).map((event) => [event.kind, event.actor])

test('people who may write acknowledge, set the severity, note and resolve; others change nothing', async () => {
  expect((await comment('reader', '/ack')).outputs).toMatchObject({
    decision: 'refused',
    'reason-code': 'no-permission',
  })
  const { log, outputs } = await comment('ada', '/ack looking at it')
  expect({ log, ...outputs }).toMatchObject({ decision: 'ack', 'reason-code': 'done' })
  expect((await comment('ada', '/ack')).outputs).toMatchObject({ 'reason-code': 'already-acknowledged' })
  await comment('ada', '/severity low few users')
  const past = new Date(Date.now() - 60_000).toISOString().slice(0, 16)
  await comment('ada', `/note at ${past}Z <!-- @everyone --> the queue is full`)
  expect((await comment('ada', '/note at 25:99 x')).outputs).toMatchObject({ decision: 'refused' })
  await comment('ada', '/resolve')
  expect(await kinds()).toEqual([
    ['incident-acknowledged', 'ada'],
    ['incident-severity-set', 'ada'],
    ['incident-noted', 'ada'],
    ['incident-resolved', 'ada'],
  ])
  expect((await comment('ada', '/escalate')).outputs).toMatchObject({ 'reason-code': 'already-resolved' })
})
