import { posix } from 'node:path'
import type { Deployment, HostedRepository } from './hosted-repository.ts'
import type { StoredCommit } from './object-text.ts'
import { isoTime } from './represent.ts'
import { demandPermission, type Token } from './tokens.ts'

/** Past this size, in bytes, GitHub cuts the text of a blob off. */
const longestText = 512_000

interface First {
  readonly first?: number
}

interface Page extends First {
  readonly after?: string | null
}

/** A part of a list, as a connection: its cursors are places in the list. */
export function connectionOf<T, N>(all: readonly T[], { first = 100, after }: Page, toNode: (each: T) => N) {
  const from = after ? Number(after) : 0
  const to = Math.min(from + first, all.length)
  return {
    nodes: all.slice(from, to).map(toNode),
    pageInfo: { hasNextPage: to < all.length, endCursor: to === from ? null : String(to) },
  }
}

/** What a query may ask of a repository. Each part demands the permission that its REST twin does. */
export function repositoryOf(repository: HostedRepository, token: Token) {
  const { git } = repository
  return {
    name: repository.name,

    async ref({ qualifiedName }: { qualifiedName: string }) {
      demandPermission(token, 'contents:read')
      const name = qualifiedName.startsWith('refs/') ? qualifiedName : `refs/heads/${qualifiedName}`
      const found = await git.readRef(name)
      if (found === undefined) return null
      return {
        name: posix.relative(name.startsWith('refs/tags/') ? 'refs/tags' : 'refs/heads', name),
        target: () => objectOf(repository, token, found.sha),
      }
    },

    async object({ expression, oid }: { expression?: string; oid?: string }) {
      demandPermission(token, 'contents:read')
      const [revision = '', path] = (oid ?? expression ?? '').split(/:(.*)/s)
      const commit = await git.resolve(revision)
      if (path === undefined || path === '') {
        const sha = path === undefined ? (oid ?? commit) : undefined
        return sha === undefined ? null : objectOf(repository, token, sha)
      }
      if (commit === undefined) return null
      const entries = await git.readTree(commit, { recursive: true, under: path })
      const entry = entries.find((each) => each.path === path)
      return entry === undefined ? null : objectOf(repository, token, entry.sha)
    },

    deployments({ environments, orderBy, ...page }: DeploymentsAsked) {
      demandPermission(token, 'deployments:read')
      const found = repository.deployments.filter(
        ({ environment }) => environments === undefined || environments.includes(environment),
      )
      const ordered = orderBy?.direction === 'DESC' ? found : found.toReversed()
      return connectionOf(ordered, page, (each) => deploymentOf(repository, token, each))
    },
  }
}

interface DeploymentsAsked extends Page {
  readonly environments?: readonly string[]
  readonly orderBy?: { readonly direction: 'ASC' | 'DESC' }
}

function deploymentOf(
  repository: HostedRepository,
  token: Token,
  { id, sha, environment, task, createdAt, statuses }: Deployment,
) {
  const told = statuses.map(({ state, createdAt: at }) => ({
    state: state.toUpperCase(),
    createdAt: isoTime(at),
  }))
  return {
    databaseId: id,
    commitOid: sha,
    async commit() {
      demandPermission(token, 'contents:read')
      return commitOf(repository, token, await repository.git.readCommit(sha))
    },
    environment,
    task,
    createdAt: isoTime(createdAt),
    latestStatus: told[0] ?? null,
    // in which order they come is not documented
    statuses: ({ first = 100 }: First) => ({ nodes: told.toReversed().slice(0, first) }),
  }
}

async function objectOf(repository: HostedRepository, token: Token, sha: string): Promise<unknown> {
  const { git } = repository
  switch (await git.typeOf(sha)) {
    case 'commit':
      return commitOf(repository, token, await git.readCommit(sha))
    case 'tree':
      return treeOf(repository, token, sha)
    case 'blob':
      return blobOf(sha, await git.readBlob(sha))
    case 'tag': {
      const { object } = await git.readTag(sha)
      return { __typename: 'Tag', oid: sha, target: () => objectOf(repository, token, object.sha) }
    }
    default:
      return null
  }
}

function commitOf(repository: HostedRepository, token: Token, commit: StoredCommit) {
  const { git, issues, pullsOfCommits } = repository
  const { sha, tree, parents, message, author, committer } = commit
  const read = async (ids: readonly string[]) =>
    (await git.readCommits(ids)).map((each) => commitOf(repository, token, each))
  return {
    __typename: 'Commit',
    oid: sha,
    message,
    committedDate: isoTime(committer.date),
    author: { name: author.name },
    tree: () => treeOf(repository, token, tree),
    parents: ({ first = 100 }: First) => ({
      totalCount: parents.length,
      nodes: () => read(parents.slice(0, first)),
    }),
    history: async ({ first = 100 }: First) => ({
      nodes: await read(await git.listRange(sha, { count: first })),
    }),
    associatedPullRequests() {
      demandPermission(token, 'pull-requests:read')
      const number = pullsOfCommits.get(sha)
      const found = issues.flatMap((each) => (each.number === number && each.pull ? [each] : []))
      return {
        nodes: found.map(({ id, number: own, title, pull }) => ({
          id: `PR_${id}`,
          number: own,
          title,
          url: `${repository.htmlUrl}/pull/${own}`,
          merged: pull?.mergedAs !== null,
        })),
      }
    },
  }
}

function treeOf(repository: HostedRepository, token: Token, sha: string) {
  return {
    __typename: 'Tree',
    oid: sha,
    entries: async () =>
      (await repository.git.readTree(sha, { recursive: false })).map(({ path, mode, type, sha: object }) => ({
        name: path,
        mode: Number.parseInt(mode, 8),
        type,
        oid: object,
        // the commit of a submodule is in another repository
        object: () => (type === 'commit' ? null : objectOf(repository, token, object)),
      })),
  }
}

function blobOf(sha: string, content: Buffer) {
  const isBinary = content.subarray(0, 8000).includes(0)
  return {
    __typename: 'Blob',
    oid: sha,
    byteSize: content.length,
    isBinary,
    isTruncated: content.length > longestText,
    text: isBinary ? null : content.subarray(0, longestText).toString('utf8'),
  }
}
