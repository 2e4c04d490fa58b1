/** 12.8 and 12.14: what an event says of who and what a run is about is read, or the run is refused. */
import { describe, expect, test } from '@jest/globals'
import { InputError } from '../../src/errors.ts'
import { readContext, refuseForks } from '../../src/runner/context.ts'

const sha = 'a'.repeat(40)
const open = (eventName: string, payload: unknown) =>
  readContext(
    {
      GITHUB_REPOSITORY: 'octo-org/shop',
      GITHUB_EVENT_NAME: eventName,
      GITHUB_ACTOR: 'grace',
      GITHUB_SHA: sha,
    },
    payload,
  )
const start = (eventName: string, payload: unknown) => refuseForks(open(eventName, payload))

/** The same payload with one field replaced. */
function replace(payload: unknown, [key, ...rest]: readonly string[], odd: unknown): unknown {
  if (key === undefined) return odd
  const fields = { ...(payload as Record<string, unknown>) }
  return { ...fields, [key]: replace(fields[key], rest, odd) }
}

const own = { full_name: 'octo-org/shop' }
const fork = { full_name: 'evil/shop' }
const noise = {
  action: 'completed',
  sender: { login: 'grace' },
  repository: { default_branch: 'main' },
  issue: { number: 1 },
  comment: { id: 1, body: '/rollback', user: { login: 'grace', type: 'User' } },
}
const workflowRun = { ...noise, workflow_run: { head_sha: sha, head_repository: fork } }
const pullRequest = { ...noise, pull_request: { head: { repo: fork }, base: { repo: own } } }
const deployment = { ...noise, deployment: { sha, environment: 'production', transient_environment: true } }
const oddities = [7, '', [], {}, true, [fork], null] as const

describe("12.8: a fork's run with one odd field", () => {
  const fields = [
    ...Object.keys(noise).map((key) => [key]),
    ['sender', 'login'],
    ['comment', 'id'],
    ['comment', 'user'],
    ['repository', 'default_branch'],
  ]
  test.each(fields.map((path) => [path.join('.'), path] as const))('%s: it is still a fork', (_, path) => {
    for (const odd of oddities) {
      expect(() => start('workflow_run', replace(workflowRun, path, odd))).toThrow(
        /of the repository evil\/shop/,
      )
      expect(() => start('pull_request_target', replace(pullRequest, path, odd))).toThrow(
        /the fork evil\/shop/,
      )
    }
  })

  test('the refusal says what to do, also where the token could write', () => {
    const toDo =
      /run the action after the merge, on push, .* or add `if: github\.event\.pull_request\.head\.repo\.full_name == github\.repository` to the job/
    for (const event of ['pull_request', 'pull_request_target'])
      expect(() => start(event, pullRequest)).toThrow(toDo)
    expect(() => start('pull_request_target', pullRequest)).toThrow(/a fork must not decide/)
    expect(() => start('pull_request_target', pullRequest)).not.toThrow(/can write nothing/)
  })

  test.each([
    ['workflow_run'],
    ['workflow_run', 'head_sha'],
    ['workflow_run', 'head_repository'],
    ['workflow_run', 'head_repository', 'full_name'],
  ])('workflow_run: %s %s %s is refused', (...path) => {
    for (const odd of oddities)
      for (const eventName of ['workflow_run', 'push', 'workflow_dispatch']) {
        const payload = replace(workflowRun, path, odd)
        // only with null is there no workflow run, where the event needs none
        if (odd === null && path.length === 1 && eventName !== 'workflow_run') continue
        expect(() => start(eventName, payload)).toThrow(InputError)
      }
  })

  test.each([
    ['pull_request'],
    ['pull_request', 'head'],
    ['pull_request', 'head', 'repo'],
    ['pull_request', 'head', 'repo', 'full_name'],
    ['pull_request', 'base'],
    ['pull_request', 'base', 'repo'],
    ['pull_request', 'base', 'repo', 'full_name'],
  ])('pull_request: %s %s %s %s is refused', (...path) => {
    for (const odd of oddities)
      for (const eventName of ['pull_request', 'pull_request_target', 'pull_request_review'])
        expect(() => start(eventName, replace(pullRequest, path, odd))).toThrow(InputError)
  })
})

describe('12.8: a deployment with one odd field', () => {
  test.each([
    ['deployment'],
    ['deployment', 'sha'],
    ['deployment', 'environment'],
    ['deployment', 'transient_environment'],
  ])('%s %s is refused, and named', (...path) => {
    // '' is text: who reads it refuses it
    for (const odd of [7, [], {}, null])
      for (const eventName of ['deployment', 'deployment_status']) {
        const isNoField = JSON.stringify(odd) === '{}' && path.length === 1
        expect(() => open(eventName, replace(deployment, path, odd))).toThrow(
          isNoField ? /`deployment\.sha`/ : new RegExp(`invalid \`${path.join('\\.')}\``),
        )
      }
  })

  test('other odd fields do not hide that it is transient', () => {
    for (const key of Object.keys(noise))
      for (const odd of oddities)
        expect(open('deployment_status', replace(deployment, [key], odd)).event.deployment).toEqual(
          deployment.deployment,
        )
  })

  test('the workflow run that made the deployment, as GitHub sends it, is no reason to refuse', () => {
    // https://github.com/octokit/webhooks: common/deployment-workflow-run.schema.json has no head_repository
    const made = { ...deployment, workflow_run: { head_sha: sha, head_branch: 'main' }, check_run: null }
    expect(() => start('deployment_status', made)).not.toThrow()
    expect(() => start('deployment_status', { ...made, workflow_run: null })).not.toThrow()
    expect(open('deployment_status', { ...made, workflow_run: null }).event.deployment?.sha).toBe(sha)
    const foreign = { ...made, workflow_run: { head_sha: sha, head_repository: fork } }
    expect(() => start('deployment_status', foreign)).toThrow(/evil\/shop/)
    expect(() => start('workflow_run', { workflow_run: { head_sha: sha } })).toThrow(/\(deleted\)/)
  })
})

describe('12.14: who asked, with one odd field', () => {
  const comment = { ...noise, action: 'created' }
  test('the author of a new comment asked', () => {
    expect(open('issue_comment', comment).askedBy).toBe('grace')
  })

  test.each([
    ['action'],
    ['sender'],
    ['sender', 'login'],
    ['comment'],
    ['comment', 'id'],
    ['comment', 'body'],
    ['comment', 'user'],
    ['comment', 'user', 'login'],
    ['comment', 'user', 'type'],
  ])('%s %s %s: nobody did', (...path) => {
    for (const odd of [true, [], {}, null])
      expect(open('issue_comment', replace(comment, path, odd)).askedBy).toBeUndefined()
  })
})

test('12.8: a payload that is no JSON object is refused', () => {
  for (const odd of [7, 'text', [], true])
    for (const eventName of ['push', 'workflow_run', ''])
      expect(() => open(eventName, odd)).toThrow(InputError)
})

test.each(['workflow_run', 'deployment', 'deployment_status', 'pull_request', 'pull_request_target'])(
  '12.8: %s without a payload is refused',
  (eventName) => {
    for (const nothing of [undefined, null, {}]) expect(() => open(eventName, nothing)).toThrow(InputError)
  },
)
