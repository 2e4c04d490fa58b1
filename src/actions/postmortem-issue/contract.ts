import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const postmortemIssue = defineAction({
  name: 'postmortem-issue',
  title: 'Post-mortem issue',
  description:
    'Writes the post-mortem of an incident as one issue, from the history, and keeps it up to date without changing what people wrote.',
  branding: { icon: 'book-open', color: 'purple' },
  permissions: { contents: 'write', issues: 'write' },
  morePermissions: {
    'deployments: read': `${deployedRevision}, and to count from the deployment`,
    'pull-requests: read': 'to name the pull requests of the failed deployment',
  },
  afterCancelled: 'run it again to continue: an incident has one issue',
  inputs: {
    ...commonInputs,
    incident: input.text({
      description:
        'Id of the incident, from the output of another action. Default: derived from environment and revision.',
    }),
    labels: input.list({
      setting: 'postmortem.labels',
      description: 'Labels of a new issue, separated by commas. Default: the configured ones.',
    }),
    assignees: input.list({
      setting: 'postmortem.assignees',
      description: 'Assignees of a new issue, separated by commas. Default: the configured ones.',
    }),
  },
  rules: [{ inputs: ['revision'], notWith: { input: 'incident' } }],
  outputs: {
    ...commonOutputs,
    decision: '`created`, `updated`, `unchanged`, or `none` if there is no incident.',
    'issue-number': 'Number of the issue.',
    'issue-url': 'URL of the issue.',
  },
})

export type PostmortemStep = StepOf<typeof postmortemIssue>
