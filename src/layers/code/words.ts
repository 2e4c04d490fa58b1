import type { Repository } from '../../github/client.ts'
import type { Called, LayerWords } from '../layer.ts'
import { describePlan, describeStanding, summarizePlan, summarizeStanding } from './describe.ts'
import { type RollbackPlan, takesBack } from './plan.ts'

/** What a run of one's own says of a plan of the code. */
export function wordsOf(plan: RollbackPlan, repository: Pick<Repository, 'owner' | 'repo'>): LayerWords {
  return {
    lines: describePlan(plan),
    sections: summarizePlan(plan, repository),
    standing: (receipt, isDeployed) => ({
      line: describeStanding(plan, receipt, isDeployed),
      sections: summarizeStanding(plan, receipt, isDeployed),
    }),
    done: done[plan.mode],
    nothing: { reasonCode: 'nothing-changed', headline: 'Nothing to roll back' },
    doneBefore: takesBack(plan) ? undoneBefore(plan) : rolledBackBefore(plan),
  }
}

const done: Readonly<Record<RollbackPlan['mode'], Called>> = {
  restore: { reasonCode: 'restored', headline: 'Rolled back' },
  revert: { reasonCode: 'reverted', headline: 'Rolled back' },
  reset: { reasonCode: 'reset', headline: 'Branch moved back' },
  'deploy-only': { reasonCode: 'deployed', headline: 'Good revision deployed again' },
  undo: { reasonCode: 'taken-back', headline: 'Rollback undone' },
  reapply: { reasonCode: 'pull-request', headline: 'The undone work is proposed again' },
}

function rolledBackBefore({ sameContent }: RollbackPlan): Called {
  return { reasonCode: sameContent ? 'same-content' : 'done-before', headline: 'Already rolled back' }
}

function undoneBefore({ sameContent }: RollbackPlan): Called {
  return { reasonCode: sameContent ? 'same-content' : 'done-before', headline: 'Rollback already undone' }
}
