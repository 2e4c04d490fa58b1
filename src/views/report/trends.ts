import type { Deployment, Failure } from './failures.ts'
import type { TrendReport } from './model.ts'
import { describeDurations, present, share } from './numbers.ts'
import { type Bucket, bucketLength, bucketsOf, type Period } from './period.ts'
import type { Rollback } from './rollbacks.ts'
import { trendOf } from './trend.ts'

interface Observed {
  readonly rollbacks: readonly Rollback[]
  readonly failures: readonly Failure[]
  readonly deployments: readonly Deployment[]
}

type Metric = Pick<TrendReport, 'metric' | 'unit' | 'better'> & {
  readonly measure: (observed: Observed) => { readonly n: number; readonly value: number | null }
}

const metrics: readonly Metric[] = [
  {
    ...{ metric: 'rollbacks', unit: 'count', better: 'down' },
    measure: ({ rollbacks }) => ({ n: rollbacks.length, value: rollbacks.length }),
  },
  {
    ...{ metric: 'success-rate', unit: 'share', better: 'up' },
    measure: ({ rollbacks }) => {
      const ended = rollbacks.filter(({ standing }) => standing !== 'pending')
      const good = ended.filter(({ standing }) => standing === 'succeeded').length
      return { n: ended.length, value: share(good, ended.length) }
    },
  },
  {
    ...{ metric: 'duration', unit: 'ms', better: 'down' },
    measure: ({ rollbacks }) => medianOf(rollbacks.map(({ durationMs }) => durationMs).filter(present)),
  },
  {
    ...{ metric: 'change-fail-rate', unit: 'share', better: 'down' },
    measure: ({ failures, deployments }) => ({
      n: deployments.length,
      value: share(failures.length, deployments.length),
    }),
  },
  {
    ...{ metric: 'recovery-time', unit: 'ms', better: 'down' },
    measure: ({ failures }) =>
      medianOf(
        failures
          .map(({ introducedAt, restoredAt }) =>
            restoredAt === undefined ? undefined : Math.max(0, restoredAt - introducedAt),
          )
          .filter(present),
      ),
  },
  {
    ...{ metric: 'deployments', unit: 'count', better: 'up' },
    measure: ({ deployments }) => ({ n: deployments.length, value: deployments.length }),
  },
]

function medianOf(observed: readonly number[]): { readonly n: number; readonly value: number | null } {
  const { n, medianMs } = describeDurations(observed)
  return { n, value: medianMs }
}

/** How each metric went from bucket to bucket. */
export function measureTrends(observed: Observed, period: Period): readonly TrendReport[] {
  const buckets = bucketsOf(period)
  const length = bucketLength(period)
  const indexOf = (at: number) => Math.ceil((period.to - at) / length) - 1
  const rollbacks = Map.groupBy(observed.rollbacks, ({ at }) => indexOf(at))
  const failures = Map.groupBy(observed.failures, ({ introducedAt }) => indexOf(introducedAt))
  const deployments = Map.groupBy(observed.deployments, ({ at }) => indexOf(at))
  const inBucket = ({ index }: Bucket): Observed => ({
    rollbacks: rollbacks.get(index) ?? [],
    failures: failures.get(index) ?? [],
    deployments: deployments.get(index) ?? [],
  })
  return metrics.map(({ measure, ...metric }) => {
    const points = buckets.map((bucket) => ({
      from: new Date(bucket.from).toISOString(),
      to: new Date(bucket.to).toISOString(),
      ...measure(inBucket(bucket)),
    }))
    const fitted = points.flatMap(({ value }, x) => (value === null ? [] : [{ x, y: value }]))
    return { ...metric, points, ...trendOf(fitted, metric.better) }
  })
}
