import { ConflictError, isUserFacing, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type Commit, createCommit } from '../github/commits.ts'
import type { PullRequest } from '../github/pulls.ts'
import { moveBranch, tagCommit } from '../github/refs.ts'
import { isRuleRefusal } from '../github/refusal.ts'
import { treeOf } from './content.ts'
import { type Delivery, type Proposal, propose } from './delivery.ts'
import { type RollbackTrace, tagOf, writeMessage } from './message.ts'
import { goalOf, type RollbackPlan } from './plan.ts'

/** What a rollback did, or had done before. */
export interface RollbackReceipt {
  readonly from: string
  readonly to: string
  readonly commit: string
  /** the content that it has */
  readonly tree: string
  /** undefined when it could not be tagged, which takes nothing back */
  readonly tag: string | undefined
  /** why it could not be tagged */
  readonly untagged: string | undefined
  readonly outcome: 'rolled-back' | 'already-rolled-back' | 'proposed'
  /** the pull request that proposes the rollback, when it is not on the branch yet */
  readonly pull: PullRequest | undefined
}

/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyPlan(
  repository: Repository,
  plan: RollbackPlan,
  { trace, delivery, proposal }: { trace: RollbackTrace; delivery: Delivery; proposal: Proposal },
): Promise<RollbackReceipt> {
  const { head, content, done, way } = plan
  const ids = { from: head, to: goalOf(plan), pull: undefined }
  const message = writeMessage(trace)
  if (done !== undefined) {
    const tagged = await tagRollback(repository, plan, done, message)
    return { ...ids, ...tagged, commit: done.sha, tree: done.tree, outcome: 'already-rolled-back' }
  }
  const draft = { tree: await treeOf(repository, content), parents: [head], message }
  let why = way.because
  if (way.way === 'direct') {
    try {
      const commit = await createCommit(repository, draft)
      await moveBranch(repository, { branch: plan.branch, from: head, to: commit.sha })
      return {
        ...ids,
        ...(await tagRollback(repository, plan, commit, message)),
        commit: commit.sha,
        tree: draft.tree,
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
  const { sha, tree } = commit
  return { ...ids, commit: sha, tree, tag: undefined, untagged: undefined, outcome: 'proposed', pull }
}

/** The branch has moved by now: a tag that is refused does not make the rollback undone, and is said instead. */
async function tagRollback(
  repository: Repository,
  { mode }: RollbackPlan,
  { sha, committedAt }: Commit,
  message: string,
): Promise<Pick<RollbackReceipt, 'tag' | 'untagged'>> {
  const tag = tagOf(committedAt, mode === 'undo' ? 'rollback_undone' : 'rollback')
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
