import { ConflictError, InputError, isUserFacing, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import {
  type Commit,
  type Comparison,
  compareCommits,
  createCommit,
  listCommits,
  readCommit,
} from '../github/commits.ts'
import { type PullRequest, pullsOfCommit } from '../github/pulls.ts'
import { moveBranch, readRef, tagCommit } from '../github/refs.ts'
import { isRuleRefusal } from '../github/refusal.ts'
import { readBranchRules } from '../github/rules.ts'
import { chooseWay, type Delivery, type Proposal, propose, type Way } from './delivery.ts'
import { findRollbacks, lookAfter } from './earlier.ts'
import type { Target } from './found-target.ts'
import { type RollbackTrace, tagOf, writeMessage } from './message.ts'
import { findTarget } from './target.ts'
import { findWarnings, type Warning } from './warnings.ts'

/**
 * What a restore of the code would do: one commit on top of the branch with the tree of the good revision. Made through
 * the Git Data API, so it takes the same few requests for a repository of any size, and no clone.
 */
export interface RestorePlan {
  readonly branch: string
  /** where the branch stood when this was planned: it is moved from there or not at all */
  readonly head: string
  readonly target: Target
  /** what is undone, oldest first; GitHub lists at most 250 */
  readonly undone: readonly Commit[]
  readonly undoneCount: number
  readonly files: Comparison['files']
  /** the rollback commit that an earlier run of the same rollback has already put on the branch, and that still holds */
  readonly done: Commit | undefined
  /** what came on top of that commit, oldest first: it stays */
  readonly since: readonly Commit[]
  /** the commit that took an earlier rollback of this incident back: what it brought back is undone again */
  readonly takenBackBy: Commit | undefined
  /** true when the branch already has the content of the target by other means */
  readonly sameContent: boolean
  /** the merged pull requests that brought what is undone; undefined when the token may not see them */
  readonly pulls: readonly PullRequest[] | undefined
  readonly warnings: readonly Warning[]
  readonly way: Way
  /** the failed revision is itself a rollback */
  readonly badIsRollback: boolean
}

export interface RestoreRequest {
  readonly branch: string
  readonly environment: string
  readonly incident: string
  /** the revision whose deployment failed */
  readonly bad: string
  readonly target: string
  /** for the target `previous-deployment-tag` */
  readonly tagPattern: string
  /** for the target `last-green` */
  readonly checks: readonly string[]
  readonly delivery: Delivery
}

/** What a restore did, or had done before. */
export interface RestoreReceipt {
  readonly from: string
  readonly to: string
  readonly commit: string
  /** undefined when it could not be tagged, which takes nothing back */
  readonly tag: string | undefined
  /** why it could not be tagged */
  readonly untagged: string | undefined
  readonly outcome: 'rolled-back' | 'already-rolled-back' | 'proposed'
  /** the pull request that proposes the rollback, when it is not on the branch yet */
  readonly pull: PullRequest | undefined
}

/**
 * Plans a restore; changes nothing.
 * @throws InputError when the branch or the target is not there, or the target is not an older revision of the branch
 */
export async function planRestore(repository: Repository, request: RestoreRequest): Promise<RestorePlan> {
  const { branch } = request
  const head = await readRef(repository, `heads/${branch}`)
  if (head === undefined) {
    throw new InputError(
      `the branch "${branch}" is not in ${repository.owner}/${repository.repo}; name the deployed branch in input "branch"`,
    )
  }
  const rollbacks = findRollbacks(await listCommits(repository, { branch: head, count: 100 }))
  const earlier = rollbacks.find(({ incident }) => incident === request.incident)
  const { since, takenBackBy } =
    earlier === undefined ? { since: [], takenBackBy: undefined } : await lookAfter(repository, earlier, head)
  const holding = takenBackBy === undefined ? earlier : undefined
  // HEAD~n counts from where the branch stood before the rollback that is already there
  const base = holding?.from ?? head
  const rolledBack = new Set(rollbacks.map(({ incident }) => incident))
  const target = await findTarget(repository, { ...request, head: base, rolledBack })
  const done =
    holding?.to === target.commit.sha && holding.commit.tree === target.commit.tree
      ? holding.commit
      : undefined
  const from = done === undefined ? head : base
  const comparison = await compareCommits(repository, { base: target.commit.sha, head: from })
  refuseUnlessOlder({ comparison, branch, from, target, request: request.target })
  const [{ tree }, pulls, rules] = await Promise.all([
    readCommit(repository, from),
    findPulls(repository, comparison.commits),
    readBranchRules(repository, branch),
  ])
  return {
    branch,
    head: from,
    target,
    undone: comparison.commits,
    undoneCount: comparison.aheadBy,
    files: comparison.files,
    done,
    since: done === undefined ? [] : since,
    takenBackBy,
    sameContent: done === undefined && tree === target.commit.tree,
    pulls,
    warnings: findWarnings(comparison.files.map(({ path }) => path)),
    way: chooseWay(request.delivery, rules),
    badIsRollback: rollbacks.some(({ commit }) => commit.sha === request.bad),
  }
}

/** Pull requests are asked for commit by commit, of the newest ones only. */
const askedCommits = 20

/** A token that may not see pull requests may still roll back. */
async function findPulls(
  repository: Repository,
  commits: readonly Commit[],
): Promise<readonly PullRequest[] | undefined> {
  try {
    const [newest, ...others] = commits.slice(-askedCommits).reverse()
    if (newest === undefined) return []
    // one alone first: a token that may not see them is told so once
    const first = await pullsOfCommit(repository, newest.sha)
    const found = [first, ...(await Promise.all(others.map(({ sha }) => pullsOfCommit(repository, sha))))]
    const byNumber = new Map(found.flat().map((pull) => [pull.number, pull]))
    return [...byNumber.values()].sort((a, b) => a.number - b.number)
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}

function refuseUnlessOlder({
  comparison: { status },
  branch,
  from,
  target,
  request,
}: {
  comparison: Comparison
  branch: string
  from: string
  target: Target
  request: string
}): void {
  const named = `input "target" (${request}) is ${target.commit.sha.slice(0, 7)}`
  if (status === 'identical')
    throw new InputError(
      `${named}, which is the head of ${branch} already: there is nothing to undo; name an older revision`,
    )
  if (status !== 'ahead') {
    throw new InputError(
      `${named}, which is not an ancestor of ${branch} (at ${from.slice(0, 7)}): nothing was moved; name a revision that ${branch} has been at`,
    )
  }
}

/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyRestore(
  repository: Repository,
  plan: RestorePlan,
  { trace, delivery, proposal }: { trace: RollbackTrace; delivery: Delivery; proposal: Proposal },
): Promise<RestoreReceipt> {
  const { head, target, done, way } = plan
  const ids = { from: head, to: target.commit.sha, pull: undefined }
  const message = writeMessage(trace)
  if (done !== undefined) {
    const tagged = await tagRollback(repository, done, message)
    return { ...ids, ...tagged, commit: done.sha, outcome: 'already-rolled-back' }
  }
  const draft = { tree: target.commit.tree, parents: [head], message }
  let why = way.because
  if (way.way === 'direct') {
    try {
      const commit = await createCommit(repository, draft)
      await moveBranch(repository, { branch: plan.branch, from: head, to: commit.sha })
      return {
        ...ids,
        ...(await tagRollback(repository, commit, message)),
        commit: commit.sha,
        outcome: 'rolled-back',
      }
    } catch (error) {
      if (delivery !== 'auto' || !(error instanceof RefusedError) || !isRuleRefusal(error)) throw error
      why = error.message
    }
  }
  const { commit, pull } = await propose(repository, { draft, proposal }).catch((error: unknown) => {
    if (delivery !== 'auto' || !(error instanceof RefusedError)) throw error
    throw new RefusedError(`${why}, so the rollback takes a pull request: ${error.message}`, { cause: error })
  })
  return { ...ids, commit: commit.sha, tag: undefined, untagged: undefined, outcome: 'proposed', pull }
}

/** The branch has moved by now: a tag that is refused does not make the rollback undone, and is said instead. */
async function tagRollback(
  repository: Repository,
  { sha, committedAt }: Commit,
  message: string,
): Promise<Pick<RestoreReceipt, 'tag' | 'untagged'>> {
  const tag = tagOf(committedAt)
  // another branch may have been rolled back in the same second
  const names = [tag, `${tag}_${sha.slice(0, 7)}`]
  let untagged: string | undefined
  for (const name of names) {
    try {
      await tagCommit(repository, { tag: name, commit: sha, message })
      return { tag: name, untagged: undefined }
    } catch (error) {
      if (!isUserFacing(error)) throw error
      untagged = error.message
      if (!(error instanceof ConflictError)) break
    }
  }
  return { tag: undefined, untagged }
}
