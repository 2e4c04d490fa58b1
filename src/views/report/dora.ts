import type { Deployment, Failure } from './failures.ts'
import type { Report } from './model.ts'
import { describeDurations, present, share } from './numbers.ts'
import { dayMs, isIn, lengthOf, type Period } from './period.ts'

/**
 * The five metrics of DORA's guide as of 2025, https://dora.dev/guides/dora-metrics/: change fail rate over failed deployments
 * (not over incidents, of which one deployment can have several), failed deployment recovery time to production seen well
 * (not to an issue that is closed), deployment frequency, lead time for changes, deployment rework rate.
 *
 * A deployment counts in the period in which it reached its environment. The deployment that undoes another is a deployment and
 * rework. Lead time is that of the deployed commit: commits below it that went out with it waited longer.
 */
export function measureDora(
  failures: readonly Failure[],
  deployments: readonly Deployment[],
  { period, pending }: { readonly period: Period; readonly pending: number },
): Report['dora'] {
  const failed = failures.filter(({ introducedAt }) => isIn(period, introducedAt))
  const deployed = deployments.filter(({ at }) => isIn(period, at))
  const rework = deployed.filter(({ isRework }) => isRework).length
  const changes = deployed.filter(({ isRework }) => !isRework)
  const leads = changes.map(({ leadMs }) => leadMs).filter(present)
  const recoveries = failed.flatMap(({ introducedAt, restoredAt }) =>
    restoredAt === undefined ? [] : [Math.max(0, restoredAt - introducedAt)],
  )
  const detections = failed.flatMap(({ introducedAt, detectedAt }) =>
    detectedAt === undefined ? [] : [Math.max(0, detectedAt - introducedAt)],
  )
  return {
    changeFailRate: {
      value: share(failed.length, deployed.length),
      failed: failed.length,
      deployments: deployed.length,
      unjudged: changes.filter(({ isJudged }) => !isJudged).length,
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
      daysWithDeployment: new Set(deployed.map(({ at }) => Math.floor(at / dayMs))).size,
    },
    leadTime: { ...describeDurations(leads), pending: changes.length - leads.length },
    reworkRate: { value: share(rework, deployed.length), rework, deployments: deployed.length },
  }
}
