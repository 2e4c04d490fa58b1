import { z } from 'zod'
import { type DeepReadonly, section } from '../../settings/fields.ts'
import type { Attempt, Channel, ChannelMeans } from '../channel.ts'
import { common, webhookUrl } from '../fields.ts'
import { badge, type Notice } from '../notice.ts'
import { excerpt, post } from '../post.ts'

const schema = section({
  ...common(),
  type: z
    .literal('teams')
    .describe('Posts an Adaptive Card to Microsoft Teams by the webhook of a workflow.'),
  url: webhookUrl('TEAMS_WEBHOOK_URL'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const teams = { schema, open: openTeams }

/** A flow fails at 28,672 bytes, after it has wrapped the card, and its webhook has said 2xx by then. */
const mostBytes = 20_000

/**
 * Microsoft Teams by the webhook of a workflow, with an Adaptive Card. A 2xx says that the flow was started, and not that it posted.
 * https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
 */
function openTeams({ url }: Settings, means: ChannelMeans): Channel {
  const address = means.secret(url)
  return {
    isRepeatable: () => false,
    send: (notice) => post(means, { url: address, body: writeTeams(notice) }, readAnswer),
  }
}

/** Some flows say 200, and in words that they failed. */
function readAnswer({ body }: { readonly body: string }): Attempt {
  return /failed|error/i.test(body)
    ? { outcome: 'failed', because: `Teams answered 2xx${excerpt(body)}`, retry: 'never' }
    : { outcome: 'accepted' }
}

/** The message, cut so that it fits. Texts are runs, in which neither Markdown nor a mention is read. */
export function writeTeams(notice: Notice) {
  for (let most = 4000; ; most = Math.floor(most / 2)) {
    const message = writeCard(notice, most)
    if (most < 10 || Buffer.byteLength(JSON.stringify(message)) <= mostBytes) return message
  }
}

function writeCard(notice: Notice, most: number) {
  const { title, headline, facts, links, repository } = notice
  const cut = (value: string) => (value.length > most ? `${value.slice(0, most)}…` : value)
  const line = (...runs: object[]) => ({ type: 'RichTextBlock', inlines: runs })
  const run = (value: string, more: object = {}) => ({ type: 'TextRun', text: cut(value), ...more })
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: cut(`${badge(notice)} ${title}`),
    body: [
      line(run(`${badge(notice)} · ${title}`, { weight: 'Bolder', size: 'Medium' })),
      line(run(headline)),
      ...facts
        .slice(0, 12)
        .map(({ label, value }) => line(run(`${label}: `, { weight: 'Bolder' }), run(value))),
      line(run(repository, { isSubtle: true })),
    ],
    actions: links.slice(0, 5).map(({ label, url }) => ({ type: 'Action.OpenUrl', title: cut(label), url })),
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
  return { type: 'message', attachments: [attachment] }
}
