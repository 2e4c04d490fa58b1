import { RefusedError } from '../errors.ts'
import { type Repository, repeatable } from './client.ts'
import { type Commit, knownAncestry, knownCommit, knownLine, noteCommits } from './commit-graph.ts'
import { askedOnce, isObjectId } from './once.ts'
import { readRef } from './ref.ts'
import { explained, isRefused, readRefusal } from './refusal.ts'

/** How `head` stands to `base`, in commits. */
export interface Comparison {
  readonly status: 'ahead' | 'behind' | 'identical' | 'diverged' | 'unrelated'
  readonly aheadBy: number
  readonly behindBy: number
  /** those on `head` and not on `base`, oldest first; GitHub gives the newest 250 */
  readonly commits: readonly Commit[]
  /** what the files' changes are, at most 300 */
  readonly files: readonly { readonly path: string; readonly additions: number; readonly deletions: number }[]
}
export type { Commit } from './commit-graph.ts'

const reading = 'contents: read'

const readCommitOnce = askedOnce<string, Commit>(
  (sha) => sha,
  async (repository, sha) => {
    const { octokit, owner, repo } = repository
    const { data } = await explained({ doing: `read commit ${sha.slice(0, 7)}`, permission: reading }, () =>
      octokit.rest.git.getCommit({ owner, repo, commit_sha: sha }),
    )
    const commit = {
      sha: data.sha,
      tree: data.tree.sha,
      parents: data.parents.map((parent) => parent.sha),
      message: data.message,
      author: data.author.name,
      committedAt: new Date(data.committer.date),
    }
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

/** Compares two revisions; `unrelated` when they have no commit in common. @throws RefusedError when one of them is not there */
export const compareCommits = askedOnce<Range, Comparison>(
  ({ base, head }) => (isObjectId(base) && isObjectId(head) ? `${base}...${head}` : undefined),
  async (repository, { base, head }) => {
    const { octokit, owner, repo } = repository
    const doing = `compare ${base.slice(0, 7)} with ${head.slice(0, 7)}`
    const data = await explained({ doing, permission: reading }, async () => {
      try {
        const basehead = `${base}...${head}`
        const compared = await octokit.rest.repos.compareCommitsWithBasehead({
          owner,
          repo,
          basehead,
        })
        return compared.data
      } catch (error) {
        // GitHub answers 404 "No common ancestor between … and …."
        if (/no common ancestor/i.test(readRefusal(error)?.message ?? '')) return undefined
        throw error
      }
    })
    if (data === undefined) return { status: 'unrelated', aheadBy: 0, behindBy: 0, commits: [], files: [] }
    const commits = data.commits.map(toCommit)
    noteCommits(repository, [...commits, toCommit(data.base_commit), toCommit(data.merge_base_commit)])
    return {
      status: data.status,
      aheadBy: data.ahead_by,
      behindBy: data.behind_by,
      commits,
      files: (data.files ?? []).map(({ filename, additions, deletions }) => ({
        path: filename,
        additions,
        deletions,
      })),
    }
  },
)

/** The same without the files, which takes no request where the commits between the two were read before. */
export async function compareHistories(
  repository: Repository,
  range: Range,
): Promise<Omit<Comparison, 'files'>> {
  const line = knownLine(repository, range)
  const isSame = line?.length === 0
  if (line === undefined || (isSame && knownCommit(repository, range.base) === undefined))
    return compareCommits(repository, range)
  return {
    status: isSame ? 'identical' : 'ahead',
    aheadBy: line.length,
    behindBy: 0,
    commits: line.slice(-250),
  }
}

interface Range {
  readonly base: string
  readonly head: string
}

/**
 * All commits that are on `head` and not on `base`, oldest first, page by page.
 * @throws RefusedError when one of the two is not there, or they have no commit in common
 */
export async function listRange(repository: Repository, { base, head }: Range): Promise<readonly Commit[]> {
  const known = knownLine(repository, { base, head })
  if (known !== undefined) return known
  const { octokit, owner, repo } = repository
  const doing = `list the commits from ${base.slice(0, 7)} to ${head.slice(0, 7)}`
  const commits: Commit[] = []
  for (let page = 1; ; page += 1) {
    const { data } = await explained({ doing, permission: reading }, () =>
      octokit.rest.repos.compareCommitsWithBasehead({
        owner,
        repo,
        basehead: `${base}...${head}`,
        per_page: 100,
        page,
      }),
    )
    commits.push(...data.commits.map(toCommit))
    if (commits.length < data.ahead_by && data.commits.length > 0) continue
    noteCommits(repository, commits)
    return commits
  }
}

/** True when the older revision is in the history of the newer one, or is it. */
export async function isAncestor(
  repository: Repository,
  { older, newer: named }: { older: string; newer: string },
): Promise<boolean> {
  const newer = isObjectId(named) ? named : ((await readRef.foreseen(repository, `heads/${named}`)) ?? named)
  const known = knownAncestry(repository, { older, newer })
  if (known !== undefined) return known
  try {
    const { status } = await compareCommits(repository, { base: older, head: newer })
    return status === 'ahead' || status === 'identical'
  } catch (error) {
    // one that was pushed away by force may be gone altogether
    if (error instanceof RefusedError && isRefused(error.cause, 'not-found')) return false
    throw error
  }
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
  const commit = {
    sha: data.sha,
    tree: data.tree.sha,
    parents,
    message: data.message,
    author: data.author.name,
    committedAt: new Date(data.committer.date),
  }
  noteCommits(repository, [commit])
  return commit
}

interface ListedCommit {
  sha: string
  parents: readonly { sha: string }[]
  commit: {
    message: string
    tree: { sha: string }
    author: { name?: string } | null
    committer: { date?: string } | null
  }
}

function toCommit({ sha, parents, commit }: ListedCommit): Commit {
  return {
    sha,
    tree: commit.tree.sha,
    parents: parents.map((parent) => parent.sha),
    message: commit.message,
    author: commit.author?.name ?? 'unknown',
    committedAt: new Date(commit.committer?.date ?? 0),
  }
}
