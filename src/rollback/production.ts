import type { RevisionReader } from '../github/revision-reader.ts'
import { watchHealth } from '../health/gate.ts'
import type { ruleOfPasses } from '../health/passes.ts'
import { checksAfterRollback, defaultRecovery, verifyRecovery as verify } from '../health/recovery.ts'
import { type Subject, subjectAfterRollback } from '../health/subject.ts'
import { secretsOf } from '../health/target.ts'
import { isDetection } from '../history/detection.ts'
import type { Event } from '../history/event.ts'
import type { Config } from '../settings/schema.ts'
import type { Assessment } from './assessment.ts'
import type { Recovery } from './ending.ts'

/** The input of the configured checks. */
export interface Observer {
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
  /** what `ruleOfPasses` says of this environment */
  readonly passes: ReturnType<typeof ruleOfPasses>
  readonly signal: AbortSignal
}

/** Production, as observed by a rollback. */
export interface Production {
  /** why it is not observed, a clause, for what has nothing to observe it with */
  readonly unseen: string
  /** there is a check that `verify` can go by */
  readonly canVerify: boolean
  /** it is for something outside of this run to observe it: an action of one layer verifies that layer */
  readonly isHandedOver: boolean
  /**
   * How it is at this moment; undefined when there is nothing to observe it with.
   * @param restored the revisions that may be served now; empty where the failed one is
   */
  readonly assess: (restored: readonly string[]) => Promise<Assessment | undefined>
  /**
   * Observes it until it is known to be well or not.
   * @param restored the same; empty where the code stayed as it was
   * @param events of the incident: what the checks showed when the deployment was called bad
   */
  readonly verify: (restored: readonly string[], events: readonly Event[]) => Promise<Recovery>
}

/** Production, as observed by the configured checks. @param withinMs how long it may take until it is known to be better */
export function observeProduction(
  observer: Observer,
  {
    environment,
    revision,
    withinMs,
  }: { readonly environment: string; readonly revision: string; readonly withinMs: number },
): Production {
  const subjectWith = (restored: readonly string[]) =>
    subjectAfterRollback(environment, { failed: revision, restored })
  return {
    unseen: noCheck,
    canVerify: checksAfterRollback(observer.health.checks).length > 0,
    isHandedOver: false,
    assess: (restored) =>
      assessNow(
        observer,
        restored.length === 0 ? { environment, revisions: [revision] } : subjectWith(restored),
      ),
    verify: (restored, events) =>
      verifyRecovery(observer, { withinMs, events, subject: subjectWith(restored) }),
  }
}

const noCheck = 'no check is configured under health.checks'

/** Production where nothing observes it: what a run ends with is not said of production. */
export function unobserved(unseen: string): Production {
  return {
    unseen,
    canVerify: false,
    isHandedOver: true,
    assess: async () => undefined,
    verify: async () => ({ outcome: 'unknown', because: unseen, looked: false, isHandedOver: true }),
  }
}

/**
 * One round of all checks: whether production is failing at this moment. Undefined where no check is configured.
 * @param subject which revision has to be served; undefined for any
 */
async function assessNow(observer: Observer, subject?: Subject): Promise<Assessment | undefined> {
  if (observer.health.checks.length === 0) return undefined
  const { verdict, because } = await watchHealth({
    ...observer,
    ...settingsOf(observer),
    subject,
    windowMs: 0,
    intervalMs: observer.health.intervalMs,
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
async function verifyRecovery(
  observer: Observer,
  {
    withinMs,
    events,
    subject,
  }: { readonly withinMs: number; readonly events: readonly Event[]; readonly subject: Subject },
): Promise<Recovery> {
  if (checksAfterRollback(observer.health.checks).length === 0)
    return { outcome: 'unknown', because: noCheck, looked: false }
  const called = events.findLast(isDetection)
  const { outcome, because, serves } = await verify({
    ...observer,
    ...settingsOf(observer),
    subject,
    intervalMs: Math.min(observer.health.intervalMs, Math.max(withinMs, shortestIntervalMs)),
    settings: {
      ...defaultRecovery,
      upPauseMs: Math.min(defaultRecovery.upPauseMs, withinMs / 4),
      betterMs: withinMs,
    },
    seenBefore: called?.kind === 'health-checked' ? called.checks : [],
  })
  return { outcome, because, looked: true, serves }
}

/** The variables that the checks read secrets from hold no secret that may be shown. */
export function secretsOfChecks({ health, env }: Pick<Observer, 'health' | 'env'>): readonly string[] {
  return secretsOf(health.checks, env)
}

/** As short as the settings may have it. */
const shortestIntervalMs = 100

function settingsOf({ health: { checks, timeoutMs, alpha }, passes }: Observer) {
  return { checks, timeoutMs, alpha, ...passes }
}
