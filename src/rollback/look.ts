import type { Config } from '../config/schema.ts'
import { watchHealth } from '../health/gate.ts'
import { secretsOf } from '../health/target.ts'
import type { Recovery } from './carry-out.ts'
import type { Assessment } from './prepare.ts'

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
  readonly signal: AbortSignal
}

/** One round of all checks: whether production is failing at this moment. Undefined where no check is configured. */
export async function assessNow(viewer: Viewer): Promise<Assessment | undefined> {
  if (viewer.health.checks.length === 0) return undefined
  const { verdict, because } = await look(viewer, 0)
  return { verdict, because }
}

/**
 * Watches production after the rollback.
 * @param windowMs how long it has to be seen to be well; 0 for one look
 */
export async function verifyRecovery(viewer: Viewer, windowMs: number): Promise<Recovery> {
  if (viewer.health.checks.length === 0)
    return { outcome: 'unknown', because: 'no check is configured under health.checks to look with' }
  const { verdict, because } = await look(viewer, windowMs)
  const outcomes = {
    healthy: 'recovered',
    unhealthy: 'not-recovered',
    'pre-existing': 'not-recovered',
    inconclusive: 'unknown',
    error: 'unknown',
  } as const
  return { outcome: outcomes[verdict], because }
}

/** The variables that the checks read secrets from hold no secret that may be shown. */
export function secretsOfChecks({ health, env }: Pick<Viewer, 'health' | 'env'>): readonly string[] {
  return secretsOf(health.checks, env)
}

function look(viewer: Viewer, windowMs: number) {
  const { health } = viewer
  const intervalMs = Math.min(health.intervalMs, Math.max(windowMs, 100))
  return watchHealth({
    ...viewer,
    checks: health.checks,
    windowMs,
    intervalMs,
    timeoutMs: health.timeoutMs,
    alpha: health.alpha,
    healthyEarly: true,
    deployedAt: undefined,
  })
}
