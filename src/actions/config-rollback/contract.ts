import { scopes } from '../../layers/config/variables/scope.ts'
import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { guardInputs } from '../guard-inputs.ts'

export const configRollback = defineAction({
  name: 'config-rollback',
  title: 'Configuration rollback',
  description:
    'Restores configuration files, GitHub Actions variables and feature flags, whole or key by key; switches feature flags off.',
  branding: { icon: 'sliders', color: 'green' },
  permissions: { contents: 'write', deployments: 'read' },
  morePermissions: {
    'actions: write': 'with `code.redeploy`',
    'issues: read': 'to read labels that hold automatic rollbacks; without it, labels are not checked',
    'pull-requests: write': 'where the rules of the branch require a pull request',
  },
  afterCancelled: 'run it again to continue: what is restored is not restored twice',
  inputs: {
    ...commonInputs,
    ...guardInputs,
    mode: input.choice({
      description:
        '`backup` makes a backup; `list` lists the backups; `diff` prints what a restore would change, and changes nothing; `validate` checks the current configuration; `restore` restores it; `disable` switches feature flags off, and restores nothing.',
      required: true,
      options: ['backup', 'list', 'diff', 'validate', 'restore', 'disable'],
    }),
    files: input.list({
      setting: 'config.files',
      description:
        'Configuration files, separated by commas or lines, from the root of the repository or of `folder`. Default: those of the settings.',
    }),
    folder: input.text({
      setting: 'config.folder',
      description:
        'Folder of this machine with the files. Default: that of the settings, else the repository, where a commit restores the files.',
    }),
    variables: input.choices({
      setting: 'config.variables',
      options: scopes,
      description:
        'GitHub Actions variables: of the `repository`, of the `environment`, of the `organization` (those that `config.organization-variables` of the settings names), or several of these, separated by commas. Default: those of the settings.',
    }),
    'variables-token': input.secret({
      setting: 'config.variables-token',
      description:
        'Token with *Variables: read and write* and *Environments: read and write*: the token of a GitHub App, or a fine-grained personal access token. `GITHUB_TOKEN` cannot change variables.',
    }),
    storage: input.text({
      setting: 'config.storage',
      description: 'Folder of the backups, for `folder` and `variables`, on a disk that outlives the job.',
    }),
    target: input.text({
      setting: 'config.target',
      elseSetting: 'code.target',
      description:
        'What to restore: `before-deployment`, `latest`, the name of a backup, `before:` with a time such as `before:2026-11-24T12:00:00Z`, or a revision. For files in the repository: as the input `target` of git-rollback. Default: that of the settings, else the state before the deployment.',
    }),
    keys: input.list({
      setting: 'config.keys',
      description:
        'The only keys to restore, such as `api.baseUrl`. No other byte of the files changes. Default: the whole files.',
    }),
    flags: input.list({
      setting: 'flags.disable',
      description:
        'Names of feature flags, separated by commas: those to switch off with `disable`, or to restore with `restore`. The settings describe their service under `flags`. Default: those of the settings with `disable`, none with `restore`.',
    }),
    schema: input.text({
      setting: 'config.schema',
      description: 'JSON Schema in the repository that the files must match.',
    }),
    required: input.list({
      setting: 'config.required',
      description: 'Fields that each file must have, such as `api.baseUrl`.',
    }),
    'allow-removal': input.flag({
      setting: 'config.allow-removal',
      description: 'Allow the removal of files and variables that did not exist at the target.',
    }),
    reason: input.text({
      description: 'The reason, in one sentence, for the backup, the commit and the post-mortem.',
      default: 'the configuration is wrong',
    }),
  },
  rules: [
    { inputs: ['target', 'keys', 'allow-removal'], onlyWith: { input: 'mode', is: ['diff', 'restore'] } },
    { inputs: ['schema', 'required'], onlyWith: { input: 'mode', is: ['diff', 'restore', 'validate'] } },
    { inputs: ['flags'], onlyWith: { input: 'mode', is: ['diff', 'restore', 'disable'] } },
    {
      inputs: ['files', 'folder', 'storage', 'variables', 'variables-token'],
      notWith: { input: 'mode', is: ['disable'] },
    },
  ],
  rollsBack: true,
  outputs: {
    ...commonOutputs,
    decision:
      '`backed-up`, `listed`, `valid`, `invalid`; of `diff`: `planned` or `nothing`; of `restore` and `disable`: as of the front door, such as `complete`, `rolled-back` (production was not checked: no check is configured, or `commit` has yet to be deployed), `already-rolled-back`, `nothing`, `not-verified`, `held`.',
    backup: 'With `backup`: name of the backup.',
    commit: 'With `restore` of files in the repository: full id of the revision to deploy now.',
    recovery: 'With `restore`: `recovered`, `not-recovered` or `unknown`.',
    report: 'Path of the full report, JSON: the differences, with secrets masked.',
  },
})

export type ConfigRollbackStep = StepOf<typeof configRollback>
