/** The composite publish-dashboard, in act: the dashboard of a rollback that was really made, as an artifact and on Pages. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const workflow = `name: report
on: { push: { branches: [main] } }
permissions: {}
jobs:
  artifact:
    runs-on: ubuntu-latest
    permissions: { contents: read, deployments: read }
    steps:
      - id: dashboard
        uses: rollback-suite/rollback/actions/publish-dashboard@v1
        with: { retention-days: 3 }
  pages:
    runs-on: ubuntu-latest
    permissions: { contents: read, deployments: read, pages: write, id-token: write }
    steps:
      - id: dashboard
        uses: rollback-suite/rollback/actions/publish-dashboard@v1
        with: { to: pages, rollback-workflow: rollback.yml }
`

describeAct('publish-dashboard', () => {
  let users: UsersRepository
  beforeAll(async () => {
    users = await openUsersRepository()
    await users.push('A shop', { '.github/workflows/report.yml': workflow })
  })
  afterAll(() => users.close())

  test('keeps the dashboard as an artifact, or publishes it on Pages', async () => {
    const { log, ...done } = await users.run('.github/workflows/report.yml', {
      secrets: {},
      vars: {},
      env: {},
    })
    expect({ log, ...done }).toMatchObject({
      log: expect.not.stringContaining('Error'),
      exitCode: 0,
      jobs: { artifact: 'success', pages: 'success' },
    })
    const kept = done.steps['artifact.dashboard']?.outputs
    expect(kept?.['artifact-id']).toMatch(/^\d+$/)
    expect(kept?.['url'] ?? '').toBe('')
    expect(done.steps['pages.dashboard']?.outputs).toMatchObject({
      url: 'https://octo-org.github.io/shop/',
      decision: 'empty',
      'artifact-id': '',
    })
    expect(log).toMatch(/the site of artifact \d+ is published/)
  })
})
