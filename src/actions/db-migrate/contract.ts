import { defineAction } from '../../runner/contract.ts'
import { input } from '../../runner/inputs.ts'
import type { StepOf } from '../../runner/step.ts'
import { commonInputs, commonOutputs, deployedRevision } from '../contract-parts.ts'
import { databaseInputs } from '../database-inputs.ts'

export const dbMigrate = defineAction({
  name: 'db-migrate',
  title: 'Database migration',
  description:
    'Applies the pending migrations of a revision, and records the down migration of each, so that a rollback undoes exactly these.',
  branding: { icon: 'database', color: 'green' },
  permissions: { contents: 'read' },
  morePermissions: { 'deployments: read': deployedRevision },
  afterCancelled:
    'run it again to continue: applied migrations are recorded, and an interrupted script is undone or continued',
  inputs: {
    ...commonInputs,
    'database-url': databaseInputs['database-url'],
    migrations: input.text({
      description:
        'Folder of the migrations in the repository, such as `db/migrations`: `NNN_name.up.sql` applies one, `NNN_name.down.sql` undoes it.',
      required: true,
      setting: 'database.migrations',
    }),
    command: input.text({
      description:
        "A bash command that applies the migrations with the project's own tool instead, in a checkout of the revision. The names of the pending ones are in `ROLLBACK_MIGRATIONS`, one a line, oldest first; the tool's history table is checked afterwards.",
    }),
    'allow-irregular': input.flag({
      description: 'Continue even if migrations were changed, are missing, or are out of order.',
      default: 'false',
    }),
    'dry-run': input.flag({
      description:
        'Print the SQL and the locks it would take, and change nothing. With `command`, whose SQL is not known, print the names of the pending migrations.',
      default: 'false',
    }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`migrated`, `already-migrated` or `planned`.',
    applied: 'Number of migrations that were applied.',
    'stands-at': 'Name of the newest migration that is applied now.',
    report: 'Path of the full report, JSON: name, checksum, script and down script of each.',
  },
})

export type DbMigrateStep = StepOf<typeof dbMigrate>
