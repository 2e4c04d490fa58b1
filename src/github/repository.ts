import type { Repository } from './client.ts'
import { foreseeable } from './once.ts'
import { explained } from './refusal.ts'

/** What GitHub says of the repository itself. */
export interface RepositoryFacts {
  /** the branch that a clone checks out */
  readonly defaultBranch: string
  readonly archived: boolean
}

export const readFacts = foreseeable<void, RepositoryFacts>(
  () => '',
  async ({ octokit, owner, repo }) => {
    const { data } = await explained({ doing: `read ${owner}/${repo}`, permission: 'metadata: read' }, () =>
      octokit.rest.repos.get({ owner, repo }),
    )
    return { defaultBranch: data.default_branch, archived: data.archived }
  },
)

export async function defaultBranch(repository: Repository): Promise<string> {
  return (await readFacts(repository)).defaultBranch
}
