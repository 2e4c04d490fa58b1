import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const postmortemIssue = defineAction({
  name: 'postmortem-issue',
  title: 'Post-mortem issue',
  description:
    'Writes an incident up in one issue from the history, and keeps it up to date without touching what people wrote.',
  branding: { icon: 'book-open', color: 'purple' },
  permissions: { contents: 'write', issues: 'write' },
  morePermissions: { 'deployments: read': deployedRevision },
  afterCancelled: 'run it again to continue: one issue is written for an incident',
  inputs: {
    ...commonInputs,
    incident: input.text({
      description:
        'Id of the incident, from the output of another action. Left empty: made of environment and revision.',
    }),
    labels: input.list({
      description: 'Labels of a new issue, separated by commas. Left empty: the configured ones.',
    }),
    assignees: input.list({
      description: 'Who a new issue is assigned to, separated by commas. Left empty: the configured ones.',
    }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`created`, `updated`, `unchanged`, or `none` when there is no incident.',
    'issue-number': 'Number of the issue.',
    'issue-url': 'Address of the issue.',
  },
})
