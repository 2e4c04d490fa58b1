import { z } from 'zod'
import { topics } from '../incident/topics.ts'
import {
  type DeepReadonly,
  duration,
  environmentVariable,
  httpUrl,
  line,
  section,
} from '../settings/fields.ts'
import { severities } from '../text/severity.ts'

/** What a channel is notified of where its settings do not say. */
const usualTopics = [
  'opened',
  'severity',
  'acknowledged',
  'escalated',
  'rollback-started',
  'approval-required',
  'rollback-ended',
  'not-recovered',
  'resolved',
] as const

const timeOfDay = () =>
  z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day; write one such as `22:00`')

const quietHours = section({
  from: timeOfDay().describe('When they begin, such as `22:00`.'),
  to: timeOfDay().describe('When they end, such as `07:00`.'),
  zone: line()
    .refine(isTimeZone, { error: 'is not a time zone; write one such as `Europe/Berlin`' })
    .default('UTC')
    .describe('Time zone of both, such as `Europe/Berlin`.'),
  except: z.enum(severities).default('critical').describe('The least severity that is sent all the same.'),
})

/** What every channel has. @param filter by default all topics, for channels that programs read */
const common = (usual: readonly (typeof topics)[number][] = usualTopics) => ({
  events: z
    .array(z.enum(topics))
    .default([...usual])
    .describe('What the channel is notified of. Default: see the README of `incident`.'),
  severity: z.enum(severities).default('low').describe('The least severity that is sent.'),
  'quiet-hours': quietHours
    .optional()
    .describe('Hours in which less is sent; what is left out is not sent later. By default there are none.'),
})

/** What a status page shows is for the public: by default a person publishes it. */
const publicTopics = ['opened', 'rollback-started', 'rollback-ended', 'not-recovered', 'resolved'] as const
const statusPage = (page: string) => ({
  ...common(),
  events: z
    .array(z.enum(['published', ...publicTopics]))
    .default(['published'])
    .describe(
      'What is published: by default only what a person publishes by `/publish`. With `opened`, `rollback-started`, `rollback-ended`, `not-recovered` or `resolved`, drafts are published without a person.',
    ),
  page: z
    .string()
    .regex(/^[A-Za-z0-9]{6,40}$/, `is not the id of a page; write one such as \`${page}\``)
    .describe(`Id of the page, such as \`${page}\`.`),
  components: z
    .array(z.string().regex(/^[A-Za-z0-9]{6,40}$/, 'is not the id of a component'))
    .default([])
    .describe(
      'Ids of the components that are affected while the incident is open. By default there are none.',
    ),
  subscribers: z.boolean().default(true).describe('Whether the subscribers of the page are notified.'),
})

const secret = (example: string, description: string) =>
  section({ env: environmentVariable(example) }).describe(`Variable that holds ${description}.`)

const webhookUrl = (example: string) => secret(example, 'the address of the webhook, which is a secret')

