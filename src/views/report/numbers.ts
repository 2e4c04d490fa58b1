/** Durations as people judge them: never an average alone. All in ms; null where there is no observation. */
export interface Durations {
  readonly n: number
  readonly averageMs: number | null
  readonly medianMs: number | null
  /** nine of ten took at most this long */
  readonly p90Ms: number | null
  readonly longestMs: number | null
}

/** Describes observations, in any order. */
export function describeDurations(observed: Float64Array): Durations {
  const sorted = observed.toSorted()
  return {
    n: sorted.length,
    averageMs: sorted.length === 0 ? null : sum(observed) / sorted.length,
    medianMs: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    longestMs: sorted.at(-1) ?? null,
  }
}

/**
 * A quantile with linear interpolation between the two nearest observations: R's type 7, `quantile_cont` of DuckDB,
 * `PERCENTILE.INC` of spreadsheets.
 * @param sorted ascending
 * @returns null when there is none
 */
function quantile(sorted: Float64Array, share: number): number | null {
  if (sorted.length === 0) return null
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? 0
  const high = sorted[Math.ceil(at)] ?? low
  return low + (high - low) * (at - Math.floor(at))
}

export function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** A share of what is counted; null when nothing is: no data is not zero. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

export function present<T>(value: T | undefined): value is T {
  return value !== undefined
}
