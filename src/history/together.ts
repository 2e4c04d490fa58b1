import type { Event } from './event.ts'
import type { History } from './history.ts'
import type { Subscriber } from './subscriber.ts'

/**
 * Records events; those that are recorded at the same time, or while an append is on its way, are appended together, in one request,
 * and so is what a subscriber has to add. Two appends at once would move the branch under each other.
 */
export function recordTogether(
  history: Pick<History, 'append'>,
  subscriber?: Subscriber,
): (event: Event) => Promise<void> {
  let waiting: { readonly events: Event[]; readonly done: Promise<void> } | undefined
  let onItsWay: Promise<void> = Promise.resolve()
  return (event) => {
    if (waiting !== undefined) {
      waiting.events.push(event)
      return waiting.done
    }
    const events: [Event, ...Event[]] = [event]
    const done = onItsWay.then(async () => {
      waiting = undefined
      const added = subscriber?.unrecorded() ?? []
      await history.append(...events, ...added)
      subscriber?.recorded(added)
      subscriber?.happened(events)
    })
    waiting = { events, done }
    // one that fails ends those that wait for it, and not the next append
    onItsWay = done.catch(() => {})
    return done
  }
}
