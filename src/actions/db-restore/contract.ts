import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { databaseInputs } from '../database-parts.ts'
import { guardInputs } from '../guarded.ts'

export const dbRestore = defineAction({
  name: 'db-restore',
  title: 'Database restore',
  description:
    'Takes a database back: restores a verified backup beside it and swaps, or undoes the migrations of a deployment.',
  branding: { icon: 'database', color: 'orange' },
  permissions: { contents: 'write' },
  morePermissions: {
    'deployments: read': deployedRevision,
    'issues: read': 'to see whether a label holds automatic rollbacks; without it labels are not looked at',
  },
  afterCancelled:
    'run it again to continue: the database that was live is kept until the restored one is verified',
  inputs: {
    ...commonInputs,
    ...guardInputs,
    ...databaseInputs,
    strategy: input.choice({
      description: '`backup` restores a backup; `migrations` undoes what the deployment applied.',
      options: ['backup', 'migrations'],
      default: 'backup',
    }),
    backup: input.text({
      description:
        'Name of a backup, `latest`, or `before-deployment`: the one from before the bad revision.',
      default: 'before-deployment',
    }),
    identity: input.secret({
      description: 'Identity of age, `AGE-SECRET-KEY-1…`, from a secret. Needed for encrypted backups only.',
    }),
    recipient: input.text({
      description:
        'Public key of age that the backup is encrypted to which is made before migrations are undone.',
    }),
    verify: input.choice({
      description:
        '`full` compares the restored copy, table by table, with what was backed up, before the swap; `checksums` only the stored files.',
      options: ['full', 'checksums'],
      default: 'full',
    }),
    'to-revision': input.text({
      description:
        'For `migrations`: the good revision; undone is what the bad revision has and it has not. `last-successful-deployment`, a commit id, a tag or a branch.',
      default: 'last-successful-deployment',
    }),
    to: input.text({
      description: 'For `migrations`: undo what was applied after the migration of this name, instead.',
    }),
    last: input.count({
      description:
        'For `migrations`: undo this many of the newest, whoever applied them, instead. 0 for none but those of the deployment.',
      default: '0',
    }),
    command: input.text({
      description:
        "For `migrations`: a command of bash that undoes by the project's own tool, in a checkout of the bad revision. What it has to undo is in `ROLLBACK_MIGRATIONS`, one name a line as the history table has it, newest first; the history table is looked at afterwards.",
    }),
    'allow-irregular': input.flag({
      description:
        'For `migrations`: go on although some were changed, are missing, or were applied out of order.',
      default: 'false',
    }),
    'allow-data-loss': input.flag({
      description: 'Go on although rows or columns that hold data are taken away.',
      default: 'false',
    }),
    'export-newer': input.text({
      description:
        'Folder that gets the rows written since the backup, as JSON Lines, before they are taken away.',
    }),
    'allow-other-source': input.flag({
      description: 'Restore a backup that was made of another database, when it is named.',
      default: 'false',
    }),
    reason: input.text({
      description: 'Why, in a sentence, for the history and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    'dry-run': input.flag({
      description:
        'Restore and verify beside the live database, print what would be lost, and change nothing.',
      default: 'false',
    }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`rolled-back`, `already-rolled-back`, `planned` or `failed`.',
    backup: 'Name of the backup: the one restored, or the one made before migrations were undone.',
    undone: 'How many migrations were undone.',
    kept: 'Name under which the database that was replaced is kept.',
    'rows-lost': 'How many rows that were written since the backup are gone from the live database.',
    'swap-ms': 'How long the swap took, in milliseconds.',
    report: 'Path of the full report, JSON.',
  },
})
