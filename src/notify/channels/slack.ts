import { z } from 'zod'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, webhookUrl } from '../fields.ts'
import { post } from '../post.ts'
import { mentionsSchema, writeSlack } from './slack-message.ts'

const schema = section({
  ...common(),
  type: z.literal('slack').describe('Posts to Slack by an incoming webhook.'),
  url: webhookUrl('SLACK_WEBHOOK_URL'),
  mentions: mentionsSchema,
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const slack = { schema, open: openSlack }

/** An incoming webhook of Slack: it can only post, so each event is a message. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function openSlack({ url, mentions }: Settings, means: ChannelMeans): Channel {
  const address = means.secret(url)
  return {
    isRepeatable: () => false,
    send: (notice) =>
      post(
        means,
        { url: address, body: { ...writeSlack(notice, mentions), unfurl_links: false } },
        ({ body }) =>
          body.trim() === 'ok'
            ? { outcome: 'delivered' }
            : { outcome: 'failed', because: `Slack answered 2xx, but not "ok"`, retry: 'never' },
      ),
  }
}
