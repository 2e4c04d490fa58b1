/** Five hundred jobs that append an event each at the same moment: each is there once, and the number of requests is bounded. */
import { appendAtOnce } from '../test/support/many-writers.ts'
import type { Findings } from './main.ts'

const writers = 500

export async function measure(say: (line: string) => void): Promise<Findings> {
  const { failed, stored, requests, ms } = await appendAtOnce(writers)
  say(`${writers} writers: ${Math.round(ms)} ms, ${requests} requests, ${failed.length} failed`)
  if (failed[0] !== undefined) say(String(failed[0]))
  return {
    figures: {
      failed: failed.length,
      'events that are not there once':
        writers - new Set(stored).size + (stored.length - new Set(stored).size),
      'requests of a writer': requests / writers,
      'time, s': ms / 1000,
    },
    goals: {
      failed: { atMost: 0 },
      'events that are not there once': { atMost: 0 },
      'requests of a writer': { atMost: 24 },
    },
  }
}
