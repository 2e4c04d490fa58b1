/** The time of day of a moment (ms since the epoch), in UTC. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`
}
