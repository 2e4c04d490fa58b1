/** A secret that is given to the suite, in whatever way, comes out of it nowhere. */
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StepResult } from '../../src/drill/runner.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'
import { startService } from '../support/service.ts'

const canary = 'c4n4ry-7f3e9a1b5d'
const shaped = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  shop = await openBrokenShop()
  service = await startService({ status: 500, body: `password=${canary} token=${shaped}` })
})
afterEach(async () => {
  await service.stop()
  await shop.close()
})

/** All that a step leaves where somebody can read it. The raw log holds what the runner is told to mask, and nothing else. */
async function traces({ outputs, summary, log, raw }: StepResult): Promise<string> {
  const printed = raw
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n')
  const report = outputs['report'] === undefined ? '' : await readFile(outputs['report'], 'utf8')
  const history = JSON.stringify(await shop.history.read())
  const issues = JSON.stringify(shop.hosted.issues.map(({ title, body }) => ({ title, body })))
  const { git } = shop.hosted
  const commits = JSON.stringify((await git.log('main')).map(({ message }) => message))
  const tags = await git.git(['tag', '--list', '--format=%(contents)'])
  return [
    printed,
    log,
    summary,
    JSON.stringify(outputs),
    report,
    history,
    issues,
    commits,
    tags.toString('utf8'),
  ].join('\n')
}

async function expectNoSecretIn(result: StepResult): Promise<void> {
  const left = await traces(result)
  expect(left.length).toBeGreaterThan(100)
  expect(left).not.toContain(canary)
  expect(left).not.toContain(shaped)
  expect(left).not.toContain(Buffer.from(canary).toString('base64'))
}

test('given as inputs: a token, a password in an address, a reason that holds a token', async () => {
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { contents: 'write', deployments: 'read', issues: 'write' },
  })
  const job = await shop.job({ sha: shop.bad, token })
  const url = service.url.replace('://', `://user:${canary}@`)
  const gate = await runStep(job, { action: 'health-gate', inputs: { url, window: '1s', interval: '100ms' } })
  await expectNoSecretIn(gate)
  const reason = `the key ${shaped} and the token ${token} leaked, see https://user:${canary}@example.com/`
  const rollback = await runStep(job, { action: 'git-rollback', inputs: { reason } })
  expect(rollback.exitCode).toBe(0)
  await expectNoSecretIn(rollback)
  expect(await traces(rollback)).not.toContain(token)
  const postmortem = await runStep(job, { action: 'postmortem-issue' })
  expect(postmortem.outputs['decision']).toBe('created')
  await expectNoSecretIn(postmortem)
  expect(await traces(postmortem)).not.toContain(token)
})

test('named in the configuration, sent to a service, and echoed in what the service answers', async () => {
  const sha = await shop.commit({
    '.github/rollback.yml': `health:
  window: 1s
  interval: 100ms
  checks:
    - name: homepage
      type: http
      url: ${service.url}
      severity: critical
      on-error: fail
      headers:
        authorization: { env: API_KEY }
      expect:
        body: hello
    - name: errors
      type: prometheus
      url: ${service.url}
      query: up
      metric: error-rate
      headers:
        x-api-key: { env: API_KEY }
`,
  })
  const job = await shop.job({ sha })
  const gate = await runStep(job, { action: 'health-gate', env: { API_KEY: canary } })
  expect(gate.outputs['verdict']).toBe('unhealthy')
  await expectNoSecretIn(gate)
  const postmortem = await runStep(job, { action: 'postmortem-issue' })
  expect(postmortem.outputs['decision']).toBe('created')
  await expectNoSecretIn(postmortem)
})

test('written into the configuration itself, which is refused', async () => {
  const sha = await shop.commit({
    '.github/rollback.yml': `health:
  checks:
    - name: homepage
      type: http
      url: ${service.url}
      headers:
        authorization: ${canary}
`,
  })
  const gate = await runStep(await shop.job({ sha }), { action: 'health-gate' })
  expect(gate.exitCode).toBe(1)
  expect(gate.log).toContain('.github/rollback.yml:7')
  expect(gate.log).toContain('{ env: NAME }')
  await expectNoSecretIn(gate)
})

test("inside an error of GitHub's", async () => {
  const job = await shop.job({ sha: shop.bad })
  const message = `Server Error: upstream said token=${shaped}, authorization: Bearer ${job.token}`
  shop.github.fault({ kind: 'refused', operation: 'git/update-ref', status: 422, message })
  const rollback = await runStep(job, { action: 'git-rollback' })
  expect(rollback.exitCode).toBe(1)
  expect(rollback.outputs['decision']).toBe('failed')
  await expectNoSecretIn(rollback)
  expect(await traces(rollback)).not.toContain(job.token)
  const postmortem = await runStep(job, { action: 'postmortem-issue' })
  expect(postmortem.outputs['decision']).toBe('created')
  await expectNoSecretIn(postmortem)
  expect(await traces(postmortem)).not.toContain(job.token)
})
