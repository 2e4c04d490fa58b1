import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Job, StepOptions } from '../../src/drill/runner.ts'
import { type GitRemote, openGitRemote } from '../support/git-remote.ts'
import { deployer, type GitServer, startGitServer } from '../support/git-server.ts'
import { runStep } from '../support/run-step.ts'

let remote: GitRemote
let server: GitServer
let good: string
let bad: string
beforeEach(async () => {
  remote = await openGitRemote()
  server = await startGitServer(remote)
  ;[, good, , bad] = remote.commits
})
afterEach(async () => {
  await server.close()
  await remote.close()
})

const byHand = { eventName: 'workflow_dispatch' } as const

/** A job without GitHub: its API is not there, and no token is given. */
function run(
  inputs: Record<string, string> = {},
  more: Partial<Job> = {},
  options: Partial<StepOptions> = {},
) {
  const job: Job = {
    directory: remote.directory,
    apiUrl: 'http://127.0.0.1:9',
    serverUrl: 'http://127.0.0.1:9',
    repository: 'octo-org/ops',
    token: '',
    sha: bad,
    eventName: 'push',
    event: {},
    actor: 'grace',
    runId: '7',
    ...more,
  }
  const { username, password } = deployer
  const given = { token: '', remote: server.url, 'remote-username': username, 'remote-password': password }
  return runStep(job, {
    action: 'git-rollback',
    inputs: { ...given, 'max-age': '', target: good, ...inputs },
    ...options,
  })
}

const main = () => remote.git('rev-parse', 'main')
const treeOf = (revision: string) => remote.git('rev-parse', `${revision}^{tree}`)

test('a branch of a git server is rolled back by git alone, and its password is seen nowhere', async () => {
  const bin = join(remote.directory, 'bin')
  const seen = join(remote.directory, 'seen.txt')
  const path = process.env['PATH'] ?? ''
  await mkdir(bin)
  const script = `#!/bin/sh\necho "$*" >> ${seen}\nPATH='${path}' exec git "$@"\n`
  await writeFile(join(bin, 'git'), script, { mode: 0o755 })
  const wrapper = { env: { PATH: `${bin}:${path}` } }
  const { password, username } = deployer
  const { exitCode, outputs, log, summary } = await run({}, {}, wrapper)
  expect({ exitCode, log }).toMatchObject({ exitCode: 0 })
  expect(outputs).toMatchObject({ decision: 'rolled-back', from: bad, to: good, commit: await main() })
  expect(await treeOf('main')).toBe(await treeOf(good))
  expect(await remote.git('rev-parse', `${outputs['tag']}^{commit}`)).toBe(await main())
  expect(summary).toContain('Rolled back')
  expect(log).toContain('the history of incidents is neither read nor written')
  const argv = await readFile(seen, 'utf8')
  expect(argv).toContain('push --porcelain --atomic')
  for (const secret of [password, Buffer.from(`${username}:${password}`).toString('base64')]) {
    expect(argv).not.toContain(secret)
    expect(log + summary + JSON.stringify(outputs)).not.toContain(secret)
  }
})

test('run again with somebody’s commit on top it changes nothing; a person takes it back, and nobody else', async () => {
  await run()
  const theirs = await remote.pushOnTop('theirs.txt')
  const again = await run()
  expect(again).toMatchObject({ exitCode: 0, outputs: { decision: 'already-rolled-back' } })
  expect(await main()).toBe(theirs)
  const automatic = await run({ target: 'undo' })
  expect(automatic.log).toContain('a rollback is not undone automatically')
  const undone = await run({ target: 'undo' }, byHand)
  expect(undone).toMatchObject({
    exitCode: 0,
    outputs: { decision: 'undone', incident: again.outputs['incident'] },
  })
  expect(await remote.git('diff', '--name-only', bad, 'main')).toBe('theirs.txt')
  const { outputs } = await run({ mode: 'list', target: '' }, byHand)
  expect(JSON.parse(outputs['recent'] ?? '')).toMatchObject([
    { kind: 'undo' },
    { kind: 'rollback', from: bad, to: good },
  ])
})

