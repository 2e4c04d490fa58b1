import { ConflictError, InputError, isUserFacing } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import {
  type Commit,
  type Comparison,
  compareCommits,
  createCommit,
  listCommits,
  readCommit,
} from '../github/commits.ts'
import { moveBranch, readRef, tagCommit } from '../github/refs.ts'
import { findRollbacks, lookAfter } from './earlier.ts'
import { type RollbackTrace, tagOf, writeMessage } from './message.ts'
import { findTarget, type Target } from './target.ts'

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
}

export interface RestoreRequest {
  readonly branch: string
  readonly environment: string
  readonly incident: string
  /** the revision whose deployment failed */
  readonly bad: string
  readonly target: string
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
  readonly outcome: 'rolled-back' | 'already-rolled-back'
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
  const { tree } = await readCommit(repository, from)
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
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag.
 * Can be killed between any two requests and run again: the branch ends with one rollback commit.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyRestore(
  repository: Repository,
  plan: RestorePlan,
  trace: RollbackTrace,
): Promise<RestoreReceipt> {
  const { branch, head, target, done } = plan
  const message = writeMessage(trace)
  const commit =
    done ?? (await createCommit(repository, { tree: target.commit.tree, parents: [head], message }))
  if (done === undefined) await moveBranch(repository, { branch, from: head, to: commit.sha })
  return {
    from: head,
    to: target.commit.sha,
    commit: commit.sha,
    ...(await tagRollback(repository, commit, message)),
    outcome: done === undefined ? 'rolled-back' : 'already-rolled-back',
  }
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
