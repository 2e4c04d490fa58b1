import type { Deployment } from './deployments.ts'
import type { Failure } from './failure-table.ts'
import type { Report } from './model.ts'
import { describeDurations, share } from './numbers.ts'
import { dayMs, lengthOf, type Period } from './period.ts'
import type { Rows } from './rows.ts'

/**
 * The five metrics of DORA's guide as of 2025, https://dora.dev/guides/dora-metrics/: change fail rate over failed deployments
 * (not over incidents, of which one deployment can have several), failed deployment recovery time to production seen well
 * (not to an issue that is closed), deployment frequency, lead time for changes, deployment rework rate.
 *
 * A deployment counts in the period in which it reached its environment. The deployment that undoes another is a deployment and
 * rework. Lead time is that of the deployed commit: commits below it that went out with it waited longer.
 */
export function measureDora(
  failures: Rows<Failure>,
  deployments: Rows<Deployment>,
  { period, pending }: { readonly period: Period; readonly pending: number },
): Report['dora'] {
  const failed = failures.between(period, ({ introducedAt }) => introducedAt)
  const deployed = deployments.between(period, ({ at }) => at)
  const changes = deployed.filter(({ isRework }) => !isRework)
  const rework = deployed.length - changes.length
  const leads = changes.numbers(({ leadMs }) => leadMs)
  const recoveries = failed.numbers(({ introducedAt, restoredAt }) =>
    restoredAt === undefined ? undefined : Math.max(0, restoredAt - introducedAt),
  )
  const detections = failed.numbers(({ introducedAt, detectedAt }) =>
    detectedAt === undefined ? undefined : Math.max(0, detectedAt - introducedAt),
  )
  const days = new Set<number>()
  for (const { at } of deployed) days.add(Math.floor(at / dayMs))
  return {
    changeFailRate: {
      value: share(failed.length, deployed.length),
      failed: failed.length,
      deployments: deployed.length,
      unjudged: changes.count(({ isJudged }) => !isJudged),
      pending,
    },
    failedDeploymentRecoveryTime: {
      ...describeDurations(recoveries),
      pending: failed.length - recoveries.length,
    },
    timeToDetect: { ...describeDurations(detections), pending: failed.length - detections.length },
    deploymentFrequency: {
      perDay: deployed.length / (lengthOf(period) / dayMs),
      n: deployed.length,
      daysWithDeployment: days.size,
    },
    leadTime: { ...describeDurations(leads), pending: changes.length - leads.length },
    reworkRate: { value: share(rework, deployed.length), rework, deployments: deployed.length },
  }
}
