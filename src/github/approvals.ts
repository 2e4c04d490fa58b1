import { RefusedError } from '../errors.ts'
import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

/**
 * Who approved that a job of this run goes on, where its environment has required reviewers.
 * https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
 * @returns the login of the last one; undefined when nobody did, or the token may not see it
 */
export async function approverOfRun(
  { octokit, owner, repo }: Repository,
  run: string,
): Promise<string | undefined> {
  const need = { doing: `read who approved the run ${run}`, permission: 'actions: read' }
  try {
    const { data } = await explained(need, () =>
      octokit.rest.actions.getReviewsForRun({ owner, repo, run_id: Number(run) }),
    )
    return data.findLast(({ state }) => state === 'approved')?.user.login
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}
