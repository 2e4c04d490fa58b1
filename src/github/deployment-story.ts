import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

/** One deployment of a revision, as an incident is told. Times are of GitHub's clock. */
export interface DeploymentStory {
  readonly id: number
  readonly createdAt: Date
  /** when it had succeeded first; undefined for one that did not */
  readonly succeededAt: Date | undefined
  /** who created it; undefined when the account is gone */
  readonly by: { readonly login: string; readonly isBot: boolean } | undefined
  /** the log or the run that it names; undefined where it names none */
  readonly url: string | undefined
}

/**
 * The newest deployment of a revision to an environment that was created before a time; undefined when there is none.
 * @throws RefusedError, UnavailableError
 */
export async function readDeploymentStory(
  { octokit, owner, repo }: Repository,
  { environment, revision, before }: { environment: string; revision: string; before: Date },
): Promise<DeploymentStory | undefined> {
  const permission = 'deployments: read'
  const doing = `read the deployment of ${revision.slice(0, 7)} to ${environment}`
  return explained({ doing, permission }, async () => {
    const { data } = await octokit.rest.repos.listDeployments({
      ...{ owner, repo, environment, sha: revision, per_page: 100 },
    })
    // clocks differ by less than this
    const latest = before.getTime() + 60_000
    const found = data.find(({ created_at }) => Date.parse(created_at) <= latest)
    if (found === undefined) return undefined
    const statuses = await octokit.rest.repos.listDeploymentStatuses({
      ...{ owner, repo, deployment_id: found.id, per_page: 100 },
    })
    const success = statuses.data.findLast(({ state }) => state === 'success')
    const url = [success, ...statuses.data].map((each) => each?.log_url).find(Boolean)
    return {
      id: found.id,
      createdAt: new Date(found.created_at),
      succeededAt: success === undefined ? undefined : new Date(success.created_at),
      by: found.creator ? { login: found.creator.login, isBot: found.creator.type === 'Bot' } : undefined,
      // anybody who may deploy writes it: an address of the web, or none
      url: url !== undefined && /^https?:\/\/\S+$/.test(url) ? url : undefined,
    }
  })
}
