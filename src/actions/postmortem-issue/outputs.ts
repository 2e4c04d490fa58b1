import type { Issue } from '../../github/issues.ts'
import type { Event } from '../../history/event.ts'
import { code, heading, link, paragraph, renderMarkdown } from '../../text/markdown.ts'
import type { FiledPostmortem } from '../../views/postmortem/file.ts'
import type { IncidentFacts } from '../../views/postmortem/incident-facts.ts'
import type { WriteUp } from '../../views/postmortem/issue.ts'
import type { Reminder } from '../../views/postmortem/remind.ts'
import type { SubIssues } from '../../views/postmortem/sub-issues.ts'
import type { PostmortemStep } from './contract.ts'

/** Says that there is no such incident. */
export function publishNone(step: PostmortemStep, incident: string, events: readonly Event[]): void {
  const reason = events.some((event) => event.incident === incident) ? 'healthy' : 'no-events'
  step.log.info(`the history has no incident ${incident}: no issue is written`)
  step.setOutputs({ incident, decision: 'none', 'reason-code': reason })
}

/** Sets the outputs, and writes the summary. */
export async function publishIssue(
  step: PostmortemStep,
  { incident, status }: Pick<IncidentFacts, 'incident' | 'status'>,
  { issue, url, outcome }: WriteUp,
): Promise<void> {
  step.log.info(`the post-mortem is ${url} (${outcome})`)
  step.setOutputs({
    incident,
    decision: outcome,
    'reason-code': status.replaceAll(' ', '-'),
    'issue-number': issue,
    'issue-url': url,
  })
  await step.writeSummary(
    renderMarkdown([
      heading(2, 'Post-mortem'),
      paragraph(link(url, `#${issue}`), ` ${outcome} for incident `, code(incident)),
    ]),
  )
}

/** Says which action items became issues. */
export function publishSubIssues(
  { log, setOutputs }: PostmortemStep,
  { number, url }: Issue,
  { created, existing, left }: SubIssues,
): void {
  log.info(
    `#${number}: ${created.length} sub-issues were created, ${existing} action items had one${left.length > 0 ? `, and ${left.length} are left` : ''}`,
  )
  if (left.length > 0)
    log.warning(
      `an issue has at most 100 sub-issues, including closed ones: ${left.length} action items of #${number} have no sub-issue`,
      'Post-mortem',
    )
  setOutputs({
    decision: left.length > 0 ? 'partial' : created.length > 0 ? 'created' : 'unchanged',
    'reason-code': left.length > 0 ? 'no-room' : 'sub-issues',
    'issue-number': number,
    'issue-url': url,
    'sub-issues': created.join(','),
  })
}

/** Says of which post-mortems people were reminded. */
export function publishReminders({ log, setOutputs }: PostmortemStep, reminders: readonly Reminder[]): void {
  for (const { issue, overdue, outcome } of reminders)
    log.info(
      `#${issue}: ${overdue.length} overdue action items, ${outcome === 'written' ? 'reminded' : 'reminded this week already'}`,
    )
  const written = reminders.filter(({ outcome }) => outcome === 'written')
  setOutputs({
    decision: written.length > 0 ? 'reminded' : 'unchanged',
    'reason-code': reminders.length > 0 ? 'overdue' : 'none-overdue',
  })
}

/** Says where the post-mortem is, or will be, as a file. */
export function publishFile(
  { log, setOutputs }: PostmortemStep,
  { number, url }: Issue,
  { path, pull }: FiledPostmortem,
): void {
  log.info(
    pull === undefined ? `${path} is already the post-mortem of #${number}` : `${pull.url} adds ${path}`,
  )
  setOutputs({
    decision: pull === undefined ? 'unchanged' : 'proposed',
    'reason-code': 'file',
    'issue-number': number,
    'issue-url': url,
    ...(pull !== undefined && { 'pull-url': pull.url }),
  })
}
