import type { Check } from '../settings/schema.ts'
import { count } from '../text/count.ts'
import { sayDuration } from '../text/duration.ts'
import { type WatchInput, watchHealth } from './gate.ts'
import type { Serves } from './reading.ts'
import { probes } from './refusal.ts'
import type { CheckReport, GateReport } from './report.ts'
import { formatValue } from './value.ts'

/** How long a rollback is given to show. Times in ms. */
export interface RecoverySettings {
  /** how often it is asked whether production is up, at most */
  readonly upTries: number
  readonly upPauseMs: number
  /** how long it may take until it is known to be better */
  readonly betterMs: number
}

/** Three tries half a minute apart, then five minutes. */
export const defaultRecovery: RecoverySettings = { upTries: 3, upPauseMs: 30_000, betterMs: 300_000 }

export interface RecoveryInput
  extends Omit<WatchInput, 'windowMs' | 'deployedAt' | 'healthyEarly' | 'settledAfterMs'> {
  readonly settings: RecoverySettings
  /** what the checks showed when the deployment was called bad, to compare with; empty where nobody knows */
  readonly seenBefore: readonly SeenBefore[]
}

/** A check of a `health-checked` event. */
export interface SeenBefore {
  readonly name: string
  readonly value?: number | undefined
}

/** Plain data: what became of production after a rollback. */
export interface Recovery {
  /**
   * recovered: every check is within its limit and stayed there. not-recovered: a check is still beyond its limit. unknown: it
   * could not be looked at, or there was too little to see
   */
  readonly outcome: 'recovered' | 'not-recovered' | 'unknown'
  /** whether it answers; undefined where no check can show it, or it could not run */
  readonly up?: boolean
  /** other: the restored revision is not served. mixed: some answers are of it, so that a rollout is in progress. Absent for neither */
  readonly serves?: Serves
  /** one clause, with the numbers of before and after */
  readonly because: string
  /** how often it was asked whether it is up; 0 where no check can show it */
  readonly tries: number
  /** the last look at it */
  readonly report: GateReport
  readonly checks: readonly RecoveredCheck[]
}

/** What a recovery comes to, in the words of a verdict. */
export function verdictOf({
  outcome,
  up,
  serves,
  report,
}: Pick<Recovery, 'outcome' | 'up' | 'serves' | 'report'>): {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'not-deployed'
  readonly reasonCode: Recovery['outcome'] | 'not-up' | 'other-revision-served' | 'rollout-in-progress'
} {
  // a check that could not run is no weak evidence: it is none
  const unknown = report.verdict === 'error' ? 'error' : 'inconclusive'
  const verdicts = { recovered: 'healthy', 'not-recovered': 'unhealthy', unknown } as const
  if (serves === 'other') return { verdict: 'not-deployed', reasonCode: 'other-revision-served' }
  if (up === false) return { verdict: verdicts[outcome], reasonCode: 'not-up' }
  return { verdict: verdicts[outcome], reasonCode: serves === 'mixed' ? 'rollout-in-progress' : outcome }
}

export interface RecoveredCheck {
  readonly name: string
  /** absent where there was no number */
  readonly before?: number
  readonly after?: number
}

/** These count what the bad release did, all of it, and go on saying so when it is gone. */
const boundToRelease: ReadonlySet<Check['type']> = new Set(['sentry', 'codepush'])

/** The checks that can see whether a rollback helped. */
export function checksAfterRollback(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ type }) => !boundToRelease.has(type))
}

/**
 * Checks that a rollback helped. First *is it up*: all probes in one round, tried again after a pause. Then *is it better*: all
 * checks, until each has been within its limit for two intervals and those that count are good, or the time is over. What is
 * called bad in between is looked at afresh, because a metric over the last minutes still remembers what was rolled back.
 * Ends as soon as the answer is known. Counts begin with the call; nothing is compared with the hour before it.
 * @throws InputError when there is no check that can see it, or one that can never look
 * @throws the signal's reason, when the caller aborted
 */
export async function verifyRecovery(input: RecoveryInput): Promise<Recovery> {
  const checks = checksAfterRollback(input.checks)
  const probing = checks
    .filter(({ type }) => probes.has(type))
    .map((check) => ({ ...check, initialDelayMs: 0 }))
  const up = await waitUntilUp({ ...input, checks: probing })
  if (up.report !== undefined) return conclude(input, up, up.report, whyNotUp(up, up.report))
  // those that were just seen to pass may well fail again, and that is evidence
  const passedBefore = async () =>
    new Set([
      ...((await input.passedBefore?.()) ?? []),
      ...(up.up === true ? probing : []).map(({ name }) => name),
    ])
  const report = await waitUntilBetter({ ...input, passedBefore, checks })
  const asked = up.tries > 1 ? ` on try ${up.tries}` : ''
  const was = up.tries === 0 ? '' : `it is up${asked}, and `
  return conclude(input, { ...up, outcome: outcomeOf(report) }, report, `${was}${report.because}`)
}

