import { deliveries } from '../../layers/code/deliveries.ts'
import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { planInputs, planOutputs, planPermissions, planRules } from '../plan-inputs.ts'

export const gitRollback = defineAction({
  name: 'git-rollback',
  title: 'Git rollback',
  description:
    'Restores a branch to the content of a good revision with one new commit, and tags it; on GitHub or any git server.',
  branding: { icon: 'rotate-ccw', color: 'orange' },
  permissions: { contents: 'write', deployments: 'read' },
  morePermissions: {
    'pull-requests: read': 'to list the pull requests that are undone; without it, they are not listed',
    'pull-requests: write': 'to open a pull request, and for `comment`; without it, no comment is written',
    'deployments: write': 'for `record-deployment`; without it, nothing is recorded',
    'issues: read': 'to read labels that hold automatic rollbacks; without it, labels are not checked',
    ...planPermissions,
    'actions: write': 'with `redeploy`',
    'checks: read': 'with the target `last-green`',
    'statuses: read': 'with the target `last-green`',
  },
  afterCancelled: 'run it again to continue: a branch that is already rolled back is not changed again',
  inputs: {
    ...commonInputs,
    token: input.secret({
      description: 'Token for the GitHub API. Not used with `remote`.',
      default: commonInputs.token.default,
    }),
    remote: input.text({
      description:
        'Repository on a git server that is not GitHub: an http or https URL without credentials, or an absolute path. It is rolled back instead of the repository of the workflow.',
    }),
    'remote-username': input.text({ description: 'The user name.', default: 'git' }),
    'remote-password': input.secret({ description: 'The password or access token.' }),
    branch: input.name({
      description: 'The deployed branch. Default: the configured one, else the default branch.',
    }),
    target: input.name({
      setting: 'code.target',
      description:
        'The good revision: `last-successful-deployment`, `previous-deployment-tag`, `last-green`, a commit id, a tag, a branch, or `HEAD~n`. It must be an older revision of the branch; with `restore`, it can also be a revision that a tag or a successful deployment of the environment names. `undo` reverts the newest rollback of the branch; `reapply` opens a draft pull request that restores the undone work, so that it can be fixed there.',
      default: 'last-successful-deployment',
    }),
    reason: input.text({
      description: 'The reason, in one sentence, for the commit, the tag and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    mode: input.choice({
      description:
        '`restore` restores the content of the target, which undoes everything after it; `revert` undoes only `commits` and keeps everything after them; `reset` moves the branch back to the target; `deploy-only` deploys the target by `redeploy` and leaves the branch unchanged; `list` lists the recent rollbacks.',
      default: 'restore',
      options: ['restore', 'revert', 'reset', 'deploy-only', 'list'],
    }),
    paths: input.list({
      description:
        'The only files and folders to restore, separated by commas, such as one app of a monorepo. A folder includes everything in it. Patterns are not supported.',
    }),
    commits: input.list({
      description: 'What to undo, separated by commas: commits, and ranges such as `v1.2..main`.',
    }),
    'allow-reset-default-branch': input.flag({
      description:
        'Allow the default branch. Existing clones still have the removed commits and can push them again.',
      default: 'false',
    }),
    mainline: input.count({
      description:
        'The parent of a merge commit to keep, counted from 1. Of a range, the commits along that parent are undone. 0 refuses merge commits.',
      default: '0',
    }),
    'tag-pattern': input.text({
      setting: 'code.tag-pattern',
      description: 'The pattern of the tag names, with one `*`.',
      default: 'deploy-*',
    }),
    checks: input.list({
      setting: 'code.checks',
      description: 'The checks that must have passed, separated by commas.',
    }),
    delivery: input.choice({
      setting: 'code.delivery',
      description:
        '`direct` updates the branch, `pull-request` opens a pull request, `auto` does what the rules of the branch allow.',
      default: 'auto',
      options: deliveries,
    }),
    labels: input.list({
      description: 'Labels of the pull request, separated by commas.',
      default: 'rollback',
    }),
    reviewers: input.list({
      description: 'Reviewers of the pull request, separated by commas: logins, and `team:NAME`.',
    }),
    'auto-merge': input.flag({
      description:
        'Merge the pull request as soon as its rules allow it, through the merge queue if there is one.',
      default: 'false',
    }),
    comment: input.flag({
      description: 'Comment once on each pull request that is undone.',
      default: 'true',
    }),
    'record-deployment': input.flag({
      description:
        'Update GitHub’s deployments: the deployment of the failed revision gets the state `failure`, and what `redeploy` deployed gets its own deployment.',
      default: 'true',
    }),
    redeploy: input.text({
      setting: 'code.redeploy.workflow',
      description:
        'File name of the workflow that deploys. The action starts it after the rollback and waits for it. It runs on the tag of the rollback, or on the branch if the environment or the conditions of the workflow require that. Default: nothing is deployed.',
    }),
    'redeploy-inputs': input.pairs({
      setting: 'code.redeploy.inputs',
      description:
        'Inputs of that workflow, one `NAME=VALUE` a line. `{revision}` is replaced by the rollback commit.',
    }),
    'redeploy-timeout': input.duration({
      setting: 'code.redeploy.timeout',
      description: 'How long its run may take, at most.',
      default: '30m',
    }),
    'max-commits': input.count({
      setting: 'code.max-commits',
      description: 'How many commits an automatic run may undo, at most.',
      default: '50',
    }),
    'max-age': input.duration({
      setting: 'rollback.max-age',
      description: 'How old the failed revision may be in an automatic run. Empty: any age.',
      default: '7d',
    }),
    'daily-cap': input.count({
      setting: 'rollback.daily-cap',
      description: 'How often the environment may be rolled back automatically within 24 hours.',
      default: '3',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, such as from the variable `vars.ROLLBACK_HOLD`. Any text holds automatic rollbacks; manual rollbacks are not held.',
    }),
    ...planInputs,
  },
  rules: [
    { inputs: ['paths'], onlyWith: { input: 'mode', is: ['restore'] } },
    { inputs: ['commits', 'mainline'], onlyWith: { input: 'mode', is: ['revert'] } },
    { inputs: ['commits'], requiredWith: { input: 'mode', is: ['revert'] } },
    { inputs: ['target'], notWith: { input: 'mode', is: ['revert', 'list'] } },
    { inputs: ['mode', 'paths'], notWith: { input: 'target', is: ['undo', 'reapply'] } },
    { inputs: ['allow-reset-default-branch'], onlyWith: { input: 'mode', is: ['reset'] } },
    { inputs: ['tag-pattern'], onlyWith: { input: 'target', is: ['previous-deployment-tag'] } },
    { inputs: ['checks'], onlyWith: { input: 'target', is: ['last-green'] } },
    { inputs: ['labels', 'reviewers', 'auto-merge'], notWith: { input: 'delivery', is: ['direct'] } },
    { inputs: ['redeploy-inputs', 'redeploy-timeout'], onlyWith: { input: 'redeploy' } },
    { inputs: ['redeploy', 'redeploy-inputs'], requiredWith: { input: 'mode', is: ['deploy-only'] } },
    { inputs: ['remote'], notWith: { input: 'mode', is: ['deploy-only'] } },
    { inputs: ['remote-username', 'remote-password'], onlyWith: { input: 'remote' } },
    { inputs: ['redeploy', 'labels', 'reviewers', 'auto-merge'], notWith: { input: 'remote' } },
    ...planRules,
    { inputs: ['rehearsal'], onlyWith: { input: 'mode', is: ['restore', 'revert'] } },
    { inputs: ['save-plan', 'plan'], notWith: { input: 'mode', is: ['list'] } },
    { inputs: ['save-plan', 'plan', 'rehearsal'], notWith: { input: 'target', is: ['undo', 'reapply'] } },
    // what was planned and rehearsed is known from the history, which only a repository on GitHub has
    { inputs: ['save-plan', 'plan', 'rehearsal'], notWith: { input: 'remote' } },
  ],
  rollsBack: true,
  outputs: {
    ...commonOutputs,
    ...planOutputs,
    decision:
      '`rolled-back` (the branch is; this action does not check production), `already-rolled-back`, `nothing` (the failed revision changed nothing in `paths`), `proposed` (nothing takes effect until the pull request is merged; the step fails, unless `delivery` is `pull-request`), `not-deployed` (rolled back, and the workflow in `redeploy` failed), `not-verified` (rolled back, and the branch does not have it any more), `undone`, `already-undone`, `planned`, `rehearsed`, `listed` or `failed`.',
    from: 'Full id of the commit that was the head of the branch.',
    to: 'Full id of the good revision.',
    commit:
      'Full id of the revision to deploy now: the rollback commit, or the deployed revision if nothing was rolled back.',
    tag: 'Name of the tag on the rollback commit; with `reset`, of the tag on the former head of the branch.',
    'pull-request': 'Number of the pull request that proposes the rollback.',
    recent: 'With `list`: the recent rollbacks, newest first, as a JSON array.',
    'undone-commits': 'How many commits are undone.',
  },
})

export type GitRollbackStep = StepOf<typeof gitRollback>
