/** The time of day of a moment (ms since the epoch), in UTC. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`
}

/** Date and time of a moment (ms since the epoch), in UTC: `2026-11-24 03:10:11 UTC`. */
export function formatMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${formatTime(at)}`
}

/**
 * Reads a moment with its zone, such as `2026-11-24T12:00:00Z`: without one it would be a time of the machine's.
 * @returns ms since the epoch; NaN for anything else
 */
export function parseMoment(text: string): number {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
}
