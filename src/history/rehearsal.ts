import type { Event } from './event.ts'

/** What a run of a rollback records. */
const recorded: ReadonlySet<Event['kind']> = new Set([
  'rollback-began',
  'rollback-applied',
  'rollback-proposed',
  'rollback-failed',
  'rollback-undone',
  'rollback-ended',
  'revision-deployed',
  'recovery-verified',
])

/**
 * The events without those of rehearsals: nothing was failing, and nothing of it is in force. What a run of a rollback records
 * belongs to the rollback of its incident that began last.
 * @param events of any incident, oldest first
 */
export function withoutRehearsals(events: readonly Event[]): readonly Event[] {
  const isRehearsed = rehearsalFilter()
  return events.filter((event) => !isRehearsed(event))
}

/** The events of rehearsals alone. */
export function onlyRehearsals(events: readonly Event[]): readonly Event[] {
  return events.filter(rehearsalFilter())
}

/** @returns what is asked of each event in turn, oldest first */
function rehearsalFilter(): (event: Event) => boolean {
  const rehearsed = new Set<string>()
  return (event) => {
    if (event.kind === 'rollback-began' && event.rehearsal === true) rehearsed.add(event.incident)
    else if (event.kind === 'rollback-began') rehearsed.delete(event.incident)
    return rehearsed.has(event.incident) && recorded.has(event.kind)
  }
}
