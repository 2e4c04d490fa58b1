/** The runner of these tests prints all of a step, as GitHub's does: what is said last is what a person needs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const file = '.github/workflows/fail.yml'

describeAct('a step that fails', () => {
  let users: UsersRepository
  beforeAll(async () => {
    users = await openUsersRepository()
    await users.push('A step that fails', {
      [file]: `on: { workflow_dispatch: {} }
permissions: {}
jobs:
  fail:
    runs-on: ubuntu-latest
    steps:
      - run: for line in $(seq 20000); do echo "line $line of 20000"; done; [ ! -t 1 ]; echo "a terminal $?"; exit 1
`,
    })
  })
  afterAll(() => users.close())

  test('is shown to its last line, and has no terminal', async () => {
    const { log, jobs } = await users.run(file, { event: 'workflow_dispatch' })
    expect(jobs).toEqual({ fail: 'failure' })
    expect(log).toContain('line 20000 of 20000')
    expect(log).toContain('a terminal 0')
  })
})
