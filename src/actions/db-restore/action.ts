import { runInCheckout } from '../../layers/database/migrations/command.ts'
import { type DatabaseRequest, rollBackDatabase } from '../../rollback/database-rollback.ts'
import { openDatabase } from '../open-database.ts'
import { planRequest } from '../plan-inputs.ts'
import { rollbackTools } from '../rollback-tools.ts'
import { openWorkplace } from '../wiring.ts'
import { withFailure } from '../write-rollback.ts'
import type { DbRestoreStep } from './contract.ts'
import { publish } from './outputs.ts'

/** Restores a backup, or undoes the migrations of a deployment. */
export async function run(step: DbRestoreStep): Promise<void> {
  const context = await openWorkplace(step)
  await withFailure(step, context, async () => {
    await publish(step, await rollBackDatabase(context, requestOf(step), rollbackTools(step)))
  })
}

function requestOf(step: DbRestoreStep): DatabaseRequest {
  const { inputs, secrets, temporary, env } = step
  const { to, last, command, strategy, 'to-revision': toRevision } = inputs
  const checkout = env['GITHUB_WORKSPACE'] ?? '.'
  return {
    ...planRequest(inputs),
    open: () => openDatabase(step, temporary),
    backup: {
      wanted: inputs.backup,
      allowOtherSource: inputs['allow-other-source'],
      verify: inputs.verify,
      exportTo: inputs['export-newer'] || undefined,
    },
    migrations:
      strategy === 'backup'
        ? undefined
        : {
            ...{ folder: inputs.migrations, to, last, toRevision },
            command:
              command === ''
                ? undefined
                : (names, revision) => runInCheckout(command, names, { revision, checkout, env }),
            allowIrregular: inputs['allow-irregular'],
          },
    allowDataLoss: inputs['allow-data-loss'],
    keepOldMs: inputs['keep-old'] ?? 0,
    recipient: inputs.recipient || undefined,
    identity: inputs.identity || undefined,
    ...{ onFailure: 'stop', hold: inputs.hold, reason: secrets.redact(inputs.reason) },
  }
}
