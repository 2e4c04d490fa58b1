import type { PollCounts } from './one-arm.ts'

/** One-sided chance of 1 in 10 that the true share is above the upper bound. */
const z = 1.2816

/**
 * The share of bad ones that is put up with after a deployment, from those before it: so many times their share, and at
 * least what their share may well have been, given how few were seen (Wilson's upper bound, 90 %).
 * @param times 1 for not worse at all
 */
export function limitFromBefore({ bad, of }: PollCounts, times: number): number {
  if (of === 0) return 1
  return Math.min(1, Math.max((times * bad) / of, wilsonUpper(bad / of, of)))
}

function wilsonUpper(share: number, n: number): number {
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return (share + (z * z) / (2 * n) + spread) / (1 + (z * z) / n)
}
