import type { PrometheusCheck } from '../../../settings/schema.ts'
import type { Reading } from '../../reading.ts'
import type { Mixture } from '../../statistics/mixture.ts'
import { addTraffic, emptyTraffic, isLost, type TrafficPlan } from '../../statistics/traffic-loss.ts'
import { formatValue } from '../../value.ts'
import type { CheckSurroundings, Look } from '../look.ts'
import { openArm } from './arm.ts'
import { countedFrom, marginMs } from './counters.ts'
import type { PrometheusServer } from './server.ts'

type TrafficCheck = Extract<PrometheusCheck, { traffic: string }>

/** Fewer requests in the hour before, and their loss would say nothing. */
const leastBefore = 30

/**
 * Watches whether the requests still come: a service that gets none has no errors either. They are compared with the hour
 * before the deployment, minute by minute for how much they vary.
 */
export function watchTraffic(
  check: TrafficCheck,
  server: PrometheusServer,
  surroundings: CheckSurroundings,
): Look {
  const { traffic, minTimesBefore } = check
  const { deployedAt, alpha, plannedPolls } = surroundings
  const arm = openArm(server, { total: traffic })
  let plan: TrafficPlan | undefined
  let lastAt = 0
  let state: Mixture = emptyTraffic
  let hasLost = false

  return {
    at: `${traffic} at ${server.shownUrl}`,
    remembers: true,
    look: async (at, signal): Promise<Reading> => {
      if (plan === undefined) {
        const from = countedFrom(check, { deployedAt, at })
        const minutes = await arm.before(deployedAt ?? at - marginMs, signal)
        if ('kind' in minutes) return minutes
        const counts = minutes.map(({ of }) => of)
        const sum = counts.reduce((total, of) => total + of, 0)
        if (sum < leastBefore) {
          return { kind: 'no-data', note: `only ${sum} requests in the hour before, too few to miss any` }
        }
        const gap = await arm.start(from, signal)
        if (gap !== undefined) return gap
        lastAt = from
        const mean = sum / counts.length
        const dispersion = Math.max(
          1,
          counts.reduce((total, of) => total + (of - mean) ** 2 / mean, 0) / (counts.length - 1),
        )
        plan = { least: (minTimesBefore * mean) / 60, alpha, plannedPolls, dispersion }
      }
      const polled = await arm.poll(at, signal)
      if ('kind' in polled) return polled
      const seconds = (at - lastAt) / 1000
      lastAt = at
      state = addTraffic(state, polled.of, seconds, plan)
      hasLost ||= isLost(state, plan)
      const rate = seconds === 0 ? 0 : polled.of / seconds
      const shown = `${formatValue(rate, 'number')} requests a second, at least ${formatValue(plan.least, 'number')} are usual`
      return {
        kind: 'value',
        value: rate,
        call: hasLost ? 'bad' : seconds === 0 ? 'open' : 'good',
        ...(rate >= plan.least && { recovering: true }),
        note: shown,
      }
    },
  }
}
