import type { RootContent } from 'mdast'
import { sayDuration } from '../text/duration.ts'
import { code, heading, strong, table, text } from '../text/markdown.ts'
import type { Delivery } from './notifier.ts'

/** The deliveries of a run, for its job summary. */
export function summarizeDeliveries(deliveries: readonly Delivery[]): readonly RootContent[] {
  return [
    heading(3, 'Notifications'),
    table(
      ['event', 'channel', 'outcome', 'took'],
      deliveries.map(({ topic, channel, outcome, because, tookMs }) => [
        topic,
        code(channel),
        because === '' ? outcome : [strong(outcome), text(`: ${because}`)],
        sayDuration(tookMs),
      ]),
    ),
  ]
}

/** One line of the log. */
export function describeDelivery({ topic, channel, outcome, because, tries, tookMs }: Delivery): string {
  const again = tries > 1 ? `, ${tries} tries` : ''
  const why = because === '' ? '' : `: ${because}`
  return `notification of ${topic} to ${channel}: ${outcome} (${sayDuration(tookMs)}${again})${why}`
}

/** The incidents whose beginning reached no channel at all. */
export function unheardOf(deliveries: readonly Delivery[]): readonly string[] {
  const beginnings = deliveries.filter(({ topic }) => topic === 'opened' || topic === 'escalated')
  const byEvent = Map.groupBy(beginnings, ({ event }) => event)
  return [...byEvent.values()]
    .filter((each) => each.every(({ outcome }) => outcome === 'failed'))
    .flatMap(([first]) => first?.headline ?? [])
}
