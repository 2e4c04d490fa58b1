import type { Responded } from '../incident/carry-out.ts'
import { timeOfNote, type Wish } from '../incident/respond.ts'
import type { UserText } from '../incident/user-text.ts'
import type { IncidentCommand } from './command.ts'

/**
 * The wish of a command; a text where its time is none, one clause.
 * @param on number of the issue
 * @param draft what users would be told
 */
export function wishOf(
  command: IncidentCommand,
  { on, now, draft }: { readonly on: number; readonly now: Date; readonly draft: UserText },
): Wish | string {
  if (command.name === 'publish') return { kind: 'publish', ...draft, text: command.text || draft.text }
  if (command.name === 'note') {
    const happenedAt = command.at === '' ? now : timeOfNote(command.at, now)
    const written = command.at.replaceAll('`', '').slice(0, 60)
    return happenedAt === undefined
      ? `\`${written}\` is not a time in the past; write \`14:05\` (UTC) or \`2026-11-24T14:05Z\``
      : { kind: 'note', note: command.note, happenedAt }
  }
  const because = command.reason || `asked for in a comment on #${on}`
  if (command.name === 'severity') return { kind: 'severity', severity: command.severity, because }
  if (command.name === 'escalate') return { kind: 'escalate', when: 'now', because }
  return { kind: command.name === 'ack' ? 'acknowledge' : 'resolve', because }
}

/** What is answered to a command. @param pages how many channels publish for users */
export function describeResponse(
  name: IncidentCommand['name'],
  { incident, changed, why }: Responded,
  pages: number,
): { readonly reaction: 'rocket'; readonly words: string } {
  const { severity, level } = incident
  const done = {
    ack: 'Acknowledged: no further level is notified.',
    escalate: `Escalated to level ${level}.`,
    resolve: 'Resolved.',
    severity: `The severity is ${severity}.`,
    note: 'The note is in the timeline.',
    publish:
      pages > 0
        ? 'The text goes to the status page; the job summary says whether it was published.'
        : 'The text is in the timeline. No status page is configured in `notify.channels`, so it is not published.',
  }
  const words = changed ? done[name] : `Nothing changed: ${why.replace(/[`@#]/g, '')}.`
  return { reaction: 'rocket', words: `${words} Incident \`${incident.incident}\`.` }
}
