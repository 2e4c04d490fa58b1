import { describeEvidence, type Evidence } from './evidence.ts'
import { blindnessOf, isIssue, isSustained } from './tally.ts'

export type Verdict = 'healthy' | 'unhealthy' | 'inconclusive' | 'error'

export type ReasonCode =
  /** unhealthy: a critical check is an issue */
  | 'critical-check'
  /** unhealthy: at least two high ones are, at the same time */
  | 'two-high-checks'
  /** unhealthy: one was beyond its limit during the whole window */
  | 'sustained-issue'
  /** error: a check could not look */
  | 'could-not-look'
  /** inconclusive: a check has too little data, or none */
  | 'no-data'
  /** inconclusive: a check was beyond its limit when the window ended, but not enough for the rule */
  | 'unsettled-issue'
  /** healthy, though a low check is beyond its limit */
  | 'minor-issue'
  /** healthy: nothing is beyond its limit */
  | 'all-within-limits'

export interface Decision {
  readonly verdict: Verdict
  readonly reasonCode: ReasonCode
  /** one clause: what the rule found, in which checks, their values and limits */
  readonly because: string
  /** names of the checks that the verdict rests on */
  readonly decidedBy: readonly string[]
}

/**
 * The rule. A check is an *issue* while its value is beyond its limit without a break for its `forMs` (see `isIssue`).
 *
 * *unhealthy* when any critical check is an issue, or two or more high ones are; and, once the window is over, when an
 * issue was beyond its limit in every round that had a value (at least two). A low check never decides that.
 * Otherwise *error* when a check could not look; else *inconclusive* when one had too little data (see `blindnessOf`), or
 * when one that is not low is beyond its limit to the last; else *healthy*.
 *
 * An unhealthy decision is final. Any other is what it would be if the window closed now without the last part of the rule.
 */
export function decide({
  checks,
  windowOver,
}: {
  readonly checks: readonly Evidence[]
  readonly windowOver: boolean
}): Decision {
  const issues = checks.filter(({ check, tally }) => isIssue(tally, check.forMs))

  const critical = issues.filter(({ check }) => check.severity === 'critical')
  if (critical.length > 0) {
    return explain('unhealthy', 'critical-check', 'a critical check is beyond its limit', critical)
  }
  const high = issues.filter(({ check }) => check.severity === 'high')
  if (high.length >= 2) {
    const why = `${high.length} high checks are beyond their limits at the same time`
    return explain('unhealthy', 'two-high-checks', why, high)
  }
  const sustained = issues.filter(({ check, tally }) => check.severity !== 'low' && isSustained(tally))
  if (windowOver && sustained.length > 0) {
    return explain(
      'unhealthy',
      'sustained-issue',
      'a check was beyond its limit during the whole window',
      sustained,
    )
  }

  const unable = checks.filter(({ tally }) => blindnessOf(tally) === 'error')
  if (unable.length > 0) return explain('error', 'could-not-look', 'the gate could not look', unable)

  const blind = checks.filter(({ tally }) => blindnessOf(tally) === 'no-data')
  if (blind.length > 0 || checks.length === 0) {
    return explain('inconclusive', 'no-data', 'there is too little data', blind)
  }

  const beyond = checks.filter(({ tally }) => tally.breach !== undefined)
  const unsettled = beyond.filter(({ check }) => check.severity !== 'low')
  if (unsettled.length > 0) {
    const why = 'a check is beyond its limit to the last, but not enough for the rule to roll back'
    return explain('inconclusive', 'unsettled-issue', why, unsettled)
  }
  if (beyond.length > 0) {
    return explain('healthy', 'minor-issue', 'only low checks are beyond their limits', beyond)
  }
  return explain('healthy', 'all-within-limits', 'every check is within its limit', checks)
}

function explain(
  verdict: Verdict,
  reasonCode: ReasonCode,
  why: string,
  checks: readonly Evidence[],
): Decision {
  const facts = checks.map((evidence) => `${evidence.check.name} (${describeEvidence(evidence)})`)
  return {
    verdict,
    reasonCode,
    because: facts.length === 0 ? why : `${why}: ${facts.join('; ')}`,
    decidedBy: checks.map(({ check }) => check.name),
  }
}
