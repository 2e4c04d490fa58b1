import { z } from 'zod'
import { checkOutcomeSchema } from '../check-outcome.ts'
import { beforeAndAfter, common } from './common.ts'

export const healthChecked = z.object({
  ...common,
  kind: z.literal('health-checked'),
  verdict: z.enum(['healthy', 'unhealthy', 'inconclusive', 'error', 'pre-existing', 'not-deployed']),
  decision: z.enum(['roll-back', 'keep', 'hold']),
  reasonCode: z.string(),
  because: z.string(),
  /** when the watch began, for the time to detect */
  startedAt: z.iso.datetime(),
  checks: z.array(checkOutcomeSchema),
})

/** Production was looked at after the rollback. */
export const recoveryVerified = z.object({
  ...common,
  kind: z.literal('recovery-verified'),
  outcome: z.enum(['recovered', 'not-recovered', 'unknown']),
  because: z.string(),
  startedAt: z.iso.datetime(),
  /** what the checks showed when the deployment was called bad, and what they show now */
  checks: z.array(beforeAndAfter).optional(),
})

/** What the people who use it noticed: active users, crashes, feedback, engagement, before the deployment and since. */
export const impactAssessed = z.object({
  ...common,
  kind: z.literal('impact-assessed'),
  because: z.string(),
  startedAt: z.iso.datetime(),
  checks: z.array(beforeAndAfter.extend({ harmed: z.boolean(), evidence: z.string() })),
})
