import { formatDuration } from '../text/duration.ts'
import type { GateReport } from './report.ts'
import { formatMoment } from './value.ts'

/** What is to be done about a verdict. */
export interface Response {
  /** hold: unhealthy, but not to be rolled back automatically now: see `reasonCode` */
  readonly decision: 'roll-back' | 'hold' | 'keep'
  /** one word; that of the verdict, or `cooldown`, `already-rolled-back`, `on-hold` */
  readonly reasonCode: string
  /** one clause */
  readonly because: string
}

/** What has to be known of an event of the past; `at` is ISO 8601. */
export interface PastEvent {
  readonly kind: string
  readonly environment: string
  readonly at: string
  readonly automatic?: boolean
  /** the revision that was rolled back */
  readonly revision?: string
}

/**
 * Decides what to do: an unhealthy production is rolled back, unless an automatic rollback of the same environment is
 * less than the cooldown ago (a second one so soon would roll back the rollback, or a cause that no rollback mends), this
 * very revision was rolled back before (a second time would not help more), or people hold automatic rollbacks.
 * @param past the history, at least that of the cooldown
 * @param hold one clause: who holds automatic rollbacks, and why; '' if nobody does
 * @param now ms since the epoch
 */
export function chooseResponse({
  report: { verdict, reasonCode, because },
  past,
  environment,
  revision,
  hold,
  cooldownMs,
  now,
}: {
  readonly report: Pick<GateReport, 'verdict' | 'reasonCode' | 'because'>
  readonly past: readonly PastEvent[]
  readonly environment: string
  readonly revision: string
  readonly hold: string
  readonly cooldownMs: number
  readonly now: number
}): Response {
  if (verdict !== 'unhealthy') return { decision: 'keep', reasonCode, because }
  if (hold !== '') {
    return { decision: 'hold', reasonCode: 'on-hold', because: `${because}; held, because ${hold}` }
  }
  const rollbacks = past.filter(
    (event) =>
      event.kind === 'rollback-applied' && event.automatic === true && event.environment === environment,
  )
  const same = rollbacks.find((event) => event.revision === revision)
  if (same !== undefined) {
    const held = `held, because this revision was rolled back automatically at ${formatMoment(Date.parse(same.at))}, and once is enough`
    return { decision: 'hold', reasonCode: 'already-rolled-back', because: `${because}; ${held}` }
  }
  const last = Math.max(...rollbacks.map(({ at }) => Date.parse(at)))
  // another runner's clock may be ahead of ours
  if (Math.max(0, now - last) >= cooldownMs) return { decision: 'roll-back', reasonCode, because }
  const held = `held, because the last automatic rollback of ${environment} was at ${formatMoment(last)}, less than the cooldown of ${formatDuration(cooldownMs)} ago`
  return { decision: 'hold', reasonCode: 'cooldown', because: `${because}; ${held}` }
}
