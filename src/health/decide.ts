import type { Limit, Metric, Severity } from '../config/schema.ts'
import { formatDuration } from '../text/duration.ts'
import { describeLimit } from './limit.ts'
import { blindnessOf, isIssue, isSustained, type Tally } from './tally.ts'
import { formatTime, formatValue, unitOf } from './value.ts'

/** A check as the rule sees it: what was agreed about it, and all its readings so far. */
export interface Evidence {
  readonly name: string
  readonly severity: Severity
  readonly metric?: Metric | undefined
  readonly limit: Limit
  /** how long the value must be beyond its limit before it counts, ms */
  readonly forMs: number
  readonly tally: Tally
}

export type Verdict = 'healthy' | 'unhealthy' | 'inconclusive' | 'error'

export type ReasonCode =
  /** unhealthy: one critical check is an issue */
  | 'critical-check'
  /** unhealthy: at least two high ones are, at the same time */
  | 'two-high-checks'
  /** unhealthy: one was beyond its limit during the whole window */
  | 'sustained-issue'
  /** healthy: nothing is beyond its limit */
  | 'all-within-limits'
  /** healthy by the rule, though at least one check is beyond its limit: `because` names it */
  | 'tolerated-issue'
  /** inconclusive: a check has too little data, or none */
  | 'no-data'
  /** inconclusive: a check is beyond its limit, but not yet for as long as its `for` asks, and that would decide */
  | 'window-too-short'
  /** error: a check could not look */
  | 'could-not-look'

export interface Decision {
  readonly verdict: Verdict
  readonly reasonCode: ReasonCode
  /** one sentence: which check, its value, its limit, and why the rule came out so */
  readonly because: string
  /** names of the checks that the verdict rests on */
  readonly decidedBy: readonly string[]
  /** no later reading can change the verdict */
  readonly settled: boolean
}

/**
 * The rule. A check is an *issue* when its value is beyond its limit without a break for its `forMs` (see `isIssue`).
 *
 * *unhealthy*, at once, when any critical check is an issue or two or more high ones are; and at the end of the window
 * when an issue was beyond its limit in every round that had data (at least two). A low check never makes that last one;
 * cpu and memory only beside another issue that is neither of them nor low, because they are causes and not harm.
 * Otherwise *error* when a check could not look, else *inconclusive* when one had no data, or is beyond its limit for
 * less than its `forMs` where that would have decided; else *healthy*. What counts as not having looked is in
 * `blindnessOf`.
 *
 * While the window is open only an unhealthy decision is settled; any other is what it would be if the window closed now
 * without the last part of the rule.
 */
export function decide(input: {
  readonly checks: readonly Evidence[]
  readonly windowOver: boolean
}): Decision {
  const { checks, windowOver } = input
  const settled = windowOver
  const issues = checks.filter(({ tally, forMs }) => isIssue(tally, forMs))
  const fired = applyRule(issues, windowOver)
  if (fired !== undefined) {
    return { verdict: 'unhealthy', ...explain(fired.reasonCode, fired.checks, fired.why), settled: true }
  }

  const couldNotLook = checks.filter(({ tally }) => blindnessOf(tally) === 'error')
  if (couldNotLook.length > 0)
    return { verdict: 'error', ...explain('could-not-look', couldNotLook), settled }

  const withoutData = checks.filter(({ tally }) => blindnessOf(tally) === 'no-data')
  if (withoutData.length > 0 || checks.length === 0) {
    return { verdict: 'inconclusive', ...explain('no-data', withoutData), settled }
  }

  const beyond = checks.filter(({ tally }) => tally.breach !== undefined)
  const pending = applyRule(beyond, true)
  if (pending !== undefined) {
    const tooShort = pending.checks.filter((check) => !issues.includes(check))
    return { verdict: 'inconclusive', ...explain('window-too-short', tooShort), settled }
  }

  if (beyond.length > 0) return { verdict: 'healthy', ...explain('tolerated-issue', beyond), settled }
  return { verdict: 'healthy', ...explain('all-within-limits', checks), settled }
}

