import { createHash } from 'node:crypto'
import type { Repository } from '../../github/client.ts'
import { commentOnce, isTrusted, readIssue } from '../../github/issues.ts'
import type { Event } from '../../history/event.ts'
import { bulletList, code, mention, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { type ActionItem, isOverdue } from './action-items.ts'
import { openActionItems } from './sub-issues.ts'

/** The newest post-mortems: an older one that is still open is not news to anybody. */
const mostPostmortems = 50
const weekMs = 7 * 24 * 60 * 60_000

export interface Reminder {
  readonly issue: number
  readonly overdue: readonly ActionItem[]
  readonly outcome: 'written' | 'already-there'
}

/**
 * Reminds the owners of overdue action items, in a comment on each open post-mortem: once, and again every week.
 * @param events of any incident, oldest first
 */
export async function remindOverdue(
  repository: Repository,
  events: readonly Event[],
  { now, redact }: { readonly now: Date; readonly redact: (text: string) => string },
): Promise<readonly Reminder[]> {
  const opened = new Map(
    events.flatMap((event) => (event.kind === 'postmortem-opened' ? [[event.issue, event.incident]] : [])),
  )
  const reminders: Reminder[] = []
  for (const [number, incident] of [...opened].slice(-mostPostmortems)) {
    const issue = await readIssue(repository, number)
    // only whoever may write mentions people through us
    if (issue === undefined || !issue.open || !(await isTrusted(repository, issue))) continue
    const overdue = (await openActionItems(repository, issue, incident)).filter((item) =>
      isOverdue(item, now),
    )
    if (overdue.length === 0) continue
    const body = redact(writeReminder(overdue))
    const outcome = await commentOnce(repository, { number, marker: markerOf(overdue, now), body })
    reminders.push({ issue: number, overdue, outcome })
  }
  return reminders
}

function markerOf(overdue: readonly ActionItem[], now: Date): string {
  const which = overdue.map(({ id, due }) => `${id} ${due}`).sort()
  const week = Math.floor(now.getTime() / weekMs)
  return `rollback-overdue: ${createHash('sha256')
    .update([...which, week].join('\n'))
    .digest('hex')
    .slice(0, 24)}`
}

function writeReminder(overdue: readonly ActionItem[]): string {
  return renderMarkdown([
    paragraph(
      `${overdue.length === 1 ? 'An action item is' : `${overdue.length} action items are`} overdue:`,
    ),
    bulletList(
      overdue
        .slice(0, 50)
        .map(({ text: what, owner, due = '' }) => [
          text(what.slice(0, 300)),
          text(', due '),
          code(due),
          ...(owner === undefined ? [text(', without an owner')] : [text(', '), mention(owner)]),
        ]),
    ),
    paragraph('Tick the item, close its issue, or write a later date.'),
  ])
}
