import type { Event } from '../../src/history/event.ts'
import { changesOf } from '../../src/incident/incident.ts'
import { incidentSchema } from '../../src/incident/settings.ts'
import { type Channel, type ChannelMeans, MissingVariableError } from '../../src/notify/channel.ts'
import { type Notice, noticeOf } from '../../src/notify/notice.ts'
import { openChannel } from '../../src/notify/open.ts'
import { type ChannelSettings, notifySchema } from '../../src/notify/settings.ts'
import { incident } from '../incident/example.ts'

export const repository = { repository: 'octo-org/shop', repositoryUrl: 'https://github.com/octo-org/shop' }
export const incidentSettings = (given: object = {}) => incidentSchema().parse(given)
export const notifySettings = (channels: object, more: object = {}) =>
  notifySchema().parse({ channels, ...more })

/** The notices of all changes of the incident. */
export function noticesOf(events: readonly Event[], settings: object = {}): readonly Notice[] {
  return changesOf(events, incident).map((change) =>
    noticeOf(change, events, { ...repository, incident: incidentSettings(settings) }),
  )
}

export const hostile =
  '@everyone @here @channel <!channel> <@U123> <https://evil.example|click> *bold* `code` [link](https://evil.example)\n# heading\n<script>alert(1)</script> & "quoted"'

export const secrets: NodeJS.ProcessEnv = {
  SECRET: 'sekret-value-4711',
  TOKEN: 'xoxb-fake-token-4711',
}

/** Opens a channel with the secrets of a test. */
export function open(settings: object, env: NodeJS.ProcessEnv = secrets): Channel {
  const parsed = notifySettings({ test: settings }).channels['test']
  return openChannel(parsed as ChannelSettings, meansWith(env))
}

export function meansWith(env: NodeJS.ProcessEnv): ChannelMeans {
  return {
    fetch,
    now: () => new Date(),
    secret: ({ env: name }) => {
      const value = env[name]
      if (value) return value
      throw new MissingVariableError(`the variable ${name} is not set`)
    },
    service: 'the shop',
    signal: new AbortController().signal,
    timeoutMs: 5000,
  }
}

export function only(notices: readonly Notice[], index = 0): Notice {
  const notice = notices[index]
  if (notice === undefined) throw new Error(`there is no notice ${index}`)
  return notice
}
