import type { RootContent } from 'mdast'
import type { Repository } from '../../github/client.ts'
import { code, codeBlock, heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import type { Proposal } from './delivery.ts'
import { summarizePlan } from './describe.ts'
import { type RollbackTrace, subjectOf } from './message.ts'
import { type RollbackPlan, takesBack } from './plan.ts'
import { relandCommands } from './reland.ts'

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
    branch: takesBack(plan)
      ? `${rollbackBranch(trace.incident)}-${plan.mode}`
      : rollbackBranch(trace.incident),
    title: subjectOf(trace),
    body: renderMarkdown([
      paragraph(text(trace.reason)),
      ...summarizePlan(plan, repository),
      ...(plan.mode === 'reapply' ? howToMend(plan, trace) : afterTheMerge(plan, trace)),
    ]),
    draft: plan.mode === 'reapply',
  }
}

function afterTheMerge(plan: RollbackPlan, { incident }: RollbackTrace): readonly RootContent[] {
  const deploys = 'Merging this deploys nothing by itself where the deployment is not started by a push.'
  if (takesBack(plan)) return [heading(3, 'After the merge'), paragraph(deploys)]
  return [
    heading(3, 'After the merge'),
    paragraph(
      `${deploys} The undone work does not come back by merging its branch again, because its commits are in the history already: revert this pull request instead, and fix the fault there.`,
    ),
    codeBlock(relandCommands({ branch: plan.branch, incident }), 'sh'),
    paragraph(
      'Or run this action with ',
      code('target: reapply'),
      ': it opens a draft pull request with that.',
    ),
  ]
}

function howToMend({ branch }: RollbackPlan, { incident }: RollbackTrace): readonly RootContent[] {
  const own = `${rollbackBranch(incident)}-reapply`
  return [
    heading(3, 'What to do here'),
    paragraph(
      'This brings all of it back, the fault included. Mend the fault on this branch, then mark the pull request as ready and merge it into ',
      code(branch),
      ':',
    ),
    codeBlock(
      `git fetch origin\ngit switch ${own}\n# mend the fault\ngit commit --all\ngit push origin ${own}`,
      'sh',
    ),
  ]
}
