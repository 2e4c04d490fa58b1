/** A game day on staging, through the workflow that users call: it ends where it began. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { goodChanges } from '../../src/drill/history.ts'
import { git } from '../../src/drill/production.ts'
import { describeAct } from '../support/act/describe-act.ts'
import { documentedWorkflow } from '../support/act/documented.ts'
import { changeInRelease } from '../support/act/release.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const file = '.github/workflows/rehearse.yml'
const deployStaging = `name: deploy-staging
on: { workflow_dispatch: {} }
permissions: { contents: read }
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: staging
    steps:
      - run: curl --fail-with-body --silent --show-error --data "$GITHUB_SHA" "$DEPLOY_HOOK"
`
const page = readFileSync(new URL('../../docs/workflows.md', import.meta.url), 'utf8')
const documentedSettings = /```yaml\n(environment: staging\n[\s\S]*?)```/.exec(page)?.[1] ?? ''

/** What the document says, at this address, and not watched for minutes. */
const settings = (url: string, objective: string) =>
  documentedSettings
    .replace('https://staging.example.com/', `${url}/`)
    .replace('health: { ', 'health: { window: 2s, interval: 250ms, ')
    .replace('objective: 15m', `objective: ${objective}, verify: 10s`)

describeAct('a game day on staging', () => {
  let users: UsersRepository
  let newest: string
  beforeAll(async () => {
    users = await openUsersRepository()
    const [shop] = goodChanges({ url: '', storage: '', more: '' })
    const good = await users.push('A shop', {
      ...shop?.files,
      '.github/workflows/rehearse.yml': documentedWorkflow('docs/workflows.md', 'rehearse'),
      '.github/workflows/deploy-staging.yml': deployStaging,
      '.github/rehearsal.yml': settings(users.production.url, '15m'),
      '.github/in-a-hurry.yml': settings(users.production.url, '1s'),
      '.github/on-production.yml': settings(users.production.url, '15m').replace('staging', 'production'),
      '.github/on-main.yml': settings(users.production.url, '15m').replace('branch: staging', 'branch: main'),
    })
    newest = await users.push('A new greeting', { 'README.md': 'A shop\n' })
    await git(users.production.clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/staging')
    for (const sha of [good, newest])
      await users.run('.github/workflows/deploy-staging.yml', { event: 'workflow_dispatch', sha })
  })
  afterAll(() => users.close())

  const rehearse = (config = '') =>
    users.run(file, {
      event: 'schedule',
      runId: String(users.hosted.nextId()),
      ...(config !== '' && {
        change: changeInRelease(file, /default: \.github\/rehearsal\.yml/g, `default: ${config}`),
      }),
    })
  const staging = async () => (await users.hosted.git.readRef('refs/heads/staging'))?.sha ?? ''
  const treeOf = async (sha: string) => (await users.hosted.git.readCommit(sha)).tree

  test.each([
    ['production', '.github/on-production.yml', 'describes the environment "production"'],
    ['the default branch', '.github/on-main.yml', 'from a separate branch'],
  ])('%s is refused', async (_, config, words) => {
    const { log, jobs } = await rehearse(config)
    expect({ log, jobs }).toMatchObject({
      log: expect.stringContaining(words),
      jobs: { 'rehearse/rehearse': 'failure' },
    })
    expect(await staging()).toBe(newest)
  })

  test('rolls back, looks, and takes all of it back', async () => {
    const before = await users.production.visit()
    const { log, jobs, steps } = await rehearse()
    expect({ log, jobs, steps }).toMatchObject({
      log: expect.stringMatching(/Time to recover.*The objective is 15 min: \*\*met\*\*/),
      jobs: { 'rehearse/rehearse': 'success' },
      steps: { 'rehearse/rehearse.rehearsal': { outputs: { decision: 'rehearsed', recovery: 'recovered' } } },
    })
    expect(await treeOf(await staging())).toBe(await treeOf(newest))
    expect(await staging()).not.toBe(newest)
    expect(await users.head()).toBe(newest)
    expect(await users.production.visit()).toEqual(before)
    expect(users.hosted.deployments[0]).toMatchObject({ environment: 'staging', sha: await staging() })
    expect((await users.events()).map(({ kind }) => kind)).toEqual([
      'rollback-began',
      'rollback-applied',
      'revision-deployed',
      'recovery-verified',
      'rollback-ended',
      'rollback-undone',
      'revision-deployed',
      'recovery-verified',
    ])
  })

  test('fails when recovery takes longer than the objective, and is taken back all the same', async () => {
    const { log, jobs, steps } = await rehearse('.github/in-a-hurry.yml')
    expect({ log, jobs, steps }).toMatchObject({
      log: expect.stringMatching(/recovery took .*, and the objective is 1 s/),
      jobs: { 'rehearse/rehearse': 'failure' },
      steps: { 'rehearse/rehearse.rehearsal': { outputs: { 'reason-code': 'objective-missed' } } },
    })
    expect(await treeOf(await staging())).toBe(await treeOf(newest))
  })
})
