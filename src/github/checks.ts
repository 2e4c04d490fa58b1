import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

/** How a named check of a commit ended; a check run of an app, or a commit status, whichever there is. */
export type CheckState = 'success' | 'failure' | 'pending' | 'missing'

/** Reads check runs and commit statuses of a commit. @returns the worst state of each named check */
export async function readChecks(
  { octokit, owner, repo }: Repository,
  { sha, names }: { sha: string; names: readonly string[] },
): Promise<ReadonlyMap<string, CheckState>> {
  const doing = `read the checks of ${sha.slice(0, 7)}`
  const [runs, status] = await Promise.all([
    explained({ doing, permission: 'checks: read' }, () =>
      octokit.paginate(octokit.rest.checks.listForRef, {
        owner,
        repo,
        ref: sha,
        filter: 'latest',
        per_page: 100,
      }),
    ),
    explained({ doing, permission: 'statuses: read' }, () =>
      octokit.rest.repos.getCombinedStatusForRef({ owner, repo, ref: sha, per_page: 100 }),
    ),
  ])
  const found = [
    ...runs.map(({ name, conclusion }) => ({ name, state: stateOfRun(conclusion) })),
    ...status.data.statuses.map(({ context, state }) => ({ name: context, state: stateOfStatus(state) })),
  ]
  return new Map(
    names.map((name) => [name, worst(found.filter((each) => each.name === name).map(({ state }) => state))]),
  )
}

/** A check that was skipped or neutral counts as passed, as GitHub's own required checks have it. */
function stateOfRun(conclusion: string | null): CheckState {
  if (conclusion === null) return 'pending'
  return ['success', 'neutral', 'skipped'].includes(conclusion) ? 'success' : 'failure'
}

function stateOfStatus(state: string): CheckState {
  if (state === 'success' || state === 'pending') return state
  return 'failure'
}

function worst(states: readonly CheckState[]): CheckState {
  return (['failure', 'pending', 'success'] as const).find((state) => states.includes(state)) ?? 'missing'
}
