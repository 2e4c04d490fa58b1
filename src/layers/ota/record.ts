import type { Occurrence } from '../../history/event.ts'
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
 * same incident, took back. Empty for a rollback of another incident, and for one that was not carried through.
 */
export function keptOf({ plan, receipt }: ChannelResult): Readonly<Record<string, string>> {
  if (receipt?.bad === undefined || (plan.kind === 'done' && !plan.ours)) return {}
  return { [formatChannel(plan.channel.name)]: receipt.bad.label }
}

/** What this run, or an earlier one of the same incident, did to a channel, for the history; and what makes it the same event. */
export function describeResult(
  result: ChannelResult,
  {
    reason,
    automatic,
    startedAt,
    stepKey,
  }: {
    readonly reason: string
    /** no person asked for it */
    readonly automatic: boolean
    readonly startedAt: string
    /** tells a failure of one step from that of another */
    readonly stepKey: string
  },
): { readonly what: Occurrence; readonly key: readonly string[] } | undefined {
  const { plan, receipt, problem, reasonCode } = result
  const name = formatChannel(plan.channel.name)
  const { from, to } = namesOf(plan)
  if (problem !== undefined) {
    const code =
      reasonCode === 'superseded' ? 'conflict' : reasonCode === 'invalid-input' ? 'refused' : reasonCode
    if (code === 'restored' || code === 'done-before' || code === 'halted') return undefined
    const moved = { from: from || `${name} as it is`, to: to || `${name} nothing older` }
    return {
      what: { kind: 'rollback-failed', layer: 'ota', ...moved, reasonCode: code, because: String(problem) },
      key: ['ota', moved.from, moved.to, code, stepKey],
    }
  }
  const kept = keptOf(result)
  if (Object.keys(kept).length === 0) return undefined
  const halted = `${name} halted`
  const now = receipt?.now === undefined ? halted : `${name} ${receipt.now.label}`
  return {
    what: {
      kind: 'rollback-applied',
      layer: 'ota',
      from,
      to: to || halted,
      now,
      reason,
      targetFoundBy: foundBy(plan),
      automatic,
      undone: [],
      startedAt,
      kept,
    },
    key: ['ota', from, now],
  }
}
