import type { Event, Occurrence } from '../history/event.ts'
import type { Subscriber } from '../history/subscriber.ts'
import type { IncidentSettings } from '../incident/settings.ts'
import { MissingVariableError } from './channel.ts'
import { type Delivered, deliver } from './deliver.ts'
import { catchUpMs, type Due, dueDeliveries, idsOf, keyOf } from './due.ts'
import { noticeOf } from './notice.ts'
import { openChannel } from './open.ts'
import type { NotifySettings } from './settings.ts'

/** What became of one delivery. */
export interface Delivery extends Delivered {
  readonly channel: string
  /** id of the event that it is about */
  readonly event: string
  readonly incident: string
  readonly topic: string
  readonly headline: string
  /** ms */
  readonly tookMs: number
}

export interface NotifierOptions {
  readonly notify: NotifySettings
  readonly incident: IncidentSettings
  /** `octo-org/shop`, and where it is */
  readonly repository: string
  readonly repositoryUrl: string
  /** The events so far. */
  readonly readPast: () => Promise<readonly Event[]>
  /** Makes an event of a delivery, with the circumstances of this run and without secrets. */
  readonly describe: (what: Occurrence, naturalKey: readonly string[], about: Event) => Event
  /** id of the workflow run that this is in; undefined outside of one */
  readonly run: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly fetch: typeof fetch
  readonly now: () => Date
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly redact: (text: string) => string
  /** Called when a delivery has ended, so that it can be recorded when nothing else is. */
  readonly onDelivered?: () => void
}

/** Another run has recorded by then what it sent. */
const othersRecordWithinMs = 60_000

/** Delivers what happens, beside the work. What ended is recorded with the next event, or by who waits for the end. */
export interface Notifier extends Subscriber {
  /** Sends what an earlier run, which was killed, did not send. */
  readonly catchUp: (environment: string) => void
  /** Waits for what is under way, for a bounded time; what has not ended by then has failed. @returns all deliveries of this run */
  readonly end: (withinMs: number) => Promise<readonly Delivery[]>
}

/**
 * Notifications as a view of the history: what happened is derived from the record, and so is what was sent before. Channels are
 * independent of each other; in each, messages keep their order. A channel that is down delays nothing but the end of the step, by
 * no more than the time of one delivery.
 */
export function openNotifier(options: NotifierOptions): Notifier {
  const { notify, now, readPast } = options
  const started = new Set<string>()
  const queues = new Map<string, Promise<void>>()
  const fresh: Event[] = []
  const deliveries: Delivery[] = []
  const results: Event[] = []
  const recorded = new Set<string>()
  const ending = new AbortController()
  let past: Promise<readonly Event[]> | undefined
  let work: Promise<void> = Promise.resolve()

  const known = async () => {
    // without the record, what this run has seen is sent all the same
    past ??= Promise.race([readPast(), aborted(ending.signal)]).catch(() => [])
    const byId = new Map([...(await past), ...fresh, ...results].map((event) => [event.id, event]))
    return [...byId.values()].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  }

  const send = async ({ channel: name, change }: Due, startedAt: number) => {
    const channel = notify.channels[name]
    if (channel === undefined) return
    const events = await known()
    const notice = noticeOf(change, events, options)
    const { timeoutMs } = notify
    const secret = ({ env }: { readonly env: string }) => {
      const value = options.env[env]
      if (value) return value
      throw new MissingVariableError(
        `the variable ${env} is not set; set it in the step's \`env\`, or hand it over as a secret`,
      )
    }
    const delivered = await deliver(
      (signal) =>
        openChannel(channel, { ...options, service: options.incident.service, secret, signal, timeoutMs }),
      notice,
      idsOf(events, change, name),
      { ...options, timeoutMs, clock: () => now().getTime(), signal: ending.signal },
    )
    settle({ channel: name, change }, delivered, notice.headline, startedAt)
  }

  /** Keeps how a delivery ended, for the history and the summary. */
  const settle = (due: Due, delivered: Delivered, headline: string, startedAt: number) => {
    const delivery = deliveryOf(due, delivered, headline, startedAt)
    const { channel, event: about, topic, outcome, because, tries, message } = delivery
    const result = options.describe(
      {
        ...{ kind: 'notification-sent', channel, about, topic, outcome, because, tries },
        ...(message && { message: { ...message } }),
      },
      [channel, about],
      due.change.event,
    )
    deliveries.push(delivery)
    results.push(result)
    options.onDelivered?.()
  }

  const deliveryOf = (
    { channel, change: { event, topic } }: Due,
    delivered: Delivered,
    headline: string,
    startedAt: number,
  ): Delivery => ({
    ...delivered,
    // cut after masking: half of a secret would not be known as one
    because: shorten(options.redact(delivered.because)),
    ...{ channel, event: event.id, incident: event.incident, topic, headline },
    tookMs: now().getTime() - startedAt,
  })

  /** A fault of our own in a message must not end the step that rolls production back. */
  const explainFault = (due: Due, error: unknown, startedAt: number) => {
    const because = `unexpected: ${error instanceof Error ? error.message : String(error)}`
    const failed = { outcome: 'failed', because, tries: 0 } as const
    const { topic } = due.change
    try {
      settle(due, failed, topic, startedAt)
    } catch {
      // the record is what fails: the summary has it
      deliveries.push(deliveryOf(due, failed, topic, startedAt))
    }
  }

  /** Not what another run is about to send. */
  const isOurs = ({ change: { event } }: Due) =>
    fresh.some(({ id }) => id === event.id) ||
    event.run?.id === options.run ||
    now().getTime() - Date.parse(event.at) > othersRecordWithinMs

  const start = async (incidents: ReadonlySet<string>) => {
    const events = await known()
    for (const incident of incidents) {
      for (const due of dueDeliveries(events, incident, options, now()).filter(isOurs)) {
        const key = keyOf(due.channel, due.change.event.id)
        if (started.has(key)) continue
        started.add(key)
        const startedAt = now().getTime()
        const before = queues.get(due.channel) ?? Promise.resolve()
        queues.set(
          due.channel,
          before
            .then(() => send(due, startedAt))
            .catch((error: unknown) => explainFault(due, error, startedAt)),
        )
      }
    }
  }

  return {
    happened(events) {
      const about = events.filter(({ kind }) => kind !== 'notification-sent')
      if (about.length === 0) return
      fresh.push(...about)
      work = work.then(() => start(new Set(about.map(({ incident }) => incident))))
    },
    catchUp(environment) {
      work = work.then(async () => {
        const recent = (await known()).filter((event) => {
          return event.environment === environment && now().getTime() - Date.parse(event.at) <= catchUpMs
        })
        await start(new Set(recent.map(({ incident }) => incident)))
      })
    },
    unrecorded: () => results.filter(({ id }) => !recorded.has(id)),
    recorded: (events) => {
      for (const { id } of events) recorded.add(id)
    },
    async end(withinMs) {
      const all = work.then(() => Promise.all(queues.values()))
      const timer = setTimeout(() => ending.abort(), withinMs)
      try {
        await all
      } finally {
        clearTimeout(timer)
      }
      return deliveries
    },
  }
}

/** The longest reason in the history, characters. */
const mostReason = 300

function shorten(reason: string): string {
  return reason.length > mostReason ? `${reason.slice(0, mostReason - 1)}…` : reason
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the step ended')), { once: true })
  })
}
