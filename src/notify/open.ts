import type { Channel, ChannelMeans } from './channel.ts'
import { channelTypes } from './channels/index.ts'
import type { ChannelSettings, SettingsByType } from './settings.ts'

type Openers = {
  readonly [T in keyof SettingsByType]: {
    readonly open: (settings: SettingsByType[T], means: ChannelMeans) => Channel
  }
}

/** Opens a channel by its settings; nothing is sent. @throws MissingVariableError */
export function openChannel(settings: ChannelSettings, means: ChannelMeans): Channel {
  return openAs(settings.type, settings, means)
}

function openAs<T extends keyof SettingsByType>(
  type: T,
  settings: SettingsByType[T],
  means: ChannelMeans,
): Channel {
  const openers: Openers = channelTypes
  return openers[type].open(settings, means)
}
