import type { Check, Limit, Metric, Severity } from '../config/schema.ts'
import { decide, type ReasonCode, type Verdict } from './decide.ts'
import { describeLimit } from './limit.ts'
import { type Counts, type Reading, type State, stateOf } from './reading.ts'
import { blindnessOf, isIssue, type Tally } from './tally.ts'
import { formatTime, formatValue, type Unit, unitOf } from './value.ts'

/** How many of the latest samples of a check the report keeps. */
export const keptSamples = 120

/** What the gate saw and decided: plain data, the same after a trip through JSON. Times are ISO 8601, UTC. */
export interface GateReport {
  readonly schema: 1
  readonly verdict: Verdict
  readonly reasonCode: ReasonCode
  readonly because: string
  /** names of the checks that the verdict rests on */
  readonly decidedBy: readonly string[]
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
  /** the latest value; absent when there was none, and when it is infinite, which JSON cannot say: see `valueText` */
  readonly value?: number
  readonly valueText?: string
  readonly unit: Unit
  readonly limit: Limit & { readonly text: string }
  readonly forMs: number
  readonly failingSince?: string
  /** failed probes of all probes; for a query, rounds beyond the limit of the rounds that had a value */
  readonly failures: number
  readonly of: number
  /** rounds without a value, because there was none or because it could not look */
  readonly roundsWithoutValue: number
  readonly samples: readonly SampleReport[]
  /** earlier samples that are not in the list */
  readonly samplesDropped: number
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

/** One round of one check. `at` in ms since the epoch. */
export interface Sample {
  readonly at: number
  readonly reading: Reading
}

/** All that is known of one check. */
export interface CheckRecord {
  readonly check: Check
  readonly looksAt: string
  readonly tally: Tally
  /** the latest, at most `keptSamples` */
  readonly samples: readonly Sample[]
}

/** Makes the report of a watch that ended. Times in ms since the epoch. */
export function reportGate(input: {
  readonly records: readonly CheckRecord[]
  readonly startedAt: number
  readonly endedAt: number
  readonly windowMs: number
  readonly intervalMs: number
  readonly rounds: number
  readonly windowOver: boolean
}): GateReport {
  const { records, startedAt, endedAt, windowMs, intervalMs, rounds, windowOver } = input
  const checks = records.map(evidenceOf)
  const { verdict, reasonCode, because, decidedBy } = decide({ checks, windowOver })
  const deciding = checks.filter(({ name }) => verdict !== 'unhealthy' || decidedBy.includes(name))
  const starts = deciding.flatMap(({ tally }) => (tally.breach === undefined ? [] : [tally.breach.since]))
  return {
    schema: 1,
    verdict,
    reasonCode,
    because,
    decidedBy,
    startedAt: toIso(startedAt),
    endedAt: toIso(endedAt),
    ...(starts.length > 0 && { firstFailureAt: toIso(Math.min(...starts)) }),
    windowMs,
    intervalMs,
    rounds,
    checks: records.map(reportCheck),
  }
}

/** A record as the rule sees it. */
export function evidenceOf({ check, tally }: CheckRecord) {
  const { name, severity, metric, limit, forMs } = check
  return { name, severity, metric, limit, forMs, tally }
}

function reportCheck({ check, looksAt, tally, samples }: CheckRecord): CheckReport {
  const { name, type, severity, metric, limit, forMs } = check
  const unit = unitOf(metric)
  const { lastValue, breach } = tally
  return {
    name,
    type,
    severity,
    ...(metric !== undefined && { metric }),
    looksAt,
    state: isIssue(tally, forMs) ? 'breached' : currentState(tally),
    issue: isIssue(tally, forMs),
    ...(lastValue !== undefined && {
      ...finite(lastValue.value),
      valueText: formatValue(lastValue.value, unit),
    }),
    unit,
    limit: { ...limit, text: describeLimit(limit, unit) },
    forMs,
    ...(breach !== undefined && { failingSince: toIso(breach.since) }),
    failures: lastValue?.counts?.bad ?? tally.breached,
    of: lastValue?.counts?.of ?? tally.withValue,
    roundsWithoutValue: tally.rounds - tally.withValue,
    samples: samples.map(({ at, reading }) => ({
      at: toIso(at),
      state: stateOf(reading, limit),
      ...(reading.kind === 'value' && {
        ...finite(reading.value),
        ...(reading.counts && { counts: reading.counts }),
      }),
    })),
    samplesDropped: tally.rounds - samples.length,
    evidence: describeEvidence(check, tally),
  }
}

function currentState(tally: Tally): State {
  return blindnessOf(tally) ?? (tally.breach === undefined ? 'ok' : 'breached')
}

function describeEvidence({ metric, limit }: Check, tally: Tally): string {
  const { latest, lastValue, breach, rounds, withValue } = tally
  if (latest === undefined) return 'it was not looked'
  const holes = rounds === withValue ? '' : `; no value in ${rounds - withValue} of ${rounds} rounds`
  if (latest.kind !== 'value' || lastValue === undefined) return `${latest.note}${holes}`
  const unit = unitOf(metric)
  const place = breach === undefined ? 'within' : `since ${formatTime(breach.since)} beyond`
  return `${formatValue(lastValue.value, unit)}, ${place} its limit (${describeLimit(limit, unit)}): ${latest.note}${holes}`
}

function finite(value: number): { readonly value?: number } {
  return Number.isFinite(value) ? { value } : {}
}

function toIso(at: number): string {
  return new Date(at).toISOString()
}