interface Fired {
  readonly reasonCode: 'critical-check' | 'two-high-checks' | 'sustained-issue'
  readonly checks: readonly Evidence[]
  readonly why: string
}

function applyRule(issues: readonly Evidence[], windowOver: boolean): Fired | undefined {
  const critical = issues.filter(({ severity }) => severity === 'critical')
  if (critical.length > 0) {
    return { reasonCode: 'critical-check', checks: critical, why: 'a critical check is enough by itself' }
  }
  const high = issues.filter(({ severity }) => severity === 'high')
  if (high.length >= 2) {
    return { reasonCode: 'two-high-checks', checks: high, why: 'two high checks together are enough' }
  }
  const serious = issues.filter(({ severity }) => severity !== 'low')
  const harm = serious.filter((check) => !isResource(check))
  const sustained = serious.filter(
    (check) => isSustained(check.tally) && (!isResource(check) || harm.length > 0),
  )
  if (windowOver && sustained.length > 0) {
    return { reasonCode: 'sustained-issue', checks: sustained, why: 'so it was during the whole window' }
  }
  return undefined
}

/** Busy processors and full memory are causes, not harm to anybody; see Google's SRE book, "Symptoms Versus Causes". */
function isResource({ metric }: Evidence): boolean {
  return metric === 'cpu' || metric === 'memory'
}

function explain(
  reasonCode: ReasonCode,
  checks: readonly Evidence[],
  why = '',
): Pick<Decision, 'reasonCode' | 'because' | 'decidedBy'> {
  const decidedBy = checks.map(({ name }) => name)
  return { reasonCode, decidedBy, because: becauseOf(reasonCode, checks, why) }
}

function becauseOf(reasonCode: ReasonCode, checks: readonly Evidence[], why: string): string {
  const list = (describe: (check: Evidence) => string) => checks.map(describe).join('; ')
  switch (reasonCode) {
    case 'critical-check':
    case 'two-high-checks':
    case 'sustained-issue':
      return `${list(describeBreach)}: ${why}`
    case 'could-not-look':
      return `could not look: ${list(({ name, tally }) => `${name} had no value in ${roundsWithout(tally)}, at last: ${tally.latest?.note ?? ''}`)}`
    case 'no-data':
      if (checks.length === 0) return 'there is no check, so there is nothing to decide from'
      return `too little data: ${list(({ name, tally }) => `${name} had no value in ${roundsWithout(tally)}${tally.latest === undefined ? '' : `, at last: ${tally.latest.note}`}`)}`
    case 'window-too-short':
      return `${list((check) => `${describeBreach(check)}, which is less than the ${formatDuration(check.forMs)} that it asks for`)}: the window ended too early to tell`
    case 'tolerated-issue':
      return `${list(describeBreach)}: not enough for the rule, which asks for a critical check, two high ones, or one that fails during the whole window`
    case 'all-within-limits':
      return `every check is within its limit: ${list(describeValue)}`
  }
}

function describeValue({ name, metric, limit, tally }: Evidence): string {
  const unit = unitOf(metric)
  const value = tally.lastValue === undefined ? 'no value' : formatValue(tally.lastValue.value, unit)
  return `${name} ${value} (limit: ${describeLimit(limit, unit)})`
}

function describeBreach(check: Evidence): string {
  const { name, severity, metric, limit, tally } = check
  const unit = unitOf(metric)
  const value = tally.lastValue === undefined ? 'no value' : formatValue(tally.lastValue.value, unit)
  const { since, until } = tally.breach ?? { since: 0, until: 0 }
  const lasted = until > since ? ` for ${formatDuration(until - since)}` : ''
  return `${name} (${severity}) is at ${value}, limit ${describeLimit(limit, unit)}, beyond it since ${formatTime(since)}${lasted}`
}

function roundsWithout({ rounds, withValue }: Tally): string {
  return `${rounds - withValue} of ${rounds} rounds`
}
