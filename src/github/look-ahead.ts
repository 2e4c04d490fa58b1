import { z } from 'zod'
import type { Repository } from './client.ts'
import { type Commit, noteCommits } from './commit-graph.ts'
import { listCommits } from './commits.ts'
import { listNewestDeployments, listNewestOf, readStates } from './deployments.ts'
import { readFolder } from './folder.ts'
import { query } from './graphql.ts'
import { openItemsWith } from './labels.ts'
import { foreseeable } from './once.ts'
import { readRef } from './ref.ts'
import { readBranchRules } from './rules.ts'

/** What a run is about to ask, one thing after the other. */
export interface Ahead {
  /** the branch that is deployed */
  readonly branch: string
  readonly environment: string
  /** a folder whose files are read, and the branch that it is on */
  readonly folder?: { readonly ref: string; readonly path: string; readonly depth: number }
  /** of open issues and pull requests */
  readonly labels?: readonly string[]
}

/** As the list of commits has them. */
const count = 100

const person = z.object({ name: z.string().nullable() }).nullable()
const commit = z.object({
  oid: z.string(),
  message: z.string(),
  committedDate: z.string(),
  author: person,
  tree: z.object({ oid: z.string() }),
  parents: z.object({ totalCount: z.number(), nodes: z.array(z.object({ oid: z.string() })) }),
})
const head = z.object({
  oid: z.string(),
  history: z.object({ nodes: z.array(commit) }).optional(),
})
const stated = z.object({ state: z.string() })
const deployments = z.object({
  nodes: z.array(
    z.object({
      databaseId: z.number().nullable(),
      latestStatus: stated.nullable(),
      statuses: z.object({ nodes: z.array(stated) }).nullable(),
    }),
  ),
})
const shape = z.object({
  code: z.object({ ref: z.object({ target: head }).nullable() }).nullable(),
  // apart: a token that may not see deployments gets null for all that is around them
  deployed: z.object({ own: deployments, all: deployments }).nullable().optional(),
})

const newest = '{ field: CREATED_AT, direction: DESC }'
const ofDeployments = 'nodes { databaseId latestStatus { state } statuses(first: 20) { nodes { state } } }'
const text = `query LookAhead($owner: String!, $repo: String!, $ref: String!, $environment: String!) {
  code: repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) { target { oid ... on Commit { history(first: ${count}) { nodes {
      oid message committedDate author { name } tree { oid } parents(first: 5) { totalCount nodes { oid } }
    } } } } }
  }
  deployed: repository(owner: $owner, name: $repo) {
    own: deployments(first: 20, environments: [$environment], orderBy: ${newest}) { ${ofDeployments} }
    all: deployments(first: 20, orderBy: ${newest}) { ${ofDeployments} }
  }
}`

/**
 * Looks at all that is about to be asked, at the same time instead of one after the other: the head of the branch with its newest
 * commits, the deployments with their states, rules, labels, a folder. Whoever asks one of these within seconds, and before
 * this run has written anything, gets what was seen here; what could not be seen is asked for when it is needed, and says why it
 * cannot be had. Noted as asked already, the same is not looked at twice.
 */
export const lookAhead = foreseeable<Ahead, void>(JSON.stringify, look)

async function look(repository: Repository, ahead: Ahead): Promise<void> {
  const { branch, environment, folder, labels = [] } = ahead
  listNewestOf.note(repository, environment, listNewestOf(repository, environment))
  listNewestDeployments.note(repository, undefined, listNewestDeployments(repository, undefined))
  readBranchRules.note(repository, branch, readBranchRules(repository, branch))
  for (const label of labels) openItemsWith.note(repository, label, openItemsWith(repository, label))
  const files = folder && readFolder(repository, folder)
  if (folder !== undefined && files !== undefined) readFolder.note(repository, folder, files)
  const seen = await query(repository, text, { ref: `refs/heads/${branch}`, environment }, shape).catch(
    // the same is asked of the REST API
    () => undefined,
  )
  const { target } = seen?.code?.ref ?? {}
  if (target !== undefined) {
    readRef.note(repository, `heads/${branch}`, target.oid)
    noteHistory(repository, target)
  }
  const { own, all } = seen?.deployed ?? {}
  for (const each of [...(own?.nodes ?? []), ...(all?.nodes ?? [])]) {
    const { databaseId: id, latestStatus, statuses } = each
    // of more states not all may be there
    if (id === null || statuses === null || statuses.nodes.length >= 20) continue
    const states = [...(latestStatus === null ? [] : [latestStatus]), ...statuses.nodes]
    readStates.note(
      repository,
      { id },
      states.map(({ state }) => state.toLowerCase()),
    )
  }
}

function noteHistory(repository: Repository, { oid, history }: z.infer<typeof head>): void {
  const commits = (history?.nodes ?? []).map(
    (each): Commit => ({
      sha: each.oid,
      tree: each.tree.oid,
      parents: each.parents.nodes.map((parent) => parent.oid),
      message: each.message,
      author: each.author?.name ?? 'unknown',
      committedAt: new Date(each.committedDate),
    }),
  )
  const isWhole = history?.nodes.every(({ parents }) => parents.totalCount === parents.nodes.length)
  if (commits.length === 0 || isWhole !== true) return
  noteCommits(repository, commits)
  listCommits.note(repository, { branch: oid, count }, commits)
}
