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
    'pull-requests: write': 'for the operation `file`',
    'pull-requests: read': 'to name the pull requests of the failed deployment',
  },
  afterCancelled: 'run it again to continue: an incident has one issue',
  inputs: {
    ...commonInputs,
    operation: input.choice({
      description:
        '`write`: create or update the issue. `sub-issues`: make a sub-issue of each open action item. `remind`: comment on each open post-mortem that has overdue action items, once a week. `file`: open a pull request with the post-mortem as a file.',
      options: ['write', 'sub-issues', 'remind', 'file'],
      default: 'write',
    }),
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
  rules: [
    { inputs: ['revision'], notWith: { input: 'incident' } },
    { inputs: ['labels', 'assignees'], onlyWith: { input: 'operation', is: ['write'] } },
    { inputs: ['incident'], onlyWith: { input: 'operation', is: ['write', 'sub-issues', 'file'] } },
  ],
  outputs: {
    ...commonOutputs,
    decision:
      '`created`, `updated`, `reopened` if the incident failed again after the issue was closed, `unchanged`, or `none` if there is no incident. With `sub-issues`: `created`, `unchanged`, or `partial` if there was no room for all. With `remind`: `reminded` or `unchanged`. With `file`: `proposed` or `unchanged`.',
    'issue-number': 'Number of the issue.',
    'issue-url': 'URL of the issue.',
    'sub-issues': 'Numbers of the sub-issues that were created, separated by commas.',
    'pull-url': 'URL of the pull request that adds the file.',
  },
})

export type PostmortemStep = StepOf<typeof postmortemIssue>
