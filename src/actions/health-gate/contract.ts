import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const healthGate = defineAction({
  name: 'health-gate',
  title: 'Health gate',
  description:
    'Watches production after a deployment, and says whether it is healthy, why, and whether to roll back.',
  branding: { icon: 'activity', color: 'green' },
  permissions: { contents: 'write' },
  morePermissions: {
    'issues: read': 'to see a hold by label; without it labels are left out, and the log says so',
    'deployments: read': `with \`mode: watch\`, for a check of \`type: github\`, and ${deployedRevision}`,
    'checks: read': 'for a check of `type: github`',
    'statuses: read': 'for a check of `type: github`',
    'actions: write': 'with `dispatch`',
    'pull-requests: read': 'to see a hold by the label of a pull request',
  },
  afterCancelled:
    'nothing is known about the deployment; run it again, or look back at it with `mode: watch`',
  inputs: {
    ...commonInputs,
    url: input.text({
      description:
        'Address that has to answer with a 2xx status: a critical check by itself, beside the others.',
    }),
    checks: input.text({
      setting: 'health.checks',
      description:
        'Checks in YAML, as under `health.checks` in the configuration file. Left empty: those of the file.',
    }),
    window: input.duration({
      setting: 'health.window',
      description: 'How long to watch, e.g. `5m`. Left empty: the configured one, else `5m`.',
    }),
    interval: input.duration({
      setting: 'health.interval',
      description: 'Time between two looks, e.g. `15s`. Left empty: the configured one, else `15s`.',
    }),
    'deployed-at': input.text({
      description:
        'When the deployment began, e.g. `2026-11-24T12:00:00Z`: what is counted is counted from then on, and compared with the hour before. Left empty: when the deployment of the event was created, else the start of the step.',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, e.g. from the variable `vars.ROLLBACK_HOLD`: with any text, an unhealthy production is told and not rolled back. The label `rollback-hold` on an open issue does the same.',
    }),
    mode: input.choice({
      description:
        '`gate` watches after a deployment. `snapshot` looks once before it, so that the gate knows what passed. `watch` is for a schedule: it looks back at the newest deployment. `verify` looks after a rollback whether it helped. `assess` measures what users noticed.',
      default: 'gate',
      options: ['gate', 'snapshot', 'watch', 'verify', 'assess'],
    }),
    'max-duration': input.duration({
      description:
        'How long the step may take, at most: its `timeout-minutes`. The window is cut so that the verdict is out before.',
    }),
    dispatch: input.text({
      description:
        'File of the workflow that rolls back: it is started, once for a revision, when the decision is `roll-back`. Left empty: nothing is started.',
    }),
    'dispatch-inputs': input.pairs({
      description:
        'Inputs of that workflow, `NAME=VALUE` one a line; `{revision}`, `{environment}` and `{incident}` stand for what was found bad.',
    }),
    'dispatch-ref': input.text({
      description: 'Branch that it runs on. Left empty: the configured branch, else the default branch.',
    }),
    'watch-for': input.duration({
      description: 'With `watch`: how long after its deployment a revision is watched. Left empty: `24h`.',
      default: '24h',
    }),
    'up-tries': input.count({
      description: 'With `verify`: how often it is asked whether production is up, at most.',
      default: '3',
    }),
    'up-pause': input.duration({
      description: 'With `verify`: the time between two of these tries.',
      default: '30s',
    }),
    'fail-on': input.choices({
      description:
        'Verdicts that fail the step, of `unhealthy`, `error`, `pre-existing`, `not-deployed` and `inconclusive`, separated by commas.',
      default: 'unhealthy, error, pre-existing, not-deployed',
      options: ['unhealthy', 'error', 'pre-existing', 'not-deployed', 'inconclusive'],
    }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`roll-back`, `hold` (unhealthy, but in the cooldown, rolled back once already, or on hold) or `keep`.',
    revision:
      'Full id of the revision that was judged: with `watch` that of the deployment, for the step that rolls it back.',
    verdict:
      '`healthy`, `unhealthy`, `inconclusive` (looked, too little evidence), `error` (could not look), `pre-existing` (was so before the deployment: no rollback will help) or `not-deployed` (another revision is served than the one that was deployed).',
    severity:
      'The worst severity among the checks that are beyond their limits: `critical`, `high`, `medium`, `low` or `none`.',
    issues: 'Names of the checks that are beyond their limits, separated by commas.',
    report: 'Path of the full report, JSON.',
    samples: 'Path of all samples, JSON: a list of `check`, `at`, `state`, `value` and `counts`.',
    'dispatched-run': 'Id of the run that `dispatch` started; empty if it started none.',
  },
})
