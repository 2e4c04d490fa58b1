import { z } from 'zod'
import { common } from './common.ts'

/** How the delivery of an event to a channel ended. accepted: the service took it, and does not say what became of it. */
export const deliveryOutcomes = ['delivered', 'accepted', 'failed'] as const

export const notificationSent = z.object({
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
