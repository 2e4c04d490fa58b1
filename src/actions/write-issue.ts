import { readRequiredFile } from '../deployment/required-file.ts'
import { isUserFacing, message } from '../errors.ts'
import { ownersBetween } from '../github/code-owners.ts'
import type { Step } from '../runner/step.ts'
import { readEvidence } from '../views/postmortem/evidence.ts'
import { gatherFacts, type IncidentFacts } from '../views/postmortem/incident-facts.ts'
import { type WriteUp, writeUp } from '../views/postmortem/issue.ts'
import type { Workplace } from './wiring.ts'

type WritingStep = Pick<Step<Record<never, never>, string>, 'context' | 'log' | 'secrets' | 'explain'>

/** Writes an incident up in its issue. @throws RefusedError, UnavailableError */
export async function writeIssue(
  step: WritingStep,
  workplace: Workplace,
  facts: IncidentFacts,
  { labels, assignees }: { readonly labels: readonly string[]; readonly assignees: readonly string[] },
): Promise<WriteUp> {
  const { context, secrets, log } = step
  const { repository, config, branch } = workplace
  const { template: path, reviewWithinMs } = config.postmortem
  const evidence = await readEvidence(repository, facts)
  for (const clause of evidence.unread) log.info(`not in the post-mortem: ${clause}`)
  const owners = await findOwners(step, workplace, facts)
  return writeUp(repository, {
    ...{ facts, evidence, labels, assignees, reviewWithinMs, redact: secrets.redact },
    template:
      path && (await readRequiredFile(repository, { setting: 'postmortem.template', path, ref: branch })),
    links: {
      routes: config.postmortem.routes,
      repositoryUrl: `${context.serverUrl}/${context.owner}/${context.repo}`,
      responders: { service: config.incident.service, links: config.incident.links, owners },
    },
  })
}

/** Brings the issue of an incident up to date, where there is one; that this is not possible fails no response. */
export async function refreshIssue(step: WritingStep, workplace: Workplace, incident: string): Promise<void> {
  const events = await workplace.readHistory()
  const facts = gatherFacts(events, incident)
  if (facts === undefined || !facts.events.some(({ kind }) => kind === 'postmortem-opened')) return
  try {
    await writeIssue(step, workplace, facts, { labels: [], assignees: [] })
  } catch (error) {
    if (!isUserFacing(error)) throw error
    step.log.warning(`the issue of the incident is not up to date: ${step.explain(message`${error}`)}`)
  }
}

/** A look-up never stops what people are waiting for. */
async function findOwners(
  { log, explain }: WritingStep,
  { repository }: Workplace,
  { rollbacks }: IncidentFacts,
): Promise<readonly string[]> {
  const code = rollbacks.findLast(({ layer }) => layer === 'code')
  if (code === undefined || ![code.from, code.to].every((name) => /^[0-9a-f]{40,64}$/.test(name))) return []
  try {
    return await ownersBetween(repository, { base: code.to, head: code.from })
  } catch (error) {
    if (!isUserFacing(error)) throw error
    log.warning(`the owners of the undone files are not known: ${explain(message`${error}`)}`)
    return []
  }
}
