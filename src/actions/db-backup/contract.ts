import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { databaseInputs } from '../database-parts.ts'

export const dbBackup = defineAction({
  name: 'db-backup',
  title: 'Database backup',
  description:
    'Backs a database up before a deployment, at one point in time, verified by a restore, and tied to the revision about to be deployed.',
  branding: { icon: 'database', color: 'blue' },
  permissions: { contents: 'read', deployments: 'read' },
  afterCancelled: 'run it again: a backup that is not complete is never used',
  inputs: {
    ...commonInputs,
    ...databaseInputs,
    operation: input.choice({
      description:
        '`backup`; `verify`, which reads every byte of the stored backups again; or `list`, newest first.',
      options: ['backup', 'verify', 'list'],
      default: 'backup',
    }),
    recipient: input.text({
      description:
        'Public key of age, `age1…`, that backups are encrypted to. Only db-restore needs the identity that belongs to it.',
    }),
    verify: input.choice({
      description:
        '`restore` restores the backup once, compares it by schema and rows with what was backed up, and drops it: only then the backup is called verified. `checksums` only reads the stored files again.',
      options: ['restore', 'checksums'],
      default: 'restore',
    }),
    'verify-limit': input.size({
      description:
        'For `restore`: how much is restored at most, such as `500MB`. Of a larger backup the whole schema is restored and the rows of some tables, chosen at random, and the backup is called partly verified.',
      default: '10GB',
    }),
    'verify-on': input.secret({
      description:
        'For `restore`: another server to restore on, as an address like that of `database-url`, or `local` for a server that is started on the machine of the job. Left empty: beside the database, on its own server.',
    }),
    keep: input.count({
      description:
        'How many of the newest backups of this database and environment are kept, not counting those that are damaged or could not be restored. The newest, the newest that was restored once, pinned ones, and those from before a live revision are kept anyway.',
      default: '10',
    }),
    'keep-for': input.duration({
      description: 'Backups younger than this are kept too, e.g. `30d`.',
      default: '0s',
    }),
    pin: input.flag({ description: 'Keep this backup whatever the retention says.', default: 'false' }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`backed-up`, `verified`, `listed` or `damaged`.',
    backup: 'Name of the newest backup: the one just made, where one was.',
    tables: 'How many tables it holds.',
    rows: 'How many rows they have.',
    bytes: 'Its size in the storage.',
    verified:
      'How it was verified: `restore`, `sample`, `checksums`, or `failed` when it could not be restored.',
    deleted: 'How many older backups the retention deleted.',
    report: 'Path of the full report, JSON: all backups, newest first.',
  },
})
