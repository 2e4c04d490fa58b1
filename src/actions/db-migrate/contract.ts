import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { databaseInputs } from '../database-parts.ts'

export const dbMigrate = defineAction({
  name: 'db-migrate',
  title: 'Database migration',
  description:
    'Applies the pending migrations of a revision and records what undoes each, so that a rollback takes back exactly these.',
  branding: { icon: 'database', color: 'green' },
  permissions: { contents: 'read' },
  morePermissions: { 'deployments: read': deployedRevision },
  afterCancelled:
    'run it again to continue: what is applied is recorded, and a script that was cut off is undone or continued',
  inputs: {
    ...commonInputs,
    'database-url': databaseInputs['database-url'],
    migrations: input.text({
      description:
        'Folder of the migrations in the repository, e.g. `db/migrations`: `NNN_name.up.sql` applies one, `NNN_name.down.sql` undoes it.',
      required: true,
      setting: 'database.migrations',
    }),
    command: input.text({
      description:
        "A command of bash that applies migrations by the project's own tool instead, in a checkout of the revision. The names of the pending ones are in `ROLLBACK_MIGRATIONS`, one a line, oldest first; the tool's history table is checked afterwards.",
    }),
    'allow-irregular': input.flag({
      description: 'Go on although migrations were changed, are missing, or are out of order.',
      default: 'false',
    }),
    'dry-run': input.flag({
      description: 'Print the SQL and what it would lock, and change nothing.',
      default: 'false',
    }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`migrated`, `already-migrated` or `planned`.',
    applied: 'How many migrations were applied.',
    'stands-at': 'Name of the newest migration that is applied now.',
    report: 'Path of the full report, JSON: name, checksum, script and down script of each.',
  },
})
