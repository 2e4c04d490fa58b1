import type { Event } from '../history/event.ts'
import type { Incident, Phase } from './incident.ts'

/** What users of the product read: no revision, environment, check or name of ours. */
export interface UserText {
  readonly title: string
  readonly text: string
  readonly status: PublicStatus
}

/** As status pages call it. */
export type PublicStatus = 'investigating' | 'identified' | 'monitoring' | 'resolved'

const statuses: Readonly<Record<Phase, PublicStatus>> = {
  investigating: 'investigating',
  identified: 'identified',
  'rolling back': 'identified',
  monitoring: 'monitoring',
  resolved: 'resolved',
}

/**
 * A draft for the users, by how the incident stands. Of our own texts only: nothing from a check, a commit or a comment is in it.
 * @param service what users call it, from the settings
 * @param events of any incident, oldest first
 */
export function userTextOf(incident: Incident, service: string, events: readonly Event[]): UserText {
  const { phase, openedAt, resolved } = incident
  const since = `that began at ${clock(openedAt)}`
  const isUndone = events.some(
    (event) =>
      event.kind === 'rollback-applied' && event.incident === incident.incident && event.at >= openedAt,
  )
  const texts: Readonly<Record<Phase, string>> = {
    investigating: `We are investigating problems with ${service} ${since}. You may see errors. We will post an update when we know more.`,
    identified: `We believe that a recent change of ours causes the problems with ${service} ${since}. We are preparing to undo it. You may still see errors.`,
    'rolling back': `We are undoing a recent change to end the problems with ${service} ${since}. You may still see errors.`,
    monitoring: `We have undone a recent change to end the problems with ${service} ${since}. We are checking that everything works as usual.`,
    resolved: `The problems with ${service} ${since} ended at ${clock(resolved?.at ?? openedAt, openedAt)}.${isUndone ? ' We have undone the change that we believe caused them.' : ''} We are sorry for the trouble.`,
  }
  return { title: `Problems with ${service}`, text: texts[phase], status: statuses[phase] }
}

/** With its day, as a status page is read for days, unless it is that of a time which was named before. */
function clock(at: string, before = ''): string {
  const [day, time] = new Date(at).toISOString().split('T')
  return `${time?.slice(0, 5)} UTC${before.startsWith(`${day}T`) ? '' : ` on ${day}`}`
}
