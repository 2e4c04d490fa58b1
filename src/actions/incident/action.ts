import { escalateFor, type Responded, type ResponseMeans } from '../../incident/carry-out.ts'
import { type OpenRequest, openIncident, respondToAll, wishesOf } from '../../incident/requests.ts'
import { findIncident } from '../../incident/respond.ts'
import { userTextOf } from '../../incident/user-text.ts'
import { mentionLevel } from '../mention-people.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import { refreshIssue } from '../write-issue.ts'
import type { IncidentStep } from './contract.ts'
import { publish, publishEscalations, publishNone } from './outputs.ts'

/** Opens, updates, acknowledges, escalates or resolves an incident. */
export async function run(step: IncidentStep): Promise<void> {
  const { inputs, now, context, secrets } = step
  const workplace = await openWorkplace(step, { actsOn: false })
  const means = responseMeans(step, workplace)
  const asked = {
    ...inputs,
    reason: secrets.redact(inputs.reason),
    text: secrets.redact(inputs.text),
    by: context.actor,
  }
  if (inputs.operation === 'open') {
    const request: OpenRequest = { ...asked, incident: workplace.incident }
    return publish(step, await openIncident(request, workplace, means))
  }
  if (inputs.operation === 'escalate' && inputs.when === 'due') {
    const escalated: Responded[] = []
    await escalateFor(workplace.environment, {
      ...means,
      forMs: inputs.wait ?? 0,
      sleep: step.sleep,
      onEscalated: (responded) => escalated.push(responded),
    })
    for (const responded of escalated) {
      await mentionLevel(step, workplace, responded)
      await refreshIssue(step, workplace, responded.incident.incident)
    }
    return publishEscalations(step, escalated)
  }
  const { environment } = workplace
  const events = await workplace.readHistory()
  const found = findIncident(events, { environment, incident: inputs.incident })
  if (found === undefined) return publishNone(step, environment)
  const draft = userTextOf(found, workplace.config.incident.service, events)
  const responded = await respondToAll(found, wishesOf(asked, now(), draft), means)
  if (inputs.operation === 'escalate') await mentionLevel(step, workplace, responded)
  await refreshIssue(step, workplace, found.incident)
  await publish(step, responded)
}

function responseMeans(
  { context, now }: IncidentStep,
  { config, readHistory, claim }: Workplace,
): ResponseMeans {
  const { respondMs, levels } = config.incident
  return { readHistory, claim, now, policy: { respondMs, levels: levels.length }, key: context.stepKey }
}
