import ms from 'ms'
import { InputError } from '../errors.ts'

/** What a setting is usually written in. */
export type DurationUnit = 's' | 'm' | 'h' | 'd'

/** What a duration looks like: whole numbers of one unit, so that nobody has to guess what `90` or `1.30` means. */
export const durationPattern = /^\d{1,9}(?:ms|s|m|h|d)$/

const longest = ms('365d')

/**
 * Reads `500ms`, `15s`, `5m`, `1h` or `1d`.
 * @param unit what a number without a unit most likely means, for the error
 * @returns milliseconds
 * @throws InputError without the name of the key or input: the caller puts that in front
 */
export function parseDuration(text: string, unit?: DurationUnit): number {
  if (!durationPattern.test(text)) throw new InputError(explainDuration(text, unit))
  const duration = toMilliseconds(text)
  if (duration > longest) throw new InputError(`is ${text}; write at most ${formatDuration(longest)}`)
  return duration
}

/**
 * Writes milliseconds so that `parseDuration` reads the same number back: in the largest unit that needs no fraction
 * (`90s`, not `1.5m`).
 * @param duration milliseconds, rounded to a whole number that is not negative
 */
export function formatDuration(duration: number): string {
  const whole = Math.max(0, Math.round(duration))
  if (whole === 0) return '0s'
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => whole % ms(`1${each}`) === 0) ?? 'ms'
  return `${whole / ms(`1${unit}`)}${unit}`
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
]

/**
 * Writes milliseconds that were measured as people say them, as exact as anybody needs: `850 ms`, `1.2 s`, `42 s`,
 * `3 min 20 s`, `2 h 5 min`.
 */
export function sayDuration(duration: number): string {
  const whole = Math.max(0, Math.round(duration))
  if (whole < 1000) return `${whole} ms`
  if (whole < 9_950) return `${Math.round(whole / 100) / 10} s`
  const seconds = Math.round(whole / 1000)
  // rounded to the second of the two units that are said, which may carry into a larger one
  const [, size] = units[unitIndex(seconds) + 1] ?? ['s', 1]
  const rounded = Math.round(seconds / size) * size
  const index = unitIndex(rounded)
  let rest = rounded
  const parts = units.slice(index, index + 2).map(([name, each]) => {
    const count = Math.floor(rest / each)
    rest -= count * each
    return count === 0 ? '' : `${count} ${name}`
  })
  return parts.filter((part) => part !== '').join(' ')
}

/** The largest unit that it has one of. */
function unitIndex(seconds: number): number {
  return units.findIndex(([, size]) => seconds >= size)
}

/**
 * What is wrong with something that is no duration, and what to write instead: exactly what was meant, where that can
 * be told (`1h30m` is `90m`), else an example.
 * @param unit what a number without a unit most likely means here
 */
export function explainDuration(value: unknown, unit: DurationUnit = 's'): string {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value))) {
    return explainBareNumber(String(value), unit)
  }
  if (typeof value !== 'string')
    return 'must be a duration; write a whole number with its unit, such as `15s` or `5m`'
  const meant = guessMeaning(value)
  if (meant !== undefined) return `must be a whole number of one unit; write \`${meant}\``
  return 'is not a duration; write a whole number with ms, s, m, h or d, such as `15s` or `5m`'
}

function explainBareNumber(number: string, unit: DurationUnit): string {
  if (!/^\d{1,9}$/.test(number)) {
    return 'has no unit; write a whole number with ms, s, m, h or d, such as `15s` or `5m`'
  }
  const [first, ...others] = likelyUnits[unit].map((each) => `\`${number}${each}\` for ${unitNames[each]}`)
  return `has no unit; write ${[[first, ...others.slice(0, -1)].join(', '), ...others.slice(-1)].join(' or ')}`
}

const unitNames = { ms: 'milliseconds', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' } as const

/** The most likely first. */
const likelyUnits: Readonly<Record<DurationUnit, readonly (keyof typeof unitNames)[]>> = {
  s: ['s', 'm', 'ms'],
  m: ['m', 's', 'h'],
  h: ['h', 'm', 'd'],
  d: ['d', 'h'],
}

/** Understands `1.5h`, `5 min`, `90 seconds` and `1h30m`, as people write them. */
function guessMeaning(text: string): string | undefined {
  const parts = text.trim().match(/\d+(?:\.\d+)? *[a-z]+/gi) ?? []
  if (parts.length === 0 || parts.join('').replaceAll(' ', '') !== text.replaceAll(' ', '')) return undefined
  const total = parts.reduce((sum, part) => sum + toMilliseconds(part), 0)
  return Number.isInteger(total) && total <= longest ? formatDuration(total) : undefined
}

/** NaN for what `ms` does not know. */
function toMilliseconds(text: string): number {
  // ms types its argument as a template literal and answers undefined for what it can't read
  return Number(ms(text as ms.StringValue))
}
