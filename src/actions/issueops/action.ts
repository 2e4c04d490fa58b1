import { InputError } from '../../errors.ts'
import { answer, describeOutcome, hear, type PersonsComment } from '../../issueops/reply.ts'
import { runAction, type Step } from '../../runner/action.ts'
import { isAuthorsOwn } from '../../runner/context.ts'
import { settingsOf, usualEnvironment } from '../../settings/environments.ts'
import { openSettings, openWorkplace } from '../wiring.ts'
import { issueops } from './contract.ts'

type IssueOpsStep = Step<typeof issueops.inputs, keyof typeof issueops.outputs>

await runAction(issueops, async (step) => {
  const { inputs, context, log } = step
  const comment = commentOf(step)
  const opened = await openSettings(step)
  const { repository, settings } = opened
  const finish = (decision: string, reasonCode: string, command: Record<string, string> = {}) => {
    const ids = { decision, 'reason-code': reasonCode, ...command }
    step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
    log.info(`the comment: ${decision} (${reasonCode})`)
  }

  if (inputs.operation === 'answer') {
    const { outcome: decision, commit, postmortem } = inputs
    const url = context.run?.url ?? `${context.serverUrl}/${context.owner}/${context.repo}/actions`
    const said = describeOutcome({ decision, commit, postmortem, url })
    await answer(repository, comment, { ...said, key: 'outcome' })
    return finish('answered', decision || 'not-ended')
  }

  const named = (name: string) => name || inputs.environment || usualEnvironment(settings)
  const heard = await hear(repository, comment, (name) => settingsOf(settings, named(name)).environment)
  if (heard.kind !== 'command') return finish(heard.kind, heard.why)
  const { command } = heard
  const { environment, reason } = command
  if (command.name === 'rollback') {
    const { target } = command
    return finish(command.plan ? 'plan' : 'roll-back', 'asked-for', { environment, target, reason })
  }
  const { incident, record } = await openWorkplace(step, { opened, environment, actsOn: false })
  const holds = command.name === 'hold'
  const because = reason || `asked for in a comment on #${comment.on}`
  await record({ kind: holds ? 'hold-set' : 'hold-lifted', because }, [String(comment.id)])
  await answer(repository, comment, {
    reaction: 'rocket',
    words: holds
      ? `Automatic rollbacks of \`${environment}\` are on hold until somebody writes \`/unhold ${environment}\`.`
      : `Automatic rollbacks of \`${environment}\` are no longer on hold.`,
  })
  finish(command.name, 'asked-for', { incident, environment, reason: because })
})

/** @throws InputError when the event is no comment */
function commentOf({ context: { event, eventName } }: IssueOpsStep): PersonsComment {
  const { comment, issue } = event
  if (comment === undefined || issue === undefined)
    throw new InputError(`the event ${eventName} is no comment; run this action on: issue_comment`)
  const { id, body, user } = comment
  const author = user === null ? undefined : { login: user.login, isBot: user.type === 'Bot' }
  return { id, body, on: issue.number, author, isNew: isAuthorsOwn(event) }
}
