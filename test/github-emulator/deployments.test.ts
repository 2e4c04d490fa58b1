/** Deployments and commit statuses, with the defaults of GitHub's that surprise people. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
let first: string
let head: string
beforeEach(async () => {
  example = await openExample()
  first = await example.commit({ 'a.txt': 'a\n' })
  head = await example.commit({ 'a.txt': 'a\n', 'b.txt': 'b\n' })
})
afterEach(() => example.close())

const repos = () => example.octokit.rest.repos
interface Deploying {
  readonly ref: string
  readonly environment?: string
  readonly task?: string
  readonly payload?: Record<string, unknown>
  readonly auto_merge?: boolean
  readonly required_contexts?: string[]
  readonly transient_environment?: boolean
}

async function deploy(options: Deploying): Promise<number> {
  const { data } = await repos().createDeployment({ ...shop, ...options })
  if (!('id' in data)) throw new Error(`nothing was deployed: ${data.message}`)
  return data.id
}

type State = 'success' | 'failure' | 'in_progress' | 'inactive'
const report = (
  deployment_id: number,
  state: State,
  options: { auto_inactive?: boolean; environment?: string } = {},
) => repos().createDeploymentStatus({ ...shop, deployment_id, state, ...options })
const states = async (deployment_id: number) =>
  (await repos().listDeploymentStatuses({ ...shop, deployment_id })).data.map(({ state }) => state)
const status = (sha: string, context: string, state: 'success' | 'failure' | 'pending' | 'error') =>
  repos().createCommitStatus({ ...shop, sha, context, state })

describe('a deployment', () => {
  test('is of production and for the task deploy unless it says otherwise', async () => {
    const id = await deploy({ ref: 'main' })
    expect((await repos().getDeployment({ ...shop, deployment_id: id })).data).toMatchObject({
      sha: head,
      ref: 'main',
      task: 'deploy',
      environment: 'production',
      production_environment: true,
      transient_environment: false,
      creator: { login: 'github-actions[bot]' },
    })
    const payload = { from: head, to: first }
    const rollback = await deploy({ ref: head, environment: 'staging', task: 'rollback', payload })
    expect((await repos().getDeployment({ ...shop, deployment_id: rollback })).data).toMatchObject({
      task: 'rollback',
      environment: 'staging',
      production_environment: false,
      payload,
    })
  })

  test('of a ref that is not there is refused, and one that is not there is not found', async () => {
    expect(await refusal(deploy({ ref: 'none' }))).toBe('422 No ref found for: none')
    const at = { ...shop, deployment_id: 99 }
    expect(await refusal(repos().getDeployment(at))).toBe('404 Not Found')
    expect(await refusal(repos().listDeploymentStatuses(at))).toBe('404 Not Found')
    expect(await refusal(report(99, 'success'))).toBe('404 Not Found')
  })

  test('is listed newest first, by environment, commit, ref and task', async () => {
    const one = await deploy({ ref: head })
    const two = await deploy({ ref: 'main', environment: 'staging' })
    const three = await deploy({ ref: first, auto_merge: false, task: 'rollback' })
    const list = async (filter: { environment?: string; sha?: string; ref?: string; task?: string } = {}) =>
      (await repos().listDeployments({ ...shop, ...filter })).data.map(({ id }) => id)
    expect(await list()).toEqual([three, two, one])
    expect(await list({ environment: 'production' })).toEqual([three, one])
    expect(await list({ sha: head })).toEqual([two, one])
    expect(await list({ ref: 'main' })).toEqual([two])
    expect(await list({ task: 'rollback' })).toEqual([three])
    const all = await example.octokit.paginate(repos().listDeployments, { ...shop, per_page: 1 })
    expect(all.map(({ id }) => id)).toEqual([three, two, one])
  })
})

describe('auto_merge, which is on by default', () => {
  test('merges the default branch into a branch that is behind, and deploys nothing', async () => {
    await example.commit({ 'a.txt': 'a\n', 'c.txt': 'c\n' }, { branch: 'topic', parent: first })
    const { status: answered, data } = await repos().createDeployment({ ...shop, ref: 'topic' })
    expect([answered, data]).toEqual([202, { message: 'Auto-merged main into topic on deployment.' }])
    expect(example.hosted.deployments).toEqual([])
    const { data: tree } = await example.octokit.rest.git.getTree({ ...shop, tree_sha: 'topic' })
    expect(tree.tree.map(({ path }) => path)).toEqual(['a.txt', 'b.txt', 'c.txt'])
    // which has it all now
    expect(await deploy({ ref: 'topic' })).toEqual(expect.any(Number))
  })

  test('is a conflict where they conflict, or where an old commit is deployed', async () => {
    const topic = await example.commit(
      { 'a.txt': 'a\n', 'b.txt': 'other\n' },
      { branch: 'topic', parent: first },
    )
    expect(await refusal(deploy({ ref: 'topic' }))).toBe('409 Conflict merging main into topic.')
    expect(await refusal(deploy({ ref: first }))).toBe(`409 Conflict merging main into ${first}.`)
    expect((await example.hosted.git.readRef('refs/heads/topic'))?.sha).toBe(topic)
    expect(example.hosted.deployments).toEqual([])
  })

  test('switched off deploys the old commit as it is', async () => {
    const id = await deploy({ ref: first, auto_merge: false })
    expect((await repos().getDeployment({ ...shop, deployment_id: id })).data.sha).toBe(first)
  })
})

describe('required_contexts', () => {
  test('left out means all that there are', async () => {
    await status(head, 'build', 'success')
    await status(head, 'test', 'failure')
    expect(await refusal(deploy({ ref: 'main' }))).toBe('409 Conflict: Commit status checks failed for main.')
    await status(head, 'test', 'success')
    expect(await deploy({ ref: 'main' })).toEqual(expect.any(Number))
  })

  test('means those that are named, also when they were never reported', async () => {
    await status(head, 'test', 'failure')
    await status(head, 'build', 'success')
    expect(await deploy({ ref: 'main', required_contexts: ['build'] })).toEqual(expect.any(Number))
    const error = await deploy({ ref: 'main', required_contexts: ['build', 'lint'] }).catch(
      (each: unknown) => each,
    )
    expect(error).toMatchObject({
      status: 409,
      response: {
        data: {
          errors: [
            {
              field: 'required_contexts',
              contexts: [
                { context: 'build', state: 'success' },
                { context: 'lint', state: 'pending' },
              ],
            },
          ],
        },
      },
    })
  })

  test('of none asks for none', async () => {
    await status(head, 'test', 'failure')
    expect(await deploy({ ref: 'main', required_contexts: [] })).toEqual(expect.any(Number))
  })
})

describe('a deployment status', () => {
  test('is listed newest first, in the environment of the one before it', async () => {
    const id = await deploy({ ref: 'main' })
    await report(id, 'in_progress')
    await report(id, 'success', { environment: 'production-eu' })
    const { data } = await report(id, 'failure')
    expect(data.environment).toBe('production-eu')
    expect(await states(id)).toEqual(['failure', 'success', 'in_progress'])
  })

  describe('of success ends others by auto_inactive', () => {
    test('that succeeded before in the same environment', async () => {
      const staging = { ref: 'main', environment: 'staging' }
      const [old, failed, elsewhere] = [
        await deploy(staging),
        await deploy(staging),
        await deploy({ ...staging, environment: 'qa' }),
      ]
      const next = await deploy(staging)
      const later = await deploy(staging)
      for (const id of [old, elsewhere, later]) await report(id, 'success', { auto_inactive: false })
      await report(failed, 'failure')
      await report(next, 'success')
      expect(await states(old)).toEqual(['inactive', 'success'])
      expect(await states(failed)).toEqual(['failure'])
      expect(await states(elsewhere)).toEqual(['success'])
      expect(await states(later)).toEqual(['success'])
      expect(await states(next)).toEqual(['success'])
    })

    test('and never those of production, nor transient ones', async () => {
      const production = await deploy({ ref: 'main' })
      const preview = { ref: 'main', environment: 'preview', transient_environment: true }
      const transient = await deploy(preview)
      for (const id of [production, transient]) await report(id, 'success')
      await report(await deploy({ ref: 'main' }), 'success')
      await report(await deploy(preview), 'success')
      expect(await states(production)).toEqual(['success'])
      expect(await states(transient)).toEqual(['success'])
    })

    test('unless it is switched off', async () => {
      const staging = { ref: 'main', environment: 'staging' }
      const old = await deploy(staging)
      await report(old, 'success')
      await report(await deploy(staging), 'success', { auto_inactive: false })
      expect(await states(old)).toEqual(['success'])
    })
  })
})

describe('the statuses of a commit', () => {
  const combined = async () => (await repos().getCombinedStatusForRef({ ...shop, ref: 'main' })).data

  test('are combined from the newest of each context', async () => {
    expect(await combined()).toMatchObject({ state: 'pending', total_count: 0, sha: head })
    await status(head, 'build', 'success')
    expect((await combined()).state).toBe('success')
    await status(head, 'test', 'pending')
    expect((await combined()).state).toBe('pending')
    await status(head, 'test', 'error')
    expect((await combined()).state).toBe('failure')
    await status(head, 'test', 'success')
    const { state, total_count, statuses } = await combined()
    expect([state, total_count]).toEqual(['success', 2])
    expect(statuses.map((each) => `${each.context} ${each.state}`).sort()).toEqual([
      'build success',
      'test success',
    ])
  })

  test('are of a commit that is there, by its whole id', async () => {
    const missing = 'f'.repeat(40)
    expect(await refusal(status(missing, 'build', 'success'))).toBe(`422 No commit found for SHA: ${missing}`)
    expect(await refusal(status('main', 'build', 'success'))).toBe('422 No commit found for SHA: main')
    expect(await refusal(repos().getCombinedStatusForRef({ ...shop, ref: 'none' }))).toBe('404 Not Found')
  })
})
