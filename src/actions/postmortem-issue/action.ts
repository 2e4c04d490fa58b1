import { readRequiredFile } from '../../deployment/required-file.ts'
import { readEvidence } from '../../views/postmortem/evidence.ts'
import { filePostmortem } from '../../views/postmortem/file.ts'
import { gatherFacts, type IncidentFacts } from '../../views/postmortem/incident-facts.ts'
import { demandPostmortem, writeUp } from '../../views/postmortem/issue.ts'
import { remindOverdue } from '../../views/postmortem/remind.ts'
import { createSubIssues } from '../../views/postmortem/sub-issues.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import type { PostmortemStep } from './contract.ts'
import { publishFile, publishIssue, publishNone, publishReminders, publishSubIssues } from './outputs.ts'

/** Writes an incident up in an issue, or carries out what is asked of its action items. */
export async function run(step: PostmortemStep): Promise<void> {
  const { inputs, secrets, now } = step
  const { redact } = secrets
  const workplace = await openWorkplace(step, { actsOn: false })
  const { repository, config, readHistory, branch } = workplace
  const incident = inputs.incident || workplace.incident
  const events = await readHistory()
  if (inputs.operation === 'remind')
    return publishReminders(step, await remindOverdue(repository, events, { now: now(), redact }))
  const facts = gatherFacts(events, incident)
  if (facts === undefined) return publishNone(step, incident, events)
  if (inputs.operation === 'write') return write(step, workplace, facts)
  const issue = await demandPostmortem(repository, facts)
  if (inputs.operation === 'sub-issues')
    return publishSubIssues(step, issue, await createSubIssues(repository, issue, { incident, redact }))
  const { folder } = config.postmortem
  return publishFile(step, issue, await filePostmortem(repository, issue, { facts, base: branch, folder }))
}

async function write(step: PostmortemStep, workplace: Workplace, facts: IncidentFacts): Promise<void> {
  const { inputs, context, secrets, log } = step
  const { repository, config, record, compactHistory, branch } = workplace
  const { labels, assignees, template: path } = config.postmortem
  const evidence = await readEvidence(repository, facts)
  for (const clause of evidence.unread) log.info(`not in the post-mortem: ${clause}`)
  const written = await writeUp(repository, {
    ...{ facts, evidence },
    template:
      path && (await readRequiredFile(repository, { setting: 'postmortem.template', path, ref: branch })),
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
