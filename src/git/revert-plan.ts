import { InputError } from '../errors.ts'
import type { Commit } from '../github/commits.ts'
import { contentOfRevert } from './content.ts'
import { chooseWay } from './delivery.ts'
import type { OpenClone } from './partial-clone.ts'
import { findPulls, type RevertPlan, type RollbackRequest, readStanding, revertGoal } from './plan.ts'
import {
  type CodeRepository,
  compareHistories,
  isAncestor,
  readBranchRules,
  readCommit,
  resolveRevision,
} from './repository.ts'
import { revertTree } from './revert.ts'
import { findWarnings } from './warnings.ts'

export interface RevertRequest extends RollbackRequest {
  /** commits and ranges (`A..B`) */
  readonly commits: readonly string[]
  /** which parent of a merge stays, counted from 1 */
  readonly mainline: number | undefined
}

/** How deep a clone is made to undo a commit: deeper ones are restored rather than reverted. */
const deepest = 5_000

/**
 * Plans to undo some commits and to keep what came after them; changes nothing.
 * @throws InputError when a commit is not on the branch, or is a merge without a mainline
 * @throws ConflictError with the files, when later commits stand in the way
 */
export async function planRevert(
  repository: CodeRepository,
  request: RevertRequest,
  openClone: OpenClone,
): Promise<RevertPlan> {
  const { branch, commits: named, mainline } = request
  const { head, rollbacks, holding, since, takenBackBy } = await readStanding(repository, request)
  const commits = await findCommits(repository, { named, branch, head: holding?.from ?? head })
  const done = holding?.to === revertGoal(commits) ? holding.commit : undefined
  const from = done === undefined ? head : (holding?.from ?? head)
  const oldest = commits[0]
  if (oldest === undefined)
    throw new InputError('input "commits" names no commits; name those that are to be undone')
  const { aheadBy } = await compareHistories(repository, { base: oldest.sha, head: from })
  if (aheadBy >= deepest)
    throw new InputError(
      `commit ${oldest.sha.slice(0, 7)} is ${aheadBy} commits back; a revert goes back ${deepest} at most: use mode: restore`,
    )
  // the oldest commit, its parents, and all that came on top
  const git = await openClone({ head: from, depth: aheadBy + 2 })
  const reverted = await revertTree(git, {
    head: from,
    commits: commits.map(({ sha }) => sha).reverse(),
    mainline,
  })
  const [{ tree }, content, pulls, rules] = await Promise.all([
    readCommit(repository, from),
    contentOfRevert(git, { head: from, reverted }),
    findPulls(repository, commits),
    readBranchRules(repository, branch),
  ])
  const paths = reverted.edits.map(({ path }) => path)
  return {
    mode: 'revert',
    branch,
    head: from,
    content,
    undone: commits,
    undoneCount: commits.length,
    collateral: [],
    files: paths.map((path) => ({ path, additions: 0, deletions: 0 })),
    done,
    since: done === undefined ? [] : since,
    takenBackBy,
    sameContent: done === undefined && tree === reverted.tree,
    pulls,
    warnings: findWarnings(paths),
    way: chooseWay(request.delivery, rules),
    badIsRollback: rollbacks.some(({ commit }) => commit.sha === request.bad),
  }
}

/** The commits that are named, oldest first, each once. */
async function findCommits(
  repository: CodeRepository,
  { named, branch, head }: { named: readonly string[]; branch: string; head: string },
): Promise<readonly Commit[]> {
  const found = new Map<string, Commit>()
  for (const name of named) {
    const [first = '', last] = name.split('..')
    const base = await demandRevision(repository, first)
    const range =
      last === undefined
        ? [await readCommit(repository, base)]
        : (await compareHistories(repository, { base, head: await demandRevision(repository, last) })).commits
    for (const commit of range) found.set(commit.sha, commit)
  }
  const commits = [...found.values()]
  for (const { sha } of commits) {
    if (!(await isAncestor(repository, { older: sha, newer: head })))
      throw new InputError(
        `input "commits" names ${sha.slice(0, 7)}, which is not on ${branch}: nothing was changed`,
      )
  }
  return sortByAge(repository, commits, head)
}

/** Oldest first, as the branch has them. */
async function sortByAge(
  repository: CodeRepository,
  commits: readonly Commit[],
  head: string,
): Promise<readonly Commit[]> {
  if (commits.length < 2) return commits
  const distances = await Promise.all(
    commits.map(async ({ sha }) => (await compareHistories(repository, { base: sha, head })).aheadBy),
  )
  return commits
    .map((commit, index) => ({ commit, distance: distances[index] ?? 0 }))
    .sort((a, b) => b.distance - a.distance)
    .map(({ commit }) => commit)
}

async function demandRevision(repository: CodeRepository, name: string): Promise<string> {
  const sha = /^[\w./-]+$/.test(name) ? await resolveRevision(repository, name) : undefined
  if (sha !== undefined) return sha
  throw new InputError(
    `input "commits" names "${name}", and ${repository.owner}/${repository.repo} has no such revision; write ids of commits, or ranges such as v1.2..main`,
  )
}
