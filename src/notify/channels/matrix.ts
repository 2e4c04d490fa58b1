import type { Channel, ChannelMeans, MessageIds } from '../channel.ts'
import { badge, type Notice } from '../notice.ts'
import { idsAt, idsOf, post, readJson } from '../post.ts'
import type { SettingsOf } from '../settings.ts'
import { escapeHtml } from './email-message.ts'

/**
 * A room of Matrix: a message, and later events of the incident in its thread. A transaction id that the server has seen sends nothing
 * again. https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 */
export function openMatrix({ url, room, token }: SettingsOf<'matrix'>, means: ChannelMeans): Channel {
  const headers = { authorization: `Bearer ${means.secret(token)}` }
  const base = `${url.replace(/\/+$/, '')}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message`
  return {
    isRepeatable: () => true,
    send: (notice, known) => {
      const ids = idsAt({ room }, known)
      return post(
        means,
        { method: 'PUT', url: `${base}/${notice.id}`, headers, body: writeMatrix(notice, ids) },
        ({ body }) => {
          const { event = '' } = idsOf({ event: readJson(body)['event_id'] })
          if (event === '')
            return { outcome: 'failed', because: 'the server answered 2xx without an event', retry: 'never' }
          return { outcome: 'delivered', message: { room, thread: ids['thread'] ?? event } }
        },
      )
    },
  }
}

export function writeMatrix(notice: Notice, { thread }: MessageIds) {
  const { title, headline, facts, links } = notice
  const head = `${badge(notice)}: ${title}`
  const rows = facts.map(({ label, value }) => `${label}: ${value}`)
  const linked = links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`)
  return {
    msgtype: 'm.text',
    body: [head, headline, ...rows].join('\n').slice(0, 10_000),
    format: 'org.matrix.custom.html',
    formatted_body: [
      `<strong>${escapeHtml(head)}</strong><br>${escapeHtml(headline.slice(0, 4000))}`,
      `<ul>${rows.map((row) => `<li>${escapeHtml(row.slice(0, 1000))}</li>`).join('')}</ul>`,
      linked.join(' · '),
    ].join(''),
    // nobody, whatever a text says
    'm.mentions': {},
    ...(thread !== undefined && { 'm.relates_to': inThread(thread) }),
  }
}

/** Programs that know no threads show a reply: https://spec.matrix.org/latest/client-server-api/#fallback-for-unthreaded-clients */
function inThread(thread: string) {
  return {
    rel_type: 'm.thread',
    event_id: thread,
    is_falling_back: true,
    'm.in_reply_to': { event_id: thread },
  }
}
