import { z } from 'zod'

/** A revision is a full commit id, SHA-1 or SHA-256. */
export const revisionSchema = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'not a full commit id')

/** The kinds of thing that can be rolled back, in the order in which people list them. */
export const layerNames = ['code', 'ota', 'database', 'config', 'flags'] as const

export const layerSchema = z.enum(layerNames)
export type LayerName = z.infer<typeof layerSchema>

/** What every event says: who, when, about which failed deployment. */
export const common = {
  schema: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{24}$/),
  incident: z.string().min(1),
  environment: z.string().min(1),
  /** the revision whose deployment failed */
  revision: revisionSchema,
  at: z.iso.datetime(),
  actor: z.string().min(1),
  /** the workflow run it happened in; absent on a laptop */
  run: z.object({ id: z.string(), attempt: z.number().int(), url: z.string() }).optional(),
  /** true for what GitHub's records say of the time before: reports count it, and nothing acts on it */
  imported: z.literal(true).optional(),
}

/** The safety copy, in the layer's own words: what is needed to go back to what was there. */
export const keptCopy = z.record(z.string(), z.union([z.string(), z.array(z.string())]))

export const beforeAndAfter = z.object({
  name: z.string(),
  before: z.number().optional(),
  after: z.number().optional(),
})
