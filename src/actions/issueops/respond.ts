import { carryOutWish } from '../../incident/carry-out.ts'
import { findIncident } from '../../incident/respond.ts'
import type { IncidentCommand } from '../../issueops/command.ts'
import { answer, type PersonsComment } from '../../issueops/reply.ts'
import { describeResponse, wishOf } from '../../issueops/respond.ts'
import { type Opened, openWorkplace } from '../wiring.ts'
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
  const found = findIncident(await readHistory(), { environment, issue: comment.on })
  const wish = wishOf(command, { on: comment.on, now: step.now() })
  if (found === undefined || typeof wish === 'string') {
    const words = typeof wish === 'string' ? wish : `there is no open incident of \`${environment}\``
    await answer(opened.repository, comment, { reaction: 'confused', words: `Nothing was done: ${words}.` })
    return publish(step, 'refused', typeof wish === 'string' ? 'misunderstood' : 'no-open-incident')
  }
  const { respondMs, levels } = config.incident
  const responded = await carryOutWish(found, wish, {
    ...{ readHistory, claim, now: step.now, key: String(comment.id) },
    policy: { respondMs, levels: levels.length },
  })
  await answer(opened.repository, comment, describeResponse(name, responded))
  const { incident } = responded.incident
  publish(step, name, responded.reasonCode, { incident, environment })
}
