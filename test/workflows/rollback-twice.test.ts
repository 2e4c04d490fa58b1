/** 12.18: rollback.yml with an approval, called twice in one run: each environment gets its own plan, and just that. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const file = '.github/workflows/rollback.yml'
const call = (environment: string, needs = '') => `  ${environment}:
    ${needs}
    permissions: { actions: write, contents: write, deployments: read, issues: write, pull-requests: write }
    uses: rollback-suite/rollback/.github/workflows/rollback.yml@v1
    with: { environment: ${environment}, approval: "rollback-${environment}", reason: both apps are down }
`
// act knows no concurrency groups: on GitHub each environment waits for its own
const caller = `name: rollback
on: { workflow_dispatch: {} }
jobs:
${call('web')}${call('api', 'needs: web')}`

// a job of their own, which is not called here, deploys
const settings =
  'code: { redeploy: external }\nenvironments: { web: { paths: [web] }, api: { paths: [api] } }\n'

describeAct('two approvals in one run', () => {
  let users: UsersRepository
  let good: string
  beforeAll(async () => {
    users = await openUsersRepository()
    const release = async (content: string, more: Readonly<Record<string, string>> = {}) => {
      const sha = await users.push(`Release ${content}`, {
        'web/index.html': content,
        'api/server.mjs': content,
        ...more,
      })
      for (const environment of ['web', 'api']) deployed(sha, environment)
      return sha
    }
    good = await release('good', { [file]: caller, '.github/rollback.yml': settings })
    await release('bad')
  })
  afterAll(() => users.close())

  const deployed = (sha: string, environment: string) => {
    const creator = { login: 'grace', kind: 'user', permissions: {}, value: '', isBot: false } as const
    const made = { creator, environment, createdAt: new Date() }
    const status = { ...made, state: 'success' as const, description: '', logUrl: '', environmentUrl: '' }
    users.hosted.deployments.unshift({
      ...{ ...made, id: users.hosted.nextId(), sha, ref: sha, task: 'deploy', payload: '' },
      ...{ description: null, transient: false, production: false },
      statuses: [{ ...status, id: users.hosted.nextId() }],
    })
  }

  test('both are planned, approved and carried out, and neither takes the plan of the other', async () => {
    const { log, exitCode, jobs } = await users.run(file, {
      event: 'workflow_dispatch',
      runId: String(users.hosted.nextId()),
    })
    // act calls the jobs of both calls by the same names
    expect({ log, exitCode, jobs }).toMatchObject({
      exitCode: 0,
      jobs: { 'rollback/plan': 'success', 'rollback/apply': 'success' },
    })
    const head = await users.head()
    const { git } = users.hosted
    expect((await git.readCommit(head)).tree).toBe((await git.readCommit(good)).tree)
    const applied = (await users.events()).filter(({ kind }) => kind === 'rollback-applied')
    expect(applied.map(({ environment }) => environment)).toEqual(['web', 'api'])
  })
})
