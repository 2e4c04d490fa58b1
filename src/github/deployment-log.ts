import { z } from 'zod'
import type { Repository } from './client.ts'
import { query } from './graphql.ts'
import { explained } from './refusal.ts'

/** A deployment with how it went, from one list: times are of GitHub's clock. */
export interface LoggedDeployment {
  readonly environment: string
  readonly revision: string
  readonly createdAt: Date
  /** `deploy` unless whoever made it said something else */
  readonly task: string
  /** when it had succeeded first; undefined for one that did not */
  readonly succeededAt: Date | undefined
  /** true for one that ended without success */
  readonly hasFailed: boolean
  /** when the deployed commit was made; undefined where it is gone */
  readonly committedAt: Date | undefined
}

const status = z.object({ state: z.string(), createdAt: z.string() })
const deployment = z.object({
  commitOid: z.string(),
  createdAt: z.string(),
  environment: z.string().nullable(),
  task: z.string().nullable(),
  latestStatus: status.nullable(),
  statuses: z.object({ nodes: z.array(status) }).nullable(),
  commit: z.object({ committedDate: z.string() }).nullable(),
})
const shape = z.object({
  repository: z
    .object({
      deployments: z.object({
        nodes: z.array(deployment),
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      }),
    })
    .nullable(),
})

const text = `query Deployments($owner: String!, $repo: String!, $after: String) {
  repository(owner: $owner, name: $repo) {
    deployments(first: 100, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes {
        commitOid createdAt environment task latestStatus { state createdAt }
        statuses(first: 20) { nodes { state createdAt } } commit { committedDate }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

/** States after which nothing comes. */
const over: ReadonlySet<string> = new Set(['FAILURE', 'ERROR', 'INACTIVE'])
/** Ten thousand deployments: who has more of them in a period counts them in a warehouse. */
const mostPages = 100
/** More of them are not read. */
export const mostDeployments = mostPages * 100

/**
 * The deployments of all environments since a time, newest first, a hundred in a request.
 * @returns undefined where the token may not read deployments
 * @throws UnavailableError, RefusedError when nothing was answered
 */
export async function readDeploymentLog(
  repository: Repository,
  since: Date,
): Promise<readonly LoggedDeployment[] | undefined> {
  const read: LoggedDeployment[] = []
  let after: string | undefined
  for (let page = 1; page <= mostPages; page += 1) {
    const need = { doing: 'read the deployments', permission: 'deployments: read' }
    const answer = await explained(need, () =>
      query(repository, text, after === undefined ? {} : { after }, shape),
    )
    const { deployments } = answer?.repository ?? {}
    if (deployments === undefined) return undefined
    const found = deployments.nodes.map(toLogged)
    read.push(...found.filter(({ createdAt }) => createdAt >= since))
    const { hasNextPage, endCursor } = deployments.pageInfo
    if (!hasNextPage || endCursor === null || found.some(({ createdAt }) => createdAt < since)) return read
    after = endCursor
  }
  return read
}

function toLogged(listed: z.infer<typeof deployment>): LoggedDeployment {
  const { commitOid, environment, task, latestStatus, statuses, commit } = listed
  const told = [...(latestStatus === null ? [] : [latestStatus]), ...(statuses?.nodes ?? [])]
  // in which order they come is not documented
  const successes = told.flatMap(({ state, createdAt }) =>
    state === 'SUCCESS' ? [Date.parse(createdAt)] : [],
  )
  return {
    environment: environment ?? '',
    revision: commitOid,
    createdAt: new Date(listed.createdAt),
    task: task ?? 'deploy',
    succeededAt: successes.length === 0 ? undefined : new Date(Math.min(...successes)),
    hasFailed: successes.length === 0 && latestStatus !== null && over.has(latestStatus.state),
    committedAt: commit === null ? undefined : new Date(commit.committedDate),
  }
}
