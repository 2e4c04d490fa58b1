import { quoteWord } from '../../text/shell.ts'
import type { LayerReceipt, WayBack } from '../layer.ts'
import { type RollbackPlan, takesBack } from './plan.ts'

/**
 * How people bring the work back that a rollback undid: merging its branch again says "Already up to date", because its commits are in
 * the history already.
 */
export function wayBackOf(
  plan: RollbackPlan,
  { from, to, now, tag }: Pick<LayerReceipt, 'from' | 'to' | 'now'> & { readonly tag: string | undefined },
): { readonly wayBack?: WayBack } {
  // the branch has all of it: it was not changed, or it was put back
  if (takesBack(plan) || now === from || plan.mode === 'deploy-only') return {}
  const { branch } = plan
  const remote = quoteWord(`origin/${branch}`)
  if (plan.mode === 'reset') {
    const kept = tag === undefined ? '' : `, by the tag ${tag}`
    const steps = [
      `${branch} was moved back, and what it was at is kept${kept}. Merge that on a branch, fix the fault there, and open a pull request:`,
    ]
    const commands = [
      'git fetch origin --tags',
      `git switch -c reapply-${from.slice(0, 7)} ${remote}`,
      `git merge ${from}`,
    ]
    return { wayBack: { steps, commands } }
  }
  const undone =
    plan.mode === 'revert'
      ? `The rollback undid ${plan.undone.map(({ sha }) => sha.slice(0, 7)).join(', ')}; reverting it restores that, including the fault.`
      : `The rollback undid all that came after ${to.slice(0, 7)} up to ${from.slice(0, 7)}; reverting the rollback restores all of that, including the fault.`
  return {
    wayBack: {
      steps: [
        'Merging the same branch again does nothing, because its commits are in the history already. Revert the rollback on a branch, fix the fault there, and open a pull request:',
        'Or run git-rollback with the target "reapply": it opens a draft pull request that does the same.',
        undone,
      ],
      commands: [
        'git fetch origin',
        `git switch -c reapply-${now.slice(0, 7)} ${remote}`,
        `git revert ${now}`,
      ],
    },
  }
}
