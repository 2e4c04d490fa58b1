import type { Repository } from './client.ts'

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
  readonly author: string
  readonly committedAt: Date
}

const graphs = new WeakMap<Repository['octokit'], Map<string, Commit>>()

/** The commits that were read so far in this run, by their ids. They never change. */
function graphOf({ octokit }: Repository): Map<string, Commit> {
  const found = graphs.get(octokit)
  if (found !== undefined) return found
  const made = new Map<string, Commit>()
  graphs.set(octokit, made)
  return made
}

/** Notes commits that were read, whatever they were read for. */
export function noteCommits(repository: Repository, commits: readonly Commit[]): void {
  const graph = graphOf(repository)
  for (const commit of commits) graph.set(commit.sha, commit)
}

export function knownCommit(repository: Repository, sha: string): Commit | undefined {
  return graphOf(repository).get(sha)
}

/** Whether a commit is in the history of another one, or is it; undefined when what was read does not show it. */
export function knownAncestry(
  repository: Repository,
  { older, newer }: { older: string; newer: string },
): boolean | undefined {
  const graph = graphOf(repository)
  if (older === newer) return graph.has(older) ? true : undefined
  const after = search(graph, { from: newer, wanted: older })
  if (after !== 'missing') return after === 'found'
  // what comes after cannot come before
  return search(graph, { from: older, wanted: newer }) === 'found' ? false : undefined
}

/** missing: some of the history is not known. */
function search(
  graph: ReadonlyMap<string, Commit>,
  { from, wanted }: { from: string; wanted: string },
): 'found' | 'not-there' | 'missing' {
  const seen = new Set<string>()
  const left = [from]
  let isWhole = true
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    if (sha === wanted) return 'found'
    if (seen.has(sha)) continue
    seen.add(sha)
    const commit = graph.get(sha)
    if (commit === undefined) isWhole = false
    else left.push(...commit.parents)
  }
  return isWhole ? 'not-there' : 'missing'
}

/**
 * The commits from one to another, oldest first, where each has one parent, so that these are all; undefined where there are
 * merges, or not all was read.
 */
export function knownLine(
  repository: Repository,
  { base, head }: { base: string; head: string },
): readonly Commit[] | undefined {
  const graph = graphOf(repository)
  const line: Commit[] = []
  for (let sha = head; sha !== base; ) {
    const commit = graph.get(sha)
    const [parent, ...others] = commit?.parents ?? []
    if (commit === undefined || parent === undefined || others.length > 0) return undefined
    line.push(commit)
    sha = parent
  }
  return line.reverse()
}

/** A commit as GitHub lists it. */
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

/** What is read of a commit, whichever of GitHub's endpoints it is from. */
export function toCommit({ sha, parents, commit }: ListedCommit): Commit {
  return {
    sha,
    tree: commit.tree.sha,
    parents: parents.map((parent) => parent.sha),
    message: commit.message,
    author: commit.author?.name ?? 'unknown',
    committedAt: new Date(commit.committer?.date ?? 0),
  }
}
