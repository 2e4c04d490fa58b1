import { randomUUID } from 'node:crypto'
import { isUserFacing } from '../errors.ts'
import type { Repository } from './client.ts'
import { readRefusal } from './refusal.ts'

/** What a token may be asked for: a permission of `permissions:` with write access. */
export const probedPermissions = [
  'contents: write',
  'actions: write',
  'issues: write',
  'pull-requests: write',
] as const
export type ProbedPermission = (typeof probedPermissions)[number]

/**
 * Whether the token has a permission, which no request of GitHub's API reports. A change is asked for of something that cannot be
 * there: GitHub refuses it for the permission (403) or, where the token has that, for what is missing (404, 422). Nothing can
 * be changed by it.
 * @param workflow a file under .github/workflows, for `actions: write`
 * @throws what is no answer of GitHub's: it cannot be known then
 */
export async function hasPermission(
  repository: Repository,
  permission: ProbedPermission,
  { workflow }: { readonly workflow: string },
): Promise<boolean> {
  try {
    await probes[permission](repository, { nothing: `rollback-doctor-${randomUUID()}`, workflow })
    return true
  } catch (error) {
    if (isUserFacing(error)) throw error
    const refusal = readRefusal(error)
    if (refusal === undefined) throw error
    if (refusal.kind === 'permission') return false
    if (refusal.kind === 'not-found' || refusal.status === 404 || refusal.status === 422) return true
    throw error
  }
}

const probes: Readonly<
  Record<
    ProbedPermission,
    (
      repository: Repository,
      none: { readonly nothing: string; readonly workflow: string },
    ) => Promise<unknown>
  >
> = {
  'contents: write': ({ octokit, owner, repo }, { nothing }) =>
    octokit.rest.git.deleteRef({ owner, repo, ref: `heads/${nothing}` }),
  'actions: write': ({ octokit, owner, repo }, { nothing, workflow }) =>
    octokit.rest.actions.createWorkflowDispatch({ owner, repo, workflow_id: workflow, ref: nothing }),
  'issues: write': ({ octokit, owner, repo }, { nothing }) =>
    octokit.rest.issues.updateComment({ owner, repo, comment_id: 0, body: nothing }),
  'pull-requests: write': ({ octokit, owner, repo }) =>
    octokit.rest.pulls.update({ owner, repo, pull_number: 0, state: 'closed' }),
}
