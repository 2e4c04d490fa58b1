import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { databaseInputs } from '../database-inputs.ts'

export const dbBackup = defineAction({
  name: 'db-backup',
  title: 'Database backup',
  description:
    'Backs up a database before a deployment, at one point in time; verifies the backup by a restore; ties it to the revision about to be deployed.',
  branding: { icon: 'database', color: 'blue' },
  permissions: { contents: 'read', deployments: 'read' },
  afterCancelled: 'run it again: an incomplete backup is never used',
  inputs: {
    ...commonInputs,
    ...databaseInputs,
    operation: input.choice({
      description:
        '`backup` makes a backup; `verify` reads every byte of the stored backups again; `list` lists them, newest first.',
      options: ['backup', 'verify', 'list'],
      default: 'backup',
    }),
    recipient: input.text({
      setting: 'database.recipient',
      description:
        'Public key of age, `age1…`, that encrypts the backups. Only db-restore needs the matching identity.',
    }),
    compression: input.choice({
      description: '`zstd`; or `none`, which stores the files as they are: faster, for a folder only.',
      options: ['zstd', 'none'],
      default: 'zstd',
    }),
    verify: input.choice({
      description:
        '`restore` restores the backup once, compares it by schema and rows with what was backed up, and drops the copy. Only such a backup counts as verified. `checksums` only reads the stored files again.',
      options: ['restore', 'checksums'],
      default: 'restore',
    }),
    'verify-limit': input.size({
      description:
        'How much is restored, at most, such as `500MB`. Of a larger backup, the whole schema and the rows of some randomly chosen tables are restored, and the backup counts as partly verified.',
      default: '10GB',
    }),
    'verify-on': input.secret({
      description:
        'Another server to restore on, as an address like that of `database-url`, or `local` for a server that is started on the machine of the job. Default: beside the database, on its own server.',
    }),
    keep: input.count({
      description:
        'How many of the newest backups of this database and environment to keep, not counting damaged ones and those that could not be restored. The newest backup, the newest verified one, pinned ones, and those made before a live revision are always kept.',
      default: '10',
    }),
    'keep-for': input.duration({
      description: 'Also keep backups younger than this, such as `30d`.',
      default: '0s',
      unit: 'd',
    }),
    pin: input.flag({ description: 'Never delete this backup.', default: 'false' }),
  },
  rules: [
    {
      inputs: ['recipient', 'compression', 'verify', 'verify-limit', 'verify-on', 'keep', 'keep-for', 'pin'],
      onlyWith: { input: 'operation', is: ['backup'] },
    },
    { inputs: ['verify-limit', 'verify-on'], onlyWith: { input: 'verify', is: ['restore'] } },
  ],
  outputs: {
    ...commonOutputs,
    decision: '`backed-up`, `verified`, `listed` or `damaged`.',
    backup: 'Name of the newest backup.',
    tables: 'Number of tables in it.',
    rows: 'Number of rows in it.',
    bytes: 'Its size in the storage, in bytes.',
    verified:
      'How it was verified: `restore`, `sample`, `checksums`, or `failed` when it could not be restored.',
    deleted: 'Number of older backups that were deleted.',
    report: 'Path of the full report, JSON: all backups, newest first.',
  },
})

export type DbBackupStep = StepOf<typeof dbBackup>
