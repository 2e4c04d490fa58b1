import { z } from 'zod'
import type { Repository } from './client.ts'
import { query } from './graphql.ts'
import { explained } from './refusal.ts'

const headShape = z.object({
  repository: z.object({ ref: z.object({ target: z.object({ oid: z.string() }) }).nullable() }),
})

/**
 * Writes and deletes several files of a branch in one commit, unless the branch moves at that moment.
 * https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 * @throws ConflictError when somebody else moved the branch in between
 */
export async function commitFiles(
  repository: Repository,
  {
    branch,
    message,
    additions,
    deletions,
  }: {
    readonly branch: string
    readonly message: string
    readonly additions: readonly { readonly path: string; readonly text: string }[]
    readonly deletions: readonly string[]
  },
): Promise<void> {
  const need = { doing: `write ${branch}`, permission: 'contents: write' }
  await explained(need, async () => {
    const asked = `query Head($owner: String!, $repo: String!, $ref: String!) { repository(owner: $owner, name: $repo) { ref(qualifiedName: $ref) { target { oid } } } }`
    const answer = await query(repository, asked, { ref: `refs/heads/${branch}` }, headShape)
    const expectedHeadOid = answer?.repository.ref?.target.oid
    if (expectedHeadOid === undefined) return
    const { octokit, owner, repo } = repository
    await octokit.graphql(
      'mutation CommitFiles($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }',
      {
        input: {
          branch: { repositoryNameWithOwner: `${owner}/${repo}`, branchName: branch },
          expectedHeadOid,
          message: { headline: message },
          fileChanges: {
            additions: additions.map(({ path, text }) => ({
              path,
              contents: Buffer.from(text).toString('base64'),
            })),
            deletions: deletions.map((path) => ({ path })),
          },
        },
      },
    )
  })
}
