import { z } from 'zod'
import { common, keptCopy, layerSchema } from './common.ts'

const plannedLayer = z.object({
  layer: layerSchema,
  from: z.string(),
  to: z.string(),
  /** what of the layer is taken back, as the layer names it; absent where it has no parts to choose from */
  scope: z.string().optional(),
  /** the only files and folders that are taken back; absent for all */
  paths: z.array(z.string()).optional(),
})

/** What a rollback of several layers is about to do, in this order; `plan` is the digest of it all. */
const plannedLayers = z.array(plannedLayer)

/** The same with what was there before the first write, where a layer keeps it nowhere else: the run may be killed half way. */
const begunLayers = z.array(plannedLayer.extend({ before: keptCopy.optional() }))

/** A workflow was started to roll back. claimed: it is about to be; failed: it could not be, and may be tried again. */
export const rollbackRequested = z.object({
  ...common,
  kind: z.literal('rollback-requested'),
  outcome: z.enum(['claimed', 'started', 'failed']),
  workflow: z.string(),
  because: z.string(),
  /** id of the run that was started, where the server returns it */
  started: z.string().optional(),
})

/** A plan was saved, for people to look at and apply later: one that was edited since has another digest. */
export const rollbackPlanned = z.object({
  ...common,
  kind: z.literal('rollback-planned'),
  plan: z.string(),
  layers: plannedLayers,
  /** the approvals that the run had when the plan was made: they are not of the plan; absent when they could not be read */
  approvals: z.array(z.object({ environment: z.string(), user: z.string() })).optional(),
})

/** A rollback of several layers began: until it has ended, the next run goes on with it. */
export const rollbackBegan = z.object({
  ...common,
  kind: z.literal('rollback-began'),
  layers: begunLayers,
  reason: z.string(),
  automatic: z.boolean(),
  /** true where nothing was wrong, and all of it is taken back at the end */
  rehearsal: z.literal(true).optional(),
  /** true where checks saw production failing when it began */
  failing: z.literal(true).optional(),
  /** login of the reviewer who approved the plan */
  approver: z.string().optional(),
  /** when the run looked at production first, for the time to recover */
  startedAt: z.iso.datetime(),
})

export const rollbackApplied = z.object({
  ...common,
  kind: z.literal('rollback-applied'),
  layer: layerSchema,
  /** what was there, and what was gone back to: revisions for code, labels or names for other layers */
  from: z.string(),
  to: z.string(),
  /** where the layer stands now: for code the rollback commit */
  now: z.string(),
  /** the tag that marks it, without refs/tags/ */
  tag: z.string().optional(),
  branch: z.string().optional(),
  /** the revisions any of which may be served once it takes effect, the one to deploy first; absent where nothing has to be deployed */
  deploys: z.array(z.string()).optional(),
  reason: z.string(),
  /** how the target was found, in words */
  targetFoundBy: z.string(),
  /** true when no person asked for it: these count for the cooldown; absent where it is not known, of an imported one */
  automatic: z.boolean().optional(),
  undone: z.array(z.object({ revision: z.string(), title: z.string(), author: z.string() })),
  /** absent where it is not known, of an imported one */
  startedAt: z.iso.datetime().optional(),
  kept: keptCopy.optional(),
  /** how people bring back what was undone; older events do not have it */
  wayBack: z.object({ steps: z.array(z.string()), commands: z.array(z.string()) }).optional(),
})

/** A rollback that waits for people: it takes effect when its pull request is merged. */
export const rollbackProposed = z.object({
  ...common,
  kind: z.literal('rollback-proposed'),
  layer: layerSchema,
  from: z.string(),
  to: z.string(),
  branch: z.string(),
  pull: z.number().int(),
  url: z.string(),
  reason: z.string(),
})

export const rollbackFailed = z.object({
  ...common,
  kind: z.literal('rollback-failed'),
  layer: layerSchema,
  from: z.string(),
  to: z.string(),
  reasonCode: z.enum(['conflict', 'refused', 'unavailable', 'unverified', 'no-target']),
  because: z.string(),
})

/** What was rolled back is there again, from its safety copy. */
export const rollbackUndone = z.object({
  ...common,
  kind: z.literal('rollback-undone'),
  layer: layerSchema,
  /** `now` of the rollback that is undone */
  from: z.string(),
  /** where the layer stands now */
  now: z.string(),
  because: z.string(),
})

/**
 * How a run of a rollback ended. complete: every layer is back, what had to be deployed is, and production was seen to be well.
 * rolled-back: every layer is back, and production was not checked, as it is for something outside of the run to deploy or to
 * verify. proposed: the code waits for its pull request. not-deployed, not-recovered, not-verified: the layers are back,
 * and the restored revision is not deployed, production is still failing, or it could not be looked at. partial, failed, undone:
 * some layers, or none of them, are back.
 */
export const endings = [
  'complete',
  'rolled-back',
  'proposed',
  'not-deployed',
  'not-recovered',
  'not-verified',
  'partial',
  'failed',
  'undone',
] as const
export type Ending = (typeof endings)[number]

/** A run of a rollback ended; the run after it goes on from there, unless it is complete, rolled-back, failed or undone. */
export const rollbackEnded = z.object({
  ...common,
  kind: z.literal('rollback-ended'),
  outcome: z.enum(endings),
  layers: z.array(z.object({ layer: layerSchema, outcome: z.string() })),
  /** how long each phase took, ms */
  phases: z.record(z.string(), z.number()),
})
