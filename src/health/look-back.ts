import type { WatchPlan } from './plan.ts'

/**
 * How a watch that comes by on a schedule looks at a deployment: back over the window, at most to the deployment, and then on
 * for as long as checks without a memory need to be sure of a failure.
 * @param now ms since the epoch, as `deployedAt`
 */
export function planLookBack(
  { checks, windowMs, intervalMs }: Pick<WatchPlan, 'checks' | 'windowMs' | 'intervalMs'>,
  { deployedAt, now }: { readonly deployedAt: number; readonly now: number },
): { readonly windowMs: number; readonly lookBackMs: number } {
  // a whole number of rounds, so that one of them is now
  const rounds = Math.max(0, Math.floor(Math.min(windowMs, now - deployedAt) / intervalMs))
  const lookBackMs = rounds * intervalMs
  const liveMs = Math.max(2 * intervalMs, ...checks.map(({ forMs }) => forMs))
  return { lookBackMs, windowMs: lookBackMs + liveMs }
}
