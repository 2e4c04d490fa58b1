import { RefusedError } from '../errors.ts'
import type { Repository } from './client.ts'
import { type Commit, knownAncestry, knownCommit, knownLine, noteCommits, toCommit } from './commit-graph.ts'
import { askedOnce, foreseeable, isObjectId } from './once.ts'
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

const reading = 'contents: read'

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

/** The same with a branch as the head, which moves. */
export const compareWithBranch = foreseeable<Range, Comparison>(
  ({ base, head }) => `${base}...${head}`,
  compareCommits,
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
    const { status } = await compareWithBranch(repository, { base: older, head: newer })
    return status === 'ahead' || status === 'identical'
  } catch (error) {
    // one that was pushed away by force may be gone altogether
    if (error instanceof RefusedError && isRefused(error.cause, 'not-found')) return false
    throw error
  }
}
