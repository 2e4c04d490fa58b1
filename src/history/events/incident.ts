import { z } from 'zod'
import { severities } from '../../text/severity.ts'
import { common } from './common.ts'

const severitySchema = z.enum(severities)

/** An incident was opened manually. One that a check or a rollback begins needs no such event. */
export const incidentOpened = z.object({
  ...common,
  kind: z.literal('incident-opened'),
  severity: severitySchema,
  because: z.string(),
})

export const incidentSeveritySet = z.object({
  ...common,
  kind: z.literal('incident-severity-set'),
  severity: severitySchema,
  because: z.string(),
})

/** Somebody works on it: no further level is notified. */
export const incidentAcknowledged = z.object({
  ...common,
  kind: z.literal('incident-acknowledged'),
  because: z.string(),
})

/** Nobody acknowledged the incident in time, or somebody asked for the next level. */
export const incidentEscalated = z.object({
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

export const incidentResolved = z.object({
  ...common,
  kind: z.literal('incident-resolved'),
  because: z.string(),
})

/** What somebody wants the timeline to say. */
export const incidentNoted = z.object({
  ...common,
  kind: z.literal('incident-noted'),
  note: z.string(),
  /** when it happened, if that was before it was written down */
  happenedAt: z.iso.datetime(),
})

/** Somebody wants the users of the product to read this: status pages publish it. */
export const incidentPublished = z.object({
  ...common,
  kind: z.literal('incident-published'),
  title: z.string(),
  text: z.string(),
  /** what the status page shows */
  status: z.enum(['investigating', 'identified', 'monitoring', 'resolved']),
})

export const postmortemOpened = z.object({
  ...common,
  kind: z.literal('postmortem-opened'),
  issue: z.number().int(),
  url: z.string(),
})

/** From here on nothing in the environment is rolled back without a person. */
export const holdSet = z.object({ ...common, kind: z.literal('hold-set'), because: z.string() })

export const holdLifted = z.object({ ...common, kind: z.literal('hold-lifted'), because: z.string() })
