import { isAboutIncident } from '../../issueops/command.ts'
import {
  answer,
  commentOf,
  confirmHold,
  describeOutcome,
  hear,
  type PersonsComment,
} from '../../issueops/reply.ts'
import { isAuthorsOwn } from '../../runner/context.ts'
import { settingsOf, usualEnvironment } from '../../settings/environments.ts'
import { type Opened, openSettings, openWorkplace } from '../wiring.ts'
import type { IssueOpsStep } from './contract.ts'
import { publish } from './outputs.ts'
import { respond } from './respond.ts'

/** Reads the command of a comment and carries a hold out, or says what became of a rollback. */
export async function run(step: IssueOpsStep): Promise<void> {
  const { inputs, context } = step
  const comment = commentOf(context.event, { ...context, isNew: isAuthorsOwn(context.event) })
  const opened = await openSettings(step)
  if (inputs.operation === 'read') return read(step, opened, comment)
  const { outcome: decision, commit, postmortem } = inputs
  const url = context.run?.url ?? `${context.serverUrl}/${context.owner}/${context.repo}/actions`
  const said = describeOutcome({ decision, commit, postmortem, url })
  await answer(opened.repository, comment, { ...said, key: 'outcome' })
  publish(step, 'answered', decision || 'not-ended')
}

async function read(step: IssueOpsStep, opened: Opened, comment: PersonsComment): Promise<void> {
  const { repository, settings } = opened
  const named = (name: string) => name || step.inputs.environment || usualEnvironment(settings)
  const heard = await hear(repository, comment, (name) => settingsOf(settings, named(name)).environment)
  if (heard.kind !== 'command') return publish(step, heard.kind, heard.why)
  const { command } = heard
  if (isAboutIncident(command)) return respond(step, opened, comment, command)
  const { name, environment, reason } = command
  if (name === 'rollback') {
    const { plan, target } = command
    return publish(step, plan ? 'plan' : 'roll-back', 'asked-for', { environment, target, reason })
  }
  const { incident, record } = await openWorkplace(step, { opened, environment, actsOn: false })
  const because = reason || `asked for in a comment on #${comment.on}`
  await record({ kind: name === 'hold' ? 'hold-set' : 'hold-lifted', because }, [String(comment.id)])
  await confirmHold(repository, comment, { name, environment })
  publish(step, name, 'asked-for', { incident, environment, reason: because })
}
