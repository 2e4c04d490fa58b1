import { z } from 'zod'
import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

const startedRun = z.object({ workflow_run_id: z.number() })

export interface WorkflowRun {
  readonly id: number
  readonly url: string
  readonly status: string
  /** null until it is completed */
  readonly conclusion: string | null
  readonly createdAt: Date
}

/**
 * Starts a workflow that has a `workflow_dispatch` trigger. The one way in which the workflow's own token can start a
 * run: https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
 * @param workflow the name of its file
 * @returns the run's id; undefined where the server does not tell it, as GitHub Enterprise Server before 3.20
 */
export async function dispatchWorkflow(
  { octokit, owner, repo }: Repository,
  { workflow, ref, inputs }: { workflow: string; ref: string; inputs: Readonly<Record<string, string>> },
): Promise<number | undefined> {
  const need = { doing: `start the workflow ${workflow}`, permission: 'actions: write' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.createWorkflowDispatch({
      owner,
      repo,
      workflow_id: workflow,
      ref,
      inputs,
      return_run_details: true,
    }),
  )
  // Octokit's types know only the answer without a body
  return startedRun.safeParse(data).data?.workflow_run_id
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
  }
}

/** How a run stands. */
export async function readRun({ octokit, owner, repo }: Repository, id: number): Promise<WorkflowRun> {
  const need = { doing: `read the run ${id}`, permission: 'actions: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: id }),
  )
  const { html_url: url, status, conclusion, created_at: createdAt } = data
  return { id, url, status: status ?? 'unknown', conclusion, createdAt: new Date(createdAt) }
}
