import { readEvidence } from '../../views/postmortem/evidence.ts'
import { gatherFacts } from '../../views/postmortem/incident-facts.ts'
import { writeUp } from '../../views/postmortem/issue.ts'
import { openWorkplace } from '../wiring.ts'
import type { PostmortemStep } from './contract.ts'
import { publishIssue, publishNone } from './outputs.ts'

/** Writes an incident up in an issue. */
export async function run(step: PostmortemStep): Promise<void> {
  const { inputs, context, secrets, log } = step
  const workplace = await openWorkplace(step, { actsOn: false })
  const { repository, config, readHistory, record, compactHistory } = workplace
  const incident = inputs.incident || workplace.incident
  const events = await readHistory()
  const facts = gatherFacts(events, incident)
  if (facts === undefined) return publishNone(step, incident, events)
  const evidence = await readEvidence(repository, facts)
  for (const clause of evidence.unread) log.info(`not in the post-mortem: ${clause}`)
  const { labels, assignees } = config.postmortem
  const written = await writeUp(repository, {
    facts,
    evidence,
    links: { repositoryUrl: `${context.serverUrl}/${context.owner}/${context.repo}` },
    labels: inputs.labels.length > 0 ? inputs.labels : labels,
    assignees: inputs.assignees.length > 0 ? inputs.assignees : assignees,
    redact: secrets.redact,
  })
  const { issue, url } = written
  await record({ kind: 'postmortem-opened', issue, url }, [String(issue)], facts)
  await compactHistory()
  await publishIssue(step, facts, written)
}
