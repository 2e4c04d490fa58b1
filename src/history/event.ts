import { createHash } from 'node:crypto'
import { z } from 'zod'
import { severities } from '../text/severity.ts'
import { checkOutcomeSchema } from './check-outcome.ts'

/** A revision is a full commit id, SHA-1 or SHA-256. */
export const revisionSchema = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'not a full commit id')

/** The kinds of thing that can be rolled back, in the order in which people list them. */
export const layerNames = ['code', 'ota', 'database', 'config', 'flags'] as const
export const layerSchema = z.enum(layerNames)
export type LayerName = z.infer<typeof layerSchema>

/** What every event says: who, when, about which failed deployment. */
const common = {
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

const beforeAndAfter = z.object({
  name: z.string(),
  before: z.number().optional(),
  after: z.number().optional(),
})

const healthChecked = z.object({
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

/** The safety copy, in the layer's own words: what is needed to go back to what was there. */
const keptCopy = z.record(z.string(), z.union([z.string(), z.array(z.string())]))

const rollbackApplied = z.object({
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
const rollbackProposed = z.object({
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

const rollbackFailed = z.object({
  ...common,
  kind: z.literal('rollback-failed'),
  layer: layerSchema,
  from: z.string(),
  to: z.string(),
  reasonCode: z.enum(['conflict', 'refused', 'unavailable', 'unverified', 'no-target']),
  because: z.string(),
})

const postmortemOpened = z.object({
  ...common,
  kind: z.literal('postmortem-opened'),
  issue: z.number().int(),
  url: z.string(),
})

/** What was rolled back is there again, from its safety copy. */
const rollbackUndone = z.object({
  ...common,
  kind: z.literal('rollback-undone'),
  layer: layerSchema,
  /** `now` of the rollback that is undone */
  from: z.string(),
  /** where the layer stands now */
  now: z.string(),
  because: z.string(),
})

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

/** A plan was saved, for people to look at and apply later: one that was edited since has another digest. */
const rollbackPlanned = z.object({
  ...common,
  kind: z.literal('rollback-planned'),
  plan: z.string(),
  layers: plannedLayers,
  /** the approvals that the run had when the plan was made: they are not of the plan; absent when they could not be read */
  approvals: z.array(z.object({ environment: z.string(), user: z.string() })).optional(),
})

/** A rollback of several layers began: until it has ended, the next run goes on with it. */
const rollbackBegan = z.object({
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

/** The restored revision was deployed by the repository's own workflow. */
const revisionDeployed = z.object({
  ...common,
  kind: z.literal('revision-deployed'),
  deployed: z.string(),
  workflow: z.string(),
  url: z.string(),
})

/** A deployment that GitHub has on record, imported so that it is known for longer than GitHub keeps it. */
const deploymentRecorded = z.object({
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

/** Production was looked at after the rollback. */
const recoveryVerified = z.object({
  ...common,
  kind: z.literal('recovery-verified'),
  outcome: z.enum(['recovered', 'not-recovered', 'unknown']),
  because: z.string(),
  startedAt: z.iso.datetime(),
  /** what the checks showed when the deployment was called bad, and what they show now */
  checks: z.array(beforeAndAfter).optional(),
})

/** What the people who use it noticed: active users, crashes, feedback, engagement, before the deployment and since. */
const impactAssessed = z.object({
  ...common,
  kind: z.literal('impact-assessed'),
  because: z.string(),
  startedAt: z.iso.datetime(),
  checks: z.array(beforeAndAfter.extend({ harmed: z.boolean(), evidence: z.string() })),
})

/** A workflow was started to roll back. claimed: it is about to be; failed: it could not be, and may be tried again. */
const rollbackRequested = z.object({
  ...common,
  kind: z.literal('rollback-requested'),
  outcome: z.enum(['claimed', 'started', 'failed']),
  workflow: z.string(),
  because: z.string(),
  /** id of the run that was started, where the server returns it */
  started: z.string().optional(),
})

/**
 * How a run of a rollback ended. complete: every layer is back, what had to be deployed is, and production was seen to be well.
 * rolled-back: every layer is back, and production was not looked at, as it is for something outside of the run to deploy or to
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
const rollbackEnded = z.object({
  ...common,
  kind: z.literal('rollback-ended'),
  outcome: z.enum(endings),
  layers: z.array(z.object({ layer: layerSchema, outcome: z.string() })),
  /** how long each phase took, ms */
  phases: z.record(z.string(), z.number()),
})

/** From here on nothing in the environment is rolled back without a person. */
const holdSet = z.object({ ...common, kind: z.literal('hold-set'), because: z.string() })

const holdLifted = z.object({ ...common, kind: z.literal('hold-lifted'), because: z.string() })

const severitySchema = z.enum(severities)

/** An incident was opened manually. One that a check or a rollback begins needs no such event. */
const incidentOpened = z.object({
  ...common,
  kind: z.literal('incident-opened'),
  severity: severitySchema,
  because: z.string(),
})

const incidentSeveritySet = z.object({
  ...common,
  kind: z.literal('incident-severity-set'),
  severity: severitySchema,
  because: z.string(),
})

/** Somebody works on it: no further level is notified. */
const incidentAcknowledged = z.object({
  ...common,
  kind: z.literal('incident-acknowledged'),
  because: z.string(),
})

/** Nobody acknowledged the incident in time, or somebody asked for the next level. */
const incidentEscalated = z.object({
  ...common,
  kind: z.literal('incident-escalated'),
  /** the level that is notified now; 1 is notified when the incident opens */
  level: z.number().int().min(2),
  /** the level before, above which every level is notified now */
  after: z.number().int().min(1),
  /** true when a person asked for it */
  requested: z.boolean(),
  because: z.string(),
  /** when the level was due; absent when a person asked for it */
  dueAt: z.iso.datetime().optional(),
  /** ms since then: a schedule that does not run on time is late */
  lateMs: z.number().optional(),
})

const incidentResolved = z.object({
  ...common,
  kind: z.literal('incident-resolved'),
  because: z.string(),
})

/** What somebody wants the timeline to say. */
const incidentNoted = z.object({
  ...common,
  kind: z.literal('incident-noted'),
  note: z.string(),
  /** when it happened, if that was before it was written down */
  happenedAt: z.iso.datetime(),
})

/** Somebody wants the users of the product to read this: status pages publish it. */
const incidentPublished = z.object({
  ...common,
  kind: z.literal('incident-published'),
  title: z.string(),
  text: z.string(),
  /** what the status page shows */
  status: z.enum(['investigating', 'identified', 'monitoring', 'resolved']),
})

/** How the delivery of an event to a channel ended. accepted: the service took it, and does not say what became of it. */
export const deliveryOutcomes = ['delivered', 'accepted', 'failed'] as const
const notificationSent = z.object({
  ...common,
  kind: z.literal('notification-sent'),
  channel: z.string(),
  /** id of the event that it is about */
  about: z.string(),
  topic: z.string(),
  outcome: z.enum(deliveryOutcomes),
  /** why it failed; '' where it did not */
  because: z.string(),
  tries: z.number().int(),
  /** the message's ids in the service, by which later ones update it or join its thread; no secrets */
  message: z.record(z.string(), z.string()).optional(),
})

/** One thing that happened. Immutable; a new kind is one more member here and readers of old versions pass it over. */
export const eventSchema = z.discriminatedUnion('kind', [
  healthChecked,
  rollbackApplied,
  rollbackProposed,
  rollbackFailed,
  rollbackUndone,
  rollbackPlanned,
  rollbackBegan,
  revisionDeployed,
  deploymentRecorded,
  recoveryVerified,
  impactAssessed,
  rollbackRequested,
  rollbackEnded,
  holdSet,
  holdLifted,
  postmortemOpened,
  incidentOpened,
  incidentSeveritySet,
  incidentAcknowledged,
  incidentEscalated,
  incidentResolved,
  incidentNoted,
  incidentPublished,
  notificationSent,
])

export type Event = z.infer<typeof eventSchema>
export type EventKind = Event['kind']
export type EventOf<K extends EventKind> = Extract<Event, { kind: K }>

/** An event as the domain describes it; `newEvent` adds schema and id. */
export type EventDraft = Event extends infer E ? (E extends Event ? Omit<E, 'schema' | 'id'> : never) : never

/** An event less its circumstances, which are the same for all events of a run. */
export type Occurrence = EventDraft extends infer D
  ? D extends EventDraft
    ? Omit<D, 'incident' | 'environment' | 'revision' | 'at' | 'actor' | 'run'>
    : never
  : never

/**
 * Gives an event its id, derived from what happened and not from when, so that a step which is killed and run again
 * records the same event and not a second one.
 * @param naturalKey what makes this event the same event when it is seen again, e.g. the revisions moved between
 */
export function newEvent(draft: EventDraft, naturalKey: readonly string[]): Event {
  const key = JSON.stringify([draft.incident, draft.kind, ...naturalKey])
  const id = createHash('sha256').update(key).digest('hex').slice(0, 24)
  return eventSchema.parse({ schema: 1, id, ...draft })
}
