import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { topics } from '../../incident/topics.ts'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, secret, webhookUrl } from '../fields.ts'
import type { Notice } from '../notice.ts'
import { post } from '../post.ts'

const schema = section({
  ...common(topics),
  type: z.literal('webhook').describe('Posts JSON, signed as Standard Webhooks are.'),
  url: webhookUrl('WEBHOOK_URL'),
  secret: secret('WEBHOOK_SECRET', 'the key of the signature, such as `whsec_…`'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const webhook = { schema, open: openWebhook }

/**
 * A generic webhook, signed and timestamped as Standard Webhooks are: https://www.standardwebhooks.com. The id is that of the event,
 * the same each time it is sent.
 */
function openWebhook({ url, secret }: Settings, means: ChannelMeans): Channel {
  const [address, key] = [means.secret(url), means.secret(secret)]
  return {
    isRepeatable: () => true,
    send: (notice) => {
      const body = JSON.stringify(writeWebhook(notice))
      const timestamp = String(Math.floor(means.now().getTime() / 1000))
      return post(means, {
        url: address,
        headers: {
          'webhook-id': notice.id,
          'webhook-timestamp': timestamp,
          'webhook-signature': sign(key, `${notice.id}.${timestamp}.${body}`),
        },
        body,
      })
    },
  }
}

/** The body: plain JSON, with the event as the history has it. */
function writeWebhook({ topic, at, title, headline, links, event, incident, repository }: Notice) {
  return {
    type: `incident.${topic}`,
    timestamp: at,
    data: { schema: 1, repository, title, headline, links, incident, event },
  }
}

function sign(key: string, text: string): string {
  // a key with this prefix is base64, as the specification has it; any other one is taken as it is
  const bytes = key.startsWith('whsec_') ? Buffer.from(key.slice(6), 'base64') : Buffer.from(key)
  return `v1,${createHmac('sha256', bytes).update(text).digest('base64')}`
}
