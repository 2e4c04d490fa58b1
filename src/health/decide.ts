import { describeEvidence, type Evidence } from './evidence.ts'
import { blindnessOf, isIssue, isPersistent, isSustained } from './tally.ts'

export type Verdict = 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'pre-existing' | 'not-deployed'

export type ReasonCode =
  /** unhealthy: a critical check is an issue */
  | 'critical-check'
  /** unhealthy: at least two high ones are, at the same time */
  | 'two-high-checks'
  /** unhealthy: one was beyond its limit during the whole window */
  | 'sustained-issue'
  /** unhealthy: one that counts stayed beyond its limit after its test had called it bad */
  | 'persistent-issue'
  /** pre-existing: what is beyond its limit was so before the deployment, so that a rollback will not help */
  | 'was-so-before'
  /** not-deployed: another revision is served than the one that was deployed */
  | 'other-revision-served'
  /** inconclusive: some answers are of the deployed revision, and some of another */
  | 'rollout-in-progress'
  /** error: a check could not look */
  | 'could-not-look'
  /** inconclusive: a check has too little data, or none */
  | 'no-data'
  /** inconclusive: a check counted too little to be called good or bad */
  | 'too-little-evidence'
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
 * issue was beyond its limit in every round that had a value (at least two). One that counts, and that its test called
 * bad, need not be so for the whole window but for its `persistMs`. A low check never decides that, and CPU and memory
 * never alone: they are causes, and by themselves harm nobody.
 *
 * An issue that was one before the deployment decides nothing of that. Where it would have, and the window is over, the
 * verdict is *pre-existing*: a rollback will not help, the person on duty has to be called.
 *
 * Otherwise *not-deployed* when a check is answered by another revision than the deployed one: wait or call the person on duty, there is nothing to
 * roll back. Else *error* when a check could not look; else *inconclusive* when one had too little data (see `blindnessOf`) or
 * evidence, or when one that is not low is beyond its limit to the last; else *healthy*.
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
  const issues = checks.filter(({ check, tally }) => isIssue(tally, check))
  const isNew = ({ tally }: Evidence) => tally.lastValue?.before !== true
  const harm = findHarm(issues.filter(isNew), windowOver)
  if (harm !== undefined) return explain('unhealthy', harm.reasonCode, harm.why, harm.checks)
  const old = windowOver ? findHarm(issues, windowOver) : undefined
  if (old !== undefined) {
    const why = `${old.why}, but was already so before the deployment, so a rollback will not help`
    return explain('pre-existing', 'was-so-before', why, old.checks)
  }

  const other = checks.filter(({ tally }) => tally.serves === 'other')
  if (other.length > 0) {
    const why = 'production serves a different revision than the deployed one, so a rollback would not help'
    return explain('not-deployed', 'other-revision-served', why, other)
  }

  const unable = checks.filter(({ check, tally }) => blindnessOf(tally, check) === 'error')
  if (unable.length > 0) return explain('error', 'could-not-look', 'a check could not run', unable)

  const mixed = checks.filter(({ tally }) => tally.serves === 'mixed')
  if (mixed.length > 0) {
    return explain('inconclusive', 'rollout-in-progress', 'the rollout is still in progress', mixed)
  }

  const blind = checks.filter(({ check, tally }) => blindnessOf(tally, check) === 'no-data')
  if (blind.length > 0 || checks.length === 0) {
    return explain('inconclusive', 'no-data', 'there is too little data', blind)
  }

  const beyond = checks.filter(({ tally }) => tally.breach !== undefined)
  const unsettled = beyond.filter(({ check }) => check.severity !== 'low')
  if (unsettled.length > 0) {
    const why = 'a check is still beyond its limit, but not enough for the rule to roll back'
    return explain('inconclusive', 'unsettled-issue', why, unsettled)
  }
  const open = checks.filter(({ tally }) => tally.lastValue?.call === 'open')
  if (open.length > 0) {
    return explain('inconclusive', 'too-little-evidence', 'there is too little evidence', open)
  }
  if (beyond.length > 0) {
    return explain('healthy', 'minor-issue', 'only low checks are beyond their limits', beyond)
  }
  return explain('healthy', 'all-within-limits', 'every check is within its limit', checks)
}

interface Harm {
  readonly reasonCode: ReasonCode
  readonly why: string
  readonly checks: readonly Evidence[]
}

/** The part of the rule that rolls back. */
function findHarm(issues: readonly Evidence[], windowOver: boolean): Harm | undefined {
  const critical = issues.filter(({ check }) => check.severity === 'critical')
  if (critical.length > 0) {
    return { reasonCode: 'critical-check', why: 'a critical check is beyond its limit', checks: critical }
  }
  const high = issues.filter(({ check }) => check.severity === 'high')
  if (high.length >= 2) {
    const why = `${high.length} high checks are beyond their limits at the same time`
    return { reasonCode: 'two-high-checks', why, checks: high }
  }
  const harmful = issues.filter(
    ({ check: { severity, metric } }) => severity !== 'low' && metric !== 'cpu' && metric !== 'memory',
  )
  const persistent = harmful.filter(
    ({ check: { persistMs }, tally }) => persistMs !== undefined && isPersistent(tally, persistMs),
  )
  if (persistent.length > 0) {
    const why = 'a check stayed beyond its limit'
    return { reasonCode: 'persistent-issue', why, checks: persistent }
  }
  const sustained = windowOver ? harmful.filter(({ check, tally }) => isSustained(tally, check)) : []
  if (sustained.length === 0) return undefined
  const why = 'a check was beyond its limit during the whole window'
  return { reasonCode: 'sustained-issue', why, checks: sustained }
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
