import { z } from 'zod'
import { type Repository, repeatable } from './client.ts'
import { query } from './graphql.ts'
import { isObjectId } from './once.ts'
import { explained, isRefused } from './refusal.ts'

export interface PullRequest {
  readonly number: number
  readonly url: string
  readonly title: string
  readonly merged: boolean
  /** for GraphQL */
  readonly nodeId: string
}

interface ListedPull {
  readonly number: number
  readonly html_url: string
  readonly title: string
  readonly merged_at: string | null
  readonly node_id: string
}

const toPull = ({ number, html_url, title, merged_at, node_id }: ListedPull): PullRequest => {
  return { number, url: html_url, title, merged: merged_at !== null, nodeId: node_id }
}

/** The merged pull requests that brought a commit; empty for one that was pushed. */
export async function pullsOfCommit(
  { octokit, owner, repo }: Repository,
  sha: string,
): Promise<readonly PullRequest[]> {
  const need = { doing: `find the pull requests of ${sha.slice(0, 7)}`, permission: 'pull-requests: read' }
  const { data } = await explained(need, () =>
    octokit.rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: sha, per_page: 100 }),
  )
  return data.map(toPull).filter(({ merged }) => merged)
}

/** How many commits one query asks about. */
const askedTogether = 100

const pullsShape = z.object({
  repository: z.record(
    z.string(),
    z
      .object({
        associatedPullRequests: z.object({
          nodes: z.array(
            z.object({
              ...{ number: z.number(), url: z.string(), title: z.string() },
              ...{ merged: z.boolean(), id: z.string() },
            }),
          ),
        }),
      })
      .nullable(),
  ),
})

/**
 * The merged pull requests that brought each of some commits, a hundred commits in one request.
 * https://docs.github.com/en/graphql/reference/objects#commit
 * @param shas full ids
 * @returns undefined when the token may not see pull requests
 */
export async function pullsByCommit(
  repository: Repository,
  shas: readonly string[],
): Promise<ReadonlyMap<string, readonly PullRequest[]> | undefined> {
  const need = { doing: 'find the pull requests of the commits', permission: 'pull-requests: read' }
  const wanted = shas.filter(isObjectId)
  const batches = Array.from({ length: Math.ceil(wanted.length / askedTogether) }, (_, n) =>
    wanted.slice(n * askedTogether, (n + 1) * askedTogether),
  )
  const answers = await Promise.all(
    batches.map(async (batch) => {
      const asked = batch.map((sha, n) => `c${n}: object(oid: "${sha}") { ...on Commit { ${pullFields} } }`)
      const text = `query PullsOfCommits($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ${asked.join(' ')} } }`
      return explained(need, () => query(repository, text, {}, pullsShape))
    }),
  )
  const found = new Map<string, readonly PullRequest[]>()
  for (const [n, answer] of answers.entries()) {
    if (answer === undefined) return undefined
    for (const [m, sha] of (batches[n] ?? []).entries()) {
      const nodes = answer.repository[`c${m}`]?.associatedPullRequests.nodes ?? []
      found.set(
        sha,
        nodes.filter(({ merged }) => merged).map(({ id: nodeId, ...pull }) => ({ ...pull, nodeId })),
      )
    }
  }
  return found
}

/** The same of all of them together, each pull request once, by number. */
export async function pullsOfCommits(
  repository: Repository,
  shas: readonly string[],
): Promise<readonly PullRequest[] | undefined> {
  const found = await pullsByCommit(repository, shas)
  if (found === undefined) return undefined
  const byNumber = new Map([...found.values()].flat().map((pull) => [pull.number, pull]))
  return [...byNumber.values()].sort((a, b) => a.number - b.number)
}

const pullFields = 'associatedPullRequests(first: 10) { nodes { number url title merged id } }'

/** The open pull request from one branch of the repository to another. */
export async function findOpenPull(
  { octokit, owner, repo }: Repository,
  { head, base }: { head: string; base: string },
): Promise<PullRequest | undefined> {
  const need = { doing: `find the pull request of ${head}`, permission: 'pull-requests: read' }
  const { data } = await explained(need, () =>
    octokit.rest.pulls.list({ owner, repo, head: `${owner}:${head}`, base, state: 'open', per_page: 1 }),
  )
  return data[0] && toPull(data[0])
}

/**
 * Opens a pull request, or finds it open already: GitHub allows one from the same branch to the same base, so a second
 * try after a lost answer is refused and finds the first one's.
 */
export async function openPull(
  repository: Repository,
  request: { head: string; base: string; title: string; body: string; draft: boolean },
): Promise<PullRequest> {
  const { octokit, owner, repo } = repository
  const found = await findOpenPull(repository, request)
  if (found !== undefined) return found
  const need = { doing: `open a pull request from ${request.head}`, permission: 'pull-requests: write' }
  return explained(need, async () => {
    try {
      const { data } = await octokit.rest.pulls.create({ owner, repo, ...request })
      return toPull(data)
    } catch (error) {
      const opened = isRefused(error, 'unavailable') || isRefused(error, 'already-exists')
      const there = opened ? await findOpenPull(repository, request) : undefined
      if (there === undefined) throw error
      return there
    }
  })
}

/** Closes a pull request without merging it; one that is closed stays so. */
export async function closePull(
  { octokit, owner, repo }: Repository,
  { number }: Pick<PullRequest, 'number'>,
): Promise<void> {
  const need = { doing: `close the pull request #${number}`, permission: 'pull-requests: write' }
  await explained(need, () =>
    octokit.rest.pulls.update({ owner, repo, pull_number: number, state: 'closed', request: repeatable }),
  )
}

/** Asks people (`octocat`) and teams (`team:ops`) for a review. */
export async function requestReviews(
  { octokit, owner, repo }: Repository,
  { number, reviewers }: { number: number; reviewers: readonly string[] },
): Promise<void> {
  if (reviewers.length === 0) return
  const teams = reviewers.filter((each) => each.startsWith('team:')).map((each) => each.slice('team:'.length))
  const people = reviewers.filter((each) => !each.startsWith('team:'))
  const need = { doing: `ask for reviews of #${number}`, permission: 'pull-requests: write' }
  await explained(need, () =>
    // asking the same people twice is asking once
    octokit.rest.pulls.requestReviewers({
      owner,
      repo,
      pull_number: number,
      reviewers: people,
      team_reviewers: teams,
      request: repeatable,
    }),
  )
}

/**
 * Lets GitHub merge a pull request as soon as its rules allow it; where the branch has a merge queue, that is how it gets
 * into the queue: https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
 */
export async function enableAutoMerge(
  { octokit }: Repository,
  { nodeId, number }: PullRequest,
): Promise<void> {
  const need = { doing: `turn auto-merge of #${number} on`, permission: 'pull-requests: write' }
  await explained(need, () =>
    octokit.graphql(
      'mutation ($id: ID!) { enablePullRequestAutoMerge(input: { pullRequestId: $id }) { clientMutationId } }',
      { id: nodeId },
    ),
  )
}
