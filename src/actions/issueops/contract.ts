import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const issueops = defineAction({
  name: 'issueops',
  title: 'Rollback by comment',
  description:
    'Runs `/rollback`, `/hold`, `/ack`, `/escalate`, `/resolve`, `/severity`, `/note` and `/publish` from comments of people who can write to the repository, and replies.',
  branding: { icon: 'message-square', color: 'orange' },
  permissions: { contents: 'write', issues: 'write' },
  morePermissions: { 'deployments: read': deployedRevision },
  afterCancelled: 'write the comment again',
  inputs: {
    ...commonInputs,
    operation: input.choice({
      description:
        '`read` parses the comment of the event, and sets or lifts a hold; `answer` replies with the result of a rollback.',
      options: ['read', 'answer'],
      default: 'read',
    }),
    outcome: input.text({
      description: 'The output `decision` of rollback. Empty: the rollback did not finish.',
    }),
    commit: input.text({ description: 'The output `commit` of rollback.' }),
    postmortem: input.text({ description: 'The output `issue-number` of postmortem-issue.' }),
  },
  rules: [{ inputs: ['outcome', 'commit', 'postmortem'], onlyWith: { input: 'operation', is: ['answer'] } }],
  outputs: {
    ...commonOutputs,
    decision:
      '`roll-back`, `plan`, `hold`, `unhold`, `ack`, `escalate`, `resolve`, `severity`, `note`, `publish`, `refused` (no write permission, unknown command, or unknown environment), `none` (no command, written by a bot, or edited) or `answered`.',
    environment: 'Name of the environment that the command names.',
    target: 'The good revision, if the comment names one.',
    reason: 'The reason, as the comment gives it.',
  },
})

export type IssueOpsStep = StepOf<typeof issueops>
