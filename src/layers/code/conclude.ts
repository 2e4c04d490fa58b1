import { type RollbackPlan, takesBack } from './plan.ts'
import type { RollbackReceipt } from './receipt.ts'

/** What a run came to, in words that programs and people read. */
export interface Conclusion {
  readonly decision: 'planned' | 'undone' | 'already-undone' | RollbackReceipt['outcome']
  /** one word */
  readonly reasonCode: string
  readonly headline: string
}

/** Concludes a run. @param receipt undefined when nothing was applied: it was only planned, or there was nothing to do */
export function conclude(
  plan: RollbackPlan,
  receipt: RollbackReceipt | undefined,
  isDryRun = false,
): Conclusion {
  if (isDryRun)
    return {
      decision: 'planned',
      reasonCode: 'dry-run',
      headline: 'Rollback planned (dry run: nothing was changed)',
    }
  if (receipt === undefined)
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
