import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { failureRules, issueTypes } from '../../settings/rollback-choices.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { reviewInputs } from '../plan-inputs.ts'

export const rollback = defineAction({
  name: 'rollback',
  title: 'Rollback suite',
  description:
    'Rolls production back to the last good state, layer by layer: feature flags, configuration, database, code, over-the-air updates; and verifies that it is healthy.',
  branding: { icon: 'rotate-ccw', color: 'red' },
  permissions: { contents: 'write', deployments: 'read' },
  morePermissions: {
    'actions: read':
      'with `mode: plan` and `mode: apply`, to read who approved the job; without it, no approval counts',
    'actions: write': 'with `code.redeploy`',
    'issues: read': 'to read labels that hold automatic rollbacks; without it, labels are not checked',
    'pull-requests: read': 'to list the pull requests that are undone; without it, they are not listed',
    'pull-requests: write': 'where the rules of the branch require a pull request',
  },
  afterCancelled: 'run it again to continue: completed steps are not repeated',
  inputs: {
    ...commonInputs,
    mode: input.choice({
      description:
        '`auto` plans and applies; `plan` prints and saves the plan, and changes nothing; `apply` applies a saved plan, and refuses it if its preconditions no longer hold; `doctor` checks that a rollback would work now, changes nothing, and fails if it would not.',
      default: 'auto',
      options: ['auto', 'plan', 'apply', 'doctor'],
    }),
    plan: input.text({ description: 'Path of the saved plan, from the output `plan`.' }),
    approval: reviewInputs.approval,
    'issue-type': input.choice({
      description:
        'What is wrong, if known. The configuration maps it to layers. `unknown` selects every layer that the deployment changed.',
      default: 'unknown',
      options: issueTypes,
    }),
    layers: input.list({
      description:
        'The layers to roll back, of `flags`, `config`, `database`, `code`, `ota`, separated by commas. Default: those of the issue type.',
    }),
    target: input.text({
      setting: 'code.target',
      description:
        'The good revision, as in the input `target` of git-rollback. Default: the configured one, else `last-successful-deployment`.',
    }),
    reason: input.text({
      description: 'The reason, in one sentence, for the commit, the tag and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    url: input.text({
      description:
        'URL that must answer with a 2xx status: one more critical check, before and after the rollback.',
    }),
    'on-failure': input.choice({
      setting: 'rollback.on-failure',
      description: 'What to do when a layer fails: `stop`, `continue`, `undo`, or as `configured`.',
      default: 'configured',
      options: ['configured', ...failureRules],
    }),
    rehearsal: reviewInputs.rehearsal,
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, such as from the variable `vars.ROLLBACK_HOLD`. Any text holds automatic rollbacks; manual rollbacks are not held.',
    }),
  },
  rules: [
    { inputs: ['plan', 'approval'], onlyWith: { input: 'mode', is: ['apply'] } },
    { inputs: ['plan'], requiredWith: { input: 'mode', is: ['apply'] } },
    { inputs: ['rehearsal'], onlyWith: { input: 'mode', is: ['auto'] } },
  ],
  rollsBack: true,
  outputs: {
    ...commonOutputs,
    decision:
      '`complete` (every layer is rolled back and deployed, and production is healthy), `rolled-back` (every layer is rolled back, and with `code.redeploy: external` a later step must deploy `commit` and verify production), `already-rolled-back` (an earlier run did it, it still holds, and production is healthy), `proposed` (nothing takes effect until the pull request is merged; the step fails, unless `code.delivery` is `pull-request`), `not-deployed` (the restored revision is not deployed), `not-recovered` (production is still failing), `not-verified` (production could not be checked, or no check is configured), `partial`, `failed`, `undone`, `planned`, `nothing` (nothing to roll back), `well` (production is no longer failing), `rehearsed` or `held` (manual approval required). With `mode: doctor`: `ready` (a rollback would work now), `not-ready`, or `unsure` (something could not be checked).',
    plan: 'Path of the saved plan, JSON.',
    layers: 'The layers that are rolled back, in order, separated by commas.',
    commit:
      'Full id of the revision to deploy now: the rollback commit, or the deployed revision if the code was not rolled back.',
    tag: 'Name of the tag on the rollback commit.',
    'pull-request': 'Number of the pull request that proposes the rollback of the code.',
    recovery: '`recovered`, `not-recovered` or `unknown` (not checked, or too little evidence).',
    report: 'Path of the full report, JSON.',
  },
})

export type RollbackStep = StepOf<typeof rollback>
