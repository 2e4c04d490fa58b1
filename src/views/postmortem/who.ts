import type { PhrasingContent } from 'mdast'
import type { Event, EventOf } from '../../history/event.ts'
import { code, link } from '../../text/markdown.ts'

/** What people do themselves: a command in a comment, or an input of a run that they started for it. */
const byPeople: ReadonlySet<Event['kind']> = new Set([
  'hold-set',
  'hold-lifted',
  'incident-opened',
  'incident-severity-set',
  'incident-acknowledged',
  'incident-resolved',
  'incident-noted',
  'incident-published',
])

/**
 * Who acted, with the run that it was in. An event's actor is whoever caused the run: for what a check or an automatic rollback
 * did that is somebody who pushed a commit hours ago, and did nothing in the incident.
 * @param events of the incident, oldest first
 */
export function whoActed(event: Event, events: readonly Event[]): PhrasingContent {
  const name = code(nameOf(event, events))
  return event.run === undefined ? name : link(event.run.url, name)
}

function nameOf(event: Event, events: readonly Event[]): string {
  if (byPeople.has(event.kind)) return event.actor
  switch (event.kind) {
    case 'incident-escalated':
      return event.requested ? event.actor : 'escalation (automatic)'
    case 'postmortem-opened':
      return 'postmortem-issue'
    case 'health-checked':
    case 'impact-assessed':
    case 'rollback-requested':
      return 'health-gate'
    case 'recovery-verified':
      return isWithinRollback(event, events) ? rollbackOf(event, events) : 'health-gate'
    default:
      return rollbackOf(event, events)
  }
}

/** By the rollback that began last before the event: a person asked for it, or nobody did. */
function rollbackOf(event: Event, events: readonly Event[]): string {
  const began = beganBefore(event, events)
  const automatic = event.kind === 'rollback-applied' ? event.automatic : began?.automatic
  if (automatic === undefined) return 'rollback'
  return automatic ? 'rollback (automatic)' : `rollback (started by ${(began ?? event).actor})`
}

function beganBefore(event: Event, events: readonly Event[]): EventOf<'rollback-began'> | undefined {
  const before = events.slice(0, events.indexOf(event) + 1)
  return before.findLast((each) => each.kind === 'rollback-began')
}

function isWithinRollback(event: Event, events: readonly Event[]): boolean {
  const before = events.slice(0, events.indexOf(event))
  const last = before.findLast(({ kind }) => kind === 'rollback-began' || kind === 'rollback-ended')
  return last?.kind === 'rollback-began'
}
