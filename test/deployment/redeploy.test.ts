import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Redeployment, redeploy } from '../../src/deployment/redeploy.ts'
import { ConflictError, InputError, UnavailableError } from '../../src/errors.ts'
import { tagCommit } from '../../src/github/refs.ts'
import { letPendingGoOn, startRun } from '../support/github/runs.ts'
import { openBrokenShop } from '../support/repository.ts'

const groups = 'actions/list-concurrency-groups-for-workflow-run'

let shop: Awaited<ReturnType<typeof openBrokenShop>>
beforeEach(async () => {
  shop = await openBrokenShop({ permissions: { contents: 'write', actions: 'write' } })
  await shop.commit({
    '.github/workflows/deploy.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
  })
})
afterEach(() => shop.close())

/** Runs it with a clock that a test can see, whose sleeps let the run go on as told. */
async function run(
  onSleep: (slept: number) => void,
  { workflow = 'deploy.yml', ...options }: Partial<Redeployment> = {},
) {
  const lines: string[] = []
  let clock = 0
  const result = await redeploy(
    shop.repository,
    {
      ...{ workflow, branch: 'main', commit: await shop.head(), inputs: { revision: 'abc' } },
      ...{ timeoutMs: 60_000, ...options },
    },
    {
      say: (line) => void lines.push(line),
      now: () => clock,
      sleep: async (ms) => {
        clock += ms
        onSleep(clock)
      },
    },
  ).catch((error: unknown) => error)
  return { result, lines }
}

const theRun = () => {
  const [found] = shop.hosted.runs
  if (found === undefined) throw new Error('no run was started')
  return found
}

test('waits for the run that it started', async () => {
  const { result, lines } = await run((slept) => {
    theRun().status = slept < 10_000 ? 'in_progress' : 'completed'
    theRun().conclusion = slept < 10_000 ? null : 'success'
  })
  expect(result).toMatchObject({ conclusion: 'success' })
  expect(shop.hosted.dispatches).toMatchObject([
    { workflow: 'deploy.yml', ref: 'main', inputs: { revision: 'abc' } },
  ])
  expect(lines.map((line) => line.split(',')[0])).toEqual([
    'deploy.yml on main: queued',
    'deploy.yml on main: in_progress',
    'deploy.yml on main: completed with success',
  ])
})

test('a run that was started for the same revision before is waited for, and no second one is started', async () => {
  const first = await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'success' }))
  const second = await run(() => {})
  expect(first.result).toMatchObject({ conclusion: 'success' })
  expect(second.result).toEqual(first.result)
  expect(shop.hosted.dispatches).toHaveLength(1)
})

test('one that failed is started again', async () => {
  await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'failure' }))
  const { result } = await run(() =>
    Object.assign(shop.hosted.runs[1] ?? {}, { status: 'completed', conclusion: 'success' }),
  )
  expect(result).toMatchObject({ conclusion: 'success' })
  expect(shop.hosted.dispatches).toHaveLength(2)
})

test('says that the deployment failed, and where to look', async () => {
  const { result } = await run(() => Object.assign(theRun(), { status: 'completed', conclusion: 'failure' }))
  expect(result).toBeInstanceOf(InputError)
  expect(String(result)).toContain(
    `the rollback is not deployed: deploy.yml on main ended with failure: see ${shop.hosted.htmlUrl}/actions/runs/`,
  )
})

test('gives up when the run takes too long', async () => {
  const { result } = await run(() => {})
  expect(result).toBeInstanceOf(UnavailableError)
  expect(String(result)).toContain('still queued after 1m')
})

test('says that there is no such workflow', async () => {
  const { result } = await run(() => {}, { workflow: 'nope.yml' })
  expect(String(result)).toMatch(/the workflow nope\.yml: GitHub answered 404/)
})

