import { z } from 'zod'
import { endings, layerSchema } from '../../history/event.ts'

/** What `rollback-report` says, as data: `schema/report.schema.json` is made of it, and every export is a view of it. */

const time = z.iso.datetime()
const count = z.int().min(0)
const ms = z.number().min(0)
const rate = z.number().min(0).max(1).nullable().describe('From 0 to 1; null if there is no observation.')

const durations = z
  .object({
    n: count.describe('Number of measurements.'),
    averageMs: ms.nullable(),
    medianMs: ms.nullable(),
    p90Ms: ms.nullable().describe('90th percentile.'),
    longestMs: ms.nullable(),
  })
  .describe('Durations in milliseconds; null if none was measured.')

const standing = z.enum(['succeeded', 'failed', 'pending'])

const counts = {
  total: count,
  succeeded: count,
  failed: count,
  pending: count.describe('Not verified, not deployed, proposed or unfinished. Rates leave them out.'),
  successRate: rate.describe('Succeeded of those that succeeded or failed; null when there is none.'),
  duration: durations.describe('Of those that succeeded, from the first check of production to the end.'),
}
const group = z.object({ name: z.string(), ...counts })
export type Group = z.infer<typeof group>

const point = z.object({ from: time, to: time, n: count, value: z.number().nullable() })

const trend = z.object({
  metric: z.enum([
    'rollbacks',
    'success-rate',
    'duration',
    'change-fail-rate',
    'recovery-time',
    'deployments',
  ]),
  unit: z.enum(['count', 'share', 'ms']),
  better: z.enum(['up', 'down']),
  points: z.array(point).describe('Oldest first; a bucket without an observation has the value null.'),
  n: count.describe('Buckets that have a value.'),
  slope: z.number().nullable().describe('Change from one bucket to the next, by least squares.'),
  low: z.number().nullable(),
  high: z.number().nullable().describe('End of the 95 % confidence interval of the slope.'),
  direction: z.enum(['improving', 'declining', 'stable', 'too-little-data']),
})
export type TrendReport = z.infer<typeof trend>

const recentRollback = z.object({
  repository: z.string(),
  environment: z.string(),
  incident: z.string(),
  revision: z.string(),
  at: time,
  endedAt: time.nullable(),
  outcome: z.enum([...endings, 'unfinished']),
  standing,
  trigger: z.enum(['automatic', 'manual', 'unknown']),
  reason: z.string(),
  detectedBy: z.array(z.string()),
  durationMs: ms.nullable(),
  layers: z.array(
    z.object({ layer: layerSchema, outcome: z.string(), method: z.string(), tookMs: ms.nullable() }),
  ),
  timeline: z.array(z.object({ at: time, what: z.string() })),
  url: z.string().nullable().describe('Of the workflow run.'),
  issue: z.string().nullable().describe('Of the post-mortem.'),
})
export type RecentRollback = z.infer<typeof recentRollback>

const rehearsal = recentRollback.omit({ timeline: true }).extend({
  result: z
    .enum(['passed', 'objective-missed', 'failed'])
    .describe('passed: every layer was rolled back, the recovery was verified, and everything was undone.'),
  problems: z
    .array(
      z.object({
        part: z.enum([...layerSchema.options, 'deployment', 'verification', 'taking back', 'run']),
        because: z.string(),
      }),
    )
    .describe('What would not have worked; empty if it did not fail.'),
})
export type Rehearsal = z.infer<typeof rehearsal>

const rehearsalCounts = { total: count, passed: count, objectiveMissed: count, failed: count }
const rehearsalTrend = z
  .object({
    n: count,
    slope: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    direction: z.enum(['improving', 'declining', 'stable', 'too-little-data']),
  })
  .describe('Of the recovery time, in ms from one rehearsal to the next.')

const recommendation = z.object({
  id: z.string(),
  text: z.string(),
  evidence: z.string(),
  value: z.number(),
  threshold: z.number(),
  n: count,
})
export type Recommendation = z.infer<typeof recommendation>

