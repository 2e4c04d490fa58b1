/** The schedule that notifies the next level, as docs/notifications.md tells people to paste it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { startReceiver } from '../../src/drill/receiver.ts'
import { openRepository } from '../../src/github/client.ts'
import { openBranchHistory } from '../../src/history/branch-history.ts'
import { newEvent } from '../../src/history/event.ts'
import { incidentId } from '../../src/history/incident.ts'
import { unhealthy } from '../incident/example.ts'
import { describeAct } from '../support/act/describe-act.ts'
import { documentedWorkflow } from '../support/act/documented.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

describeAct('escalate.yml', () => {
  let users: UsersRepository
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let issue: number
  beforeAll(async () => {
    receiver = await startReceiver()
    users = await openUsersRepository()
    const settings = {
      environment: 'production',
      incident: { levels: [{}, { people: ['linus'], channels: ['second'] }] },
      notify: { channels: { second: { type: 'webhook', url: { env: 'HOOK' }, secret: { env: 'KEY' } } } },
    }
    const revision = await users.push('A shop', {
      '.github/workflows/escalate.yml': documentedWorkflow('docs/notifications.md', 'escalate'),
      '.github/rollback.yml': stringify(settings),
    })
    const { octokit, owner, repo } = users.as('grace')
    issue = (await octokit.rest.issues.create({ owner, repo, title: 'Post-mortem: production' })).data.number
    await failed(users, revision, issue)
  })
  afterAll(async () => {
    await users.close()
    await receiver.stop()
  })

  const escalate = (runId: string) =>
    users.run('.github/workflows/escalate.yml', {
      event: 'schedule',
      runId,
      secrets: { HOOK: receiver.url, KEY: 'the-key-of-the-hook' },
    })

  test('notifies a level that is due, once, says how late it is, and mentions its people', async () => {
    const first = await escalate('71')
    expect(first).toMatchObject({
      exitCode: 0,
      jobs: { 'escalate/escalate': 'success' },
      steps: { 'escalate/escalate.incident': { outputs: { decision: 'escalated', level: '2' } } },
    })
    const [told] = receiver.received.map(({ body }) => JSON.parse(body).data.headline)
    expect(told).toMatch(
      /^Escalated to level 2, 5 min.* late: nobody acknowledged the incident within 15 min/,
    )
    const second = await escalate('72')
    expect(second.steps['escalate/escalate.incident']?.outputs).toMatchObject({ 'reason-code': 'not-due' })
    expect(receiver.received).toHaveLength(1)
    const mentions = users.hosted.comments.filter((comment) => comment.issue === issue)
    expect(mentions.map(({ body }) => body.split('\n').at(-1))).toEqual([
      '@linus This incident of `production` (severity critical) is escalated to level 2. Comment `/ack` to acknowledge it.',
    ])
    expect((await users.events()).filter(({ kind }) => kind === 'incident-escalated')).toHaveLength(1)
  })
})

/** A failed deployment of twenty minutes ago that nobody acknowledged. */
async function failed({ github }: UsersRepository, revision: string, issue: number): Promise<void> {
  const permissions = { contents: 'write' } as const
  const token = github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  const { apiUrl } = github
  const repository = openRepository({
    ...{ token, apiUrl, owner: 'octo-org', repo: 'shop' },
    userAgent: 'a test',
    log: () => {},
  })
  const environment = 'production'
  const about = { environment, revision, incident: incidentId({ environment, revision }), actor: 'bot' }
  const event = (what: object, minutesAgo: number) =>
    newEvent({ ...what, ...about, at: new Date(Date.now() - minutesAgo * 60_000).toISOString() } as never, [
      'x',
    ])
  await openBranchHistory({ repository, branch: 'rollback-history' }).append(
    event(unhealthy('critical'), 20),
    event({ kind: 'postmortem-opened', issue, url: `https://github.com/octo-org/shop/issues/${issue}` }, 19),
  )
}
