import { type Repository, repeatable } from './client.ts'
import { type Commit, knownCommit, noteCommits, toCommit } from './commit-graph.ts'
import { askedOnce, isObjectId } from './once.ts'
import { explained, isRefused } from './refusal.ts'

export type { Commit } from './commit-graph.ts'

const reading = 'contents: read'

const readCommitOnce = askedOnce<string, Commit>(
  (sha) => sha,
  async (repository, sha) => {
    const { octokit, owner, repo } = repository
    const { data } = await explained({ doing: `read commit ${sha.slice(0, 7)}`, permission: reading }, () =>
      octokit.rest.git.getCommit({ owner, repo, commit_sha: sha }),
    )
    const commit = toCommit({ ...data, commit: data })
    noteCommits(repository, [commit])
    return commit
  },
)

/** A commit by its full id. @throws RefusedError when it is not in the repository */
export async function readCommit(repository: Repository, sha: string): Promise<Commit> {
  return knownCommit(repository, sha) ?? readCommitOnce(repository, sha)
}

/** The full id of what a branch, a tag or a (short) commit id names; undefined when it names nothing. */
export async function resolveRevision(
  { octokit, owner, repo }: Repository,
  name: string,
): Promise<string | undefined> {
  return explained({ doing: `find ${name}`, permission: reading }, async () => {
    try {
      const { data } = await octokit.rest.repos.getCommit({ owner, repo, ref: name, per_page: 1 })
      return data.sha
    } catch (error) {
      // GitHub answers 422 "No commit found for SHA", and 409 in an empty repository
      if (isRefused(error, 'not-found') || isRefused(error, 'invalid') || isRefused(error, 'conflict'))
        return undefined
      throw error
    }
  })
}

/** What a name stands for: full ids of commits. Several may have the same name. */
export interface NamedRevision {
  readonly branch: string | undefined
  readonly tag: string | undefined
  /** of a (short) commit id; not looked for when there is a branch or a tag of that name */
  readonly commit: string | undefined
}

/** Looks up a branch, a tag or a (short) commit id; `heads/x` and `tags/x`, with or without `refs/`, are one of them alone. */
export async function findNamed(repository: Repository, name: string): Promise<NamedRevision> {
  const none = { branch: undefined, tag: undefined, commit: undefined }
  if (/^[0-9a-f]{40}$/.test(name)) return { ...none, commit: await resolveRevision(repository, name) }
  const [, kind, own = ''] = /^(?:refs\/)?(heads|tags)\/(.+)$/.exec(name) ?? []
  if (kind === 'heads') return { ...none, branch: await resolveRevision(repository, `heads/${own}`) }
  if (kind === 'tags') return { ...none, tag: await resolveRevision(repository, `tags/${own}`) }
  const [branch, tag] = await Promise.all([
    resolveRevision(repository, `heads/${name}`),
    resolveRevision(repository, `tags/${name}`),
  ])
  const isCommit = branch === undefined && tag === undefined
  return { branch, tag, commit: isCommit ? await resolveRevision(repository, name) : undefined }
}

interface ListAsked {
  /** a branch, or the id of a commit */
  readonly branch: string
  readonly count: number
  readonly path?: string
  readonly page?: number
}

/** The newest commits of a branch, newest first; at most 100. */
export const listCommits = askedOnce<ListAsked, readonly Commit[]>(
  (asked) => (isObjectId(asked.branch) ? keyOfList(asked) : undefined),
  async (repository, { branch, count, path, page = 1 }) => {
    const { octokit, owner, repo } = repository
    const { data } = await explained({ doing: `list the commits of ${branch}`, permission: reading }, () =>
      octokit.rest.repos.listCommits({
        owner,
        repo,
        sha: branch,
        per_page: count,
        page,
        ...(path !== undefined && { path }),
      }),
    )
    const commits = data.map(toCommit)
    noteCommits(repository, commits)
    return commits
  },
)

const keyOfList = ({ branch, count, path = '', page = 1 }: ListAsked) => `${branch} ${count} ${page} ${path}`

/** A file that a commit changes. */
export interface ChangedFile {
  readonly path: string
  readonly additions: number
  readonly deletions: number
}

/** What a commit changes against its first parent; GitHub gives at most 300 files. @param sha a full id */
export const filesOfCommit = askedOnce<string, readonly ChangedFile[]>(
  (sha) => sha,
  async ({ octokit, owner, repo }, sha) => {
    const { data } = await explained(
      { doing: `read what ${sha.slice(0, 7)} changes`, permission: reading },
      () => octokit.rest.repos.getCommit({ owner, repo, ref: sha }),
    )
    return (data.files ?? []).map(({ filename: path, additions, deletions }) => ({
      path,
      additions,
      deletions,
    }))
  },
)

/** How many pages of a hundred commits are looked through for those that touch a path. */
const mostPages = 50

/**
 * Those of some commits that touch one of the paths, in the order they are given.
 * @param commits newer than what is at the end of them, and all in the history of `head`
 */
export async function commitsTouching(
  repository: Repository,
  { head, commits, paths }: { head: string; commits: readonly Commit[]; paths: readonly string[] },
): Promise<readonly Commit[]> {
  const wanted = new Set(commits.map(({ sha }) => sha))
  const touching = new Set<string>()
  await Promise.all(
    paths.map(async (path) => {
      for (let page = 1; page <= mostPages; page += 1) {
        const listed = await listCommits(repository, { branch: head, count: 100, path, page })
        const found = listed.filter(({ sha }) => wanted.has(sha))
        for (const { sha } of found) touching.add(sha)
        if (found.length === 0 || listed.length < 100) return
      }
    }),
  )
  return commits.filter(({ sha }) => touching.has(sha))
}

/**
 * Makes a commit that nothing points at yet. Without author or committer, so that GitHub signs what an app or the
 * workflow's token makes: https://docs.github.com/en/authentication/managing-commit-signature-verification
 */
export async function createCommit(
  repository: Repository,
  { tree, parents, message }: { tree: string; parents: readonly string[]; message: string },
): Promise<Commit> {
  const { octokit, owner, repo } = repository
  const { data } = await explained({ doing: 'create the commit', permission: 'contents: write' }, () =>
    // an object that nothing points at changes nothing, so this POST may be repeated
    octokit.rest.git.createCommit({
      owner,
      repo,
      tree,
      parents: [...parents],
      message,
      request: repeatable,
    }),
  )
  const commit = toCommit({ ...data, commit: data })
  noteCommits(repository, [commit])
  return commit
}
