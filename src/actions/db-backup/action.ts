import { findDeployed } from '../../deployment/deployed.ts'
import { openRevision } from '../../github/revision.ts'
import { backUpBeforeDeployment, reportOn, verifyStoredBackups } from '../../layers/database/back-up.ts'
import { secretsOf } from '../../layers/database/connection.ts'
import { readProofPlace } from '../../layers/database/proof-server.ts'
import { refuseUncompressed } from '../../layers/database/store/open.ts'
import { inScratchFolder } from '../../runner/scratch.ts'
import { openDatabase } from '../open-database.ts'
import { openWorkplace } from '../wiring.ts'
import type { DbBackupStep } from './contract.ts'
import { publish } from './outputs.ts'

/** Backs up a database before a deployment, verifies the stored backups, or lists them. */
export async function run(step: DbBackupStep): Promise<void> {
  const { inputs, env, log, now, signal, secrets } = step
  refuseUncompressed(inputs.storage, inputs.compression)
  const { repository, environment, revision, incident } = await openWorkplace(step)
  await inScratchFolder(env, async (scratch) => {
    const places = { ...(await openDatabase(step, scratch)), environment, log: log.info }
    const backUp = async () => {
      const verifyOn = readProofPlace(inputs['verify-on'], inputs.verify)
      if (typeof verifyOn === 'object') for (const secret of secretsOf(verifyOn)) secrets.add(secret)
      const folder = inputs.migrations
      return backUpBeforeDeployment({
        ...places,
        revision,
        live: (await findDeployed(repository, environment))?.revision,
        migrations: folder === '' ? undefined : { folder, files: await openRevision(repository, revision) },
        pinned: inputs.pin,
        recipient: inputs.recipient || undefined,
        compression: inputs.compression,
        verify: inputs.verify,
        verifyLimit: inputs['verify-limit'],
        verifyOn,
        keep: inputs.keep,
        keepForMs: inputs['keep-for'] ?? 0,
        keepOldMs: inputs['keep-old'] ?? 0,
        scratch,
        now,
        signal,
      })
    }
    const operations = {
      backup: backUp,
      verify: () => verifyStoredBackups(places),
      list: () => reportOn(places),
    }
    await publish(step, incident, await operations[inputs.operation]())
  })
}
