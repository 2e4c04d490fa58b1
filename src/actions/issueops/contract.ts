import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const issueops = defineAction({
  name: 'issueops',
  title: 'Rollback by comment',
  description:
    'Reads `/rollback`, `/hold` and `/unhold` from a comment of somebody who may write to the repository, and answers.',
  branding: { icon: 'message-square', color: 'orange' },
  permissions: { contents: 'write', issues: 'write' },
  morePermissions: { 'deployments: read': deployedRevision },
  afterCancelled: 'write the comment again',
  inputs: {
    ...commonInputs,
    operation: input.choice({
      description:
        '`read` reads the comment of the event, and carries a hold out; `answer` says in the end what became of a rollback.',
      options: ['read', 'answer'],
      default: 'read',
    }),
    outcome: input.text({
      description:
        'For `answer`: the output `decision` of rollback. Left empty: the rollback did not come to an end.',
    }),
    commit: input.text({ description: 'For `answer`: the output `commit` of rollback.' }),
    postmortem: input.text({ description: 'For `answer`: the output `issue-number` of postmortem-issue.' }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`roll-back`, `plan`, `hold`, `unhold`, `refused` (no write access, not understood, or an unknown environment), `none` (no command, a bot’s, or not newly written by its author) or `answered`.',
    environment: 'Name of the environment that the command is about.',
    target: 'The good revision, where the comment gives one.',
    reason: 'Why, in the words of the comment.',
  },
})