function outcomeOf({ verdict }: GateReport): Recovery['outcome'] {
  if (verdict === 'healthy') return 'recovered'
  return verdict === 'unhealthy' ? 'not-recovered' : 'unknown'
}

/** Has a report when it is known by now that it did not help, or that nothing can be known. */
interface Up extends Pick<Recovery, 'outcome' | 'up' | 'tries'> {
  readonly report?: GateReport
}

async function waitUntilUp(input: RecoveryInput): Promise<Up> {
  const { checks, settings, sleep, log } = input
  if (checks.length === 0) return { outcome: 'unknown', tries: 0 }
  for (let tries = 1; ; tries += 1) {
    log(`checks that production is up: attempt ${tries} of ${settings.upTries}`)
    const report = await watchHealth({ ...input, ...notCompared, windowMs: 0 })
    const wrong = report.checks.filter(({ severity, state }) => severity !== 'low' && state !== 'ok')
    if (wrong.length === 0) return { outcome: 'unknown', up: true, tries }
    if (tries >= settings.upTries) {
      const isDown = wrong.some(({ state }) => state === 'breached')
      return isDown
        ? { outcome: 'not-recovered', up: false, tries, report }
        : { outcome: 'unknown', tries, report }
    }
    await sleep(settings.upPauseMs)
  }
}

async function waitUntilBetter(input: RecoveryInput): Promise<GateReport> {
  const { settings, intervalMs, now, sleep, log } = input
  const deadline = now() + settings.betterMs
  for (let look = 1; ; look += 1) {
    const windowMs = Math.max(0, deadline - now())
    log(
      `checks that production has recovered: round ${look}, for at most ${sayDuration(Math.ceil(windowMs / 1000) * 1000)}`,
    )
    const report = await watchHealth({
      ...input,
      ...notCompared,
      windowMs,
      settledAfterMs: 2 * intervalMs,
    })
    // one more look has to be long enough to find it well
    if (report.verdict !== 'unhealthy' || now() + 3 * intervalMs > deadline) return report
    await sleep(intervalMs)
  }
}

const notCompared = { deployedAt: undefined, limitOnly: true, healthyEarly: false } as const

function conclude(
  { seenBefore }: RecoveryInput,
  { outcome, up, tries }: Pick<Recovery, 'outcome' | 'up' | 'tries'>,
  report: GateReport,
  why: string,
): Recovery {
  const pairs = report.checks.map((check) => {
    const before = seenBefore.find(({ name }) => name === check.name)?.value
    return { check, before }
  })
  const changes = pairs.flatMap(({ check, before }) => describeChange(check, before))
  return {
    outcome,
    ...(up !== undefined && { up }),
    ...servesOf(report),
    because: [why, ...changes].join('; '),
    tries,
    report,
    checks: pairs.map(({ check: { name, value: after }, before }) => ({
      name,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    })),
  }
}

/** Only where it is what the report rests on. */
function servesOf({ reasonCode }: GateReport): Pick<Recovery, 'serves'> {
  if (reasonCode === 'other-revision-served') return { serves: 'other' }
  return reasonCode === 'rollout-in-progress' ? { serves: 'mixed' } : {}
}

function whyNotUp({ up, tries }: Up, report: GateReport): string {
  const words = `after ${count(tries, 'try', 'tries')}: ${describeWrong(report)}`
  return up === false ? `it is not up ${words}` : `it could not be checked ${words}`
}

function describeWrong({ checks }: GateReport): string {
  const wrong = checks.filter(({ severity, state }) => severity !== 'low' && state !== 'ok')
  return wrong.map(({ name, evidence }) => `${name} (${evidence})`).join('; ')
}

/** Only of those that were wrong or changed: `errors went from 31 % to 0.2 %`. */
function describeChange({ name, value, unit }: CheckReport, before: number | undefined): readonly string[] {
  if (before === undefined || value === undefined || before === value) return []
  return [`${name} went from ${formatValue(before, unit)} to ${formatValue(value, unit)}`]
}
