import { createHash } from 'node:crypto'
import type { RootContent } from 'mdast'
import type { Repository } from '../../github/client.ts'
import { code, codeBlock, heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { demandReviewers, type Proposal } from './delivery.ts'
import { summarizePlan } from './describe.ts'
import { type RollbackTrace, subjectOf } from './message.ts'
import { type RollbackPlan, scopeOf, takesBack } from './plan.ts'
import { relandCommands } from './reland.ts'

/** What may be wished of a pull request beside its content. */
export type ProposalWishes = Pick<Proposal, 'labels' | 'reviewers' | 'autoMerge'>

/** The branch that a rollback's pull request comes from: one an incident, and one each for paths that are restored alone. */
export function rollbackBranch(incident: string, paths: readonly string[] = []): string {
  const own = createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 8)
  return paths.length === 0 ? `rollback/${incident}` : `rollback/${incident}-${own}`
}

/** The pull request that proposes a rollback: what is undone, why, and how the work comes back. */
export function writeProposal(
  repository: Pick<Repository, 'owner' | 'repo'>,
  plan: RollbackPlan,
  trace: RollbackTrace,
  wishes: ProposalWishes,
): Proposal {
  demandReviewers(wishes.reviewers)
  return {
    ...wishes,
    base: plan.branch,
    branch: takesBack(plan)
      ? `${rollbackBranch(trace.incident)}-${plan.mode}`
      : rollbackBranch(trace.incident, 'paths' in plan ? plan.paths : []),
    title: subjectOf(trace, scopeOf(plan)),
    body: renderMarkdown([
      paragraph(text(trace.reason)),
      ...summarizePlan(plan, repository),
      ...(plan.mode === 'reapply' ? howToFix(plan, trace) : afterTheMerge(plan, trace)),
    ]),
    draft: plan.mode === 'reapply',
  }
}

function afterTheMerge(plan: RollbackPlan, { incident }: RollbackTrace): readonly RootContent[] {
  const deploys = 'Merging this pull request deploys the rollback only if a push starts the deployment.'
  if (takesBack(plan)) return [heading(3, 'After the merge'), paragraph(deploys)]
  return [
    heading(3, 'After the merge'),
    paragraph(
      `${deploys} Merging the branch of the undone work again does nothing, because its commits are already in the history: revert this pull request instead, and fix the fault there.`,
    ),
    codeBlock(relandCommands({ branch: plan.branch, incident }), 'sh'),
    paragraph(
      'Or run this action with ',
      code('target: reapply'),
      ': it opens a draft pull request that does this.',
    ),
  ]
}

function howToFix({ branch }: RollbackPlan, { incident }: RollbackTrace): readonly RootContent[] {
  const own = `${rollbackBranch(incident)}-reapply`
  return [
    heading(3, 'What to do here'),
    paragraph(
      'This restores all of it, including the fault. Fix the fault on this branch, then mark the pull request as ready and merge it into ',
      code(branch),
      ':',
    ),
    codeBlock(
      `git fetch origin\ngit switch ${own}\n# fix the fault\ngit commit --all\ngit push origin ${own}`,
      'sh',
    ),
  ]
}
