import type { Plan } from './plan.ts'
import { formatChannel } from './release.ts'
import type { ChannelResult } from './roll-back.ts'

/** Labels of what a plan takes back, and of what it goes back to. '' where there is none. */
export function labelsOf(plan: Plan): { readonly from: string; readonly to: string } {
  const from = 'bad' in plan ? plan.bad.label : plan.kind === 'superseded' ? plan.expected : ''
  // a copy on top has a label of its own; what it was copied from is the same in a run that finds it done
  if (plan.kind === 'done') return { from, to: (plan.good.copyOf ?? plan.good).label }
  return { from, to: plan.kind === 'roll-back' ? plan.good.label : '' }
}

/** The same as the history names them: `Shop-ios/Production v2`. */
export function namesOf(plan: Plan): { readonly from: string; readonly to: string } {
  const name = formatChannel(plan.channel.name)
  const { from, to } = labelsOf(plan)
  return { from: from && `${name} ${from}`, to: to && `${name} ${to}` }
}

/** How the target was found, in words. */
export function foundBy(plan: Plan): string {
  if (plan.kind === 'roll-back') return plan.foundBy
  return plan.kind === 'done' ? 'done before' : 'halted'
}

/**
 * What is needed to take the rollback of a channel back: the label of the release that this run, or an earlier one of the
 * same incident, took back. Empty for a rollback of another incident. One that failed may have been halfway: its label is
 * kept, too, unless another release was in the way of it.
 */
export function keptOf({ plan, receipt, reasonCode }: ChannelResult): Readonly<Record<string, string>> {
  const name = formatChannel(plan.channel.name)
  if (
    receipt === undefined &&
    reasonCode !== 'superseded' &&
    (plan.kind === 'roll-back' || plan.kind === 'stop')
  )
    return { [name]: plan.bad.label }
  if (receipt?.bad === undefined || (plan.kind === 'done' && !plan.ours)) return {}
  return { [name]: receipt.bad.label }
}
