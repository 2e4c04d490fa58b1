import type { PollCounts } from './one-arm.ts'
import { wilsonUpper } from './wilson.ts'

/**
 * The share of bad ones that is put up with after a deployment, from those before it: so many times their share, and at
 * least what their share may well have been, given how few were seen (Wilson's upper bound, 90 %).
 * @param times 1 for not worse at all
 */
export function limitFromBefore({ bad, of }: PollCounts, times: number): number {
  return of === 0 ? 1 : Math.min(1, Math.max((times * bad) / of, wilsonUpper({ bad, of })))
}
