import type { Repository } from './client.ts'
import { explained } from './refusal.ts'

/** The branch that a clone checks out. */
export async function defaultBranch({ octokit, owner, repo }: Repository): Promise<string> {
  const { data } = await explained({ doing: `read ${owner}/${repo}`, permission: 'metadata: read' }, () =>
    octokit.rest.repos.get({ owner, repo }),
  )
  return data.default_branch
}
