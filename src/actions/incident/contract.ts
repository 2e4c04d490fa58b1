import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { severities } from '../../text/severity.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const incident = defineAction({
  name: 'incident',
  title: 'Incident response',
  description:
    'Opens, updates, acknowledges, escalates and resolves incidents, and notifies the next level when nobody has acknowledged one in time.',
  branding: { icon: 'bell', color: 'red' },
  permissions: { contents: 'write' },
  morePermissions: {
    'deployments: read': deployedRevision,
    'issues: write':
      'to keep the incident’s issue up to date and mention the people of a level in it; without it, a warning says so',
  },
  afterCancelled: 'run it again: no level is notified twice',
  inputs: {
    ...commonInputs,
    operation: input.choice({
      description:
        '`open`, `update` (severity, note), `acknowledge`, `escalate`, `publish` (a text for users) or `resolve`. `escalate` notifies the levels that are due, of all incidents of the environment; with `when: now`, the next level of one incident.',
      options: ['open', 'update', 'acknowledge', 'escalate', 'publish', 'resolve'],
      default: 'escalate',
    }),
    incident: input.text({
      description: 'Id of the incident. Default: the newest of the environment that is not resolved.',
    }),
    severity: input.choice({
      description: 'Severity, for `open` (by default `high`) and `update`.',
      options: ['', ...severities],
    }),
    note: input.text({ description: 'What the timeline should say.' }),
    text: input.text({
      description:
        'Text for users, for `publish`: status pages of `notify.channels` show it. Default: a draft with the status of the incident.',
    }),
    reason: input.text({ description: 'Why, for the timeline and the notification.' }),
    when: input.choice({
      description: '`due`: only when nobody acknowledged the incident in time. `now`: at once.',
      options: ['due', 'now'],
      default: 'due',
    }),
    wait: input.duration({
      description:
        'How long the step waits for levels to become due, such as `1h`. It ends early if no more levels can become due. The job uses runner minutes while it waits. Default: it checks once.',
    }),
  },
  rules: [
    { inputs: ['severity'], onlyWith: { input: 'operation', is: ['open', 'update'] } },
    { inputs: ['note'], onlyWith: { input: 'operation', is: ['update'] } },
    { inputs: ['text'], onlyWith: { input: 'operation', is: ['publish'] } },
    { inputs: ['when', 'wait'], onlyWith: { input: 'operation', is: ['escalate'] } },
    { inputs: ['wait'], notWith: { input: 'when', is: ['now'] } },
    { inputs: ['incident'], notWith: { input: 'operation', is: ['open'] } },
    { inputs: ['revision'], onlyWith: { input: 'operation', is: ['open'] } },
  ],
  outputs: {
    ...commonOutputs,
    decision:
      '`opened`, `updated`, `acknowledged`, `escalated`, `published`, `resolved`, `unchanged`, or `none` if there is no open incident.',
    severity: '`critical`, `high`, `medium` or `low`.',
    status: '`open`, `acknowledged` or `resolved`.',
    level: 'The highest level that was notified, from 1.',
  },
})

export type IncidentStep = StepOf<typeof incident>
