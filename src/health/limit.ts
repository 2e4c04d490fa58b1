import type { Limit } from '../settings/schema.ts'
import { formatValue, type Unit } from './value.ts'

/**
 * True when the value is inside every bound that the limit has; the bounds themselves are inside. NaN is inside none,
 * also of a limit without bounds; +Inf is beyond every max.
 */
export function isWithin(value: number, { max, min, equals }: Limit): boolean {
  if (Number.isNaN(value)) return false
  if (max !== undefined && !(value <= max)) return false
  if (min !== undefined && !(value >= min)) return false
  return equals === undefined || value === equals
}

/** What a value has to be: `at most 5 %`, `at least 10`, `exactly 1`, `between 1 and 5`. */
export function describeLimit({ max, min, equals }: Limit, unit: Unit): string {
  const parts: string[] = []
  if (min !== undefined && max !== undefined) {
    parts.push(`between ${formatValue(min, unit)} and ${formatValue(max, unit)}`)
  } else if (max !== undefined) parts.push(`at most ${formatValue(max, unit)}`)
  else if (min !== undefined) parts.push(`at least ${formatValue(min, unit)}`)
  if (equals !== undefined) parts.push(`exactly ${formatValue(equals, unit)}`)
  return parts.join(' and ') || 'none'
}

/** The limit with its name: `limit 5 %`, `minimum 10`, `expected 1`, `limits 1 to 5`. */
export function nameLimit({ max, min, equals }: Limit, unit: Unit): string {
  const parts: string[] = []
  if (min !== undefined && max !== undefined) {
    parts.push(`limits ${formatValue(min, unit)} to ${formatValue(max, unit)}`)
  } else if (max !== undefined) parts.push(`limit ${formatValue(max, unit)}`)
  else if (min !== undefined) parts.push(`minimum ${formatValue(min, unit)}`)
  if (equals !== undefined) parts.push(`expected ${formatValue(equals, unit)}`)
  return parts.join(', ') || 'no limit'
}

/** How a value breaks the limit: `above the limit of 5 %`, `below the minimum of 10`, `expected 1`. */
export function describeBreach(value: number, limit: Limit, unit: Unit): string {
  const { max, min } = limit
  if (max !== undefined && value > max) return `above the limit of ${formatValue(max, unit)}`
  if (min !== undefined && value < min) return `below the minimum of ${formatValue(min, unit)}`
  return nameLimit(limit, unit)
}
