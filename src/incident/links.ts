import type { Event } from '../history/event.ts'
import type { Incident } from './incident.ts'

/** What a link of the settings may name. */
export const placeholders = ['incident', 'environment', 'from', 'to'] as const

/** A link with its title. */
export interface TitledLink {
  readonly label: string
  readonly url: string
}

/** The links of the settings, such as the room to meet in and a dashboard, for an incident. @param events of it, oldest first */
export function fillLinks(
  links: Readonly<Record<string, string>>,
  { incident, environment, revision }: Incident,
  events: readonly Event[],
): readonly TitledLink[] {
  const applied = events.findLast((event) => event.kind === 'rollback-applied')
  const values: Readonly<Record<(typeof placeholders)[number], string>> = {
    ...{ incident, environment, from: revision },
    to: applied?.kind === 'rollback-applied' ? applied.to : '',
  }
  return Object.entries(links).map(([label, template]) => ({
    label,
    url: placeholders.reduce(
      (url, name) => url.replaceAll(`{${name}}`, encodeURIComponent(values[name])),
      template,
    ),
  }))
}
