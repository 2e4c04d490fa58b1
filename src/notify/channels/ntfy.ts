import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Severity } from '../../text/severity.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { badge, type Notice, subjectOf } from '../notice.ts'
import { post, readJson } from '../post.ts'

const schema = section({
  ...common(),
  type: z.literal('ntfy').describe('Publishes to a topic of ntfy.'),
  url: httpUrl({ example: 'https://ntfy.sh' }).default('https://ntfy.sh').describe('Address of the server.'),
  topic: secret('NTFY_TOPIC', 'the topic, which is a secret where anybody may read it'),
  token: secret('NTFY_TOKEN', 'an access token; default: none').optional(),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const ntfy = { schema, open: openNtfy }

const priorities: Readonly<Record<Severity, number>> = { critical: 5, high: 4, medium: 3, low: 2 }

/** ntfy, or a server that speaks as it does: https://docs.ntfy.sh/publish/#publish-as-json */
function openNtfy({ url, topic, token }: Settings, means: ChannelMeans): Channel {
  const headers: Readonly<Record<string, string>> = token
    ? { authorization: `Bearer ${means.secret(token)}` }
    : {}
  const address = url
  const name = means.secret(topic)
  return {
    isRepeatable: () => false,
    send: (notice) =>
      post(means, { url: address, headers, body: { topic: name, ...writeNtfy(notice) } }, ({ body }) =>
        typeof readJson(body)['id'] === 'string'
          ? { outcome: 'delivered' }
          : { outcome: 'failed', because: 'the server answered 2xx without an id', retry: 'never' },
      ),
  }
}

/** A message of more than 4,096 bytes would become an attachment. */
export function writeNtfy(notice: Notice) {
  const { headline, facts, links, incident } = notice
  const text = [headline, '', ...facts.map(({ label, value }) => `${label}: ${value}`)].join('\n')
  return {
    title: `${badge(notice)}: ${subjectOf(notice)}`.slice(0, 250),
    message: cutBytes(text, 4000),
    priority: incident.status === 'open' ? priorities[incident.severity] : 3,
    tags: [incident.status === 'resolved' ? 'white_check_mark' : 'rotating_light'],
    ...(links[0] !== undefined && { click: links[0].url }),
    actions: links.slice(0, 3).map(({ label, url }) => ({ action: 'view', label, url })),
  }
}

function cutBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text
  return `${Buffer.from(text)
    .subarray(0, most - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '')}…`
}
