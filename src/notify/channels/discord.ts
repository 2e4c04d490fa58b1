import type { Channel, ChannelMeans } from '../channel.ts'
import { badge, type Notice } from '../notice.ts'
import { idsOf, post, readJson } from '../post.ts'
import type { SettingsOf } from '../settings.ts'

/** Discord by a webhook, which answers with the message when it is asked to wait. https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function openDiscord({ url }: SettingsOf<'discord'>, means: ChannelMeans): Channel {
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
    title: cut(`${badge(notice)} · ${title}`, 256),
    description: cut(escapeMarkdown(headline), 2000),
    color: incident.status === 'resolved' ? 0x1a7f37 : 0xcf222e,
    timestamp: at,
    fields: facts.slice(0, 9).map(({ label, value }) => ({
      name: cut(label, 50),
      value: cut(escapeMarkdown(value), 250) || '-',
      inline: true,
    })),
    footer: { text: cut(notice.repository, 140) },
    ...(links[0] !== undefined && { url: links[0].url }),
  }
  return { allowed_mentions: { parse: [] }, embeds: [embed] }
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
