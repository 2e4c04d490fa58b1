import type { Check } from '../settings/schema.ts'
import { sayDuration } from '../text/duration.ts'
import { formatTime } from '../text/time.ts'
import { nameLimit } from './limit.ts'
import { blindnessOf, type Tally } from './tally.ts'
import { formatValue, unitOf } from './value.ts'

/** A check as the rule sees it: what was agreed about it, and all its readings so far. */
export interface Evidence {
  readonly check: Pick<
    Check,
    | 'name'
    | 'severity'
    | 'metric'
    | 'limit'
    | 'forMs'
    | 'failureLimit'
    | 'consecutiveErrorLimit'
    | 'inconclusiveLimit'
  > & {
    /** of a check that counts: how long it has to stay beyond its limit to decide alone where it is not critical, ms */
    readonly persistMs?: number
    /** how long it has to be beyond its limit to count as so for the whole window, where it sees only the end of it, ms */
    readonly sustainMs?: number
  }
  readonly tally: Tally
}

/**
 * What the check saw, for people:
 * `100 %, limit 5 %, for 30 s since 12:00:00 UTC, 3 of 3 probes failed: 3 × status 500`. A value that says nothing
 * about now, because too little was seen since, is left out.
 */
export function describeEvidence({ check, tally }: Evidence): string {
  const isOutdated = blindnessOf(tally, check) !== undefined && tally.breach === undefined
  return [...(isOutdated ? [] : describeLastValue(check, tally)), ...describeGaps(tally)].join(', ')
}

function describeLastValue(
  { metric, limit }: Evidence['check'],
  { lastValue, breach }: Tally,
): readonly string[] {
  if (lastValue === undefined) return []
  const unit = unitOf(metric)
  const parts = [formatValue(lastValue.value, unit), nameLimit(limit, unit)]
  if (breach !== undefined) {
    const lasted = breach.until > breach.since ? `for ${sayDuration(breach.until - breach.since)} ` : ''
    parts.push(`${lasted}since ${formatTime(breach.since)}`)
  }
  if (lastValue.note !== undefined) parts.push(lastValue.note)
  return parts
}

function describeGaps({ rounds, withValue, lastGap }: Tally): readonly string[] {
  if (lastGap === undefined) return []
  return [`no value in ${rounds - withValue} of ${rounds} rounds: ${lastGap.note}`]
}
