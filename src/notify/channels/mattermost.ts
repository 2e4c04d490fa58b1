import { z } from 'zod'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, webhookUrl } from '../fields.ts'
import { badge, type Notice } from '../notice.ts'
import { post } from '../post.ts'
import { escapeMarkdown, linesOfLinks } from './discord.ts'

const schema = section({
  ...common(),
  type: z.literal('mattermost').describe('Posts to Mattermost by an incoming webhook.'),
  url: webhookUrl('MATTERMOST_WEBHOOK_URL'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const mattermost = { schema, open: openMattermost }

/** Mattermost by an incoming webhook: https://developers.mattermost.com/integrate/webhooks/incoming/ */
function openMattermost({ url }: Settings, means: ChannelMeans): Channel {
  const address = means.secret(url)
  return {
    isRepeatable: () => false,
    send: (notice) =>
      post(means, { url: address, body: writeMattermost(notice) }, ({ body }) =>
        body.trim() === 'ok'
          ? { outcome: 'delivered' }
          : { outcome: 'failed', because: 'Mattermost answered 2xx, but not "ok"', retry: 'never' },
      ),
  }
}

export function writeMattermost(notice: Notice) {
  const { title, headline, facts, links, incident } = notice
  const shown = (text: string) => escapeMarkdown(text.slice(0, 4000))
  const attachment = {
    fallback: `${badge(notice)} ${title}`.slice(0, 1000),
    color: incident.status === 'resolved' ? '#1a7f37' : '#cf222e',
    title: shown(`${badge(notice)} · ${title}`),
    ...(links[0] !== undefined && { title_link: links[0].url }),
    text: `${shown(headline)}\n\n${linesOfLinks(notice, 4000)}`,
    fields: facts.slice(0, 15).map(({ label, value }) => ({
      title: shown(label.slice(0, 100)),
      value: shown(value.slice(0, 500)),
      short: true,
    })),
    footer: notice.repository,
  }
  return { attachments: [attachment] }
}
