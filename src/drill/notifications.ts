import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { Event } from '../history/event.ts'
import { type Received, startReceiver } from './receiver.ts'

/** One delivery, as the history has it. */
export interface DrillDelivery {
  readonly channel: string
  /** what it was about */
  readonly event: string
  readonly outcome: string
}

/** Those who are notified: receivers on loopback, which answer as the services do. */
export interface Audience {
  /** The section of the settings that is about them, and the variables that it reads addresses and keys from. */
  readonly settings: string
  readonly env: Readonly<Record<string, string>>
  /** What arrived, a line each. */
  readonly arrived: () => readonly string[]
  /** The same as it was sent. */
  readonly received: readonly Received[]
  readonly stop: () => Promise<void>
}

/** Starts the receivers: a chat, a pager, a tool that reads CDEvents, a signed webhook, and a collector of telemetry. */
export async function openAudience(): Promise<Audience> {
  const receiver = await startReceiver(({ path }) => {
    if (path === '/chat') return { body: 'ok' }
    if (path.startsWith('/v1/')) return { body: '{}' }
    return path.startsWith('/v2/') ? { status: 202, body: '{"status":"success"}' } : { status: 202 }
  })
  const key = createHash('sha256').update(receiver.url).digest('hex')
  const channels = {
    chat: { type: 'slack', url: { env: 'DRILL_CHAT_URL' } },
    pager: { type: 'pagerduty', 'routing-key': { env: 'DRILL_KEY' }, url: receiver.url },
    tools: { type: 'cdevents', url: { env: 'DRILL_CDEVENTS_URL' } },
    webhook: { type: 'webhook', url: { env: 'DRILL_WEBHOOK_URL' }, secret: { env: 'DRILL_KEY' } },
    telemetry: { type: 'opentelemetry', url: receiver.url },
  }
  return {
    settings: stringify({ notify: { channels } }),
    env: {
      DRILL_CHAT_URL: `${receiver.url}/chat`,
      DRILL_CDEVENTS_URL: `${receiver.url}/cdevents`,
      DRILL_WEBHOOK_URL: `${receiver.url}/webhook`,
      DRILL_KEY: key,
    },
    arrived: () => receiver.received.map(describe),
    received: receiver.received,
    stop: receiver.stop,
  }
}

/** The names of the spans or metrics of a request of OTLP. */
function namesOf(body: string): string {
  return [...body.matchAll(/"name":"([^"]+)"(?=,"(?:kind|unit))/g)].map(([, name]) => name).join(', ')
}

function describe({ path, headers, body }: Received): string {
  if (path.startsWith('/v1/')) return `telemetry: ${path.slice(4)} ${namesOf(body)}`
  const text = (...keys: readonly string[]) => {
    const value = keys.reduce<unknown>(
      (each, key) => (typeof each === 'object' && each !== null ? Reflect.get(each, key) : undefined),
      JSON.parse(body),
    )
    return typeof value === 'string' ? value : ''
  }
  if (path === '/chat') return `chat: ${text('text')}`
  if (path === '/cdevents') return `tools: ${headers['ce-type']}`
  if (path === '/webhook') return `webhook: ${text('type')}`
  return `pager: ${text('event_action') || 'change'} ${text('payload', 'summary')}`.trimEnd()
}

/** The deliveries in the history, oldest first. */
export function deliveriesOf(events: readonly Event[]): readonly DrillDelivery[] {
  return events.flatMap((event) =>
    event.kind === 'notification-sent'
      ? [{ channel: event.channel, event: event.topic, outcome: event.outcome }]
      : [],
  )
}
