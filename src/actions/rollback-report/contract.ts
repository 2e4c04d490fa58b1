import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'

const { token, config } = commonInputs

export const rollbackReport = defineAction({
  name: 'rollback-report',
  title: 'Rollback report',
  description:
    'Reports rollbacks, downtime, trends and the five DORA metrics from the history, of one repository or many.',
  branding: { icon: 'bar-chart-2', color: 'blue' },
  permissions: { contents: 'read' },
  morePermissions: {
    'contents: write':
      'to remove old events with the input `retention-days`, and to add earlier ones with `import`',
    'issues: read':
      'to list open action items on the dashboard, and to import post-mortems; without it, the dashboard or the log says so',
    'deployments: read': 'to count and import deployments; without it, only those in the history count',
  },
  afterCancelled:
    'run it again: a report changes nothing, and pruning and importing continue where they stopped',
  inputs: {
    token,
    config,
    environment: input.name({
      description: 'The only environment to report. Default: all environments.',
    }),
    period: input.duration({
      description: 'How far back the report goes, in UTC, such as `30d`. At most `365d`.',
      default: '90d',
    }),
    repositories: input.list({
      description:
        'Repositories to report together, as `owner/name` or `owner/*`, separated by commas. Needs a token that can read them, such as that of a GitHub App. Default: this repository.',
    }),
    history: input.text({
      description:
        'Folder of a clone of the history branch, for a history that is too large to be read through the API. Default: the branch is read through the API.',
    }),
    folder: input.text({
      description:
        'Folder for the files, created if it does not exist. Default: a temporary folder of the job.',
    }),
    'retention-days': input.count({
      description:
        'Remove events older than this number of days from the history, such as `400`, and merge each past month into one file. Events of incidents, rollbacks and holds are kept. At least 90. With `0` the history is not changed.',
      default: '0',
    }),
    import: input.flag({
      description:
        'With `true`, add the records that GitHub has of the last year to the history: rollback tags, deployments, revert commits of deployed revisions and post-mortems. These events are only for reports.',
      default: 'false',
    }),
    'rollback-workflow': input.text({
      description:
        'File name of the workflow that rolls back, such as `rollback.yml`, for a link on the dashboard.',
    }),
    'least-success-percent': input.count({
      description: 'A recommendation is made if a smaller percentage of the rollbacks succeeds.',
      default: '90',
    }),
    'most-rollbacks': input.count({
      description: 'A recommendation is made if there are more rollbacks in the period.',
      default: '10',
    }),
    'most-undetected-percent': input.count({
      description:
        'A recommendation is made if a larger percentage of the rollbacks began before a check called for them.',
      default: '30',
    }),
    'longest-downtime': input.duration({
      description: 'A recommendation is made if incidents last longer on average.',
      default: '30m',
    }),
    'most-by-one-check': input.count({
      description: 'A recommendation is made if one check finds more failed deployments of an environment.',
      default: '2',
    }),
  },
  rules: [
    { inputs: ['history', 'retention-days', 'import'], notWith: { input: 'repositories' } },
    { inputs: ['retention-days', 'import'], notWith: { input: 'history' } },
  ],
  outputs: {
    ...commonOutputs,
    incident: 'Always empty: a report covers many incidents.',
    decision: '`reported`, or `empty` if there is neither an event nor a deployment.',
    'reason-code': '`recommendations`, `fine` or `no-events`.',
    folder: 'Folder of the files.',
    report: 'Path of the report, JSON: `schema/report.schema.json` describes it.',
    dashboard: 'Path of the dashboard, one HTML file.',
    pruned: 'With `retention-days`: number of events that were removed.',
    imported: 'With `import`: number of events that were added.',
    rollbacks: 'Number of rollbacks in the period.',
    recommendations: 'Number of recommendations.',
  },
})

export type RollbackReportStep = StepOf<typeof rollbackReport>
