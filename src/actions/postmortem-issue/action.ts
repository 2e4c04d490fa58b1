import { filePostmortem } from '../../views/postmortem/file.ts'
import { gatherFacts, type IncidentFacts } from '../../views/postmortem/incident-facts.ts'
import { demandPostmortem } from '../../views/postmortem/issue.ts'
import { remindOverdue } from '../../views/postmortem/remind.ts'
import { createSubIssues } from '../../views/postmortem/sub-issues.ts'
import { mentionFirstLevel } from '../mention-people.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import { writeIssue } from '../write-issue.ts'
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
  const { inputs } = step
  const { config, record, compactHistory } = workplace
  const { labels, assignees } = config.postmortem
  const written = await writeIssue(step, workplace, facts, {
    labels: inputs.labels.length > 0 ? inputs.labels : labels,
    assignees: inputs.assignees.length > 0 ? inputs.assignees : assignees,
  })
  const { issue, url } = written
  await record({ kind: 'postmortem-opened', issue, url }, [String(issue)], facts)
  await mentionFirstLevel(step, workplace, facts.incident)
  await compactHistory()
  await publishIssue(step, facts, written)
}
