import { z } from 'zod'
import type { Repository } from './client.ts'
import { explained, readRefusal } from './refusal.ts'

const startedRun = z.object({ workflow_run_id: z.number() })

export interface WorkflowRun {
  readonly id: number
  readonly url: string
  readonly status: string
  /** null until it is completed */
  readonly conclusion: string | null
  readonly createdAt: Date
  /** full id of the commit that it runs at */
  readonly sha: string
  /** the branch or tag that it runs on */
  readonly ref: string
}

export interface Dispatch {
  /** the name of the workflow's file */
  readonly workflow: string
  /** a branch or tag */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** What was started. */
export interface Dispatched {
  /** the run; undefined where the server does not report it */
  readonly id: number | undefined
  /** id of the newest run of the workflow before: the run that was started has a higher one */
  readonly after: number
}

/**
 * Starts a workflow that has a `workflow_dispatch` trigger. The one way in which the workflow's own token can start a
 * run: https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
 */
export async function dispatchWorkflow(repository: Repository, dispatch: Dispatch): Promise<Dispatched> {
  const { octokit, owner, repo } = repository
  const { workflow, ref, inputs } = dispatch
  const need = { doing: `start the workflow ${workflow}`, permission: 'actions: write' }
  const asked = { owner, repo, workflow_id: workflow, ref, inputs }
  return explained(need, async () => {
    try {
      const { data } = await octokit.rest.actions.createWorkflowDispatch({
        ...asked,
        return_run_details: true,
      })
      // Octokit's types know only the answer without a body
      return { id: startedRun.safeParse(data).data?.workflow_run_id, after: 0 }
    } catch (error) {
      // GitHub Enterprise Server 3.20 and older: https://github.com/benc-uk/workflow-dispatch/issues/86
      if (!/"return_run_details" is not a permitted key/.test(readRefusal(error)?.message ?? '')) throw error
      const [newest] = await listDispatchedRuns(repository, dispatch)
      await octokit.rest.actions.createWorkflowDispatch(asked)
      return { id: undefined, after: newest?.id ?? 0 }
    }
  })
}

/** The run that was started, on a server that does not report which it is; undefined while GitHub has not made it. */
export async function findStartedRun(
  repository: Repository,
  dispatch: Dispatch,
  { after }: Dispatched,
): Promise<number | undefined> {
  // the oldest of those since: a later one is somebody else's
  return (await listDispatchedRuns(repository, dispatch)).findLast(({ id }) => id > after)?.id
}

/** Newest first. */
async function listDispatchedRuns(
  { octokit, owner, repo }: Repository,
  { workflow, ref }: Dispatch,
): Promise<readonly { readonly id: number }[]> {
  const need = { doing: `list the runs of the workflow ${workflow}`, permission: 'actions: read' }
  const asked = { workflow_id: workflow, event: 'workflow_dispatch', branch: ref, per_page: 10 }
  const { data } = await explained(need, () =>
    octokit.rest.actions.listWorkflowRuns({ owner, repo, ...asked }),
  )
  return data.workflow_runs
}

/**
 * The newest run of the workflow for a commit that was started by `workflow_dispatch` and has not failed.
 * @returns undefined when there is none
 */
export async function findDispatchedRun(
  { octokit, owner, repo }: Repository,
  { workflow, commit }: { workflow: string; commit: string },
): Promise<WorkflowRun | undefined> {
  const need = { doing: `look for runs of the workflow ${workflow}`, permission: 'actions: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.listWorkflowRuns({
      owner,
      repo,
      workflow_id: workflow,
      head_sha: commit,
      event: 'workflow_dispatch',
      per_page: 10,
    }),
  )
  const found = data.workflow_runs.find(({ conclusion }) => conclusion === null || conclusion === 'success')
  if (found === undefined) return undefined
  return {
    id: found.id,
    url: found.html_url,
    status: found.status ?? 'unknown',
    conclusion: found.conclusion,
    createdAt: new Date(found.created_at),
    sha: found.head_sha,
    ref: found.head_branch ?? '',
  }
}

/** How a run stands. */
export async function readRun({ octokit, owner, repo }: Repository, id: number): Promise<WorkflowRun> {
  const need = { doing: `read the run ${id}`, permission: 'actions: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: id }),
  )
  const { html_url: url, status, conclusion, created_at: createdAt, head_sha: sha } = data
  const stands = { status: status ?? 'unknown', conclusion, createdAt: new Date(createdAt) }
  return { id, url, ...stands, sha, ref: data.head_branch ?? '' }
}

/** Who, or what, has to let a job of a run go on. */
export interface PendingReview {
  readonly environment: string
  /** logins, and names of teams; one of them is enough. Empty where only a wait timer runs */
  readonly reviewers: readonly string[]
  readonly waitMinutes: number
}

/** What a run with the status `waiting` waits for: https://docs.github.com/en/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run */
export async function pendingReviews(
  { octokit, owner, repo }: Repository,
  run: number,
): Promise<readonly PendingReview[]> {
  const need = { doing: `read what the run ${run} waits for`, permission: 'actions: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.getPendingDeploymentsForRun({ owner, repo, run_id: run }),
  )
  return data.map(({ environment, reviewers, wait_timer }) => ({
    environment: environment.name ?? '',
    reviewers: reviewers.flatMap(({ reviewer }) => {
      if (reviewer === undefined) return []
      return 'login' in reviewer ? reviewer.login : `the team ${reviewer.name}`
    }),
    waitMinutes: wait_timer,
  }))
}

/** The jobs of a run that no runner has taken, with the labels of the runner that each asks for. */
export async function queuedJobs(
  { octokit, owner, repo }: Repository,
  run: number,
): Promise<readonly { readonly name: string; readonly labels: readonly string[] }[]> {
  const need = { doing: `list the jobs of the run ${run}`, permission: 'actions: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.listJobsForWorkflowRun({ owner, repo, run_id: run, per_page: 100 }),
  )
  return data.jobs
    .filter(({ status }) => status === 'queued')
    .map(({ name, labels }) => ({ name, labels: labels ?? [] }))
}
