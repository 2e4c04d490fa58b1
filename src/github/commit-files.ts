import { z } from 'zod'
import type { Repository } from './client.ts'
import { query } from './graphql.ts'
import { explained } from './refusal.ts'

const headShape = z.object({
  repository: z.object({ ref: z.object({ target: z.object({ oid: z.string() }) }).nullable() }),
})

const madeShape = z.object({ createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }) }) })

/**
 * Writes and deletes several files of a branch in one commit, unless the branch moves at that moment.
 * https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 * @returns the commit; undefined when there is no such branch
 * @throws ConflictError when somebody else moved the branch in between
 */
export async function commitFiles(
  repository: Repository,
  {
    branch,
    from,
    message,
    additions,
    deletions,
  }: {
    readonly branch: string
    /** the commit that the branch has to be at; undefined for wherever it is now */
    readonly from?: string
    readonly message: string
    readonly additions: readonly { readonly path: string; readonly text: string }[]
    readonly deletions: readonly string[]
  },
): Promise<string | undefined> {
  const need = { doing: `write ${branch}`, permission: 'contents: write' }
  return explained(need, async () => {
    const expectedHeadOid = from ?? (await readHead(repository, branch))
    if (expectedHeadOid === undefined) return undefined
    const { octokit, owner, repo } = repository
    const answer = await octokit.graphql(
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
    return madeShape.parse(answer).createCommitOnBranch.commit.oid
  })
}

async function readHead(repository: Repository, branch: string): Promise<string | undefined> {
  const asked = `query Head($owner: String!, $repo: String!, $ref: String!) { repository(owner: $owner, name: $repo) { ref(qualifiedName: $ref) { target { oid } } } }`
  const answer = await query(repository, asked, { ref: `refs/heads/${branch}` }, headShape)
  return answer?.repository.ref?.target.oid
}
