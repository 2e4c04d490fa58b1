import { InputError, message, setting } from '../errors.ts'
import type { Check } from '../settings/schema.ts'
import { redact } from '../text/redact.ts'
import { prepareCheck } from './checks/prepare.ts'
import type { WatchInput } from './gate.ts'
import { nameLimit } from './limit.ts'
import { type Reading, type State, stateOf } from './reading.ts'
import { secretsOf } from './target.ts'
import { formatValue, type Unit, unitOf } from './value.ts'

export type ImpactInput = Pick<
  WatchInput,
  'checks' | 'fetch' | 'env' | 'timeoutMs' | 'intervalMs' | 'now' | 'deployedAt' | 'redact' | 'signal'
>

/** What the people who use production noticed. Plain data. */
export interface Impact {
  /** one clause a check, those that are harmed first */
  readonly because: string
  readonly checks: readonly ImpactOfCheck[]
}

export interface ImpactOfCheck {
  readonly name: string
  readonly unit: Unit
  readonly state: State
  /** over a stretch before the deployment that is as long as the one since; absent where nobody remembers it */
  readonly before?: number
  readonly after?: number
  /** beyond its limit since the deployment, and not before */
  readonly harmed: boolean
  /** `620 after 1240, 50 % less; minimum 1000` */
  readonly evidence: string
}

/**
 * Measures what users noticed of a deployment, by checks of active users, crashes, feedback and engagement: each once for now, and
 * once for the time before the deployment where its server remembers. A rate or a number is read at the end of the stretch,
 * counts are those of the whole stretch. It decides nothing.
 * @throws InputError when there is no check, or one that can never look
 */
export async function assessImpact(input: ImpactInput): Promise<Impact> {
  const { checks, env } = input
  if (checks.length === 0) {
    throw new InputError(
      message`there is nothing to assess: add checks of active users, crashes, feedback or engagement under ${setting('health.impact')}, or in ${setting('health.checks')}`,
    )
  }
  const secrets = secretsOf(checks, env)
  const hide = (text: string) => redact(input.redact(text), secrets).replace(/[\s\p{Cc}]+/gu, ' ')
  const measured = await Promise.all(checks.map((check) => measure(check, input, hide)))
  const sorted = measured.toSorted((a, b) => Number(b.harmed) - Number(a.harmed))
  return { because: sorted.map(({ name, evidence }) => `${name}: ${evidence}`).join('; '), checks: measured }
}

/** What an impact comes to. The step that measures it never rolls back. */
export function concludeImpact({ checks }: Impact): {
  readonly verdict: 'inconclusive' | 'unhealthy' | 'healthy'
  readonly reasonCode: 'no-data' | 'users-harmed' | 'users-unharmed'
  /** names of the checks by which users were harmed */
  readonly harmed: readonly string[]
} {
  const harmed = checks.filter((each) => each.harmed).map(({ name }) => name)
  if (checks.every(({ after }) => after === undefined))
    return { verdict: 'inconclusive', reasonCode: 'no-data', harmed }
  return harmed.length > 0
    ? { verdict: 'unhealthy', reasonCode: 'users-harmed', harmed }
    : { verdict: 'healthy', reasonCode: 'users-unharmed', harmed }
}

async function measure(
  check: Check,
  input: ImpactInput,
  hide: (text: string) => string,
): Promise<ImpactOfCheck> {
  const at = input.now()
  const { deployedAt, signal } = input
  const prepare = (since: number | undefined) =>
    prepareCheck(check, { ...input, deployedAt: since, plannedPolls: 1, alpha: 0.01 })
  const { look, remembers } = prepare(deployedAt)
  const after = await look(at, signal)
  const before =
    remembers === true && deployedAt !== undefined
      ? await prepare(deployedAt - (at - deployedAt)).look(deployedAt, signal)
      : undefined
  const state = thresholdState(after, check)
  const unit = unitOf(check.metric)
  const [was, is] = [numberOf(before), numberOf(after)]
  const harmed =
    state === 'breached' && (before === undefined || thresholdState(before, check) !== 'breached')
  return {
    name: check.name,
    unit,
    state,
    ...(was !== undefined && { before: was }),
    ...(is !== undefined && { after: is }),
    harmed,
    evidence: hide(describe({ was, is, unit, after, limit: nameLimit(check.limit, unit) })),
  }
}

/** An impact is reported as it is; no statistical test is made. */
function thresholdState(reading: Reading, { limit }: Check): State {
  if (reading.kind !== 'value') return reading.kind
  const { call: _, ...plain } = reading
  return stateOf(plain, limit)
}

function numberOf(reading: Reading | undefined): number | undefined {
  return reading?.kind === 'value' && Number.isFinite(reading.value) ? reading.value : undefined
}

function describe(input: {
  readonly was: number | undefined
  readonly is: number | undefined
  readonly unit: Unit
  readonly after: Reading
  readonly limit: string
}): string {
  const { was, is, unit, after, limit } = input
  if (is === undefined) return after.note ?? 'no number'
  const parts = [formatValue(is, unit)]
  if (was !== undefined) parts.push(`after ${formatValue(was, unit)} before the deployment${change(was, is)}`)
  const counted = after.kind === 'value' && after.counts !== undefined ? ` (${after.note ?? ''})` : ''
  return `${parts.join(' ')}${counted}; ${limit}`
}

function change(was: number, is: number): string {
  if (was === 0 || was === is) return ''
  const share = Math.abs(is - was) / Math.abs(was)
  return `, ${formatValue(Number(share.toPrecision(2)), 'ratio')} ${is > was ? 'more' : 'less'}`
}
