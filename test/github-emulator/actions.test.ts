/** Variables, and runs of workflows that are started by hand. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
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

  test('takes 25 inputs at most', async () => {
    const inputs = Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`i${index}`, '']))
    expect(await refusal(dispatch('any.yml', { inputs }))).toMatch(/^422 Invalid request/)
    expect(example.github.takeViolations().join()).toContain('must NOT have more than 25 properties')
  })
})
