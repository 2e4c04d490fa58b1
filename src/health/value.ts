import { type Metric, metricDefaults } from '../settings/metrics.ts'

/** What a value counts: a ratio of 0..1, milliseconds, or something only the query knows. */
export type Unit = 'ratio' | 'ms' | 'number'

/** The unit of a metric; a check without a metric has plain numbers. */
export function unitOf(metric: Metric | undefined): Unit {
  return metric === undefined ? 'number' : metricDefaults[metric].unit
}

/** A value for people: `31.2 %`, `120 ms`, `4.9 s`, `17`, `+Inf`; four significant digits. */
export function formatValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return 'no number'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  switch (unit) {
    case 'ratio':
      return `${shorten(value * 100)} %`
    case 'ms':
      return Math.abs(value) < 1000 ? `${shorten(value)} ms` : `${shorten(value / 1000)} s`
    case 'number':
      return shorten(value)
  }
}

/**
 * The value below which the given share (0..1) of the numbers lies, by nearest rank: always one of the numbers, so that
 * it is defined for a few of them and for infinite ones. Undefined for an empty list.
 */
export function quantile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

function shorten(value: number): string {
  return String(Number(value.toPrecision(4)))
}
