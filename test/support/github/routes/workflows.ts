import { pageOf, type Routes } from '../call.ts'
import type { HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { isoTime } from '../represent.ts'
import { letPendingGoOn, startRun } from '../runs.ts'
import { readWorkflowFile } from '../workflow-file.ts'
import { describeRun } from './runs.ts'

/** https://docs.github.com/en/rest/actions/workflows */
export const workflows: Routes = {
  'actions/get-workflow': {
    permission: 'actions:read',
    async handle({ repository, params }) {
      const workflow = params['workflow_id'] ?? ''
      const { defaultBranch, disabledWorkflows, apiUrl, htmlUrl, createdAt } = repository
      const path = `.github/workflows/${workflow}`
      const file = await readWorkflowFile(repository, { workflow, revision: `refs/heads/${defaultBranch}` })
      const hasRun = repository.runs.some((run) => run.workflow === workflow)
      if (file === undefined && !hasRun) throw notFound()
      return {
        status: 200,
        body: {
          id: 1,
          node_id: 'W_1',
          name: file?.name ?? path,
          path,
          state: disabledWorkflows.has(workflow)
            ? 'disabled_manually'
            : file === undefined
              ? 'deleted'
              : 'active',
          created_at: isoTime(createdAt),
          updated_at: isoTime(createdAt),
          url: `${apiUrl}/actions/workflows/1`,
          html_url: `${htmlUrl}/blob/${defaultBranch}/${path}`,
          badge_url: `${htmlUrl}/workflows/${workflow}/badge.svg`,
        },
      }
    },
  },

  'actions/create-workflow-dispatch': {
    permission: 'actions:write',
    async handle({ repository, token, params, body }) {
      const workflow = params['workflow_id'] ?? ''
      const { ref, inputs = {}, return_run_details: details } = body
      if (details !== undefined && repository.server === 'ghes-3.19')
        throw new Refusal(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
      const { git } = repository
      const [branch, tag] = await Promise.all(
        ['heads', 'tags'].map((kind) => git.readRef(`refs/${kind}/${ref}`)),
      )
      const head = branch ?? tag
      if (head === undefined) throw new Refusal(422, `No ref found for: ${ref}`)
      // of an annotated tag the run has the commit, never the tag object
      const sha = (await git.resolve(`${head.name}^{commit}`)) ?? head.sha
      await demandDispatchable(repository, { workflow, sha, given: inputs })
      repository.dispatches.push({ workflow, ref, inputs, actor: token.login })
      const start = { workflow, ref, sha, event: 'workflow_dispatch', actor: token.login, inputs }
      const { id } = await startRun(repository, start)
      if (details !== true) return { status: 204 }
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
      letPendingGoOn(repository)
      await demandWorkflow(repository, params['workflow_id'] ?? '')
      const [sha, event, branch, status] = ['head_sha', 'event', 'branch', 'status'].map((key) =>
        query.get(key),
      )
      const all = repository.runs
        .filter((run) => run.workflow === params['workflow_id'])
        .filter((run) => !sha || run.sha === sha)
        .filter((run) => !event || run.event === event)
        .filter((run) => !branch || run.branch === branch)
        .filter((run) => !status || run.status === status || run.conclusion === status)
        .reverse()
      const { body, headers } = pageOf(all, query, { usual: 30, most: 100 })
      const runs = body.map((run) => describeRun(repository, run))
      return { status: 200, body: { total_count: all.length, workflow_runs: runs }, headers }
    },
  },
}

/** GitHub knows a workflow that is on the default branch, or that has run. */
async function demandWorkflow(repository: HostedRepository, workflow: string): Promise<void> {
  if (repository.runs.some((run) => run.workflow === workflow)) return
  const revision = `refs/heads/${repository.defaultBranch}`
  if ((await readWorkflowFile(repository, { workflow, revision })) === undefined) throw notFound()
}

/** What a run is started with has to be what its workflow says of `workflow_dispatch`, at the revision of the ref. */
async function demandDispatchable(
  repository: HostedRepository,
  { workflow, sha, given }: { workflow: string; sha: string; given: Readonly<Record<string, unknown>> },
): Promise<void> {
  const file = await readWorkflowFile(repository, { workflow, revision: sha })
  if (file === undefined) throw notFound()
  if (repository.disabledWorkflows.has(workflow))
    throw new Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
  if (!file.triggers.has('workflow_dispatch'))
    throw new Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
  const trigger = file.triggers.get('workflow_dispatch') as { inputs?: Record<string, Input | null> } | null
  const inputs = Object.entries(trigger?.inputs ?? {})
  const unexpected = Object.keys(given).filter((name) => !inputs.some(([known]) => known === name))
  if (unexpected.length > 0)
    throw new Refusal(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`)
  for (const [name, input] of inputs) {
    const value = given[name]
    if (value === undefined) {
      if (input?.required === true && input.default === undefined)
        throw new Refusal(422, `Required input '${name}' not provided`)
    } else if (!allowedValues(input)?.includes(String(value)) && allowedValues(input) !== undefined) {
      throw new Refusal(
        422,
        `Provided value '${value}' for input '${name}' not in the list of allowed values`,
      )
    }
  }
}

interface Input {
  readonly type?: string
  readonly options?: readonly unknown[]
  readonly required?: boolean
  readonly default?: unknown
}

function allowedValues(input: Input | null): readonly string[] | undefined {
  if (input?.type === 'boolean') return ['true', 'false']
  return input?.type === 'choice' ? (input.options ?? []).map(String) : undefined
}
