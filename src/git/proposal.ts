import type { Repository } from '../github/client.ts'
import { heading, paragraph, renderMarkdown, text } from '../text/markdown.ts'
import type { Proposal } from './delivery.ts'
import { summarizePlan } from './describe.ts'
import { type RollbackTrace, subjectOf } from './message.ts'
import type { RollbackPlan } from './plan.ts'

/** What may be wished of a pull request beside its content. */
export type ProposalWishes = Pick<Proposal, 'labels' | 'reviewers' | 'autoMerge'>

/** The branch that a rollback's pull request comes from: one an incident. */
export function rollbackBranch(incident: string): string {
  return `rollback/${incident}`
}

/** The pull request that proposes a rollback: what is undone, why, and how the work comes back. */
export function writeProposal(
  repository: Pick<Repository, 'owner' | 'repo'>,
  plan: RollbackPlan,
  trace: RollbackTrace,
  wishes: ProposalWishes,
): Proposal {
  return {
    ...wishes,
    base: plan.branch,
    branch: plan.mode === 'undo' ? `rollback/${trace.incident}-undo` : rollbackBranch(trace.incident),
    title: subjectOf(trace),
    body: renderMarkdown([
      paragraph(text(trace.reason)),
      ...summarizePlan(plan, repository),
      heading(3, 'After the merge'),
      paragraph(
        'Merging this deploys nothing by itself where the deployment is not started by a push. The undone work does not come back by merging its branch again, because its commits are in the history already: revert this pull request instead, and fix the fault there.',
      ),
    ]),
    draft: false,
  }
}
