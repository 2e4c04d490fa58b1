import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { postmortemIssue } from '../../src/actions/postmortem-issue/contract.ts'
import type { Job } from '../../src/drill/runner.ts'
import { openBrokenShop } from '../support/repository.ts'
import { runStep } from '../support/run-step.ts'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop()
})
afterEach(() => shop.close())

async function writeUp(inputs: Record<string, string> = {}, job: Partial<Job> = {}) {
  return runStep(await shop.job({ sha: shop.bad, ...job }), { action: 'postmortem-issue', inputs })
}

const rollBack = async () => runStep(await shop.job({ sha: shop.bad }), { action: 'git-rollback' })

test('one issue is created, with the permissions that the README asks for, and then kept up to date', async () => {
  await rollBack()
  const { permissions } = postmortemIssue
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  const created = await writeUp({ labels: 'postmortem, production', assignees: 'grace' }, { token })
  expect({ exitCode: created.exitCode, log: created.log }).toMatchObject({ exitCode: 0 })
  expect(created.outputs).toMatchObject({
    decision: 'created',
    'issue-number': '1',
    'reason-code': 'rolled-back',
  })
  const [issue] = shop.hosted.issues
  expect(issue).toMatchObject({ labels: ['postmortem', 'production'], assignees: ['grace'] })
  expect(issue?.body).toContain('`Raise the price`')

  const people = issue?.body?.replace('Who noticed what, for how long?', 'Nobody noticed.') ?? ''
  if (issue !== undefined) issue.body = people
  const updated = await writeUp({}, { token })
  expect(updated.outputs['decision']).toBe('updated')
  expect(shop.hosted.issues).toHaveLength(1)
  expect(shop.hosted.issues[0]?.body).toContain('Nobody noticed.')
  expect((await writeUp({}, { token })).outputs['decision']).toBe('unchanged')
})

test('without an incident there is no issue, and that is no failure', async () => {
  const { exitCode, outputs, log } = await writeUp()
  expect(exitCode).toBe(0)
  expect(outputs).toMatchObject({ decision: 'none', 'reason-code': 'no-events' })
  expect(log).toContain('no issue is written')
  expect(shop.hosted.issues).toEqual([])
})

test('a token that may not write issues is told so', async () => {
  await rollBack()
  const token = shop.github.createToken({
    login: 'github-actions[bot]',
    kind: 'actions',
    permissions: { contents: 'write', issues: 'read' },
  })
  const { exitCode, log } = await writeUp({}, { token })
  expect(exitCode).toBe(1)
  expect(log).toContain('give the job `permissions: issues: write`')
})
