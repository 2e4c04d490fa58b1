import { formatTime } from '../text/time.ts'
import { describeBreach } from './limit.ts'
import { stateOf } from './reading.ts'
import type { CheckRecord } from './record.ts'
import { drawTrend } from './sparkline.ts'
import { formatValue, unitOf } from './value.ts'

/**
 * What one round found, for the log while the watch lasts:
 * `12:00:15 UTC | homepage ▁▁█ 50 %, above the limit of 5 %, 1 of 3 probes failed: 1 × status 500 | errors ▁▁▁ 0.1 % ok`.
 * @param at ms since the epoch
 */
export function describeRound(records: readonly CheckRecord[], at: number): string {
  return [formatTime(at), ...records.map(describeCheck)].join(' | ')
}

function describeCheck(record: CheckRecord): string {
  return `${record.check.name} ${drawTrend(record)} ${describeLatest(record)}`
}

/** Why there is no value is printed once, not in every round that it lasts. */
function describeLatest({ check, samples, warming }: CheckRecord): string {
  const reading = samples.at(-1)?.reading
  if (reading === undefined)
    return warming === undefined ? 'not checked yet' : `warming up, ${warming.note ?? 'no value'}`
  if (reading.kind !== 'value') {
    const isNews = samples.at(-2)?.reading.note !== reading.note
    return isNews ? `${reading.kind}: ${reading.note}` : `${reading.kind}, as before`
  }
  const unit = unitOf(check.metric)
  const value = formatValue(reading.value, unit)
  const state = stateOf(reading, check.limit)
  if (state === 'ok') return `${value} ok`
  if (state === 'undecided') return `${value} open, ${reading.note ?? 'too little was seen'}`
  const over = `${value}, ${describeBreach(reading.value, check.limit, unit)}`
  return reading.note === undefined ? over : `${over}, ${reading.note}`
}
