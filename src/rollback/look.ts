import type { RevisionReader } from '../github/revision-reader.ts'
import { watchHealth } from '../health/gate.ts'
import { checksAfterRollback, defaultRecovery, verifyRecovery as verify } from '../health/recovery.ts'
import type { Subject } from '../health/subject.ts'
import { secretsOf } from '../health/target.ts'
import type { Event } from '../history/event.ts'
import type { Config } from '../settings/schema.ts'
import type { Assessment } from './assessment.ts'
import type { Recovery } from './ending.ts'

/** What is needed to look at production with the configured checks. */
export interface Viewer {
  readonly health: Config['health']
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
  readonly redact: (text: string) => string
  /** what GitHub says of the failed revision, for the checks that ask it */
  readonly revision: RevisionReader
  readonly signal: AbortSignal
}

/**
 * One round of all checks: whether production is failing at this moment. Undefined where no check is configured.
 * @param subject which revision has to be served; undefined for any
 */
export async function assessNow(viewer: Viewer, subject?: Subject): Promise<Assessment | undefined> {
  if (viewer.health.checks.length === 0) return undefined
  const { verdict, because } = await watchHealth({
    ...viewer,
    ...settingsOf(viewer),
    subject,
    windowMs: 0,
    intervalMs: viewer.health.intervalMs,
    healthyEarly: true,
    deployedAt: undefined,
  })
  return { verdict, because }
}

/**
 * Looks whether the rollback helped: whether production is up, and whether it is better. Ends as soon as that is known.
 * @param withinMs how long it may take until it is known to be better
 * @param events of the incident: what the checks showed when the deployment was called bad
 * @param subject which revision has to be served
 */
export async function verifyRecovery(
  viewer: Viewer,
  {
    withinMs,
    events,
    subject,
  }: { readonly withinMs: number; readonly events: readonly Event[]; readonly subject: Subject },
): Promise<Recovery> {
  if (checksAfterRollback(viewer.health.checks).length === 0)
    return { outcome: 'unknown', because: 'no check is configured under health.checks', looked: false }
  const called = events.findLast((event) => event.kind === 'health-checked' && event.verdict === 'unhealthy')
  const { outcome, because } = await verify({
    ...viewer,
    ...settingsOf(viewer),
    subject,
    intervalMs: Math.min(viewer.health.intervalMs, Math.max(withinMs, shortestIntervalMs)),
    settings: {
      ...defaultRecovery,
      upPauseMs: Math.min(defaultRecovery.upPauseMs, withinMs / 4),
      betterMs: withinMs,
    },
    seenBefore: called?.kind === 'health-checked' ? called.checks : [],
  })
  return { outcome, because, looked: true }
}

/** The variables that the checks read secrets from hold no secret that may be shown. */
export function secretsOfChecks({ health, env }: Pick<Viewer, 'health' | 'env'>): readonly string[] {
  return secretsOf(health.checks, env)
}

/** As short as the settings may have it. */
const shortestIntervalMs = 100

function settingsOf({ health: { checks, timeoutMs, alpha } }: Viewer) {
  return { checks, timeoutMs, alpha }
}