describe('what the run waits for is said at once', () => {
  const workflow = (text: string, name = 'deploy.yml') =>
    shop.commit({
      [`.github/workflows/${name}`]: `name: Deploy\non: { push: {}, workflow_dispatch: { inputs: { revision: {} } } }\n${text}\n`,
    })
  const job = 'jobs: { deploy: { runs-on: [self-hosted, prod] } }'
  /** The run that rolls back, as GitHub made it for the push. */
  const guard = async (file = 'deploy.yml') => {
    const sha = await shop.head()
    const started = await startRun(shop.hosted, {
      workflow: file,
      ref: 'main',
      sha,
      event: 'push',
      actor: 'grace',
    })
    started.status = 'in_progress'
    return started
  }
  const dispatched = () => {
    const found = shop.hosted.runs.find(({ event }) => event === 'workflow_dispatch')
    if (found === undefined) throw new Error('no run was started')
    return found
  }

  test('a concurrency group that this very run holds: fails at once, with the cure', async () => {
    await workflow(`concurrency: production\n${job}`)
    const own = await guard()
    const { result, lines } = await run(() => {}, { ownRun: String(own.id) })
    expect(result).toBeInstanceOf(InputError)
    expect(String(result)).toMatch(
      /deploy\.yml on main waits for the concurrency group "production", which this run holds: it starts when this run has ended/,
    )
    expect(String(result)).toContain('set `concurrency` on the job that deploys, not on the workflow')
    expect(lines).toEqual([])
    // which is true
    own.status = 'completed'
    letPendingGoOn(shop.hosted)
    expect(dispatched().status).toBe('queued')
  })

  test.each(['true', "${{ github.event_name == 'push' }}"])(
    'a group with cancel-in-progress %s that this run holds: nothing is started, as it would cancel this run',
    async (cancels) => {
      await workflow(
        `concurrency: { group: "\${{ github.workflow }}-\${{ github.ref }}", cancel-in-progress: "${cancels}" }\n${job}`.replace(
          '"true"',
          'true',
        ),
      )
      const own = await guard()
      const { result } = await run(() => {}, { ownRun: String(own.id) })
      expect(String(result)).toContain(
        'deploy.yml on main is not started: it has `cancel-in-progress` for the concurrency group "deploy-refs/heads/main", which this run holds',
      )
      expect(shop.hosted.dispatches).toEqual([])
      expect(own.status).toBe('in_progress')
    },
  )

  test('a group of another workflow that this run holds, by another case of its name', async () => {
    await workflow(`concurrency: PRODUCTION\n${job}`)
    await workflow(`concurrency: production\n${job}`, 'nightly.yml')
    const own = await guard('nightly.yml')
    const { result } = await run(() => {}, { ownRun: String(own.id) })
    expect(String(result)).toContain('"production", which this run holds')
  })

  test('a group that another run holds: named, and waited for', async () => {
    await workflow(`concurrency: production\n${job}`)
    const other = await guard()
    const { result, lines } = await run(
      (slept) => {
        if (slept > 20_000) Object.assign(dispatched(), { status: 'completed', conclusion: 'success' })
        else if (slept > 10_000) other.status = 'completed'
      },
      { ownRun: '1' },
    )
    expect(result).toMatchObject({ conclusion: 'success' })
    expect(lines[0]).toContain(
      `deploy.yml on main: pending, behind Deploy (${shop.hosted.htmlUrl}/actions/runs/${other.id}) in the concurrency group "production"`,
    )
    expect(lines[1]).toContain('deploy.yml on main: queued, ')
  })

  test('the job that rolls back is in no group that the deploy takes: it goes on', async () => {
    await workflow('jobs: { deploy: { concurrency: production }, guard: {} }')
    const own = await guard()
    // the job that deployed has ended
    own.groups = []
    const { result } = await run(
      () => Object.assign(dispatched(), { status: 'completed', conclusion: 'success' }),
      { ownRun: String(own.id) },
    )
    expect(result).toMatchObject({ conclusion: 'success' })
  })

  test('a reviewer, by name', async () => {
    shop.hosted.environments.set('production', { reviewers: ['ada', 'team:ops'] })
    await workflow('jobs: { deploy: { environment: production } }')
    const { lines, result } = await run(() => {})
    expect(lines[0]).toContain(
      'deploy.yml on main: waiting, for the approval of ada or the team ops for the environment production, http',
    )
    expect(String(result)).toContain(
      'still waiting after 1m, for the approval of ada or the team ops for the environment production',
    )
  })

  test('a runner that is not there, by the labels that the job asks for', async () => {
    await workflow(job)
    const { lines } = await run(() => {})
    expect(lines.at(-1)).toContain(
      'deploy.yml on main: queued, for a runner to take deploy (self-hosted, prod), http',
    )
  })

  test.each([
    ['cancelled', 'was cancelled, manually or because a newer run of its concurrency group replaced it'],
    ['action_required', 'requires the approval of a maintainer'],
    ['startup_failure', 'its workflow file is not valid'],
    ['skipped', 'did nothing: the `if` of each of its jobs was false'],
  ] as const)('an end without success: %s', async (conclusion, said) => {
    await workflow(job)
    const { result } = await run(() => Object.assign(dispatched(), { status: 'completed', conclusion }))
    expect(String(result)).toContain(said)
  })

  test('with a token that may not see what it waits for, it is waited for all the same', async () => {
    await workflow(`concurrency: production\n${job}`)
    const other = await guard()
    shop.github.fault({ kind: 'refused', status: 403, message: 'no', operation: groups, times: 2 })
    const { result } = await run(
      () => {
        other.status = 'completed'
        Object.assign(dispatched(), { status: 'completed', conclusion: 'success' })
      },
      { ownRun: '1' },
    )
    expect(result).toMatchObject({ conclusion: 'success' })
  })
})

