import { type RollbackPlan, takesBack } from './plan.ts'
import type { RollbackReceipt } from './receipt.ts'

/** What a run came to, in words that programs and people read. */
export interface Conclusion {
  readonly decision: 'planned' | 'undone' | 'already-undone' | 'not-deployed' | RollbackReceipt['outcome']
  /** one word */
  readonly reasonCode: string
  readonly headline: string
}

/** What became of the deployment, as far as it counts here. */
interface Deployed {
  readonly done?: { readonly revision: string; readonly workflow: string }
  readonly problem?: string
}

/** Concludes a run. @param receipt undefined when it was only planned */
export function conclude(
  plan: RollbackPlan,
  receipt: RollbackReceipt | undefined,
  { isDryRun, deployment }: { readonly isDryRun: boolean; readonly deployment: Deployed | undefined },
): Conclusion {
  if (isDryRun || receipt === undefined)
    return {
      decision: 'planned',
      reasonCode: 'dry-run',
      headline: 'Rollback planned (dry run: nothing was changed)',
    }
  if (deployment?.problem !== undefined)
    return { decision: 'not-deployed', reasonCode: 'not-deployed', headline: 'Rolled back, and not deployed' }
  if (plan.sameContent)
    return { decision: 'already-rolled-back', reasonCode: 'same-content', headline: 'Already rolled back' }
  return takesBack(plan) ? concludeUndo(receipt) : concludeRollback(plan.mode, receipt)
}

function concludeUndo({ outcome, pull }: RollbackReceipt): Conclusion {
  switch (outcome) {
    case 'proposed':
      return {
        decision: outcome,
        reasonCode: pull === undefined ? 'branch' : 'pull-request',
        headline: 'The undone work is proposed again',
      }
    case 'already-rolled-back':
      return {
        decision: 'already-undone',
        reasonCode: 'done-before',
        headline: 'Rollback taken back before',
      }
    case 'rolled-back':
      return { decision: 'undone', reasonCode: 'taken-back', headline: 'Rollback taken back' }
  }
}

const reasons = {
  restore: 'restored',
  revert: 'reverted',
  reset: 'reset',
  'deploy-only': 'deployed',
} as const

const headlines = {
  restore: 'Rolled back',
  revert: 'Rolled back',
  reset: 'Branch moved back',
  'deploy-only': 'Good revision deployed again',
} as const

function concludeRollback(mode: keyof typeof reasons, { outcome }: RollbackReceipt): Conclusion {
  switch (outcome) {
    case 'proposed':
      return { decision: outcome, reasonCode: 'pull-request', headline: 'Rollback proposed' }
    case 'already-rolled-back':
      return { decision: outcome, reasonCode: 'done-before', headline: 'Already rolled back' }
    case 'rolled-back':
      return { decision: outcome, reasonCode: reasons[mode], headline: headlines[mode] }
  }
}

/** What is there now, for the last line of the log. */
export function describeNow(
  { branch, head, sameContent }: RollbackPlan,
  receipt: RollbackReceipt | undefined,
  deployment: Deployed | undefined,
): string {
  if (receipt === undefined) return `${branch} is at ${head.slice(0, 7)}; nothing was changed`
  const { commit, pull, proposedOn } = receipt
  const short = commit.slice(0, 7)
  if (pull !== undefined) return `${branch} is unchanged until pull request #${pull.number} is merged`
  if (proposedOn !== undefined) return `${branch} is unchanged; ${proposedOn} is at ${short}`
  const at = sameContent
    ? `${branch} has that content already, at ${short}`
    : `${short} is the revision to deploy`
  return `${at}; ${sayDeployed(deployment)}; production was not looked at`
}

function sayDeployed(deployment: Deployed | undefined): string {
  if (deployment?.done !== undefined)
    return `${deployment.done.workflow} deployed ${deployment.done.revision.slice(0, 7)}`
  return deployment === undefined ? 'nothing was deployed by this run' : 'it is not deployed'
}
