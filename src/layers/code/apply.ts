import { RefusedError } from '../../errors.ts'
import { isRuleRefusal } from '../../github/refusal.ts'
import { treeOf } from './content.ts'
import type { Delivery } from './deliveries.ts'
import { findProposed, type Proposal, propose } from './delivery.ts'
import { type RollbackTrace, readTrailers, writeMessage } from './message.ts'
import { goalOf, type RollbackPlan, scopeOf, takesBack } from './plan.ts'
import { publishRollback, tagRollback } from './publish.ts'
import type { RollbackReceipt } from './receipt.ts'
import { type CodeRepository, createCommit } from './repository.ts'
import { applyReset } from './reset.ts'
import { type BranchContent, verifyBranch } from './verify.ts'

/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyPlan(
  repository: CodeRepository,
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
  const message = writeMessage(trace, scopeOf(plan))
  // the workflow that deploys does all of it
  if (plan.mode === 'deploy-only') {
    const { sha, tree } = plan.target.commit
    return { ...ids, ...untagged, commit: sha, tree, outcome: 'rolled-back', verified: undefined }
  }
  const verify = (now: BranchContent) => verifyBranch(repository, plan.branch, now)
  if (plan.mode === 'reset') {
    const receipt = await applyReset(repository, plan, { trace, now })
    return { ...receipt, verified: await verify(receipt) }
  }
  if (plan.mode === 'reapply' && done === undefined) {
    // people work on it: what is there stays as it is
    const found = await findProposed(repository, proposal)
    if (found !== undefined) return { ...ids, ...proposed, ...found, tree: '' }
  }
  if (done !== undefined) {
    const there = { commit: done.sha, tree: done.tree }
    // what people themselves have put back gets no tag of ours
    const isOfPeople =
      takesBack(plan) && readTrailers(done.message).get('Rollback-Undoes') !== plan.rollback.sha
    const [tagged, verified] = await Promise.all([
      isOfPeople ? untagged : tagRollback(repository, plan, { commit: done, message }),
      verify(there),
    ])
    return { ...ids, ...tagged, ...there, outcome: 'already-rolled-back', verified }
  }
  const draft = { tree: await treeOf(repository, content), parents: [head], message }
  let why = way.because
  if (way.way === 'direct') {
    try {
      const commit = await createCommit(repository, draft)
      const there = { commit: commit.sha, tree: draft.tree }
      const published = await publishRollback(repository, plan, { commit, message })
      const [tagged, verified] = await Promise.all([published.tagged, verify(there)])
      return { ...ids, ...tagged, ...there, outcome: 'rolled-back', verified }
    } catch (error) {
      if (delivery !== 'auto' || !(error instanceof RefusedError) || !isRuleRefusal(error)) throw error
      why = error.message
    }
  }
  const { commit, ...where } = await propose(repository, { draft, proposal }).catch((error: unknown) => {
    if (delivery !== 'auto' || !(error instanceof RefusedError)) throw error
    throw new RefusedError(`${why}, so the rollback needs a pull request: ${error.message}`, { cause: error })
  })
  const { sha, tree } = commit
  return { ...ids, ...proposed, ...where, commit: sha, tree }
}

const untagged = { tag: undefined, untagged: undefined } as const
const proposed = { ...untagged, outcome: 'proposed', verified: undefined } as const
