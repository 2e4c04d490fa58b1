import type { Repository } from './client.ts'
import { foreseeable } from './once.ts'
import { explained, isRefused } from './refusal.ts'

interface WorkflowAsked {
  /** name of its file */
  readonly workflow: string
  /** it is to be started afterwards: a refusal names the permission which that takes */
  readonly toStart: boolean
}

/**
 * Whether a workflow can run: `active`, `disabled_manually`, `disabled_inactivity`, `disabled_fork` or `deleted`.
 * @returns undefined when GitHub knows no such workflow: it has to be on the default branch
 */
export const readWorkflowState = foreseeable<WorkflowAsked, string | undefined>(
  ({ workflow, toStart }) => `${workflow} ${toStart}`,
  ({ octokit, owner, repo }, { workflow, toStart }) => {
    const permission = toStart ? 'actions: write' : 'actions: read'
    const need = { doing: `read the workflow ${workflow}`, permission }
    return explained(need, async () => {
      try {
        return (await octokit.rest.actions.getWorkflow({ owner, repo, workflow_id: workflow })).data.state
      } catch (error) {
        if (isRefused(error, 'not-found')) return undefined
        throw error
      }
    })
  },
)

/** The setting "Allow GitHub Actions to create and approve pull requests". @throws RefusedError where the token is no administrator's */
export async function mayActionsOpenPulls({ octokit, owner, repo }: Repository): Promise<boolean> {
  const need = { doing: 'read the settings of Actions', permission: 'administration: read' }
  const { data } = await explained(need, () =>
    octokit.rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository({ owner, repo }),
  )
  return data.can_approve_pull_request_reviews
}
