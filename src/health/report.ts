import { type Check, type Limit, type Metric, type Severity, severities } from '../settings/schema.ts'
import type { Decision } from './decide.ts'
import { describeEvidence } from './evidence.ts'
import { describeLimit } from './limit.ts'
import { type Counts, type State, stateOf } from './reading.ts'
import type { CheckRecord } from './record.ts'
import { drawTrend } from './sparkline.ts'
import { blindnessOf, isIssue } from './tally.ts'
import { formatValue, type Unit, unitOf } from './value.ts'

/** What the gate saw and decided: plain data, the same after a trip through JSON. Times are ISO 8601, UTC. */
export interface GateReport extends Decision {
  readonly schema: 1
  readonly startedAt: string
  readonly endedAt: string
  /** when the first of the checks that are now beyond their limit went there; those that decided, if unhealthy */
  readonly firstFailureAt?: string
  readonly windowMs: number
  readonly intervalMs: number
  readonly rounds: number
  readonly checks: readonly CheckReport[]
}

export interface CheckReport {
  readonly name: string
  readonly type: Check['type']
  readonly severity: Severity
  readonly metric?: Metric
  /** what it looks at, without secrets */
  readonly looksAt: string
  readonly state: State
  /** beyond its limit for as long as its `forMs` asks */
  readonly issue: boolean
  /** was so before the deployment */
  readonly preExisting: boolean
  /** true for a value that was computed elsewhere: it is held against the limit, and no chance of a false alarm is known */
  readonly thresholdOnly: boolean
  /** the latest value; absent when there was none, and when it is infinite, which JSON cannot say: see `valueText` */
  readonly value?: number
  readonly valueText?: string
  readonly unit: Unit
  readonly limit: Limit & { readonly text: string }
  readonly forMs: number
  readonly failingSince?: string
  /** failed probes of all probes; for a query, rounds beyond the limit of the rounds that had a value */
  readonly failures: Counts
  /** rounds without a value, because there was none or because it could not look */
  readonly roundsWithoutValue: number
  /** the last rounds as a row of bars */
  readonly trend: string
  /** the latest, oldest first */
  readonly samples: readonly SampleReport[]
  /** one sentence */
  readonly evidence: string
}

export interface SampleReport {
  readonly at: string
  readonly state: State
  /** absent when there was none or it is infinite */
  readonly value?: number
  /** since the watch began */
  readonly counts?: Counts
}

/** The same before a deployment: what is unhealthy was so before, and no rollback helps. */
export function beforeDeployment(report: GateReport): GateReport {
  return report.verdict === 'unhealthy' ? { ...report, verdict: 'pre-existing' } : report
}

/** The names of the checks that are issues now. */
export function issuesOf({ checks }: GateReport): readonly string[] {
  return checks.filter(({ issue }) => issue).map(({ name }) => name)
}

/** The worst severity among the issues. */
export function worstSeverity({ checks }: GateReport): Severity | 'none' {
  const found = checks.filter(({ issue }) => issue).map(({ severity }) => severity)
  return severities.find((each) => found.includes(each)) ?? 'none'
}

/** Every sample that is kept, one record each, as programs that draw or count them want it. */
export function listSamples({ checks }: GateReport): readonly (SampleReport & { readonly check: string })[] {
  return checks.flatMap(({ name, samples }) => samples.map((sample) => ({ check: name, ...sample })))
}

/** Makes the report of a watch that ended. Times in ms since the epoch. */
export function reportGate({
  records,
  decision,
  startedAt,
  endedAt,
  ...rest
}: {
  readonly records: readonly CheckRecord[]
  readonly decision: Decision
  readonly startedAt: number
  readonly endedAt: number
  readonly windowMs: number
  readonly intervalMs: number
  readonly rounds: number
}): GateReport {
  const firstFailureAt = findFirstFailure(records, decision)
  return {
    schema: 1,
    ...decision,
    startedAt: toIso(startedAt),
    endedAt: toIso(endedAt),
    ...(firstFailureAt !== undefined && { firstFailureAt: toIso(firstFailureAt) }),
    ...rest,
    checks: records.map(reportCheck),
  }
}

function findFirstFailure(
  records: readonly CheckRecord[],
  { verdict, decidedBy }: Decision,
): number | undefined {
  const starts = records
    .filter(({ check }) => verdict !== 'unhealthy' || decidedBy.includes(check.name))
    .flatMap(({ tally }) => tally.breach?.since ?? [])
  return starts.length === 0 ? undefined : Math.min(...starts)
}

function reportCheck(record: CheckRecord): CheckReport {
  const { check, looksAt, tally, samples } = record
  const { name, type, severity, metric, limit, forMs } = check
  const unit = unitOf(metric)
  const { lastValue, breach } = tally
  const issue = isIssue(tally, check)
  return {
    name,
    type,
    severity,
    ...(metric !== undefined && { metric }),
    looksAt,
    state: issue ? 'breached' : currentState(record),
    issue,
    preExisting: issue && lastValue?.before === true,
    thresholdOnly: lastValue?.call === undefined,
    ...(lastValue !== undefined && {
      ...finite(lastValue.value),
      valueText: formatValue(lastValue.value, unit),
    }),
    unit,
    limit: { ...limit, text: describeLimit(limit, unit) },
    forMs,
    ...(breach !== undefined && { failingSince: toIso(breach.since) }),
    failures: lastValue?.counts ?? { bad: tally.breached, of: tally.withValue },
    roundsWithoutValue: tally.rounds - tally.withValue,
    trend: drawTrend(record),
    samples: samples.map(({ at, reading }) => ({
      at: toIso(at),
      state: stateOf(reading, limit),
      ...(reading.kind === 'value' && {
        ...finite(reading.value),
        ...(reading.counts && { counts: reading.counts }),
      }),
    })),
    evidence: describeEvidence(record),
  }
}

function currentState({ check, tally }: CheckRecord): State {
  const blindness = blindnessOf(tally, check)
  if (blindness !== undefined) return blindness
  if (tally.breach !== undefined) return 'breached'
  return tally.lastValue?.call === 'open' ? 'undecided' : 'ok'
}

function finite(value: number): { readonly value?: number } {
  return Number.isFinite(value) ? { value } : {}
}

function toIso(at: number): string {
  return new Date(at).toISOString()
}
