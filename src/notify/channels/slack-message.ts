import { badge, type Notice } from '../notice.ts'

/** Plain text in a block: nothing in it is a mention or markup. */
interface PlainText {
  readonly type: 'plain_text'
  readonly text: string
  readonly emoji: false
}

/** A message of Slack in Block Kit: https://docs.slack.dev/reference/block-kit/blocks */
export function writeSlack(notice: Notice) {
  const { title, headline, facts, links, incident } = notice
  const fields = facts.slice(0, 10).map(({ label, value }) => plain(`${label}\n${value}`, 2000))
  return {
    // what a notification shows, and where blocks are not understood
    text: escapeSlack(`${badge(notice)} ${title}: ${headline}`).slice(0, 3000),
    blocks: [
      { type: 'header' as const, text: plain(`${badge(notice)} · ${title}`, 150) },
      { type: 'section' as const, text: plain(headline, 3000) },
      ...(fields.length === 0 ? [] : [{ type: 'section' as const, fields }]),
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
export function writeSlackReply({ headline }: Notice) {
  return {
    text: escapeSlack(headline).slice(0, 3000),
    blocks: [{ type: 'section' as const, text: plain(headline, 3000) }],
  }
}

function plain(text: string, most: number): PlainText {
  // plain text has no mentions; where it is copied to, it might
  const safe = text.replace(/<(?=[!@#])|@(?=\w)/g, '$&\u200b')
  const cut = safe.length > most ? `${safe.slice(0, most - 1)}…` : safe
  return { type: 'plain_text', text: cut || '-', emoji: false }
}

/** No mention, link or markup is made of a text: https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeSlack(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, '\u200b$&')
    .replace(/@(?=\w)/g, '@\u200b')
}
