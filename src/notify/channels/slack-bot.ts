import { z } from 'zod'
import { type DeepReadonly, httpUrl, section } from '../../settings/fields.ts'
import type { Attempt, Channel, ChannelMeans, MessageIds } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { excerpt, idsAt, idsOf, post, readJson } from '../post.ts'
import { mentionsSchema, writeSlack, writeSlackReply } from './slack-message.ts'

const schema = section({
  ...common(),
  type: z
    .literal('slack-bot')
    .describe('Posts to Slack as a bot: one message an incident, kept up to date, with a thread.'),
  token: secret('SLACK_BOT_TOKEN', 'the token of the bot, with `chat:write`'),
  channel: z
    .string()
    .regex(/^[CG][A-Z0-9]{8,}$/, 'is not the id of a channel; write one such as `C0123456789`')
    .describe('Id of the channel, such as `C0123456789`.'),
  mentions: mentionsSchema,
  url: httpUrl({ example: 'https://slack.com/api/' })
    .default('https://slack.com/api/')
    .describe('Address of the API.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const slackBot = { schema, open: openSlackBot }

/** Errors of Slack's own, in an answer with 200, after which the same request may succeed. */
const temporary = new Set(['ratelimited', 'service_unavailable', 'internal_error', 'request_timeout'])

/**
 * Slack by the token of a bot: one message an incident, kept up to date, and later events in its thread.
 * https://docs.slack.dev/reference/methods/chat.postMessage
 */
function openSlackBot({ token, channel, url, mentions }: Settings, means: ChannelMeans): Channel {
  const authorization = `Bearer ${means.secret(token)}`
  const call = (method: string, body: object) =>
    post(means, { url: new URL(method, url).href, headers: { authorization }, body }, ({ body: text }) =>
      readAnswer(text, channel),
    )
  return {
    isRepeatable: () => false,
    async send(notice, known) {
      const ids = idsAt({ channel }, known)
      const message = { ...writeSlack(notice), unfurl_links: false, unfurl_media: false }
      const { ts } = ids
      if (ts === undefined)
        return call('chat.postMessage', { channel, ...message, ...writeSlack(notice, mentions) })
      const reply = await call('chat.postMessage', {
        channel,
        ...writeSlackReply(notice, mentions),
        thread_ts: ts,
        // an escalation is shown in the channel, too
        reply_broadcast: notice.topic === 'escalated',
      })
      if (reply.outcome === 'failed') return reply
      const updated = await call('chat.update', { channel, ts, ...message })
      // the event is told; that the message above is old is said, and nothing is sent twice for it
      return updated.outcome === 'failed'
        ? {
            outcome: 'failed',
            because: `sent in the thread; the message above was not updated: ${updated.because}`,
            retry: 'never',
          }
        : { outcome: 'delivered', message: ids }
    },
  }
}

/** Slack says 200 to everything: `ok` tells. */
function readAnswer(text: string, channel: string): Attempt {
  const answer = readJson(text)
  if (answer['ok'] === true) {
    const message: MessageIds = idsOf({ channel, ts: answer['ts'] })
    return { outcome: 'delivered', message }
  }
  const error = typeof answer['error'] === 'string' ? answer['error'] : 'the answer is not JSON with "ok"'
  return {
    outcome: 'failed',
    because: `Slack refused it${excerpt(error)}`,
    retry: temporary.has(error) ? 'always' : 'never',
  }
}
