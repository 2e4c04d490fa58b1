import type { Deployment } from './deployments.ts'
import type { Failure } from './failure-table.ts'
import type { TrendReport } from './model.ts'
import { describeDurations, share } from './numbers.ts'
import { type Bucket, bucketsOf, type Period } from './period.ts'
import type { Rollback } from './rollbacks.ts'
import type { Rows } from './rows.ts'
import { trendOf } from './trend.ts'

interface Observed {
  readonly rollbacks: Rows<Rollback>
  readonly failures: Rows<Failure>
  readonly deployments: Rows<Deployment>
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
      const good = ended.count(({ standing }) => standing === 'succeeded')
      return { n: ended.length, value: share(good, ended.length) }
    },
  },
  {
    ...{ metric: 'duration', unit: 'ms', better: 'down' },
    measure: ({ rollbacks }) => medianOf(rollbacks.numbers(({ durationMs }) => durationMs)),
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
        failures.numbers(({ introducedAt, restoredAt }) =>
          restoredAt === undefined ? undefined : Math.max(0, restoredAt - introducedAt),
        ),
      ),
  },
  {
    ...{ metric: 'deployments', unit: 'count', better: 'up' },
    measure: ({ deployments }) => ({ n: deployments.length, value: deployments.length }),
  },
]

function medianOf(observed: Float64Array): { readonly n: number; readonly value: number | null } {
  const { n, medianMs } = describeDurations(observed)
  return { n, value: medianMs }
}

/** How each metric went from bucket to bucket. */
export function measureTrends(observed: Observed, period: Period): readonly TrendReport[] {
  const buckets = bucketsOf(period)
  const inBucket = (bucket: Bucket): Observed => ({
    rollbacks: observed.rollbacks.between(bucket, ({ at }) => at),
    failures: observed.failures.between(bucket, ({ introducedAt }) => introducedAt),
    deployments: observed.deployments.between(bucket, ({ at }) => at),
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
