import { InputError, message, setting } from '../../errors.ts'
import type { Commit } from '../../github/commits.ts'
import { changesOf } from './changes.ts'
import type { Git } from './command.ts'
import { contentOfRevert } from './content.ts'
import { chooseWay } from './delivery.ts'
import { writeRevertGoal } from './message.ts'
import type { OpenClone } from './partial-clone.ts'
import { findPulls, type RevertPlan, type RollbackRequest, readStanding } from './plan.ts'
import {
  type CodeRepository,
  compareHistories,
  findNamed,
  isAncestor,
  isPlain,
  listRange,
  readBranchRules,
  readCommit,
} from './repository.ts'
import { revertTree } from './revert.ts'
import { demandOnBranch } from './target.ts'
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
  const { branch, commits: names, mainline } = request
  const { head, rollbacks, holding, base, takenBackBy } = await readStanding(repository, request)
  await demandOnBranch(repository, { bad: request.bad, head: base, branch })
  const found = await findCommits(repository, { names, branch, head, at: base, mainline })
  // the oldest commit, its parents, and all that came on top
  const git = await openClone({ head, depth: found.depth + 2 })
  const commits = await sortByAge(git, found.commits, head)
  const revertFrom = (at: string) =>
    revertTree(git, { head: at, commits: commits.map(({ sha }) => sha).reverse(), mainline })
  const earlier = holding[0]?.to === writeRevertGoal(commits) ? holding[0] : undefined
  const revertedBefore = earlier && (await revertFrom(earlier.from))
  // one that says so, and has another content, is none: of a merge another parent may have stayed
  const done = revertedBefore?.tree === earlier?.commit.tree ? earlier : undefined
  const from = done?.from ?? head
  const reverted = (done && revertedBefore) ?? (await revertFrom(from))
  const [{ tree }, content, pulls, rules] = await Promise.all([
    readCommit(repository, from),
    contentOfRevert(git, { head: from, reverted }),
    findPulls(repository, commits),
    readBranchRules(repository, branch),
  ])
  const changes = changesOf(reverted.edits)
  return {
    mode: 'revert',
    branch,
    head: from,
    content,
    undone: commits,
    undoneCount: commits.length,
    collateral: [],
    files: changes.paths.map((path) => ({ path, additions: 0, deletions: 0 })),
    done: done?.commit,
    since: done?.since ?? [],
    takenBackBy,
    sameContent: done === undefined && tree === reverted.tree,
    pulls,
    warnings: findWarnings(changes, isPlain(repository)),
    way: chooseWay(request.delivery, rules),
    badIsRollback: rollbacks.some(({ commit }) => commit.sha === request.bad),
  }
}

/**
 * The commits that are named, each once, and how many commits the oldest is back from the head.
 * @param at the revision that they have to be in the history of
 */
async function findCommits(
  repository: CodeRepository,
  {
    names,
    branch,
    head,
    at,
    mainline,
  }: {
    names: readonly string[]
    branch: string
    head: string
    at: string
    mainline: number | undefined
  },
): Promise<{ readonly commits: readonly Commit[]; readonly depth: number }> {
  const found = new Map<string, Commit>()
  let depth = 0
  for (const name of names) {
    const [first = '', last] = name.split('..')
    const base = await demandRevision(repository, first)
    const named = last === undefined ? base : await demandRevision(repository, last)
    // the branch by its name is where it stood before the rollback that is there already
    const tip = last !== undefined && named === head ? at : named
    if (!(await isAncestor(repository, { older: tip, newer: at })))
      throw new InputError(
        message`${setting('commits')} names ${tip.slice(0, 7)}, which is not on ${branch}: nothing was changed`,
      )
    const { aheadBy } = await compareHistories(repository, { base, head })
    if (aheadBy >= deepest)
      throw new InputError(
        `commit ${base.slice(0, 7)} is ${aheadBy} commits back; a revert goes back ${deepest} at most: use mode: restore`,
      )
    depth = Math.max(depth, aheadBy)
    const range =
      last === undefined
        ? [await readCommit(repository, base)]
        : await listRange(repository, { base, head: tip })
    const chain = mainline === undefined || last === undefined ? range : mainlineOf(range, tip, mainline)
    for (const commit of chain) found.set(commit.sha, commit)
  }
  if (found.size > 0) return { commits: [...found.values()], depth }
  throw new InputError(
    names.length === 0
      ? message`${setting('commits')} names no commits; name those that are to be undone`
      : message`${setting('commits')} is "${names.join(', ')}", and no commit is in that range; write the older end first, such as v1.2..main`,
  )
}

/**
 * Of a range the commits along the parent that stays: a merge is undone with all that it brought, and what it brought is not
 * undone a second time. As `git revert -m 1 $(git rev-list --first-parent A..B)`.
 */
function mainlineOf(range: readonly Commit[], tip: string, mainline: number): readonly Commit[] {
  const known = new Map(range.map((commit) => [commit.sha, commit]))
  const chain: Commit[] = []
  for (let commit = known.get(tip); commit !== undefined; ) {
    chain.push(commit)
    const { parents } = commit
    commit = known.get(parents[parents.length > 1 ? mainline - 1 : 0] ?? '')
  }
  return chain
}

/** Oldest first, as the branch has them. */
async function sortByAge(git: Git, commits: readonly Commit[], head: string): Promise<readonly Commit[]> {
  const order = (await git.run(['rev-list', '--topo-order', '--reverse', head])).split('\n')
  const age = new Map(order.map((sha, index) => [sha, index]))
  return commits.toSorted((a, b) => (age.get(a.sha) ?? 0) - (age.get(b.sha) ?? 0))
}

async function demandRevision(repository: CodeRepository, name: string): Promise<string> {
  const commits = setting('commits')
  const found = /^[\w./-]+$/.test(name) ? await findNamed(repository, name) : undefined
  if (found?.branch !== undefined && found.tag !== undefined && found.branch !== found.tag)
    throw new InputError(
      message`${commits} names "${name}", which is a tag and a branch; write tags/${name} or heads/${name}`,
    )
  const sha = found?.tag ?? found?.branch ?? found?.commit
  if (sha !== undefined) return sha
  throw new InputError(
    message`${commits} names "${name}", and ${repository.owner}/${repository.repo} has no such revision; write ids of commits, or ranges such as v1.2..main`,
  )
}
