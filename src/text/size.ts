import { InputError } from '../errors.ts'

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/**
 * Reads a size such as `500MB` or `10GB`.
 * @returns bytes; a KB is 1000 of them
 * @throws InputError without naming the setting
 */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6}) ?([A-Z]{1,2})$/.exec(text.trim().toUpperCase()) ?? []
  const power = units.findIndex((each) => unit === each)
  if (number === undefined || power < 0)
    throw new InputError(
      `is "${text}"; write a whole number with its unit (${units.slice(1).join(', ')}), such as 10GB`,
    )
  return Number(number) * 1000 ** power
}

/** Writes bytes as people read them, e.g. `1.2 GB`. */
export function formatSize(bytes: number): string {
  let [value, power] = [bytes, 0]
  // 999.95 would be written as 1000.0
  while (value >= 999.95 && power < units.length - 1) {
    value /= 1000
    power += 1
  }
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}
