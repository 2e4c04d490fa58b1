import { z } from 'zod'
import { topics } from '../incident/topics.ts'
import { type DeepReadonly, line, secretVariable, section } from '../settings/fields.ts'
import { severities } from '../text/severity.ts'

/** What a channel is notified of where its settings do not say. */
export const usualTopics = [
  'opened',
  'severity',
  'acknowledged',
  'escalated',
  'rollback-started',
  'approval-required',
  'rollback-ended',
  'not-recovered',
  'resolved',
] as const

const timeOfDay = () =>
  z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day; write one such as `22:00`')

const quietHoursSchema = section({
  from: timeOfDay().describe('When they begin, such as `22:00`.'),
  to: timeOfDay().describe('When they end, such as `07:00`.'),
  zone: line()
    .refine(isTimeZone, { error: 'is not a time zone; write one such as `Europe/Berlin`' })
    .default('UTC')
    .describe('Time zone of both, such as `Europe/Berlin`.'),
  except: z.enum(severities).default('critical').describe('The lowest severity that is sent even then.'),
})

/** What every channel has. @param filter by default all topics, for channels that programs read */
export const common = (usual: readonly (typeof topics)[number][] = usualTopics) => ({
  events: z
    .array(z.enum(topics))
    .default([...usual])
    .describe('What the channel is notified of. Default: see the README of `incident`.'),
  severity: z.enum(severities).default('low').describe('The lowest severity that is sent.'),
  rehearsals: z
    .boolean()
    .default(false)
    .describe(
      'Whether rehearsals are also sent, marked as such, regardless of severity and quiet hours. Default: `false`.',
    ),
  'quiet-hours': quietHoursSchema
    .optional()
    .describe('Hours in which less is sent. What is left out is not sent later. Default: none.'),
})

/** A setting that names a variable, as its value is secret. */
export const secret = (example: string, description: string) =>
  secretVariable(example).describe(`Variable that holds ${description}.`)

/** The same for the address of a webhook. */
export const webhookUrl = (example: string) =>
  secret(example, 'the address of the webhook, which is a secret')

export type QuietHours = DeepReadonly<z.output<typeof quietHoursSchema>>

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
