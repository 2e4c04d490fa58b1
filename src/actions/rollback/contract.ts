import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { failureRules, issueTypes } from '../../settings/rollback.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'

export const rollback = defineAction({
  name: 'rollback',
  title: 'Rollback suite',
  description:
    'Takes production back to the last good state, layer by layer: database, code, over-the-air updates; proves that it is well again.',
  branding: { icon: 'rotate-ccw', color: 'red' },
  permissions: { contents: 'write', deployments: 'read' },
  morePermissions: {
    'actions: read':
      'with `mode: plan` and `mode: apply`, to see who has approved the job: without it no approval counts',
    'actions: write': 'with `code.redeploy`',
    'issues: read': 'to see whether a label holds automatic rollbacks; without it labels are not looked at',
    'pull-requests: read': 'to list the pull requests that are undone; without it they are left out',
    'pull-requests: write': 'where the rules of the branch want a pull request',
  },
  afterCancelled: 'run it again to continue: what is done is recorded and is not done twice',
  inputs: {
    ...commonInputs,
    mode: input.choice({
      description:
        '`auto` plans and does it; `plan` prints the plan, saves it, and changes nothing; `apply` does what a saved plan says, and refuses when the world has moved since; `doctor` checks that a rollback would work now, changes nothing, and fails when it would not.',
      default: 'auto',
      options: ['auto', 'plan', 'apply', 'doctor'],
    }),
    plan: input.text({ description: 'For `apply`: path of the saved plan, from the output `plan`.' }),
    approval: input.text({
      description:
        'For `apply`: the environment of this job. An approval of its reviewers, given after the plan was made, counts as asked for by a person. Left empty: the environment that is rolled back.',
    }),
    'issue-type': input.choice({
      description:
        'What is wrong, as far as one knows; the configuration says which layers that takes. `unknown` takes all that the deployment changed.',
      default: 'unknown',
      options: issueTypes,
    }),
    layers: input.list({
      description:
        'The layers to roll back, of `database`, `code`, `ota`, separated by commas. Left empty: those of the issue type.',
    }),
    target: input.text({
      description:
        'The good revision, as in the input `target` of git-rollback. Left empty: the configured one, else `last-successful-deployment`.',
    }),
    reason: input.text({
      description: 'Why, in a sentence, for the commit, the tag and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    url: input.text({
      description:
        'Address that has to answer with a 2xx status, beside the configured checks: whether production is failing, and whether it is well again.',
    }),
    'on-failure': input.choice({
      setting: 'rollback.on-failure',
      description: 'When a layer fails: `stop`, `continue`, `undo`, or as `configured`.',
      default: 'configured',
      options: ['configured', ...failureRules],
    }),
    rehearsal: input.flag({
      description:
        'Practise it: roll back though nothing is wrong, look, and take all of it back. Refused for production and for the default branch.',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, e.g. from the variable `vars.ROLLBACK_HOLD`: with any text, only a person may roll back.',
    }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`complete` (every layer is back, deployed where `code.redeploy` is set, and nothing that was looked at contradicts it), `already-rolled-back` (an earlier run did it, and that still holds), `proposed` (waits for a pull request), `not-deployed`, `not-recovered` (production is still failing), `not-verified` (production could not be looked at), `partial`, `failed`, `undone`, `planned`, `nothing` (nothing to roll back), `well` (production is not failing any more), `rehearsed` or `held` (manual approval required). With `mode: doctor`: `ready` (a rollback would work now), `not-ready`, or `unsure` (something could not be looked at).',
    plan: 'Path of the plan, JSON.',
    layers: 'The layers that are rolled back, separated by commas, in their order.',
    commit:
      'Full id of the revision to deploy now: the rollback commit; where the code was not rolled back, the revision that is deployed.',
    tag: 'Name of the tag on the rollback commit.',
    'pull-request': 'Number of the pull request that proposes the rollback of the code.',
    recovery: '`recovered`, `not-recovered` or `unknown` (not looked at, or not known).',
    report: 'Path of the full report, JSON.',
  },
})