export const reportSchema = z.object({
  schema: z.literal(1),
  generatedAt: time,
  period: z.object({
    from: time,
    to: time.describe('Exclusive end of the period.'),
    days: z.number().positive(),
    bucketDays: z.number().positive().describe('Length of one point of a trend.'),
  }),
  repositories: z.array(z.string()),
  environments: z.array(z.string()),
  data: z.object({
    events: count.describe('Distinct events that were read, of any time.'),
    duplicates: count,
    imported: count.describe('Events that were imported from the records of GitHub.'),
    unreadable: count.describe('Lines of the history that are not events of a known kind.'),
    first: time.nullable(),
    last: time.nullable(),
    skewed: count.describe('Rollbacks that seem to end before they began. Their durations are not counted.'),
  }),
  rollbacks: z.object({
    ...counts,
    by: z.object({
      environment: z.array(group),
      layer: z.array(group),
      method: z.array(group),
      trigger: z.array(group),
      reason: z.array(group).describe('The ten most frequent; `other` is the rest.'),
      outcome: z.array(group),
      month: z.array(group).describe('Calendar months in UTC.'),
      repository: z.array(group),
    }),
  }),
  rehearsals: z.object({
    ...rehearsalCounts,
    last: time.nullable(),
    duration: durations.describe('Of those that were verified, from the start to the verified recovery.'),
    objectiveMs: ms.nullable().describe('The recovery time objective; null if it is not set.'),
    met: count.nullable().describe('Rehearsals within the objective; null if no objective is set.'),
    environments: z.array(
      z.object({
        repository: z.string(),
        environment: z.string(),
        ...rehearsalCounts,
        last: time,
        lastResult: rehearsal.shape.result,
        duration: durations,
        met: count.nullable(),
        trend: rehearsalTrend,
        points: z
          .array(z.object({ at: time, tookMs: ms }))
          .describe('The recovery times of the newest 30 that were verified, oldest first.'),
      }),
    ),
    layers: z.array(
      z.object({
        layer: layerSchema,
        total: count,
        succeeded: count,
        duration: durations,
        shareOfObjective: z.number().nullable().describe('The p90 of the layer over the objective.'),
      }),
    ),
    trend: rehearsalTrend,
    newest: z.array(rehearsal).describe('The newest ten, newest first.'),
    wouldNotHaveWorked: z.array(rehearsal).describe('The newest ten that failed, newest first.'),
  }),
  downtime: z.object({
    totalMs: ms.describe('Of all environments; incidents of one environment at the same time count once.'),
    incidents: count,
    averageMs: ms.nullable(),
    open: count.describe('Incidents whose recovery was never verified. Their duration is not counted.'),
    environments: z.array(
      z.object({
        repository: z.string(),
        environment: z.string(),
        downtimeMs: ms,
        availability: z.number().min(0).max(1),
        open: count,
      }),
    ),
  }),
  dora: z.object({
    changeFailRate: z.object({
      value: rate,
      failed: count,
      deployments: count,
      unjudged: count.describe('Deployments of the denominator without a verdict of a check.'),
      pending: count.describe('Deployments in progress. They are not in the denominator.'),
    }),
    failedDeploymentRecoveryTime: durations.extend({ pending: count }),
    timeToDetect: durations.extend({ pending: count.describe('Failed deployments that no check detected.') }),
    deploymentFrequency: z.object({ perDay: z.number().min(0), n: count, daysWithDeployment: count }),
    leadTime: durations.extend({ pending: count.describe('Deployments whose commit time is not known.') }),
    reworkRate: z.object({ value: rate, rework: count, deployments: count }),
  }),
  trends: z.array(trend),
  recommendations: z.array(recommendation),
  holds: z.array(
    z.object({
      repository: z.string(),
      environment: z.string(),
      since: time,
      actor: z.string(),
      because: z.string(),
    }),
  ),
  recent: z.array(recentRollback).describe('Newest first.'),
})

/** The report: all times in UTC, all durations in ms. */
export type Report = z.infer<typeof reportSchema>
