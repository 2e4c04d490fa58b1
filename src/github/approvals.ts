import { RefusedError } from '../errors.ts'
import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

/** That a reviewer let the jobs of an environment go on. GitHub does not say when, nor for which attempt of the run. */
export interface Approval {
  readonly environment: string
  /** a login; never an app's */
  readonly user: string
}

/**
 * The approvals of a run by people, where its environments have required reviewers.
 * https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
 * @returns undefined when the token may not see them
 */
export async function approvalsOfRun(
  { octokit, owner, repo }: Repository,
  run: string,
): Promise<readonly Approval[] | undefined> {
  const need = { doing: `read who approved the run ${run}`, permission: 'actions: read' }
  try {
    const { data } = await explained(need, () =>
      octokit.rest.actions.getReviewsForRun({ owner, repo, run_id: Number(run) }),
    )
    return data
      .filter(
        ({ state, user }) => state === 'approved' && user.type === 'User' && !user.login.endsWith('[bot]'),
      )
      .flatMap(({ environments, user }) =>
        environments.map(({ name }) => ({ environment: name ?? '', user: user.login })),
      )
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}
