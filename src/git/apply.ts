import { isUserFacing, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type Commit, createCommit } from '../github/commits.ts'
import { findOpenPull } from '../github/pulls.ts'
import { moveBranch, readRef, tagByFreeName } from '../github/refs.ts'
import { isRuleRefusal } from '../github/refusal.ts'
import { treeOf } from './content.ts'
import { type Delivery, type Proposal, propose } from './delivery.ts'
import { type RollbackTrace, readTrailers, tagOf, writeMessage } from './message.ts'
import { goalOf, type RollbackPlan, takesBack } from './plan.ts'
import type { RollbackReceipt } from './receipt.ts'
import { applyReset } from './reset.ts'

/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyPlan(
  repository: Repository,
  plan: RollbackPlan,
  {
    trace,
    delivery,
    proposal,
    now,
  }: { trace: RollbackTrace; delivery: Delivery; proposal: Proposal; now: Date },
): Promise<RollbackReceipt> {
  const { head, content, done, way } = plan
  const ids = { from: head, to: goalOf(plan), pull: undefined }
  const message = writeMessage(trace)
  // the workflow that deploys does all of it
  if (plan.mode === 'deploy-only') {
    const { sha, tree } = plan.target.commit
    return { ...ids, ...untagged, commit: sha, tree, outcome: 'rolled-back' }
  }
  if (plan.mode === 'reset') return applyReset(repository, plan, { trace, now })
  if (plan.mode === 'reapply' && done === undefined) {
    // people work on it: what is there stays as it is
    const { branch, base } = proposal
    const pull = await findOpenPull(repository, { head: branch, base })
    const commit = pull && (await readRef(repository, `heads/${branch}`))
    if (commit !== undefined) return { ...ids, ...proposed, commit, tree: '', pull }
  }
  if (done !== undefined) {
    // what people themselves have put back gets no tag of ours
    if (takesBack(plan) && readTrailers(done.message).get('Rollback-Undoes') !== plan.rollback.sha)
      return { ...ids, ...untagged, commit: done.sha, tree: done.tree, outcome: 'already-rolled-back' }
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
  return { ...ids, ...proposed, commit: sha, tree, pull }
}

const untagged = { tag: undefined, untagged: undefined } as const
const proposed = { ...untagged, outcome: 'proposed' } as const

/** The branch has moved by now: a tag that is refused does not make the rollback undone, and is said instead. */
async function tagRollback(
  repository: Repository,
  plan: RollbackPlan,
  { sha, committedAt }: Commit,
  message: string,
): Promise<Pick<RollbackReceipt, 'tag' | 'untagged'>> {
  const tag = tagOf(committedAt, takesBack(plan) ? 'rollback_undone' : 'rollback')
  try {
    return { tag: await tagByFreeName(repository, { tag, commit: sha, message }), untagged: undefined }
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return { tag: undefined, untagged: error.message }
  }
}
