import { deliveries } from '../../layers/code/delivery.ts'
import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'

export const gitRollback = defineAction({
  name: 'git-rollback',
  title: 'Git rollback',
  description:
    'Puts a branch back to the content of a good revision by one new commit, and tags it; on GitHub or any git server.',
  branding: { icon: 'rotate-ccw', color: 'orange' },
  permissions: { contents: 'write', deployments: 'read' },
  morePermissions: {
    'pull-requests: read': 'to list the pull requests that are undone; without it they are left out',
    'pull-requests: write': 'for a pull request, and for `comment`; without it no comment is written',
    'deployments: write': 'for `record-deployment`; without it nothing is recorded',
    'issues: read': 'to see whether a label holds automatic rollbacks; without it labels are not looked at',
    'actions: write': 'with `redeploy`',
    'checks: read': 'with the target `last-green`',
    'statuses: read': 'with the target `last-green`',
  },
  afterCancelled: 'run it again to continue: a branch that is rolled back already is not changed twice',
  inputs: {
    ...commonInputs,
    token: input.secret({
      description: 'Token for the GitHub API. Not used with `remote`.',
      default: commonInputs.token.default,
    }),
    remote: input.text({
      description:
        'A git server that is not GitHub: address of its repository, http or https without credentials, or an absolute path. That is rolled back, and not the repository of the workflow.',
    }),
    'remote-username': input.text({ description: 'With `remote`: the user name.', default: 'git' }),
    'remote-password': input.secret({ description: 'With `remote`: the password or access token.' }),
    branch: input.name({
      description: 'The deployed branch. Left empty: the configured one, else the default branch.',
    }),
    target: input.name({
      setting: 'code.target',
      description:
        'The good revision: `last-successful-deployment`, `previous-deployment-tag`, `last-green`, a commit id, a tag, a branch, or `HEAD~n`. It has to be an older revision of the branch; with `restore` also one elsewhere that a tag, or a successful deployment of the environment, vouches for. `undo` takes the newest rollback of the branch back; `reapply` opens a draft pull request that brings back what it undid, to mend it there.',
      default: 'last-successful-deployment',
    }),
    reason: input.text({
      description: 'Why, in a sentence, for the commit, the tag and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    mode: input.choice({
      description:
        '`restore` brings the content of the target back and undoes all that came after it; `revert` undoes only the `commits`, and keeps what came after them; `reset` moves the branch back to the target; `deploy-only` leaves the branch and deploys the target by `redeploy`; `list` only lists the recent rollbacks.',
      default: 'restore',
      options: ['restore', 'revert', 'reset', 'deploy-only', 'list'],
    }),
    paths: input.list({
      description:
        'With `restore`: the only files and folders to bring back, separated by commas, e.g. one app of a monorepo. A folder stands for all that is in it; patterns are not supported.',
    }),
    commits: input.list({
      description:
        'With `revert`: what to undo, separated by commas: commits, and ranges such as `v1.2..main`.',
    }),
    'allow-reset-default-branch': input.flag({
      description:
        'With `reset`: the default branch, too. Everybody’s clone has what is taken away, and may push it again.',
      default: 'false',
    }),
    mainline: input.count({
      description:
        'With `revert`: which parent of a merge commit stays, counted from 1; of a range the commits along that parent are undone. 0 refuses merge commits.',
      default: '0',
    }),
    'tag-pattern': input.text({
      setting: 'code.tag-pattern',
      description: 'For the target `previous-deployment-tag`: name of the tags, with one `*`.',
      default: 'deploy-*',
    }),
    checks: input.list({
      setting: 'code.checks',
      description: 'For the target `last-green`: the checks that were green, separated by commas.',
    }),
    delivery: input.choice({
      setting: 'code.delivery',
      description:
        '`direct` moves the branch, `pull-request` opens a pull request, `auto` does what the rules of the branch allow.',
      default: 'auto',
      options: deliveries,
    }),
    labels: input.list({
      description: 'Labels of the pull request, separated by commas.',
      default: 'rollback',
    }),
    reviewers: input.list({
      description: 'Who is asked to review the pull request, separated by commas: logins, and `team:NAME`.',
    }),
    'auto-merge': input.flag({
      description:
        'Merge the pull request, by the merge queue where there is one, as soon as its rules allow it.',
      default: 'false',
    }),
    comment: input.flag({
      description: 'Tell each pull request that is undone, by one comment.',
      default: 'true',
    }),
    'record-deployment': input.flag({
      description:
        'Tell GitHub’s deployments: that of the failed revision gets the state `failure`, and what `redeploy` deployed one of its own.',
      default: 'true',
    }),
    redeploy: input.text({
      setting: 'code.redeploy.workflow',
      description:
        'File of the workflow that deploys: it is started after the rollback, and waited for. It runs on the tag of the rollback, or on the branch where the environment or the conditions of the workflow ask for that. Left empty: nothing is deployed.',
    }),
    'redeploy-inputs': input.pairs({
      setting: 'code.redeploy.inputs',
      description:
        'Inputs of that workflow, `NAME=VALUE` one a line; `{revision}` stands for the rollback commit.',
    }),
    'redeploy-timeout': input.duration({
      setting: 'code.redeploy.timeout',
      description: 'How long its run may take.',
      default: '30m',
    }),
    'max-commits': input.count({
      setting: 'code.max-commits',
      description: 'How many commits may be undone without a person: when a run was not started by hand.',
      default: '50',
    }),
    'max-age': input.duration({
      setting: 'rollback.max-age',
      description: 'How old the failed revision may be without a person. Left empty: any age.',
      default: '7d',
    }),
    'daily-cap': input.count({
      setting: 'rollback.daily-cap',
      description: 'How often the environment may be rolled back within 24 hours without a person.',
      default: '3',
    }),
    hold: input.text({
      description:
        'Why automatic rollbacks are on hold, e.g. from the variable `vars.ROLLBACK_HOLD`: with any text, only a person may roll back.',
    }),
    'dry-run': input.flag({ description: 'Plan and print, and change nothing.', default: 'false' }),
  },
  outputs: {
    ...commonOutputs,
    decision:
      '`rolled-back`, `already-rolled-back`, `proposed` (by a pull request), `not-deployed` (rolled back, and the workflow in `redeploy` failed), `undone`, `already-undone`, `planned`, `listed` or `failed`.',
    from: 'Full id of the commit that the branch was at.',
    to: 'Full id of the good revision.',
    commit:
      'Full id of the revision to deploy now: the rollback commit; where nothing was rolled back, the revision that is deployed.',
    tag: 'Name of the tag on the rollback commit; with `reset`, of that on the commit that the branch was at.',
    'pull-request': 'Number of the pull request that proposes the rollback.',
    recent: 'With `list`: the recent rollbacks, newest first, as a JSON array.',
    'undone-commits': 'How many commits are undone.',
  },
})
