/** Variables, and runs of workflows that are started by hand. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { reviewRun } from '../support/github/runs.ts'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
beforeEach(async () => {
  example = await openExample()
})
afterEach(() => example.close())

const api = () => example.octokit.rest.actions

describe('a variable', () => {
  const create = (name: string, value = '') => api().createRepoVariable({ ...shop, name, value })
  const get = async (name: string) => (await api().getRepoVariable({ ...shop, name })).data

  test('is made, read, changed and deleted, whatever the case of its name', async () => {
    expect((await create('Release_Track', 'stable')).status).toBe(201)
    expect(await get('release_track')).toMatchObject({ name: 'RELEASE_TRACK', value: 'stable' })
    const changed = await api().updateRepoVariable({ ...shop, name: 'RELEASE_TRACK', value: 'previous' })
    expect(changed.status).toBe(204)
    expect((await get('RELEASE_TRACK')).value).toBe('previous')
    expect((await api().deleteRepoVariable({ ...shop, name: 'release_track' })).status).toBe(204)
    expect(await refusal(get('RELEASE_TRACK'))).toBe('404 Not Found')
  })

  test('is made once, and by a name that is one', async () => {
    await create('TRACK')
    expect(await refusal(create('track'))).toBe('409 Already exists - Variable already exists')
    expect(await refusal(create('1TRACK'))).toMatch(/^422 /)
    expect(await refusal(create('GITHUB_TRACK'))).toMatch(/^422 /)
    expect(await refusal(create('MY-TRACK'))).toMatch(/^422 /)
  })

  test('that is not there is not changed and not deleted', async () => {
    const none = { ...shop, name: 'NONE' }
    expect(await refusal(api().updateRepoVariable({ ...none, value: 'x' }))).toBe('404 Not Found')
    expect(await refusal(api().deleteRepoVariable(none))).toBe('404 Not Found')
  })

  test('is listed with ten others to a page at first, and thirty at most', async () => {
    for (let count = 10; count < 42; count += 1) await create(`V${count}`)
    const { data } = await api().listRepoVariables(shop)
    expect([data.total_count, data.variables.length, data.variables[0]?.name]).toEqual([32, 10, 'V10'])
    expect((await api().listRepoVariables({ ...shop, per_page: 100 })).data.variables).toHaveLength(30)
    const all = await example.octokit.paginate(api().listRepoVariables, shop)
    expect(all.map(({ name }) => name)).toEqual(Array.from({ length: 32 }, (_, index) => `V${index + 10}`))
  })
})

describe('a workflow', () => {
  const deploy = [
    'on:',
    '  workflow_dispatch:',
    '    inputs:',
    '      revision: { required: true }',
    '      reason: {}',
    'jobs: {}',
  ].join('\n')
  const dispatch = (
    workflow_id: string,
    options: { ref?: string; inputs?: Record<string, unknown>; return_run_details?: boolean } = {},
  ) => api().createWorkflowDispatch({ ...shop, workflow_id, ref: 'main', ...options })

  beforeEach(async () => {
    await example.commit({
      '.github/workflows/deploy.yml': deploy,
      '.github/workflows/ci.yml': 'on: push\njobs: {}',
      '.github/workflows/any.yml': 'on: [push, workflow_dispatch]\njobs: {}',
    })
  })

  test('is started on a branch or a tag, with its inputs', async () => {
    const inputs = { revision: 'abc', reason: '500s' }
    expect((await dispatch('deploy.yml', { inputs })).status).toBe(204)
    await example.octokit.rest.git.createRef({
      ...shop,
      ref: 'refs/tags/v1',
      sha: (await example.hosted.git.resolve('main')) ?? '',
    })
    await dispatch('any.yml', { ref: 'v1' })
    const actor = 'github-actions[bot]'
    expect(example.hosted.dispatches).toEqual([
      { workflow: 'deploy.yml', ref: 'main', inputs, actor },
      { workflow: 'any.yml', ref: 'v1', inputs: {}, actor },
    ])
  })

  test('says which run it is when it is asked to', async () => {
    const { status, data } = await dispatch('any.yml', { return_run_details: true })
    expect(status).toBe(200)
    expect(data).toMatchObject({
      workflow_run_id: expect.any(Number),
      html_url: expect.stringContaining('/octo-org/shop/actions/runs/'),
    })
  })

  test.each<[string, string, Parameters<typeof dispatch>[1], string]>([
    ['that is not there', 'none.yml', {}, '404 Not Found'],
    ['on a ref that is not there', 'any.yml', { ref: 'none' }, '422 No ref found for: none'],
    ['that nobody starts by hand', 'ci.yml', {}, "422 Workflow does not have 'workflow_dispatch' trigger"],
    [
      'with an input that it does not have',
      'deploy.yml',
      { inputs: { revision: 'abc', revison: 'abc' } },
      '422 Unexpected inputs provided: ["revison"]',
    ],
    ['without an input that it needs', 'deploy.yml', {}, "422 Required input 'revision' not provided"],
  ])('is not started: one %s', async (_, workflow, options, said) => {
    expect(await refusal(dispatch(workflow, options))).toBe(said)
    expect(example.hosted.dispatches).toEqual([])
  })

  test('is not started on a commit by its id', async () => {
    const head = (await example.hosted.git.resolve('main')) ?? ''
    expect(await refusal(dispatch('any.yml', { ref: head }))).toBe(`422 No ref found for: ${head}`)
  })

  test('that is disabled is not started, and says so', async () => {
    example.hosted.disabledWorkflows.add('any.yml')
    expect((await api().getWorkflow({ ...shop, workflow_id: 'any.yml' })).data.state).toBe(
      'disabled_manually',
    )
    expect(await refusal(dispatch('any.yml'))).toBe(
      "422 Cannot trigger a 'workflow_dispatch' on a disabled workflow",
    )
  })

  test('takes of a choice, and of a yes or no, only what its list has', async () => {
    await example.commit({
      '.github/workflows/choose.yml':
        'on: { workflow_dispatch: { inputs: { track: { type: choice, options: [a, b] }, dry: { type: boolean } } } }\njobs: {}',
    })
    const said = (value: string, input: string) =>
      `422 Provided value '${value}' for input '${input}' not in the list of allowed values`
    expect(await refusal(dispatch('choose.yml', { inputs: { track: 'c' } }))).toBe(said('c', 'track'))
    expect(await refusal(dispatch('choose.yml', { inputs: { dry: 'yes' } }))).toBe(said('yes', 'dry'))
    expect((await dispatch('choose.yml', { inputs: { track: 'a', dry: 'true' } })).status).toBe(204)
  })

  test('on an annotated tag runs for the commit, not for the tag', async () => {
    const head = (await example.hosted.git.resolve('main')) ?? ''
    const { git } = example.octokit.rest
    const tag = await git.createTag({ ...shop, tag: 'v1', message: 'One', object: head, type: 'commit' })
    await git.createRef({ ...shop, ref: 'refs/tags/v1', sha: tag.data.sha })
    await dispatch('any.yml', { ref: 'v1' })
    const { data } = await api().listWorkflowRuns({ ...shop, workflow_id: 'any.yml' })
    expect(data.workflow_runs[0]).toMatchObject({ head_sha: head, head_branch: 'v1', run_attempt: 1 })
  })

  test('takes 25 inputs at most', async () => {
    const inputs = Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`i${index}`, '']))
    expect(await refusal(dispatch('any.yml', { inputs }))).toMatch(/^422 Invalid request/)
    expect(example.github.takeViolations().join()).toContain('must NOT have more than 25 properties')
  })
})

describe('a workflow on GitHub Enterprise Server 3.19', () => {
  test('is not started by a request for the run’s details, and is without it', async () => {
    await example.close()
    example = await openExample({ server: 'ghes-3.19' })
    await example.commit({ '.github/workflows/any.yml': 'on: workflow_dispatch\njobs: {}' })
    const dispatch = (details: object) =>
      api().createWorkflowDispatch({ ...shop, workflow_id: 'any.yml', ref: 'main', ...details })
    expect(await refusal(dispatch({ return_run_details: true }))).toBe(
      '422 Invalid request.\n\n"return_run_details" is not a permitted key.',
    )
    expect(example.hosted.runs).toEqual([])
    expect((await dispatch({})).status).toBe(204)
  })
})

describe('a run', () => {
  const start = async (workflow_id = 'deploy.yml') => {
    const { data } = await api().createWorkflowDispatch({
      ...shop,
      workflow_id,
      ref: 'main',
      return_run_details: true,
    })
    return (data as unknown as { workflow_run_id: number }).workflow_run_id
  }
  const run = async (run_id: number) => {
    const { status, conclusion } = (await api().getWorkflowRun({ ...shop, run_id })).data
    return [status, conclusion]
  }
  const workflow = (concurrency: string, rest = 'jobs: { deploy: { runs-on: [self-hosted, prod] } }') =>
    example.commit({
      '.github/workflows/deploy.yml': `name: Deploy\non: workflow_dispatch\n${concurrency}\n${rest}\n`,
    })
  const finish = (id: number) =>
    Object.assign(example.hosted.runs.find((each) => each.id === id) ?? {}, {
      status: 'completed',
      conclusion: 'success',
    })
  const groupsOf = async (id: number) =>
    (await example.octokit.request(`GET /repos/octo-org/shop/actions/runs/${id}/concurrency_groups`)).data
      .concurrency_groups as { group_name: string; group_members: { status: string; position: number }[] }[]
  const ahead = async (group: string, id: number) => {
    const path = `GET /repos/octo-org/shop/actions/concurrency_groups/${encodeURIComponent(group)}?ahead_of_run=${id}`
    const { group_members } = (await example.octokit.request(path)).data as {
      group_members: { run_id: number; status: string }[]
    }
    return group_members.map(({ run_id, status }) => [run_id, status])
  }

  test('is pending behind the one of its group that runs, whatever the case of the name; a newer one takes its place', async () => {
    await workflow("concurrency: '${{ github.workflow }}-${{ github.ref }}'")
    const first = await start()
    const second = await start()
    const third = await start()
    expect(await Promise.all([first, second, third].map(run))).toEqual([
      ['queued', null],
      ['completed', 'cancelled'],
      ['pending', null],
    ])
    expect(await groupsOf(third)).toMatchObject([
      { group_name: 'deploy-refs/heads/main', group_members: [{ status: 'pending', position: 1 }] },
    ])
    expect(await groupsOf(second)).toMatchObject([
      { group_name: 'deploy-refs/heads/main', group_members: [] },
    ])
    expect(await ahead('Deploy-refs/heads/main', third)).toEqual([
      [first, 'in_progress'],
      [third, 'pending'],
    ])
    finish(first)
    expect(await run(third)).toEqual(['queued', null])
  })

  test('with cancel-in-progress ends the one that runs', async () => {
    await workflow('concurrency: { group: deploy, cancel-in-progress: true }')
    const first = await start()
    const second = await start()
    expect(await Promise.all([first, second].map(run))).toEqual([
      ['completed', 'cancelled'],
      ['queued', null],
    ])
  })

  test('with queue: max waits, and none of those that wait is dropped', async () => {
    await workflow('concurrency: { group: deploy, queue: max }')
    const all = [await start(), await start(), await start()]
    expect((await Promise.all(all.map(run))).map(([status]) => status)).toEqual([
      'queued',
      'pending',
      'pending',
    ])
    finish(all[0] ?? 0)
    expect((await Promise.all(all.slice(1).map(run))).map(([status]) => status)).toEqual([
      'queued',
      'pending',
    ])
  })

  test('of a job that names an environment with reviewers waits for one of them, and is a deployment already', async () => {
    example.hosted.environments.set('production', { reviewers: ['ada', 'team:ops'] })
    await workflow('', 'jobs: { deploy: { runs-on: ubuntu-latest, environment: production } }')
    const id = await start()
    expect(await run(id)).toEqual(['waiting', null])
    const { data: pending } = await api().getPendingDeploymentsForRun({ ...shop, run_id: id })
    expect(pending).toMatchObject([
      {
        environment: { name: 'production' },
        reviewers: [
          { type: 'User', reviewer: { login: 'ada' } },
          { type: 'Team', reviewer: { name: 'ops' } },
        ],
      },
    ])
    const { repos } = example.octokit.rest
    const [deployment] = (await repos.listDeployments({ ...shop, environment: 'production' })).data
    const statuses = await repos.listDeploymentStatuses({ ...shop, deployment_id: deployment?.id ?? 0 })
    expect(statuses.data.map(({ state }) => state)).toEqual(['waiting'])

    const [started] = example.hosted.runs
    if (started === undefined) throw new Error('no run was started')
    reviewRun(example.hosted, started, { login: 'ada', environment: 'production', state: 'approved' })
    expect(await run(id)).toEqual(['queued', null])
    const { data: reviews } = await api().getReviewsForRun({ ...shop, run_id: id })
    expect(reviews).toMatchObject([
      { state: 'approved', user: { login: 'ada' }, environments: [{ name: 'production' }] },
    ])
  })

  test('that a reviewer rejects has failed', async () => {
    example.hosted.environments.set('production', { reviewers: ['ada'] })
    await workflow('', 'jobs: { deploy: { environment: production } }')
    const id = await start()
    const [started] = example.hosted.runs
    if (started === undefined) throw new Error('no run was started')
    reviewRun(example.hosted, started, { login: 'ada', environment: 'production', state: 'rejected' })
    expect(await run(id)).toEqual(['completed', 'failure'])
  })

  test('that no runner takes stays queued, and its jobs say which runner they ask for', async () => {
    await workflow('')
    const id = await start()
    const { data } = await api().listJobsForWorkflowRun({ ...shop, run_id: id })
    expect(data.jobs).toMatchObject([
      { name: 'deploy', status: 'queued', runner_id: null, labels: ['self-hosted', 'prod'] },
    ])
  })
})

describe('the token of a workflow', () => {
  test('opens no pull request where the repository does not let Actions', async () => {
    await example.commit({ 'README.md': '' })
    await example.commit({ 'README.md': 'x' }, { branch: 'topic' })
    example.hosted.actionsMayOpenPulls = false
    const open = (octokit: typeof example.octokit) =>
      octokit.rest.pulls.create({ ...shop, head: 'topic', base: 'main', title: 'x' })
    expect(await refusal(open(example.octokit))).toBe(
      '403 GitHub Actions is not permitted to create or approve pull requests.',
    )
  })

  test('may not read that setting, which is an administrator’s', async () => {
    const read = (octokit: typeof example.octokit) =>
      octokit.rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository(shop)
    expect(await refusal(read(example.octokit))).toBe('403 Resource not accessible by integration')
    const admin = example.as({ login: 'ada', kind: 'user', permissions: { administration: 'read' } })
    expect((await read(admin)).data.can_approve_pull_request_reviews).toBe(true)
  })

  test.each(['Copilot', 'dependabot[bot]'])('asks in vain what %s may do: it is no person', async (login) => {
    const asked = example.octokit.rest.repos.getCollaboratorPermissionLevel({ ...shop, username: login })
    expect(await refusal(asked)).toBe(`404 ${login} is not a user`)
  })
})
