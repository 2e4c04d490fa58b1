import {
  ConflictError,
  InputError,
  isUserFacing,
  type Message,
  message,
  setting,
  UnavailableError,
} from '../../errors.ts'
import { applyPlan, type Circumstances, lookAt, type Receipt } from './apply.ts'
import { haltMeans } from './explain.ts'
import type { Plan } from './plan.ts'
import { describe, formatChannel } from './release.ts'
import type { UpdateServer } from './update-server.ts'

/** How it went on one channel. */
export interface ChannelResult {
  readonly plan: Plan
  readonly reasonCode: ReasonCode
  /** absent when it was not carried through */
  readonly receipt?: Receipt
  /** what is wrong, and what to do; absent if nothing is wrong */
  readonly problem?: string | Message
}

export type ReasonCode =
  | 'restored'
  | 'done-before'
  | 'halted'
  /** halted, because nothing can be gone back to */
  | 'no-target'
  /** devices are not offered what they should be */
  | 'unverified'
  | 'superseded'
  | 'invalid-input'
  | 'refused'
  | 'unavailable'

export type Decision = 'rolled-back' | 'already-rolled-back' | 'stopped' | 'partial' | 'superseded' | 'failed'

/**
 * Applies the plans one after the other. A channel that fails does not keep the next from being mended: run again, those
 * that are done are left as they are.
 * @throws whatever is no user's business: bugs, and the end of a cancelled job
 */
export async function applyAll(
  server: UpdateServer,
  plans: readonly Plan[],
  circumstances: Circumstances,
): Promise<readonly ChannelResult[]> {
  const results: ChannelResult[] = []
  for (const plan of plans) {
    try {
      results.push(judge(plan, await applyPlan(server, plan, circumstances)))
    } catch (error) {
      if (!isUserFacing(error)) throw error
      results.push({ plan, reasonCode: reasonOf(error), problem: message`${error}` })
    }
  }
  return results
}

/** Asks devices once whether what was done before holds on every channel; writes nothing. */
export async function lookAtAll(
  server: UpdateServer,
  plans: readonly Plan[],
  circumstances: Omit<Circumstances, 'verifyTimeoutMs'>,
): Promise<readonly ChannelResult[]> {
  const done = plans.filter((plan) => plan.kind === 'done' || plan.kind === 'stop')
  return Promise.all(
    done.map(async (plan) =>
      judge(plan, await lookAt(server, plan, plan.channel, { ...circumstances, verifyTimeoutMs: 0 })),
    ),
  )
}

function judge(plan: Plan, receipt: Receipt): ChannelResult {
  const failing = receipt.devices.find(({ ok }) => !ok)
  const name = formatChannel(plan.channel.name)
  if (failing !== undefined) {
    const { device, binary, offered, asked, agreeing } = failing
    const share = asked === 1 ? '' : ` (${asked - agreeing} of ${asked})`
    const isHidden = offered === 'nothing' && receipt.good?.isDisabled === undefined && receipt.good
    const advice = isHidden
      ? message`${receipt.good.label} may be disabled on the server, which does not show it; name another release in ${setting('target')}`
      : message`check the releases on the server, or give its cache more time with ${setting('ota.verify-timeout')}`
    const version = binary === plan.binary ? '' : ` of ${binary}`
    const problem = message`${name}: devices${version} ${device} are offered ${offered}${share}: ${advice}`
    return { plan, receipt, reasonCode: 'unverified', problem }
  }
  if (receipt.outcome === 'stopped') {
    if (plan.kind !== 'stop' || plan.because === undefined) return { plan, receipt, reasonCode: 'halted' }
    const advice =
      plan.fallback === undefined ? '; release a fixed bundle to reach the devices that run it' : ''
    const problem = `${name}: ${describe(plan.bad)} was halted: ${haltMeans(plan)}. ${plan.because}${advice}`
    return { plan, receipt, reasonCode: 'no-target', problem }
  }
  return { plan, receipt, reasonCode: receipt.outcome === 'rolled-back' ? 'restored' : 'done-before' }
}

/** Why it was not carried through, as one word. */
export function reasonOf(error: unknown): ReasonCode {
  if (error instanceof InputError) return 'invalid-input'
  if (error instanceof ConflictError) return 'superseded'
  return error instanceof UnavailableError ? 'unavailable' : 'refused'
}

/** One word for all channels together. */
export function decide(results: readonly ChannelResult[]): Decision {
  const bad = results.filter(({ problem }) => problem !== undefined)
  if (bad.length > 0 && bad.length < results.length) return 'partial'
  if (bad.length > 0) {
    if (bad.every(({ reasonCode }) => reasonCode === 'superseded')) return 'superseded'
    return bad.every(({ reasonCode }) => reasonCode === 'no-target') ? 'stopped' : 'failed'
  }
  const outcomes = results.map(({ receipt }) => receipt?.outcome)
  if (outcomes.includes('rolled-back')) return 'rolled-back'
  return outcomes.includes('stopped') ? 'stopped' : 'already-rolled-back'
}
