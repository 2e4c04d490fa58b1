import type { Repository } from '../github/client.ts'
import { commentOnce } from '../github/issues.ts'
import type { Event } from '../history/event.ts'
import type { Incident } from '../incident/incident.ts'

/**
 * Mentions the people of the level that was notified, in the incident's issue, once a level.
 * @param people users and teams, from the settings
 * @returns false where there is no issue, or nobody to mention
 */
export async function mentionPeople(
  repository: Repository,
  events: readonly Event[],
  { incident, episode, level, severity, environment }: Incident,
  people: readonly string[],
): Promise<boolean> {
  const written = events.findLast(
    (event) => event.kind === 'postmortem-opened' && event.incident === incident,
  )
  if (written?.kind !== 'postmortem-opened' || people.length === 0) return false
  const names = people.map((name) => `@${name}`).join(' ')
  const state = level === 1 ? 'is open' : `is escalated to level ${level}`
  const body = `${names} This incident of \`${environment}\` (severity ${severity}) ${state}. Comment \`/ack\` to acknowledge it.`
  await commentOnce(repository, {
    number: written.issue,
    marker: `rollback-level: ${incident} ${episode} ${level}`,
    body,
  })
  return true
}
