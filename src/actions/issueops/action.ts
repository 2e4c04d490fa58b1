import { InputError } from '../../errors.ts'
import { answer, describeOutcome, hear, type PersonsComment } from '../../issueops/reply.ts'
import { runAction, type Step } from '../../runner/action.ts'
import { openWorkplace } from '../wiring.ts'
import { issueops } from './contract.ts'

type IssueOpsStep = Step<typeof issueops.inputs, keyof typeof issueops.outputs>

await runAction(issueops, async (step) => {
  const { inputs, context, log } = step
  const comment = commentOf(step)
  const { repository, environment, incident, record } = await openWorkplace(step)
  const finish = (decision: string, reasonCode: string, command: Record<string, string> = {}) => {
    const ids = { incident, decision, 'reason-code': reasonCode }
    step.setOutputs({ ...ids, ...command, result: JSON.stringify({ schema: 1, ...ids }) })
    log.info(`the comment: ${decision} (${reasonCode})`)
  }

  if (inputs.operation === 'answer') {
    const { outcome: decision, commit, postmortem } = inputs
    const url = context.run?.url ?? `${context.serverUrl}/${context.owner}/${context.repo}/actions`
    const said = describeOutcome({ decision, commit, postmortem, url })
    await answer(repository, comment, { ...said, key: 'outcome' })
    return finish('answered', decision || 'not-ended')
  }

  const heard = await hear(repository, comment)
  if (heard.kind !== 'command') return finish(heard.kind, heard.why)
  const { command } = heard
  if (command.name === 'rollback') {
    const { target, reason } = command
    const named = { environment: command.environment, target, reason }
    return finish(command.plan ? 'plan' : 'roll-back', 'asked-for', named)
  }
  const holds = command.name === 'hold'
  const because = command.reason || `asked for in a comment on #${comment.on}`
  await record({ kind: holds ? 'hold-set' : 'hold-lifted', because }, [String(comment.id)])
  await answer(repository, comment, {
    reaction: 'rocket',
    words: holds
      ? `Automatic rollbacks of \`${environment}\` are on hold until somebody writes \`/unhold\`.`
      : `Automatic rollbacks of \`${environment}\` are no longer on hold.`,
  })
  finish(command.name, 'asked-for', { environment, reason: because })
})

/** @throws InputError when the event is no comment */
function commentOf({ context: { event, eventName } }: IssueOpsStep): PersonsComment {
  const { comment, issue } = event
  if (comment === undefined || issue === undefined)
    throw new InputError(`the event ${eventName} is no comment; run this action on: issue_comment`)
  const { id, body, user } = comment
  const author = user === null ? undefined : { login: user.login, isBot: user.type === 'Bot' }
  return { id, body, on: issue.number, author }
}
