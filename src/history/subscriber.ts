import type { Event } from './event.ts'

/** A view of the history that is told of what is appended, and has events of its own to append, which nobody waits for. */
export interface Subscriber {
  /** Told of events that are in the history now; returns at once and never throws. */
  readonly happened: (events: readonly Event[]) => void
  /** Events of its own that are not in the history yet: they go there together with the next ones, in the same request. */
  readonly unrecorded: () => readonly Event[]
  /** Told that the history has them. */
  readonly recorded: (events: readonly Event[]) => void
}
