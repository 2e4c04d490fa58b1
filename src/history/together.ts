import type { Event } from './event.ts'
import type { History } from './history.ts'

/** Records events; those that are recorded at the same time are appended together, in one request. */
export function recordTogether(history: Pick<History, 'append'>): (event: Event) => Promise<void> {
  let waiting: { readonly events: Event[]; readonly done: Promise<void> } | undefined
  return (event) => {
    if (waiting !== undefined) {
      waiting.events.push(event)
      return waiting.done
    }
    const events: [Event, ...Event[]] = [event]
    const done = Promise.resolve().then(async () => {
      waiting = undefined
      await history.append(...events)
    })
    waiting = { events, done }
    return done
  }
}
