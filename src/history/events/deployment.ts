import { z } from 'zod'
import { common } from './common.ts'

/** The restored revision was deployed by the repository's own workflow. */
export const revisionDeployed = z.object({
  ...common,
  kind: z.literal('revision-deployed'),
  deployed: z.string(),
  workflow: z.string(),
  url: z.string(),
})

/** A deployment that GitHub has on record, imported so that it is known for longer than GitHub keeps it. */
export const deploymentRecorded = z.object({
  ...common,
  kind: z.literal('deployment-recorded'),
  outcome: z.enum(['succeeded', 'failed']),
  createdAt: z.iso.datetime(),
  /** when it had succeeded; absent for one that did not */
  deployedAt: z.iso.datetime().optional(),
  /** when the deployed commit was made; absent where it is gone */
  committedAt: z.iso.datetime().optional(),
  /** true for one that a rollback made */
  isRollback: z.boolean(),
})
