import { RefusedError } from '../../errors.ts'
import { isRuleRefusal } from '../../github/refusal.ts'
import { treeOf } from './content.ts'
import type { Delivery } from './deliveries.ts'
import { findProposed, type Proposal, propose } from './delivery.ts'
import { type RollbackTrace, readTrailers, writeMessage } from './message.ts'
import { goalOf, type RollbackPlan, scopeOf, takesBack } from './plan.ts'
import { type PreparedCommit, prepareCommit, publishRollback, tagRollback } from './publish.ts'
import type { RollbackReceipt } from './receipt.ts'
import { type CodeRepository, isPlain } from './repository.ts'
import { applyReset } from './reset.ts'
import { type BranchContent, verifyBranch } from './verify.ts'

/** Makes the commit that `applyPlan` puts on the branch, and what its tag takes; undefined where it puts none there, or that takes no request. */
export async function prepareRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  trace: RollbackTrace,
): Promise<PreparedCommit | undefined> {
  const isCommit = plan.mode === 'restore' || plan.mode === 'revert' || plan.mode === 'undo'
  if (!isCommit || plan.done !== undefined || plan.way.way !== 'direct' || isPlain(repository))
    return undefined
  const tree = await treeOf(repository, plan.content)
  const message = writeMessage(trace, scopeOf(plan))
  return prepareCommit(repository, plan, { tree, parents: [plan.head], message })
}

/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @param prepared the commit, where it is made already
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
  prepared?: PreparedCommit,
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
  const draft = {
    tree: prepared?.commit.tree ?? (await treeOf(repository, content)),
    parents: [head],
    message,
  }
  let why = way.because
  if (way.way === 'direct') {
    try {
      const made = prepared ?? (await prepareCommit(repository, plan, draft))
      const there = { commit: made.commit.sha, tree: made.commit.tree }
      const published = await publishRollback(repository, plan, made)
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
