import type { CheckRecord } from './record.ts'

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const drawnSamples = 20

/** The last rounds of a check as a row of bars. */
export function drawTrend({ check, samples }: Pick<CheckRecord, 'check' | 'samples'>): string {
  const values = samples
    .slice(-drawnSamples)
    .map(({ reading }) => (reading.kind === 'value' ? reading.value : undefined))
  return drawSparkline(values, Object.values(check.limit))
}

/**
 * A row of bars, one a sample, oldest first. The scale runs from the least to the greatest of zero, the values and the
 * limit's bounds, so that a flat line far below its limit looks low. A sample without a value is a gap: `·`.
 */
export function drawSparkline(values: readonly (number | undefined)[], bounds: readonly number[]): string {
  const known = values.filter((value) => value !== undefined)
  const scale = [0, ...known, ...bounds].filter(Number.isFinite)
  const low = Math.min(...scale)
  const range = Math.max(...scale) - low || 1
  return values.map((value) => (value === undefined ? '·' : bar((value - low) / range))).join('')
}

/** @param height 0..1; an infinite value is drawn as the end of the scale */
function bar(height: number): string {
  const step = Math.min(bars.length - 1, Math.max(0, Math.floor(height * bars.length)))
  return bars[step] ?? '·'
}
