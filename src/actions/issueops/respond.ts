import { carryOutWish } from '../../incident/carry-out.ts'
import { findIncident } from '../../incident/respond.ts'
import { userTextOf } from '../../incident/user-text.ts'
import type { IncidentCommand } from '../../issueops/command.ts'
import { answer, type PersonsComment } from '../../issueops/reply.ts'
import { describeResponse, wishOf } from '../../issueops/respond.ts'
import { mentionLevel } from '../mention-people.ts'
import { type Opened, openWorkplace, type Workplace } from '../wiring.ts'
import { refreshIssue } from '../write-issue.ts'
import type { IssueOpsStep } from './contract.ts'
import { publish } from './outputs.ts'

/** Carries out a command about the incident of the issue, or of the open one, and answers. */
export async function respond(
  step: IssueOpsStep,
  opened: Opened,
  comment: PersonsComment,
  command: IncidentCommand,
): Promise<void> {
  const { name, environment } = command
  const workplace = await openWorkplace(step, { opened, environment, actsOn: false })
  const { config, readHistory, claim } = workplace
  const events = await readHistory()
  const found = findIncident(events, { environment, issue: comment.on })
  const refuse = async (why: 'misunderstood' | 'no-open-incident', words: string) => {
    await answer(opened.repository, comment, { reaction: 'confused', words: `Nothing was done: ${words}.` })
    publish(step, 'refused', why)
  }
  if (found === undefined)
    return refuse('no-open-incident', `there is no open incident of \`${environment}\``)
  const draft = userTextOf(found, config.incident.service, events)
  const wish = wishOf(command, { on: comment.on, now: step.now(), draft })
  if (typeof wish === 'string') return refuse('misunderstood', wish)
  const { respondMs, levels } = config.incident
  const responded = await carryOutWish(found, wish, {
    ...{ readHistory, claim, now: step.now, key: String(comment.id) },
    policy: { respondMs, levels: levels.length },
  })
  if (name === 'escalate') await mentionLevel(step, workplace, responded)
  await refreshIssue(step, workplace, responded.incident.incident)
  await answer(opened.repository, comment, describeResponse(name, responded, pagesOf(config)))
  const { incident } = responded.incident
  publish(step, name, responded.reasonCode, { incident, environment })
}

function pagesOf({ notify }: Workplace['config']): number {
  return Object.values(notify.channels).filter(({ type }) => type === 'statuspage' || type === 'instatus')
    .length
}
