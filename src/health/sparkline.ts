const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/**
 * A row of bars, one a sample, oldest first. The scale runs from the least to the greatest of zero, the values and the
 * limit's bounds, so that a flat line far below its limit looks low. A sample without a value is a gap: `·`.
 */
export function drawSparkline(values: readonly (number | undefined)[], bounds: readonly number[]): string {
  const known = values.filter((value) => value !== undefined)
  const scale = [0, ...known, ...bounds].filter(Number.isFinite)
  const low = Math.min(...scale)
  const range = Math.max(...scale) - low
  return values.map((value) => (value === undefined ? '·' : bar((value - low) / (range || 1)))).join('')
}

/** @param height 0..1; an infinite value is drawn as the end of the scale */
function bar(height: number): string {
  const step = Math.min(bars.length - 1, Math.max(0, Math.floor(height * bars.length)))
  return bars[step] ?? '·'
}
