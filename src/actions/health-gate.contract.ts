import { defineAction } from '../runner/contract.ts'
import { input } from '../runner/inputs.ts'
import { commonInputs, commonOutputs } from './contract-parts.ts'

export const healthGate = defineAction({
  name: 'health-gate',
  title: 'Health gate',
  description:
    'Watches production after a deployment, and says whether it is healthy, why, and whether to roll back.',
  branding: { icon: 'activity', color: 'green' },
  permissions: { contents: 'write' },
  morePermissions: {
    'issues: read': 'to see a hold by label; without it labels are left out, and the log says so',
    'pull-requests: read': 'to see a hold by the label of a pull request',
  },
  inputs: {
    ...commonInputs,
    url: input.text({
      description:
        'Address that has to answer with a 2xx status: a critical check by itself, beside the others.',
    }),
    checks: input.text({
      description:
        'Checks in YAML, as under `health.checks` in the configuration file. Left empty: those of the file.',
    }),
    window: input.duration({
      description: 'How long to watch, e.g. `5m`. Left empty: the configured one, else `5m`.',
    }),
    interval: input.duration({
      description: 'Time between two looks, e.g. `15s`. Left empty: the configured one, else `15s`.',
    }),
    'deployed-at': input.text({
      description:
        'When the deployment began, e.g. `2026-11-24T12:00:00Z`: what is counted is counted from then on, and compared with the hour before. Left empty: when the deployment of the event was created, else the start of the step.',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, e.g. `${{ vars.ROLLBACK_HOLD }}`: with any text, an unhealthy production is told and not rolled back. The label `rollback-hold` on an open issue does the same.',
    }),
    'fail-on': input.choices({
      description:
        'Verdicts that fail the step, of `unhealthy`, `error`, `pre-existing` and `inconclusive`, separated by commas.',
      default: 'unhealthy, error, pre-existing',
      options: ['unhealthy', 'error', 'pre-existing', 'inconclusive'],
    }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`roll-back`, `hold` (unhealthy, but in the cooldown, rolled back once already, or on hold) or `keep`.',
    verdict:
      '`healthy`, `unhealthy`, `inconclusive` (looked, too little evidence), `error` (could not look) or `pre-existing` (was so before the deployment: no rollback will help).',
    report: 'Path of the full report, JSON.',
  },
})
