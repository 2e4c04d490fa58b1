import { createHash } from 'node:crypto'
import { z } from 'zod'
import { deploymentRecorded, revisionDeployed } from './events/deployment.ts'
import { healthChecked, impactAssessed, recoveryVerified } from './events/health.ts'
import {
  holdLifted,
  holdSet,
  incidentAcknowledged,
  incidentEscalated,
  incidentNoted,
  incidentOpened,
  incidentPublished,
  incidentResolved,
  incidentSeveritySet,
  postmortemOpened,
} from './events/incident.ts'
import { notificationSent } from './events/notification.ts'
import {
  rollbackApplied,
  rollbackBegan,
  rollbackEnded,
  rollbackFailed,
  rollbackPlanned,
  rollbackProposed,
  rollbackRequested,
  rollbackUndone,
} from './events/rollback.ts'

export { type LayerName, layerNames, layerSchema, revisionSchema } from './events/common.ts'
export { deliveryOutcomes } from './events/notification.ts'
export { type Ending, endings } from './events/rollback.ts'

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
