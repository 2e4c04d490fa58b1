import { z } from 'zod'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, webhookUrl } from '../fields.ts'
import { badge, type Notice } from '../notice.ts'
import { idsOf, post, readJson } from '../post.ts'

const schema = section({
  ...common(),
  type: z.literal('discord').describe('Posts to Discord by a webhook.'),
  url: webhookUrl('DISCORD_WEBHOOK_URL'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const discord = { schema, open: openDiscord }

/** Discord by a webhook, which answers with the message when it is asked to wait. https://discord.com/developers/docs/resources/webhook#execute-webhook */
function openDiscord({ url }: Settings, means: ChannelMeans): Channel {
  const address = means.secret(url)
  return {
    isRepeatable: () => false,
    send: (notice) =>
      post(means, { url: waiting(address), body: writeDiscord(notice) }, ({ body }) => {
        const message = idsOf({ id: readJson(body)['id'] })
        return message['id'] === undefined ? { outcome: 'accepted' } : { outcome: 'delivered', message }
      }),
  }
}

function waiting(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  url.searchParams.set('wait', 'true')
  return url.href
}

/** At most 6,000 characters in all; nobody is mentioned, whatever a text says. */
export function writeDiscord(notice: Notice) {
  const { title, headline, facts, links, at, incident } = notice
  const embed = {
    title: cut(escapeMarkdown(`${badge(notice)} · ${title}`), 256),
    description: `${cut(escapeMarkdown(headline), 1500)}\n\n${linesOfLinks(notice, 900)}`,
    color: incident.status === 'resolved' ? 0x1a7f37 : 0xcf222e,
    timestamp: at,
    fields: facts.slice(0, 11).map(({ label, value }) => ({
      name: cut(label, 50),
      value: cut(escapeMarkdown(value), 240) || '-',
      inline: true,
    })),
    footer: { text: cut(notice.repository, 140) },
    ...(links[0] !== undefined && { url: links[0].url }),
  }
  return { allowed_mentions: { parse: [] }, embeds: [embed] }
}

/** All links that fit whole: the title has room for one. @param most characters */
export function linesOfLinks({ links }: Notice, most: number): string {
  const lines = links.map(({ label, url }) => `[${escapeMarkdown(label)}](${safeUrl(url)})`)
  const fit = lines.filter((_, index) => lines.slice(0, index + 1).join(' · ').length <= most)
  return fit.join(' · ')
}

/** Of an address in parentheses, what would end it. */
function safeUrl(url: string): string {
  return url.replace(/[()<>\s]/g, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** A text as it is: no markup, link or mention. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\*_~`|>[\]()#<-]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/:\/\//g, ':\u200b//')
}

/** Never in the middle of an escape. */
function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).replace(/\\$/, '')}…` : text
}
