/** What the README tells people to paste, word for word: from an empty repository to a rolled-back deploy with its post-mortem. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { badChanges, goodChanges } from '../../src/drill/history.ts'
import { describeAct } from '../support/act/describe-act.ts'
import { openUsersRepository, type UsersRepository } from '../support/act/users-repository.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block)
const workflow = blocks.find((block) => block.startsWith('name: deploy'))
const settings = blocks.find((block) => block.startsWith('code:'))

/** As hosters tell people to deploy. */
const deployScript =
  '#!/bin/sh\nexec curl --fail-with-body --silent --show-error --data "$GITHUB_SHA" "$DEPLOY_HOOK"\n'

/** The README's address becomes this production's, and it is not watched for minutes: nothing else is changed. */
const atHome = (text: string, users: UsersRepository) =>
  text.replace('https://shop.example.com/', `${users.production.url}/`)
const impatient = 'health: { window: 2s, interval: 250ms }\nrollback: { verify: 10s }\n'

/** The server of the bad revision, which asks for a column that is not there; without the migration that the code alone would not take back. */
const badCode = () => ({ 'server.mjs': badChanges()[1]?.files['server.mjs'] ?? '' })

test('what a user pastes is under fifteen lines', () => {
  expect(workflow?.trimEnd().split('\n').length).toBeLessThan(15)
})

describeAct('the README’s workflow', () => {
  let users: UsersRepository
  beforeAll(async () => {
    users = await openUsersRepository()
    const [shop] = goodChanges({ url: `${users.production.url}/`, storage: '', more: '' })
    await users.push('A shop', {
      ...shop?.files,
      'deploy.sh': deployScript,
      '.github/workflows/deploy.yml': atHome(workflow ?? '', users),
      '.github/rollback.yml': `${settings}${impatient}`,
    })
  })
  afterAll(() => users.close())

  test('leaves a good deploy alone', async () => {
    const head = await users.head()
    const run = await users.run('.github/workflows/deploy.yml')
    expect(run).toMatchObject({
      exitCode: 0,
      jobs: { deploy: 'success', 'guard/guard': 'success', 'guard/doctor': 'success' },
    })
    expect(run.steps).toMatchObject({
      'guard/guard.gate': { outcome: 'success', outputs: { verdict: 'healthy', decision: 'keep' } },
    })
    expect(run.jobs['rollback/rollback'] ?? 'skipped').toBe('skipped')
    // the first deployment of all leaves nothing to go back to
    expect(run.log).toContain('is the first deployment of production')
    expect(await users.head()).toBe(head)
    expect(users.hosted.issues).toEqual([])
  })

  test('takes a bad deploy back, deploys what was good, and writes the incident up', async () => {
    const good = await users.head()
    const before = await users.production.visit()
    const bad = await users.push('Sort products by their rating', badCode())
    const run = await users.run('.github/workflows/deploy.yml')
    expect({ log: run.log, jobs: run.jobs }).toMatchObject({
      jobs: { deploy: 'success', 'guard/guard': 'failure' },
    })
    expect(run.steps).toMatchObject({
      'guard/guard.gate': { outcome: 'failure', outputs: { verdict: 'unhealthy', decision: 'roll-back' } },
      'rollback/rollback.rollback': {
        outcome: 'success',
        outputs: { decision: 'complete', recovery: 'recovered' },
      },
      'rollback/rollback.postmortem': {
        outcome: 'success',
        outputs: { decision: 'created', 'issue-number': '1' },
      },
    })
    const restored = await users.head()
    const { git } = users.hosted
    expect(await git.readCommit(restored)).toMatchObject({
      parents: [bad],
      tree: (await git.readCommit(good)).tree,
    })
    expect(await users.production.visit()).toEqual(before)
    expect(users.hosted.issues).toHaveLength(1)
    expect(users.hosted.issues[0]?.body).toContain('Sort products by their rating')
  })
})
