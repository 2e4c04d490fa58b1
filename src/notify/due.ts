import type { Event } from '../history/event.ts'
import { type Change, changesOf, rehearsalChangesOf } from '../incident/incident.ts'
import type { IncidentSettings } from '../incident/settings.ts'
import type { MessageIds } from './channel.ts'
import { channelTypes } from './channels/index.ts'
import { isAtLeast, isQuiet } from './quiet-hours.ts'
import type { ChannelSettings, NotifySettings } from './settings.ts'

/** Something to send to a channel. */
export interface Due {
  readonly channel: string
  readonly change: Change
}

/** An event that was not sent for so long is not sent any more: a channel that is new, or a run that was killed, causes no storm. */
export const catchUpMs = 60 * 60_000

/**
 * What is still to be sent of an incident, oldest first. A pure function of the record, the settings and a clock: what the record
 * says was sent, whatever became of it, is not due again.
 */
export function dueDeliveries(
  events: readonly Event[],
  incident: string,
  settings: { readonly notify: NotifySettings; readonly incident: IncidentSettings },
  now: Date,
): readonly Due[] {
  const sent = new Set(
    events.flatMap((event) =>
      event.kind === 'notification-sent' ? [keyOf(event.channel, event.about)] : [],
    ),
  )
  const joins = joiningLevels(settings.incident)
  const changes = [...changesOf(events, incident), ...rehearsalChangesOf(events, incident)]
  return changes.flatMap((change) => {
    if (now.getTime() - Date.parse(change.event.at) > catchUpMs) return []
    return Object.entries(settings.notify.channels)
      .filter(([name, channel]) => isSubscribed(channel, change, joins.get(name) ?? 1))
      .filter(([name]) => !sent.has(keyOf(name, change.event.id)))
      .map(([channel]) => ({ channel, change }))
  })
}

/** What makes a delivery the same one: a channel and an event. */
export function keyOf(channel: string, event: string): string {
  return `${channel}/${event}`
}

/** The ids of an incident's messages in a channel: those of the newest delivery that has them. Each opening begins anew. */
export function idsOf(
  events: readonly Event[],
  { event: { incident }, after: { openedAt } }: Change,
  channel: string,
): MessageIds {
  const own = events.flatMap((event) =>
    event.kind === 'notification-sent' && event.channel === channel && event.incident === incident
      ? [event]
      : [],
  )
  return Object.assign({}, ...own.filter(({ at }) => at >= openedAt).map(({ message }) => message ?? {}))
}

/** The level from which on a channel takes part; one that no level names does so from the first. */
function joiningLevels({ levels }: IncidentSettings): ReadonlyMap<string, number> {
  const joins = new Map<string, number>()
  for (const [index, { channels }] of levels.entries())
    for (const name of channels) if (!joins.has(name)) joins.set(name, index + 1)
  return joins
}

/** Of some types, not every change says anything new. */
const types: Readonly<
  Record<string, { readonly schema: unknown; readonly isNews?: (change: Change) => boolean }>
> = channelTypes

function isSubscribed(channel: ChannelSettings, change: Change, joinsAt: number): boolean {
  const { topic, event, after } = change
  if (after.level < joinsAt) return false
  if (types[channel.type]?.isNews?.(change) === false) return false
  // it joins by this message, whatever else it wants to know of
  const joinsNow = event.kind === 'incident-escalated' && event.after < joinsAt && joinsAt > 1
  if (!joinsNow && !channel.events.some((each) => each === topic)) return false
  if (after.rehearsal) return 'rehearsals' in channel && channel.rehearsals
  if (!isAtLeast(after.severity, channel.severity)) return false
  return !isQuiet(channel['quiet-hours'], new Date(event.at), after.severity)
}
