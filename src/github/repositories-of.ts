import { z } from 'zod'
import { InputError, message, setting } from '../errors.ts'
import type { Repository } from './client.ts'
import { query } from './graphql.ts'
import { explained } from './refusal.ts'

const shape = z.object({
  repositoryOwner: z
    .object({
      repositories: z.object({
        nodes: z.array(z.object({ name: z.string(), ref: z.object({ name: z.string() }).nullable() })),
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      }),
    })
    .nullable(),
})

const text = `query RepositoriesWithBranch($login: String!, $branch: String!, $after: String) {
  repositoryOwner(login: $login) {
    repositories(first: 100, after: $after, ownerAffiliations: [OWNER]) {
      nodes { name ref(qualifiedName: $branch) { name } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

/**
 * The repositories of an organization or user that have a branch, by name: those that the token sees, a hundred in a request.
 * @throws UnavailableError; InputError when there is no such owner, or the token sees nothing of it
 */
export async function repositoriesWithBranch(
  repository: Repository,
  { login, branch }: { readonly login: string; readonly branch: string },
): Promise<readonly string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const variables = { login, branch: `refs/heads/${branch}`, ...(after !== undefined && { after }) }
    const need = { doing: `list the repositories of ${login}`, permission: 'metadata: read' }
    const answer = await explained(need, () => query(repository, text, variables, shape))
    const { repositories } = answer?.repositoryOwner ?? {}
    if (repositories === undefined)
      throw new InputError(
        message`${setting('repositories')} names ${login}/*, and the token sees no such owner; write the name of an organization or user, and give ${setting('token')} the token of a GitHub App that is installed there`,
      )
    names.push(...repositories.nodes.filter(({ ref }) => ref !== null).map(({ name }) => name))
    after = repositories.pageInfo.hasNextPage ? (repositories.pageInfo.endCursor ?? undefined) : undefined
  } while (after !== undefined)
  return names.sort()
}
