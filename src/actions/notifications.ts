import { setTimeout as sleepUntil } from 'node:timers/promises'
import type { Feed } from '../deployment/context.ts'
import type { Subscriber } from '../history/subscriber.ts'
import { readHeaders } from '../notify/channels/header-list.ts'
import { catchUpMs } from '../notify/due.ts'
import { type Notifier, openNotifier } from '../notify/notifier.ts'
import { describeDelivery, summarizeDeliveries, unheardOf } from '../notify/summary.ts'
import type { Step } from '../runner/step.ts'
import type { Config } from '../settings/schema.ts'
import { namesIn } from '../settings/variables.ts'
import { renderMarkdown } from '../text/markdown.ts'

type NotifyingStep = Pick<
  Step<Record<never, never>, string>,
  'context' | 'env' | 'log' | 'secrets' | 'signal' | 'now' | 'atEnd' | 'writeSummary'
>

/** A runner kills a cancelled step after ten seconds. */
const cancelledMs = 2_000
/** After so long without another event, deliveries are recorded by themselves. */
const idleMs = 5_000
/** How far back the record is read: no incident escalates for longer. */
const pastMs = 8 * 24 * 60 * 60_000

/** Makes the addresses and tokens of the channels known as secrets, before anything can print them. */
export function maskChannels(
  { notify }: Config,
  { env, secrets }: Pick<NotifyingStep, 'env' | 'secrets'>,
): void {
  for (const name of namesIn(notify)) {
    const value = env[name] ?? ''
    secrets.add(value)
    // an error may name the path alone
    if (URL.canParse(value)) secrets.add(longOnly(new URL(value).pathname))
    // a collector may repeat a header of the list, decoded
    for (const header of Object.values(readHeaders(value) ?? {}))
      for (const part of [header, ...header.split(' ')]) secrets.add(longOnly(part))
  }
}

function longOnly(path: string): string {
  return path.length >= 12 ? path : ''
}

/**
 * Notifies the channels of what this step appends to the history, beside its work. What is under way at its end is waited for, in a
 * bounded time; nothing of it fails the step.
 * @returns undefined where there are no channels
 */
export function notifyChannels(step: NotifyingStep, feed: Feed): Subscriber | undefined {
  const { notify, incident } = feed.config
  if (Object.keys(notify.channels).length === 0) return undefined
  const { context, env, log, secrets, signal, now } = step
  const { owner, repo, serverUrl } = context
  let timer: NodeJS.Timeout | undefined
  const record = async () => {
    const [first, ...others] = notifier.unrecorded()
    if (first === undefined) return
    await feed.append(first, ...others)
    notifier.recorded([first, ...others])
  }
  const notifier: Notifier = openNotifier({
    notify,
    incident,
    repository: `${owner}/${repo}`,
    repositoryUrl: `${serverUrl}/${owner}/${repo}`,
    readPast: () => feed.readPast({ since: new Date(now().getTime() - Math.max(pastMs, catchUpMs)) }),
    describe: feed.describe,
    env,
    fetch,
    now,
    sleep: (ms, ending) => sleepUntil(ms, undefined, { signal: ending }),
    redact: secrets.redact,
    run: context.run?.id,
    // so that another run does not send it again, while this one waits for a deployment
    onDelivered: () => {
      clearTimeout(timer)
      timer = setTimeout(() => void record().catch(() => {}), idleMs).unref()
    },
  })
  notifier.catchUp(feed.config.environment)
  step.atEnd(async () => {
    clearTimeout(timer)
    const deliveries = await notifier.end(signal.aborted ? cancelledMs : notify.timeoutMs)
    await record()
    if (deliveries.length === 0) return
    for (const delivery of deliveries)
      if (delivery.outcome === 'failed') log.warning(describeDelivery(delivery), 'Notification')
      else log.info(describeDelivery(delivery))
    for (const headline of unheardOf(deliveries))
      log.error(`no channel could be notified: ${headline}`, 'Notification')
    await step.writeSummary(renderMarkdown(summarizeDeliveries(deliveries)))
  })
  return notifier
}
