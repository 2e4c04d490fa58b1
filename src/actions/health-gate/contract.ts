import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'

export const healthGate = defineAction({
  name: 'health-gate',
  title: 'Health gate',
  description:
    'Watches production after a deployment, and decides whether it is healthy, why, and whether to roll back.',
  branding: { icon: 'activity', color: 'green' },
  permissions: { contents: 'write' },
  morePermissions: {
    'issues: read': 'to read holds by label; without it, labels are not checked, and the log says so',
    'deployments: read': `with \`mode: watch\`, for a check of \`type: github\`, and ${deployedRevision}`,
    'checks: read': 'for a check of `type: github`',
    'statuses: read': 'for a check of `type: github`',
    'actions: write': 'with `dispatch`',
    'pull-requests: read': 'to read a hold by the label of a pull request',
  },
  afterCancelled: 'the deployment was not judged; run it again, or judge it later with `mode: watch`',
  inputs: {
    ...commonInputs,
    url: input.text({
      description: 'URL that must answer with a 2xx status: a critical check, in addition to the others.',
    }),
    checks: input.text({
      setting: 'health.checks',
      description:
        'Checks in YAML, as under `health.checks` in the configuration file. Default: those of the file.',
    }),
    window: input.duration({
      setting: 'health.window',
      description: 'How long to watch, such as `5m`. Default: the configured window, else `5m`.',
    }),
    interval: input.duration({
      setting: 'health.interval',
      description:
        'Time between two rounds of checks, such as `15s`. Default: the configured interval, else `15s`.',
    }),
    'deployed-at': input.text({
      description:
        'When the deployment began, with its zone, such as `2026-11-24T12:00:00Z`. Counts start then, and are compared with the hour before. Default: when the deployment of the event was created, else the start of the step.',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, such as from the variable `vars.ROLLBACK_HOLD`. With any text, the gate reports an unhealthy production and does not start a rollback. The label `rollback-hold` on an open issue does the same.',
    }),
    mode: input.choice({
      description:
        '`gate` watches after a deployment. `snapshot` runs the checks once before it, so that the gate knows which passed. `watch` is for a schedule: it judges the newest deployment again. `verify` checks after a rollback that production has recovered. `assess` measures what users noticed.',
      default: 'gate',
      options: ['gate', 'snapshot', 'watch', 'verify', 'assess'],
    }),
    'max-duration': input.duration({
      description:
        'How long the step may take, at most: its `timeout-minutes`. The window is shortened so that the verdict comes before that.',
    }),
    dispatch: input.text({
      description:
        'File name of the workflow that rolls back. It is started once for a revision, when the decision is `roll-back`. Default: nothing is started.',
    }),
    'dispatch-inputs': input.pairs({
      description:
        'Inputs of that workflow, `NAME=VALUE` one a line; `{revision}`, `{environment}` and `{incident}` are replaced by those of the failed deployment.',
    }),
    'dispatch-ref': input.text({
      description: 'Branch that it runs on. Default: the configured branch, else the default branch.',
    }),
    'watch-for': input.duration({
      description: 'How long after its deployment a revision is watched.',
      default: '24h',
    }),
    'up-tries': input.count({
      description: 'How often to check that production is up, at most.',
      default: '3',
    }),
    'up-pause': input.duration({
      description: 'The pause between two of these checks.',
      default: '30s',
    }),
    'fail-on': input.choices({
      description:
        'Verdicts that fail the step, of `unhealthy`, `error`, `pre-existing`, `not-deployed` and `inconclusive`, separated by commas. Default with `mode: verify`: all of them.',
      default: 'unhealthy, error, pre-existing, not-deployed',
      options: ['unhealthy', 'error', 'pre-existing', 'not-deployed', 'inconclusive'],
    }),
  },
  rules: [
    { inputs: ['watch-for'], onlyWith: { input: 'mode', is: ['watch'] } },
    { inputs: ['up-tries', 'up-pause'], onlyWith: { input: 'mode', is: ['verify'] } },
    { inputs: ['hold', 'dispatch'], onlyWith: { input: 'mode', is: ['gate', 'watch'] } },
    { inputs: ['window'], notWith: { input: 'mode', is: ['snapshot'] } },
    { inputs: ['dispatch-inputs', 'dispatch-ref'], onlyWith: { input: 'dispatch' } },
  ],
  outputs: {
    ...commonOutputs,
    decision:
      '`roll-back`, `hold` (unhealthy, but in the cooldown, already rolled back once, or on hold) or `keep`.',
    revision: 'Full id of the revision that was judged; with `watch`, that of the newest deployment.',
    verdict:
      '`healthy`, `unhealthy`, `inconclusive` (too little evidence), `error` (could not measure), `pre-existing` (failing before the deployment: a rollback will not help) or `not-deployed` (the served revision is not the deployed one).',
    severity:
      'The highest severity among the checks that exceed their limits: `critical`, `high`, `medium`, `low` or `none`.',
    issues: 'Names of the checks that exceed their limits, separated by commas.',
    report: 'Path of the full report, JSON.',
    samples: 'Path of all samples, JSON: a list of `check`, `at`, `state`, `value` and `counts`.',
    'dispatched-run': 'Id of the run that `dispatch` started; empty if it started none.',
  },
})

export type HealthGateStep = StepOf<typeof healthGate>
