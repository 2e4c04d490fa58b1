import { z } from 'zod'
import { type DeepReadonly, duration, section } from '../settings/fields.ts'
import { channelTypes } from './channels/index.ts'

const { webhook, ...others } = channelTypes
const channelSchema = z.discriminatedUnion('type', [
  webhook.schema,
  ...Object.values(others).map(({ schema }) => schema),
])

/** The section `notify` of `.github/rollback.yml`. */
export function notifySchema() {
  return section({
    timeout: duration({ min: 100, max: 60_000 })
      .prefault('10s')
      .describe('How long one delivery may take, with its retries. At most 60s.'),
    channels: z
      .record(
        z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name of a channel; write one such as `slack-ops`'),
        channelSchema,
      )
      .default({})
      .describe('Channels by their names. Default: none.'),
  })
    .transform(({ timeout, channels }) => ({ timeoutMs: timeout, channels }))
    .prefault({})
    .describe('Where notifications of incidents are sent.')
}

export type NotifySettings = DeepReadonly<z.output<ReturnType<typeof notifySchema>>>
type ChannelTypes = typeof channelTypes
/** The settings of each type of channel. */
export type SettingsByType = {
  readonly [T in keyof ChannelTypes]: DeepReadonly<z.output<ChannelTypes[T]['schema']>>
}
export type ChannelSettings = SettingsByType[keyof ChannelTypes]