describe('on GitHub Enterprise Server 3.19', () => {
  beforeEach(async () => {
    await shop.close()
    shop = await openBrokenShop({ permissions: { contents: 'write', actions: 'write' }, server: 'ghes-3.19' })
    await shop.commit({
      '.github/workflows/deploy.yml': 'on: { workflow_dispatch: { inputs: { revision: {} } } }',
    })
  })

  test('the workflow is started without asking for the run, once, and the run is found and waited for', async () => {
    const { result } = await run(() =>
      Object.assign(theRun(), { status: 'completed', conclusion: 'success' }),
    )
    expect(result).toMatchObject({ conclusion: 'success' })
    expect(shop.hosted.dispatches).toHaveLength(1)
  })

  test('a run that was there before is not taken for the one that was started', async () => {
    const sha = await shop.head()
    const before = { workflow: 'deploy.yml', ref: 'main', sha, event: 'workflow_dispatch', actor: 'ada' }
    Object.assign(await startRun(shop.hosted, before), { status: 'completed', conclusion: 'failure' })
    const { result } = await run(() =>
      Object.assign(shop.hosted.runs[1] ?? {}, { status: 'completed', conclusion: 'success' }),
    )
    expect(result).toMatchObject({ conclusion: 'success', id: shop.hosted.runs[1]?.id })
  })
})

describe('the revision that is deployed is the one that was restored (12.5)', () => {
  /** A restored revision with its annotated tag; then somebody's push. */
  async function restore({ workflow = '' } = {}) {
    if (workflow !== '') await shop.commit({ '.github/workflows/deploy.yml': workflow })
    const commit = await shop.head()
    const tag = 'rollback_20261127_030000'
    await tagCommit(shop.repository, { tag, commit, message: 'x' })
    const pushed = await shop.commit({ 'news.md': 'x\n' })
    return { commit, tag, pushed, branch: 'main', environment: 'production' }
  }
  const succeed = () => Object.assign(theRun(), { status: 'completed', conclusion: 'success' })

  test('by its tag, whatever is pushed to the branch since', async () => {
    const { pushed, ...restored } = await restore()
    const { result } = await run(succeed, restored)
    expect(result).toMatchObject({ revision: restored.commit, sha: restored.commit })
    expect(shop.hosted.dispatches).toMatchObject([{ ref: restored.tag }])
    expect(theRun().sha).not.toBe(pushed)
  })

  test.each([
    ['the environment lets only protected branches deploy', { refs: 'protected branches' as const }, ''],
    ['the environment lets only named refs deploy', { refs: 'named refs' as const }, ''],
    [
      'a job of the workflow runs on main alone',
      {},
      "on: workflow_dispatch\njobs:\n  deploy:\n    if: github.ref == 'refs/heads/main'\n",
    ],
    [
      'the concurrency group is named after the branch',
      {},
      'on: workflow_dispatch\nconcurrency: deploy-${{ github.ref }}\n',
    ],
  ])('and by the branch where %s: one that has moved is not deployed', async (_, rules, workflow) => {
    shop.hosted.environments.set('production', { reviewers: [], ...rules })
    const { pushed, ...restored } = await restore({ workflow })
    const { result } = await run(succeed, { ...restored, inputs: {} })
    expect(result).toBeInstanceOf(ConflictError)
    expect(String(result)).toContain(
      `main is at ${pushed.slice(0, 7)}, and no longer at ${restored.commit.slice(0, 7)}, so it would deploy another revision`,
    )
    expect(shop.hosted.dispatches).toEqual([])
    const there = await run(succeed, { ...restored, commit: pushed, inputs: {} })
    expect(there.result).toMatchObject({ revision: pushed })
    expect(shop.hosted.dispatches).toMatchObject([{ ref: 'main' }])
  })

  test('and a push at the very moment of the dispatch is a failure by name, and no deployment of ours', async () => {
    const commit = await shop.head()
    let pushed = ''
    const end = shop.github.onRequest(async ({ operation }) => {
      if (operation !== 'git/get-ref' || pushed !== '') return
      pushed = 'soon'
      pushed = await shop.commit({ 'news.md': 'x\n' })
    })
    const { result } = await run(succeed, { commit })
    end()
    expect(result).toBeInstanceOf(ConflictError)
    expect(String(result)).toContain(`runs at ${pushed.slice(0, 7)}, and not at ${commit.slice(0, 7)}`)
  })

  test('whose commit and tag this run has just made, without asking for either again', async () => {
    const { pushed, ...restored } = await restore()
    const asked: string[] = []
    const end = shop.github.onRequest(({ operation }) => void asked.push(operation ?? ''))
    const { result } = await run(succeed, { ...restored, isNew: true })
    end()
    expect(result).toMatchObject({ revision: restored.commit, sha: restored.commit })
    expect(pushed).not.toBe(restored.commit)
    expect(asked).not.toContain('actions/list-workflow-runs')
    expect(asked).not.toContain('repos/get-commit')
  })

  test('and a tag that is on another commit, as that of a reset, is not used', async () => {
    const { tag, pushed } = await restore()
    const { result } = await run(succeed, { tag, commit: pushed })
    expect(result).toMatchObject({ revision: pushed })
    expect(shop.hosted.dispatches).toMatchObject([{ ref: 'main' }])
  })

  test('and a workflow that is told the revision may run on a branch that has moved', async () => {
    const { commit } = await restore()
    const { result } = await run(succeed, { commit, inputs: { revision: commit } })
    expect(result).toMatchObject({ revision: commit })
  })
})
