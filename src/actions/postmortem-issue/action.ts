import { runAction } from '../../runner/action.ts'
import { code, heading, link, paragraph, renderMarkdown } from '../../text/markdown.ts'
import { gatherFacts } from '../../views/postmortem/incident-facts.ts'
import { writeUp } from '../../views/postmortem/issue.ts'
import { openWorkplace } from '../wiring.ts'
import { postmortemIssue } from './contract.ts'

await runAction(postmortemIssue, async (step) => {
  const { inputs, context, log, secrets } = step
  const workplace = await openWorkplace(step, { actsOn: false })
  const { repository, config, readHistory, record } = workplace
  const incident = inputs.incident || workplace.incident
  const events = await readHistory()
  const facts = gatherFacts(events, incident)
  if (facts === undefined) {
    const reason = events.some((event) => event.incident === incident) ? 'healthy' : 'no-events'
    const ids = { incident, decision: 'none', 'reason-code': reason }
    log.info(`the history knows of no incident ${incident}: no issue is written`)
    step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
    return
  }
  const { labels, assignees } = config.postmortem
  const { issue, url, outcome } = await writeUp(repository, {
    facts,
    links: { repositoryUrl: `${context.serverUrl}/${context.owner}/${context.repo}` },
    labels: inputs.labels.length > 0 ? inputs.labels : labels,
    assignees: inputs.assignees.length > 0 ? inputs.assignees : assignees,
    redact: secrets.redact,
  })
  log.info(`the post-mortem is ${url} (${outcome})`)
  await record({ kind: 'postmortem-opened', issue, url }, [String(issue)], facts)
  const ids = {
    incident,
    decision: outcome,
    'reason-code': facts.status.replaceAll(' ', '-'),
    'issue-number': issue,
    'issue-url': url,
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await step.writeSummary(
    renderMarkdown([
      heading(2, 'Post-mortem'),
      paragraph(link(url, `#${issue}`), ` ${outcome} for incident `, code(incident)),
    ]),
  )
})
