import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { databaseInputs } from '../database-inputs.ts'
import { guardInputs } from '../guard-inputs.ts'
import { planInputs, planOutputs, planPermissions, planRules } from '../plan-inputs.ts'

export const dbRestore = defineAction({
  name: 'db-restore',
  title: 'Database restore',
  description:
    'Rolls back a database: restores a verified backup beside it and swaps the two, or undoes the migrations of a deployment.',
  branding: { icon: 'database', color: 'orange' },
  permissions: { contents: 'write' },
  morePermissions: {
    'deployments: read': deployedRevision,
    'issues: read': 'to read labels that hold automatic rollbacks; without it, labels are not checked',
    ...planPermissions,
  },
  afterCancelled:
    'run it again to continue: the database that was live is kept until the restored one is verified',
  inputs: {
    ...commonInputs,
    ...guardInputs,
    ...databaseInputs,
    strategy: input.choice({
      setting: 'database.strategy',
      description:
        '`backup` restores a backup; `migrations` undoes the migrations that the deployment applied.',
      options: ['backup', 'migrations'],
      default: 'backup',
    }),
    backup: input.text({
      description:
        'Name of a backup, `latest`, or `before-deployment`: the newest one made before the bad revision.',
      default: 'before-deployment',
    }),
    identity: input.secret({
      setting: 'database.identity',
      description: 'Identity of age, `AGE-SECRET-KEY-1…`, from a secret. Needed only for encrypted backups.',
    }),
    recipient: input.text({
      setting: 'database.recipient',
      description:
        'Public key of age that encrypts the backup made before migrations are undone. Default: that of `identity`; without both, the backup is not encrypted.',
    }),
    verify: input.choice({
      description:
        '`full` compares the restored copy, table by table, with what was backed up, before the swap; `checksums` verifies only the stored files.',
      options: ['full', 'checksums'],
      default: 'full',
    }),
    'to-revision': input.text({
      description:
        'The good revision: `last-successful-deployment`, a commit id, a tag or a branch. Migrations that only the bad revision has are undone.',
      default: 'last-successful-deployment',
    }),
    to: input.text({
      description: 'Undo the migrations that were applied after the one of this name.',
    }),
    last: input.count({
      description:
        'Undo this many of the newest migrations, whoever applied them. 0: only those of the deployment.',
      default: '0',
    }),
    command: input.text({
      description:
        "A bash command that undoes them with the project's own tool, in a checkout of the bad revision. `ROLLBACK_MIGRATIONS` holds the names to undo, one a line as in the tool's history table, newest first. The history table is checked afterwards.",
    }),
    'allow-irregular': input.flag({
      description: 'Continue even if some were changed, are missing, or were applied out of order.',
      default: 'false',
    }),
    'allow-data-loss': input.flag({
      setting: 'database.allow-data-loss',
      description: 'Continue even if rows or columns with data will be lost.',
      default: 'false',
    }),
    'export-newer': input.text({
      description:
        'Folder to export the rows written since the backup to, as JSON Lines, before they are lost.',
    }),
    'allow-other-source': input.flag({
      description: 'Allow a backup of another database or environment, if `backup` names it.',
      default: 'false',
    }),
    reason: input.text({
      description: 'The reason, in one sentence, for the history and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    ...planInputs,
    'dry-run': input.flag({
      description:
        'Restore and verify beside the live database, print what would be lost, and change nothing.',
      default: 'false',
    }),
  },
  rules: [
    {
      inputs: ['to-revision', 'to', 'last', 'command', 'allow-irregular', 'recipient'],
      onlyWith: { input: 'strategy', is: ['migrations'] },
    },
    {
      inputs: ['backup', 'verify', 'export-newer', 'allow-other-source'],
      onlyWith: { input: 'strategy', is: ['backup'] },
    },
    { inputs: ['migrations'], requiredWith: { input: 'strategy', is: ['migrations'] } },
    { oneOf: ['to-revision', 'to', 'last'] },
    ...planRules,
  ],
  rollsBack: true,
  outputs: {
    ...commonOutputs,
    ...planOutputs,
    decision:
      '`rolled-back`, `already-rolled-back`, `not-verified` (rolled back, and the check afterwards disagrees), `planned`, `rehearsed` or `failed`.',
    backup: 'Name of the backup that was restored, or that was made before migrations were undone.',
    undone: 'Number of migrations that were undone.',
    kept: 'Name of the replaced database, which is kept.',
    'rows-lost':
      'Number of rows written since the backup, as counted before the swap, that are no longer in the live database.',
    'swap-ms': 'How long the swap took, in milliseconds.',
    report: 'Path of the full report, JSON.',
  },
})

export type DbRestoreStep = StepOf<typeof dbRestore>
