import { z } from 'zod'

/** What one round of a check saw. */
const sampleSchema = z.object({
  at: z.iso.datetime(),
  state: z.enum(['ok', 'breached', 'undecided', 'no-data', 'error']),
  /** absent when there was none, and when it is infinite */
  value: z.number().optional(),
})

/** What a check of the gate showed. The keys from `unit` on are of checks that were not well, and older events lack them. */
export const checkOutcomeSchema = z.object({
  name: z.string(),
  severity: z.string(),
  state: z.enum(['ok', 'breached', 'undecided', 'no-data', 'error']),
  evidence: z.string(),
  value: z.number().optional(),
  failingSince: z.iso.datetime().optional(),
  unit: z.enum(['ratio', 'ms', 'number']).optional(),
  limit: z
    .object({
      max: z.number().optional(),
      min: z.number().optional(),
      equals: z.number().optional(),
      /** in words, `at most 5 %` */
      text: z.string(),
    })
    .optional(),
  /** how long it has to be beyond its limit, ms */
  forMs: z.number().optional(),
  /** failed probes of all probes; for a query, rounds beyond the limit of the rounds that had a value */
  failures: z.object({ bad: z.number(), of: z.number() }).optional(),
  /** the latest rounds, oldest first, at most 60 */
  samples: z.array(sampleSchema).optional(),
})
export type CheckOutcome = z.infer<typeof checkOutcomeSchema>
