/** 14.2: guard.yml looks at production before a deployment, so that the first gate knows what passed. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { goodChanges } from '../../src/drill/history.ts'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const permissions =
  'permissions: { actions: write, contents: write, deployments: read, issues: write, pull-requests: write }'
const uses = 'uses: rollback-suite/rollback/.github/workflows/guard.yml@v1'
// act calls the jobs of a called workflow by the name of that workflow
const workflow = (url: string) => `name: deploy
on: { push: { branches: [main] } }
jobs:
  guard:
    ${permissions}
    ${uses}
    with: { mode: snapshot, url: "${url}" }
    secrets: inherit
  deploy:
    needs: guard
    if: always()
    runs-on: ubuntu-latest
    steps:
      - run: curl --silent --fail-with-body --data "$GITHUB_SHA" "$DEPLOY_HOOK" || true
`

describeAct('guard.yml before a deployment', () => {
  let users: UsersRepository
  beforeAll(async () => {
    users = await openUsersRepository()
  })
  afterAll(() => users.close())

  test('records what passed, rolls nothing back, and lets the deployment go on', async () => {
    const [shop] = goodChanges({ url: `${users.production.url}/`, storage: '', more: '' })
    await users.push('A shop', {
      ...shop?.files,
      '.github/workflows/deploy.yml': workflow(`${users.production.url}/`),
      '.github/rollback.yml': 'health: { window: 2s, interval: 250ms }\n',
    })
    const { log, ...run } = await users.run('.github/workflows/deploy.yml')
    expect({ log, ...run }).toMatchObject({
      exitCode: 0,
      jobs: { 'guard/guard': 'success', deploy: 'success' },
    })
    expect(run.steps['guard/guard.gate']?.outputs).toMatchObject({
      decision: 'keep',
      'reason-code': 'snapshot',
    })
    for (const job of ['guard/rollback', 'rollback/rollback', 'guard/doctor'])
      expect(run.jobs[job] ?? 'skipped').toBe('skipped')
    expect(await users.events()).toMatchObject([{ kind: 'health-checked', reasonCode: 'snapshot' }])
  })
})
