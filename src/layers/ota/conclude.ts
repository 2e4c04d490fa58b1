import { changes, type Plan } from './plan.ts'
import { labelsOf } from './record.ts'
import { formatChannel } from './release.ts'
import { type ChannelResult, type Decision, decide, type ReasonCode } from './roll-back.ts'
import { isVerified } from './verify.ts'

export type UpdatesDecision = Decision | 'planned'

/** What a rollback of updates came to, in words that programs read. */
export interface UpdatesConclusion {
  readonly decision: UpdatesDecision
  readonly reasonCode: ReasonCode | 'dry-run'
  /** devices on every channel are offered what they should be */
  readonly isVerified: boolean
  readonly channels: readonly ChannelConclusion[]
}

/** Labels are '' where there is none. */
export interface ChannelConclusion {
  readonly channel: string
  readonly plan: Plan['kind']
  readonly reason: ReasonCode | 'dry-run'
  readonly from: string
  readonly to: string
  /** what is on top now */
  readonly label: string
  readonly verified: boolean
}

/**
 * Says what became of the plans.
 * @param results one for each plan; empty where none was carried out
 * @param isHeld a guard did not allow it
 * @param isPlanned it was only planned
 */
export function concludeUpdates(
  plans: readonly Plan[],
  results: readonly ChannelResult[],
  { isHeld, isPlanned }: { readonly isHeld: boolean; readonly isPlanned: boolean },
): UpdatesConclusion {
  const channels = plans.map((plan, index) =>
    isPlanned
      ? concludeChannel(plan, undefined, 'dry-run')
      : concludeChannel(plan, results[index], 'refused'),
  )
  const verified = !isPlanned && results.length > 0 && channels.every((each) => each.verified)
  if (isPlanned) return { decision: 'planned', reasonCode: 'dry-run', isVerified: false, channels }
  if (isHeld) {
    const isSuperseded = plans.some(({ kind }) => kind === 'superseded') && !plans.some(changes)
    const reasonCode = isSuperseded ? 'superseded' : 'refused'
    return { decision: isSuperseded ? 'superseded' : 'failed', reasonCode, isVerified: false, channels }
  }
  const first = results.find(({ problem }) => problem !== undefined) ?? results[0]
  const reasonCode = first?.reasonCode ?? 'done-before'
  return { decision: decide(results), reasonCode, isVerified: verified, channels }
}

/** @param otherwise why nothing was done, where nothing was */
function concludeChannel(
  plan: Plan,
  result: ChannelResult | undefined,
  otherwise: ChannelConclusion['reason'],
): ChannelConclusion {
  const { receipt, reasonCode = otherwise } = result ?? {}
  return {
    channel: formatChannel(plan.channel.name),
    plan: plan.kind,
    reason: plan.kind === 'superseded' ? 'superseded' : reasonCode,
    ...labelsOf(plan),
    label: receipt?.now?.label ?? '',
    verified: isVerified(receipt?.devices ?? []) && plan.leftAlone.length === 0,
  }
}
