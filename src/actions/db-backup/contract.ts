import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs } from '../contract-parts.ts'
import { databaseInputs } from '../database-parts.ts'

export const dbBackup = defineAction({
  name: 'db-backup',
  title: 'Database backup',
  description:
    'Backs a database up before a deployment, at one point in time, verified, and tied to the revision about to be deployed.',
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
    keep: input.count({
      description:
        'How many of the newest verified backups of this database and environment are kept. The newest, pinned ones, and those from before a live revision are kept anyway.',
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
    deleted: 'How many older backups the retention deleted.',
    report: 'Path of the full report, JSON: all backups, newest first.',
  },
})
