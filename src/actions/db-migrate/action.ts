import type { Repository } from '../../github/client.ts'
import { openRevision } from '../../github/revision.ts'
import { applyMigrations } from '../../layers/database/migrations/apply.ts'
import { runInCheckout } from '../../layers/database/migrations/command.ts'
import { inScratchFolder } from '../../runner/scratch.ts'
import { openConnection } from '../open-database.ts'
import { openWorkplace } from '../wiring.ts'
import type { DbMigrateStep } from './contract.ts'
import { publish } from './outputs.ts'

/** Applies the pending migrations of a revision. */
export async function run(step: DbMigrateStep): Promise<void> {
  const { inputs, env, log, now, signal } = step
  const { command, migrations } = inputs
  const open = (repository: Repository, revision: string) => openRevision(repository, revision, migrations)
  const { repository, revision, incident } = await openWorkplace(step, { alongside: open })
  const checkout = env['GITHUB_WORKSPACE'] ?? '.'
  await inScratchFolder(env, async (scratch) => {
    const report = await applyMigrations({
      engine: await openConnection(step, scratch),
      folder: migrations,
      revision: await open(repository, revision),
      command: command ? (names) => runInCheckout(command, names, { revision, checkout, env }) : undefined,
      allowIrregular: inputs['allow-irregular'],
      dryRun: inputs['dry-run'],
      now,
      log: log.info,
      signal,
    })
    await publish(step, incident, report)
  })
}
