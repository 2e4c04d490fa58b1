import type { Event } from '../../history/event.ts'
import { code, heading, link, paragraph, renderMarkdown } from '../../text/markdown.ts'
import type { IncidentFacts } from '../../views/postmortem/incident-facts.ts'
import type { WriteUp } from '../../views/postmortem/issue.ts'
import type { PostmortemStep } from './contract.ts'

/** Says that there is no such incident. */
export function publishNone(step: PostmortemStep, incident: string, events: readonly Event[]): void {
  const reason = events.some((event) => event.incident === incident) ? 'healthy' : 'no-events'
  step.log.info(`the history knows of no incident ${incident}: no issue is written`)
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
