import type { Event } from './event.ts'
import type { History } from './history.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * Records events; those that are recorded at the same time are appended together, in one request, and so is what a subscriber has
 * to add.
 */
export function recordTogether(
  history: Pick<History, 'append'>,
  subscriber?: Subscriber,
): (event: Event) => Promise<void> {
  let waiting: { readonly events: Event[]; readonly done: Promise<void> } | undefined
  return (event) => {
    if (waiting !== undefined) {
      waiting.events.push(event)
      return waiting.done
    }
    const events: [Event, ...Event[]] = [event]
    const done = Promise.resolve().then(async () => {
      waiting = undefined
      const added = subscriber?.unrecorded() ?? []
      await history.append(...events, ...added)
      subscriber?.recorded(added)
      subscriber?.happened(events)
    })
    waiting = { events, done }
    return done
  }
}