test('a reset is done once, and taken back by moving the branch forward again', async () => {
  const inputs = { mode: 'reset', 'allow-reset-default-branch': 'true' }
  const { outputs } = await run(inputs)
  expect(outputs).toMatchObject({ decision: 'rolled-back', from: bad, commit: good })
  expect(await main()).toBe(good)
  expect((await run(inputs)).outputs['decision']).toBe('already-rolled-back')
  const undone = await run({ target: 'undo' }, byHand)
  expect(undone).toMatchObject({ exitCode: 0, outputs: { decision: 'undone', tag: outputs['tag'] } })
  expect(await main()).toBe(bad)
})

test.each([
  ['before', 'rolled-back'],
  ['after', 'already-rolled-back'],
])('killed %s its push is carried out, and run again, it is %s with one commit', async (when, decision) => {
  let kill = () => {}
  const options: Partial<StepOptions> = {
    onStart: (killer) => {
      kill = killer
    },
  }
  const stop = server.onRequest((endpoint) => {
    if (when !== 'before' || endpoint !== 'git-receive-pack') return
    kill()
    throw new Error('the line is cut')
  })
  if (when === 'after') server.loseAnswer(async () => kill())
  expect((await run({}, {}, options)).exitCode).toBeNull()
  stop()
  const again = await run()
  expect(again).toMatchObject({ exitCode: 0, outputs: { decision, commit: await main() } })
  expect(await remote.git('rev-list', '--count', 'main')).toBe('5')
  expect((await remote.git('tag')).split('\n')).toHaveLength(1)
})

test('a comment counts as no person: its author may have no write permission, and no server is asked', async () => {
  const comment: Partial<Job> = {
    eventName: 'issue_comment',
    event: {
      action: 'created',
      comment: { id: 1, body: 'roll back', user: { login: 'grace', type: 'User' } },
      sender: { login: 'grace' },
    },
  }
  const { exitCode, log } = await run({ hold: 'frozen' }, comment)
  expect({ exitCode, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('frozen') })
  expect(await main()).toBe(bad)
  expect((await run({ hold: 'frozen' }, byHand)).exitCode).toBe(0)
  expect(await main()).not.toBe(bad)
})

test('without a person the guards hold: how many commits, how often, and a hold', async () => {
  expect((await run({ 'max-commits': '1' })).log).toContain('input "max-commits" allows 1')
  expect((await run({ hold: 'audit until Friday' })).log).toContain(
    'on hold (the input `hold`): audit until Friday',
  )
  expect(await main()).toBe(bad)
  await run()
  const worse = await remote.pushOnTop('worse.txt')
  const { log } = await run({ 'daily-cap': '1' }, { sha: worse })
  expect(log).toContain('input "daily-cap" allows 1')
  expect(await main()).toBe(worse)
})

test.each([
  [{ mode: 'deploy-only' }, 'input "remote" has no effect where input "mode" is deploy-only'],
  [{ delivery: 'pull-request' }, 'input "delivery" is pull-request, which needs GitHub'],
  [{ redeploy: 'deploy.yml' }, 'input "redeploy" has no effect where input "remote" is given'],
  [{ config: 'ops/rollback.yml' }, 'give what it says as inputs'],
  [
    { target: 'last-successful-deployment' },
    'write previous-deployment-tag, a commit id, a tag, a branch, or HEAD~n',
  ],
  [{ revision: 'abc' }, 'write the full 40-character id of a commit'],
  [{ branch: 'live' }, 'input "branch" is "live", and team/shop has no such branch'],
])('%j is refused before anything is changed', async (inputs, message) => {
  const { exitCode, log } = await run(inputs)
  expect(exitCode).toBe(1)
  expect(log).toContain(message)
  expect(await main()).toBe(bad)
})

test('a run for a commit of another repository has to name the revision that failed', async () => {
  const elsewhere = { sha: '1'.repeat(40) }
  const where = { remote: remote.path }
  expect((await run(where, elsewhere)).log).toContain('write the full id of the revision that failed')
  expect((await run({ ...where, revision: bad }, elsewhere)).outputs['decision']).toBe('rolled-back')
})
