import type { Check } from '../config/schema.ts'
import { describeLimit } from './limit.ts'
import { stateOf } from './reading.ts'
import type { CheckRecord, Sample } from './report.ts'
import { drawSparkline } from './sparkline.ts'
import { formatTime, formatValue, unitOf } from './value.ts'

const drawnSamples = 20

/**
 * What one round found, for the log while the watch lasts:
 * `12:00:15 UTC | homepage ▁▁█ 50 % over (limit at most 5 %) | errors ▁▁▁ 0.1 % ok`.
 * @param at ms since the epoch
 */
export function describeRound(input: {
  readonly records: readonly CheckRecord[]
  readonly at: number
}): string {
  return [formatTime(input.at), ...input.records.map(describeCheck)].join(' | ')
}

function describeCheck({ check, samples }: CheckRecord): string {
  const drawn = samples.slice(-drawnSamples)
  const values = drawn.map(({ reading }) => (reading.kind === 'value' ? reading.value : undefined))
  const line = drawSparkline(values, Object.values(check.limit))
  return `${check.name} ${line} ${describeLatest(check, drawn)}`
}

/** What went wrong is told once, not in every round that it lasts. */
function describeLatest(check: Check, samples: readonly Sample[]): string {
  const reading = samples.at(-1)?.reading
  if (reading === undefined) return 'not looked yet'
  if (reading.kind !== 'value') {
    const isNews = samples.at(-2)?.reading.note !== reading.note
    return isNews ? `${reading.kind}: ${reading.note}` : `${reading.kind}, as before`
  }
  const unit = unitOf(check.metric)
  const value = formatValue(reading.value, unit)
  const isOver = stateOf(reading, check.limit) === 'breached'
  return isOver ? `${value} over (limit ${describeLimit(check.limit, unit)})` : `${value} ok`
}
