/** Where a series is going. */
export interface Trend {
  /** buckets that have a value */
  readonly n: number
  /** change of the value from one bucket to the next, by least squares; null when there is too little data */
  readonly slope: number | null
  /** the 95 % confidence interval of the slope */
  readonly low: number | null
  readonly high: number | null
  readonly direction: 'improving' | 'declining' | 'stable' | 'too-little-data'
}

/** Fewer buckets than these say nothing: with six, the interval is 2.8 standard errors to each side. */
const leastPoints = 6

/**
 * Fits a straight line by ordinary least squares. It improves or declines only when the whole confidence interval of its slope is
 * on one side of zero.
 * https://www.itl.nist.gov/div898/handbook/pmd/section4/pmd431.htm
 * @param points one for each bucket that has a value; x counts buckets, oldest first
 * @param better which way is good
 */
export function trendOf(
  points: readonly { readonly x: number; readonly y: number }[],
  better: 'up' | 'down',
): Trend {
  const n = points.length
  if (n < leastPoints) return { n, slope: null, low: null, high: null, direction: 'too-little-data' }
  const meanX = mean(points.map(({ x }) => x))
  const meanY = mean(points.map(({ y }) => y))
  const spread = mean(points.map(({ x }) => (x - meanX) ** 2)) * n
  const slope = (mean(points.map(({ x, y }) => (x - meanX) * (y - meanY))) * n) / spread
  const residual = mean(points.map(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2)) * n
  const error = Math.sqrt(residual / (n - 2) / spread)
  const reach = tQuantile(n - 2) * error
  return { n, slope, low: slope - reach, high: slope + reach, direction: directionOf(slope, reach, better) }
}

function directionOf(slope: number, reach: number, better: 'up' | 'down'): Trend['direction'] {
  // what rounding leaves of a line that is level
  if (Math.abs(slope) < 1e-12 || Math.abs(slope) <= reach) return 'stable'
  return slope > 0 === (better === 'up') ? 'improving' : 'declining'
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Table of the 97.5 % quantile of Student's t by its degrees of freedom, from 1: Abramowitz and Stegun, table 26.10. */
const table = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814]
const normal = 1.959963984540054

/** The 97.5 % quantile of Student's t: by table, and beyond it by the expansion 26.7.5 of Abramowitz and Stegun, good to 4 digits. */
export function tQuantile(freedom: number): number {
  const known = table[freedom - 1]
  if (known !== undefined) return known
  const z = normal
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ]
  return terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), z)
}