const channelSchema = z.discriminatedUnion('type', [
  section({
    ...common(topics),
    type: z.literal('webhook').describe('Posts JSON, signed as Standard Webhooks are.'),
    url: webhookUrl('WEBHOOK_URL'),
    secret: secret('WEBHOOK_SECRET', 'the key of the signature, such as `whsec_…`'),
  }),
  section({
    ...common(),
    type: z.literal('slack').describe('Posts to Slack by an incoming webhook.'),
    url: webhookUrl('SLACK_WEBHOOK_URL'),
  }),
  section({
    ...common(),
    type: z
      .literal('slack-bot')
      .describe('Posts to Slack as a bot: one message an incident, kept up to date, with a thread.'),
    token: secret('SLACK_BOT_TOKEN', 'the token of the bot, with `chat:write`'),
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]{8,}$/, 'is not the id of a channel; write one such as `C0123456789`')
      .describe('Id of the channel, such as `C0123456789`.'),
    url: httpUrl({ example: 'https://slack.com/api/' })
      .default('https://slack.com/api/')
      .describe('Address of the API.'),
  }),
  section({
    ...common(),
    type: z.literal('email').describe('Sends e-mail by SMTP, one thread an incident.'),
    host: line().describe('Name of the SMTP server.'),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(587)
      .describe('Port of the server. On 465 the connection is encrypted from its start, else by STARTTLS.'),
    tls: z
      .enum(['required', 'opportunistic'])
      .default('required')
      .describe('Whether mail is sent only over an encrypted connection.'),
    user: line().optional().describe('User of the server. By default there is none.'),
    password: secret('SMTP_PASSWORD', 'the password of the user; by default there is none').optional(),
    from: mailAddress().describe('Sender.'),
    to: z.array(mailAddress()).min(1, 'is empty; write an address').describe('Recipients.'),
  }),
  section({
    ...common(),
    type: z
      .literal('alertmanager')
      .describe('Raises an alert in Alertmanager, and ends it with the incident.'),
    url: httpUrl({ example: 'http://alertmanager:9093' }).describe('Address of Alertmanager.'),
    token: secret(
      'ALERTMANAGER_AUTHORIZATION',
      'the whole header `authorization`; by default there is none',
    ).optional(),
    labels: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a label; write one such as `team`'),
        line(),
      )
      .default({})
      .describe('More labels, for the routes of Alertmanager. By default there are none.'),
  }),
  section({
    ...common([...usualTopics, 'layer-rolled-back', 'deployed']),
    type: z
      .literal('pagerduty')
      .describe('Triggers, acknowledges and resolves in PagerDuty, with change events (Events API v2).'),
    'routing-key': secret('PAGERDUTY_ROUTING_KEY', 'the integration key of the service'),
    url: httpUrl({ example: 'https://events.eu.pagerduty.com' })
      .default('https://events.pagerduty.com')
      .describe('Address of the events API; the EU has another.'),
  }),
  section({
    ...common(),
    type: z
      .literal('teams')
      .describe('Posts an Adaptive Card to Microsoft Teams by the webhook of a workflow.'),
    url: webhookUrl('TEAMS_WEBHOOK_URL'),
  }),
  section({
    ...common(),
    type: z.literal('discord').describe('Posts to Discord by a webhook.'),
    url: webhookUrl('DISCORD_WEBHOOK_URL'),
  }),
  section({
    ...common(),
    type: z.literal('mattermost').describe('Posts to Mattermost by an incoming webhook.'),
    url: webhookUrl('MATTERMOST_WEBHOOK_URL'),
  }),
  section({
    ...common(),
    type: z.literal('ntfy').describe('Publishes to a topic of ntfy.'),
    url: httpUrl({ example: 'https://ntfy.sh' })
      .default('https://ntfy.sh')
      .describe('Address of the server.'),
    topic: secret('NTFY_TOPIC', 'the topic, which is a secret where anybody may read it'),
    token: secret('NTFY_TOKEN', 'an access token; by default there is none').optional(),
  }),
  section({
    ...common(),
    type: z.literal('matrix').describe('Posts to a room of Matrix, with a thread an incident.'),
    url: httpUrl({ example: 'https://matrix.example.com' }).describe('Address of the homeserver.'),
    room: z
      .string()
      .regex(/^!\S+$/, 'is not the id of a room; write one such as `!abc:example.com`')
      .describe('Id of the room, such as `!abc:example.com`.'),
    token: secret('MATRIX_TOKEN', 'an access token'),
  }),
  section({
    ...common(),
    events: z
      .array(z.enum(['opened', 'layer-rolled-back', 'deployed', 'resolved']))
      .default(['opened', 'layer-rolled-back', 'deployed', 'resolved'])
      .describe('What is sent: that for which CDEvents has an event. By default all of it.'),
    type: z
      .literal('cdevents')
      .describe('Sends CDEvents as CloudEvents over HTTP, for brokers and other tools.'),
    url: webhookUrl('CDEVENTS_URL'),
    token: secret(
      'CDEVENTS_AUTHORIZATION',
      'the whole header `authorization`; by default there is none',
    ).optional(),
  }),
  section({
    ...statusPage('qfn30z5r6s5h'),
    type: z.literal('statuspage').describe('Publishes texts for users on Atlassian Statuspage.'),
    token: secret('STATUSPAGE_TOKEN', 'an API key'),
    url: httpUrl({ example: 'https://api.statuspage.io' })
      .default('https://api.statuspage.io')
      .describe('Address of the API.'),
  }),
  section({
    ...statusPage('ckf01fonve9i40a32oas5b0uw'),
    type: z.literal('instatus').describe('Publishes texts for users on Instatus.'),
    token: secret('INSTATUS_TOKEN', 'an API key'),
    url: httpUrl({ example: 'https://api.instatus.com' })
      .default('https://api.instatus.com')
      .describe('Address of the API.'),
  }),
  section({
    ...common(),
    type: z
      .literal('incident-io')
      .describe('Declares an incident in incident.io, and keeps its severity and summary up to date.'),
    token: secret('INCIDENT_IO_TOKEN', 'an API key that may view data, create incidents and edit them'),
    visibility: z
      .enum(['public', 'private'])
      .default('public')
      .describe('Who sees the incident in incident.io: everybody, or only those who are invited.'),
    mode: z
      .enum(['standard', 'test'])
      .default('standard')
      .describe('`test` marks incidents as tests, for an environment to practise in.'),
    url: httpUrl({ example: 'https://api.incident.io' })
      .default('https://api.incident.io')
      .describe('Address of the API.'),
  }),
  section({
    ...common(),
    events: z
      .array(z.enum(['opened', 'acknowledged', 'rollback-ended', 'resolved']))
      .default(['opened', 'acknowledged', 'rollback-ended', 'resolved'])
      .describe('What is sent: that with which a span ends. By default all of it.'),
    type: z
      .literal('opentelemetry')
      .describe(
        'Sends one trace for each incident, and metrics, to a collector of OpenTelemetry (OTLP over HTTP).',
      ),
    url: httpUrl({ example: 'https://otlp.example.com' }).describe(
      'Address of the collector, without `/v1/traces`.',
    ),
    headers: secret(
      'OTEL_EXPORTER_OTLP_HEADERS',
      'headers, such as `authorization=Bearer%20…`; by default there are none',
    ).optional(),
    signals: z
      .array(z.enum(['traces', 'metrics']))
      .min(1, 'is empty; write `traces`, `metrics`, or both')
      .default(['traces', 'metrics'])
      .describe('What is sent. By default both; a store of traces alone takes no metrics.'),
  }),
])

/** The section `notify` of `.github/rollback.yml`. */
export function notifySchema() {
  return section({
    timeout: duration({ min: 100, max: 60_000 })
      .prefault('10s')
      .describe('How long one delivery may take, with its retries. At most 60s.'),
    channels: z
      .record(
        z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name of a channel; write one such as `slack-ops`'),
        channelSchema,
      )
      .default({})
      .describe('Channels by their names. By default there are none.'),
  })
    .transform(({ timeout, channels }) => ({ timeoutMs: timeout, channels }))
    .prefault({})
    .describe('Where people and programs are notified of incidents.')
}

export type NotifySettings = DeepReadonly<z.output<ReturnType<typeof notifySchema>>>
export type ChannelSettings = DeepReadonly<z.output<typeof channelSchema>>
/** The settings of one type of channel. */
export type SettingsOf<T extends ChannelSettings['type']> = Extract<ChannelSettings, { type: T }>
export type QuietHours = DeepReadonly<z.output<typeof quietHours>>

function mailAddress() {
  return line().regex(
    /^(?:[^<>@,;"]+ <)?[^\s<>@,;"]+@[^\s<>@,;"]+>?$/,
    'is not an e-mail address; write one such as `ops@example.com`',
  )
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
