import { z } from 'zod'
import { badge, briefOf, type Notice } from '../notice.ts'

/** Plain text in a block: nothing in it is a mention or markup. */
interface PlainText {
  readonly type: 'plain_text'
  readonly text: string
  readonly emoji: false
}

/** A message of Slack in Block Kit: https://docs.slack.dev/reference/block-kit/blocks */
export function writeSlack(notice: Notice, mentions: Mentions = {}) {
  const { title, headline, facts, links, incident } = notice
  const fields = facts.map(({ label, value }) => plain(`${label}\n${value}`, 2000))
  const mentioned = mentionsOf(notice, mentions)
  return {
    // what a notification shows, and where blocks are not understood
    text: [mentioned, escapeSlack(`${badge(notice)} ${title}: ${briefOf(notice)}`)]
      .join(' ')
      .trim()
      .slice(0, 3000),
    blocks: [
      { type: 'header' as const, text: plain(`${badge(notice)} · ${title}`, 150) },
      { type: 'section' as const, text: plain(headline, 3000) },
      ...mentionBlock(mentioned),
      // at most ten in a section
      ...[fields.slice(0, 10), fields.slice(10, 20)]
        .filter((some) => some.length > 0)
        .map((some) => ({ type: 'section' as const, fields: some })),
      ...(links.length === 0
        ? []
        : [
            {
              type: 'actions' as const,
              elements: links.slice(0, 5).map(({ label, url }, index) => ({
                type: 'button' as const,
                text: plain(label, 75),
                url: url.slice(0, 3000),
                action_id: `link-${index}`,
              })),
            },
          ]),
      {
        type: 'context' as const,
        elements: [plain(`${notice.repository} · incident ${incident.incident}`, 2000)],
      },
    ],
  }
}

/** What is said in the thread of an incident's message. */
export function writeSlackReply(notice: Notice, mentions: Mentions = {}) {
  const { headline } = notice
  const mentioned = mentionsOf(notice, mentions)
  return {
    text: [mentioned, escapeSlack(headline)].join(' ').trim().slice(0, 3000),
    blocks: [{ type: 'section' as const, text: plain(headline, 3000) }, ...mentionBlock(mentioned)],
  }
}

/** Users and user groups by level. */
type Mentions = Readonly<Record<string, readonly string[]>>

export const mentionsSchema = z
  .record(
    z.string().regex(/^[1-9]$/, 'is not a level; write one such as `1`'),
    z
      .array(
        z
          .string()
          .regex(
            /^[UWS][A-Z0-9]{6,20}$/,
            'is not the id of a user or a user group of Slack; write one such as `U0123456789` or `S0123456789`',
          ),
      )
      .max(20, 'has too many ids; write at most 20, or a user group'),
  )
  .default({})
  .describe(
    'Ids of the users (`U…`) and user groups (`S…`) who are mentioned, by level: once when it is notified. Default: nobody.',
  )

/** Only ids of the settings, and only those of levels that this message notifies. */
function mentionsOf({ topic, event, incident }: Notice, mentions: Mentions): string {
  if (incident.rehearsal) return ''
  const [first, last] =
    event.kind === 'incident-escalated'
      ? [event.after + 1, event.level]
      : topic === 'opened'
        ? [1, 1]
        : [1, 0]
  const ids = Object.entries(mentions).flatMap(([level, own]) =>
    Number(level) >= first && Number(level) <= last ? own : [],
  )
  // https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
  return [...new Set(ids)].map((id) => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`)).join(' ')
}

function mentionBlock(mentioned: string) {
  return mentioned === ''
    ? []
    : [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: mentioned } }]
}

function plain(text: string, most: number): PlainText {
  // plain text has no mentions; where it is copied to, it might
  const safe = text.replace(/<(?=[!@#])|@(?=\w)/g, '$&\u200b')
  const cut = safe.length > most ? `${safe.slice(0, most - 1)}…` : safe
  return { type: 'plain_text', text: cut || '-', emoji: false }
}

/** No mention, link or markup is made of a text: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeSlack(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, '\u200b$&')
    .replace(/@(?=\w)/g, '@\u200b')
}
