import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans, MessageIds } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { badge, type Notice, subjectOf } from '../notice.ts'
import { below, idsAt, idsOf, post, readJson } from '../post.ts'
import { escapeHtml } from './email-message.ts'

const schema = section({
  ...common(),
  type: z.literal('matrix').describe('Posts to a room of Matrix, with a thread an incident.'),
  url: httpUrl({ example: 'https://matrix.example.com' }).describe('Address of the homeserver.'),
  room: z
    .string()
    .regex(/^!\S+$/, 'is not the id of a room; write one such as `!abc:example.com`')
    .describe('Id of the room, such as `!abc:example.com`.'),
  token: secret('MATRIX_TOKEN', 'an access token'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const matrix = { schema, open: openMatrix }

/**
 * A room of Matrix: a message, and later events of the incident in its thread. A transaction id that the server has seen sends nothing
 * again. https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 */
function openMatrix({ url, room, token }: Settings, means: ChannelMeans): Channel {
  const headers = { authorization: `Bearer ${means.secret(token)}` }
  const base = below(url, `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message`)
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
  const { headline, facts, links } = notice
  const head = `${badge(notice)}: ${subjectOf(notice)}`
  const rows = facts.map(({ label, value }) => `${label}: ${value}`)
  const linked = links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`)
  return {
    msgtype: 'm.text',
    body: [head, headline, ...rows, ...links.map(({ label, url }) => `${label}: ${url}`)]
      .join('\n')
      .slice(0, 10_000),
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
