import type { Channel, ChannelMeans } from '../channel.ts'
import { post } from '../post.ts'
import type { SettingsOf } from '../settings.ts'
import { writeSlack } from './slack-message.ts'

/** An incoming webhook of Slack: it can only post, so each event is a message. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function openSlack({ url }: SettingsOf<'slack'>, means: ChannelMeans): Channel {
  const address = means.secret(url)
  return {
    isRepeatable: () => false,
    send: (notice) =>
      post(means, { url: address, body: { ...writeSlack(notice), unfurl_links: false } }, ({ body }) =>
        body.trim() === 'ok'
          ? { outcome: 'delivered' }
          : { outcome: 'failed', because: `Slack answered 2xx, but not "ok"`, retry: 'never' },
      ),
  }
}
