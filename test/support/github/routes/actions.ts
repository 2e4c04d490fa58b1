import { parse } from 'yaml'
import { type Call, pageOf, type Routes } from '../call.ts'
import type { HostedRepository, Variable, WorkflowRun } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime, minimalRepository, type Schema, simpleUser } from '../represent.ts'

/** https://docs.github.com/en/rest/actions/variables and https://docs.github.com/en/rest/actions/workflows */
export const actions: Routes = {
  'actions/list-repo-variables': {
    permission: 'actions_variables:read',
    handle({ repository, query }) {
      const all = [...repository.variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      const { body, headers } = pageOf(all, query, { usual: 10, most: 30 })
      const variables = body.map(describeVariable)
      return { status: 200, body: { total_count: all.length, variables }, headers }
    },
  },

  'actions/get-repo-variable': {
    permission: 'actions_variables:read',
    handle: (call) => ({ status: 200, body: describeVariable(findVariable(call)) }),
  },

  'actions/create-repo-variable': {
    permission: 'actions_variables:write',
    handle({ repository, body: { name, value } }) {
      const key = name.toUpperCase()
      if (!/^[A-Z_][A-Z0-9_]*$/.test(key) || key.startsWith('GITHUB_'))
        throw new Refusal(422, 'Variable name is not valid')
      if (repository.variables.has(key)) throw new Refusal(409, 'Already exists - Variable already exists')
      const now = new Date()
      repository.variables.set(key, { name: key, value, createdAt: now, updatedAt: now })
      return { status: 201, body: {} }
    },
  },

  'actions/update-repo-variable': {
    permission: 'actions_variables:write',
    handle(call) {
      const variable = findVariable(call)
      if (call.body.value !== undefined) variable.value = call.body.value
      variable.updatedAt = new Date()
      return { status: 204 }
    },
  },

  'actions/delete-repo-variable': {
    permission: 'actions_variables:write',
    handle(call) {
      call.repository.variables.delete(findVariable(call).name)
      return { status: 204 }
    },
  },

  'actions/create-workflow-dispatch': {
    permission: 'actions:write',
    async handle({ repository, token, params, body }) {
      const workflow = params['workflow_id'] ?? ''
      const { ref, inputs = {}, return_run_details: wantsDetails = false } = body
      if (!repository.takesRunDetails && 'return_run_details' in body)
        throw new Refusal(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
      const [branch, tag] = await Promise.all(
        ['heads', 'tags'].map((kind) => repository.git.readRef(`refs/${kind}/${ref}`)),
      )
      const named = branch ?? tag
      // a run is for a commit: that which an annotated tag marks
      const sha = named && (await repository.git.resolve(named.sha))
      if (sha === undefined) throw new Refusal(422, `No ref found for: ${ref}`)
      await demandInputs(repository, { head: sha, workflow, given: Object.keys(inputs) })
      repository.dispatches.push({ workflow, ref, inputs, actor: token.login })
      const id = repository.nextId()
      repository.runs.push({
        id,
        workflow,
        sha,
        branch: ref,
        status: 'queued',
        conclusion: null,
        createdAt: new Date(),
      })
      if (!wantsDetails) return { status: 204 }
      const run = {
        workflow_run_id: id,
        run_url: `${repository.apiUrl}/actions/runs/${id}`,
        html_url: `${repository.htmlUrl}/actions/runs/${id}`,
      }
      return { status: 200, body: run }
    },
  },

  'actions/list-workflow-runs': {
    permission: 'actions:read',
    async handle({ repository, params, query }) {
      await demandWorkflow(repository, params['workflow_id'] ?? '')
      const sha = query.get('head_sha')
      const isAskedFor = (query.get('event') ?? 'workflow_dispatch') === 'workflow_dispatch'
      const all = repository.runs
        .filter((run) => run.workflow === params['workflow_id'] && isAskedFor)
        .filter((run) => sha === null || run.sha === sha)
        .reverse()
      const { body, headers } = pageOf(all, query, { usual: 30, most: 100 })
      const runs = body.map((run) => describeRun(repository, run))
      return { status: 200, body: { total_count: all.length, workflow_runs: runs }, headers }
    },
  },

  'actions/get-reviews-for-run': {
    permission: 'actions:read',
    handle({ repository, params }) {
      const own = repository.approvals.filter(({ run }) => run === params['run_id'])
      const body = own.map(({ state, login }) => ({
        state,
        comment: '',
        environments: [],
        user: simpleUser(repository, login),
      }))
      return { status: 200, body }
    },
  },

  'actions/get-workflow-run': {
    permission: 'actions:read',
    handle({ repository, params }) {
      const found = repository.runs.find(({ id }) => String(id) === params['run_id'])
      if (found === undefined) throw notFound()
      return { status: 200, body: describeRun(repository, found) }
    },
  },
}

function describeRun(repository: HostedRepository, run: WorkflowRun): Schema<'workflow-run'> {
  const url = `${repository.apiUrl}/actions/runs/${run.id}`
  return {
    id: run.id,
    node_id: `WFR_${run.id}`,
    name: run.workflow,
    display_title: run.workflow,
    path: `.github/workflows/${run.workflow}`,
    run_number: 1,
    workflow_id: 1,
    event: 'workflow_dispatch',
    status: run.status,
    conclusion: run.conclusion,
    head_sha: run.sha,
    head_branch: run.branch,
    head_commit: null,
    head_repository: minimalRepository(repository),
    repository: minimalRepository(repository),
    pull_requests: [],
    created_at: isoTime(run.createdAt),
    updated_at: isoTime(run.createdAt),
    url,
    html_url: `${repository.htmlUrl}/actions/runs/${run.id}`,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repository.apiUrl}/check-suites/${run.id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${repository.apiUrl}/actions/workflows/1`,
  }
}

/** GitHub knows a workflow that is on the default branch, or that has run. */
async function demandWorkflow({ git, runs, defaultBranch }: HostedRepository, workflow: string) {
  if (runs.some((run) => run.workflow === workflow)) return
  const under = `.github/workflows/${workflow}`
  const files = await git.readTree(`refs/heads/${defaultBranch}`, { recursive: true, under })
  if (!files.some(({ path }) => path === under)) throw notFound()
}

/** What a run is started with has to be what its workflow says of `workflow_dispatch`. */
async function demandInputs(
  { git }: HostedRepository,
  { head, workflow, given }: { head: string; workflow: string; given: readonly string[] },
): Promise<void> {
  const files = await git.readTree(head, { recursive: true, under: `.github/workflows/${workflow}` })
  const file = files.find(({ path }) => path === `.github/workflows/${workflow}`)
  if (file === undefined) throw notFound()
  const { on } = parse((await git.readBlob(file.sha)).toString('utf8')) as { on?: unknown }
  const triggers = triggersOf(on)
  if (!triggers.has('workflow_dispatch'))
    throw new Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
  const trigger = triggers.get('workflow_dispatch') as { inputs?: Record<string, Input | null> } | null
  const inputs = Object.entries(trigger?.inputs ?? {})
  const unexpected = given.filter((name) => !inputs.some(([known]) => known === name))
  if (unexpected.length > 0)
    throw new Refusal(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`)
  const missing = inputs.find(([name, input]) => {
    return input?.required === true && input.default === undefined && !given.includes(name)
  })
  if (missing !== undefined) throw new Refusal(422, `Required input '${missing[0]}' not provided`)
}

interface Input {
  readonly required?: boolean
  readonly default?: unknown
}

/** `on:` is a name, a list of names, or names with settings. */
function triggersOf(on: unknown): ReadonlyMap<string, unknown> {
  if (typeof on === 'string') return new Map([[on, null]])
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), null]))
  return new Map(Object.entries(on ?? {}))
}

function findVariable({
  repository,
  params,
}: Pick<Call<'actions/get-repo-variable'>, 'repository' | 'params'>): Variable {
  const found = repository.variables.get((params['name'] ?? '').toUpperCase())
  if (found === undefined) throw notFound()
  return found
}

function describeVariable({ name, value, createdAt, updatedAt }: Variable): Schema<'actions-variable'> {
  return { name, value, created_at: isoTime(createdAt), updated_at: isoTime(updatedAt) }
}
