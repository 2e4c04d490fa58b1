import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findDeployed } from '../../deployment/deployed.ts'
import { InputError, isUserFacing, message, setting } from '../../errors.ts'
import { openRevision } from '../../github/revision.ts'
import { makeBackup } from '../../layers/database/backup.ts'
import { readCatalog, verifyStored } from '../../layers/database/catalog.ts'
import type { Engine } from '../../layers/database/engine.ts'
import type { Manifest, RecordedMigration } from '../../layers/database/manifest.ts'
import { isEntryOf, readApplied } from '../../layers/database/migrations/applied.ts'
import { listMigrations, readDown } from '../../layers/database/migrations/folder.ts'
import type { ProofServer } from '../../layers/database/prove.ts'
import { pruneKept } from '../../layers/database/restore.ts'
import { applyRetention } from '../../layers/database/retention.ts'
import type { Store } from '../../layers/database/store/store.ts'
import { describeVerification, isFailed } from '../../layers/database/verification.ts'
import { runAction, type Step } from '../../runner/action.ts'
import { code, heading, paragraph, renderMarkdown, revision, table } from '../../text/markdown.ts'
import { openDatabase, readConnection } from '../database-parts.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import { dbBackup } from './contract.ts'

type DbBackupStep = Step<typeof dbBackup.inputs, keyof typeof dbBackup.outputs>

await runAction(dbBackup, async (step) => {
  const { inputs } = step
  const workplace = await openWorkplace(step)
  const scratch = await mkdtemp(join(step.env['RUNNER_TEMP'] ?? tmpdir(), 'db-backup-'))
  try {
    const { engine, store } = await openDatabase(step, scratch)
    switch (inputs.operation) {
      case 'backup':
        return await backUp(step, workplace, { engine, store, scratch })
      case 'verify':
        return await verify(step, workplace, { engine, store })
      case 'list':
        return await finish(step, workplace, await own(workplace, { engine, store }), {
          decision: 'listed',
          reason: 'asked',
        })
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

async function backUp(
  step: DbBackupStep,
  workplace: Workplace,
  { engine, store, scratch }: { engine: Engine; store: Store; scratch: string },
): Promise<void> {
  const { inputs, log, now, signal } = step
  const { environment, revision: before } = workplace
  const verifyOn = await openProofServer(step, engine)
  try {
    await makeBackup({
      engine,
      store,
      environment,
      before,
      migrations: await recordPending(workplace, { engine, folder: inputs.migrations }),
      pinned: inputs.pin,
      recipient: inputs.recipient || undefined,
      verify: inputs.verify,
      verifyLimit: inputs['verify-limit'],
      verifyOn,
      scratch,
      now,
      log: log.info,
      signal,
    })
  } finally {
    await verifyOn?.server.close()
  }
  const rule = {
    keep: inputs.keep,
    keepForMs: inputs['keep-for'] ?? 0,
    liveRevisions: new Set([before, ...(await liveRevisions(workplace))]),
    now: now(),
  }
  const deleted = await applyRetention({ store, source: engine.source, environment, rule, log: log.info })
  await pruneKept({ engine, keepOldMs: inputs['keep-old'] ?? 0, now, log: log.info })
  const backups = await own(workplace, { engine, store })
  const reason = { restore: 'verified', checksums: 'stored' }[inputs.verify]
  await finish(step, workplace, backups, { decision: 'backed-up', reason, deleted })
}

/** Another server to restore the backup on, to verify it. */
async function openProofServer(
  { inputs, secrets }: DbBackupStep,
  engine: Engine,
): Promise<ProofServer | undefined> {
  const address = inputs['verify-on']
  if (address === '') return undefined
  if (inputs.verify !== 'restore')
    throw new InputError(
      message`${setting('verify-on')} is set and ${setting('verify')} is ${inputs.verify}; write verify: restore, or leave verify-on out`,
    )
  if (engine.elsewhere === undefined)
    throw new InputError(
      message`${setting('verify-on')} is set, and a backup of ${engine.database} is restored on no server; leave it out`,
    )
  if (address === 'local') return { on: 'local-server', server: await engine.elsewhere('local') }
  const connection = readConnection('verify-on', address)
  if (connection.engine !== 'sqlite') secrets.add(connection.password)
  return { on: 'other-server', server: await engine.elsewhere(connection) }
}

/** What this deployment will apply, with what undoes it: after a rollback of the code, no checkout has it any more. */
async function recordPending(
  { repository, revision }: Workplace,
  { engine, folder }: { engine: Engine; folder: string },
): Promise<readonly RecordedMigration[]> {
  if (folder === '') return []
  const { paths, read } = await openRevision(repository, revision)
  const files = listMigrations(paths, folder)
  const applied = (await readApplied(engine, files))?.entries ?? []
  const pending = files.filter((file) => !applied.some(({ key }) => isEntryOf(key, file)))
  return Promise.all(
    pending.map(async (file) => {
      const { sql, checksum } = await readDown(file, read)
      return { name: file.name, checksum, revision, ...(sql !== undefined && { down: sql }) }
    }),
  )
}

async function verify(
  step: DbBackupStep,
  workplace: Workplace,
  places: { engine: Engine; store: Store },
): Promise<void> {
  const { broken } = await readCatalog(places.store)
  const damage = broken.map(({ name, why }) => `${name}: ${why}`)
  const backups = await own(workplace, places)
  for (const manifest of backups) {
    try {
      await verifyStored(places.store, manifest)
      step.log.info(`${manifest.name} is stored as it was made; ${describeVerification(manifest)}`)
    } catch (error) {
      if (!isUserFacing(error)) throw error
      damage.push(`${manifest.name}: ${error.message}`)
    }
  }
  const [decision, reason] = damage.length === 0 ? ['verified', 'all-whole'] : ['damaged', 'damaged']
  await finish(step, workplace, backups, { decision, reason })
  for (const each of damage) step.fail(each)
}

/** Revisions that run, or ran last: the newest successful deployment of the environment. */
async function liveRevisions({ repository, environment }: Workplace): Promise<readonly string[]> {
  const deployed = await findDeployed(repository, environment)
  return deployed === undefined ? [] : [deployed.revision]
}

/** Backups of this database and environment, newest first. */
async function own(
  { environment }: Workplace,
  { engine, store }: { engine: Engine; store: Store },
): Promise<readonly Manifest[]> {
  const { backups } = await readCatalog(store)
  return backups.filter((each) => each.source === engine.source && each.environment === environment)
}

async function finish(
  step: DbBackupStep,
  { incident }: Workplace,
  backups: readonly Manifest[],
  { decision, reason, deleted = [] }: { decision: string; reason: string; deleted?: readonly string[] },
): Promise<void> {
  const listed = backups.map((manifest) => ({
    name: manifest.name,
    createdAt: manifest.createdAt,
    before: manifest.before,
    tables: manifest.contents.tables.length,
    rows: manifest.contents.tables.reduce((sum, { rows }) => sum + rows, 0),
    bytes: manifest.parts.reduce((sum, { size }) => sum + size, 0),
    pinned: manifest.pinned,
    encrypted: manifest.encrypted,
    verified: isFailed(manifest) ? 'failed' : (manifest.verification?.level ?? 'checksums'),
    verifiedAt: manifest.verification?.at,
    how: describeVerification(manifest),
  }))
  const [newest] = listed
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    ...(newest && {
      backup: newest.name,
      tables: newest.tables,
      rows: newest.rows,
      bytes: newest.bytes,
      verified: newest.verified,
    }),
    deleted: deleted.length,
    report: await step.writeReport('db-backup', { backups: listed, deleted }),
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  for (const { name, before, rows, bytes, how } of decision === 'listed' ? listed : [])
    step.log.info(`${name}: before ${before.slice(0, 7)}, ${rows} rows, ${bytes} bytes; ${how}`)
  await step.writeSummary(
    renderMarkdown([
      heading(2, `Database backup: ${decision}`),
      ...(deleted.length === 0 ? [] : [paragraph(`${deleted.length} older backups were deleted.`)]),
      table(
        ['backup', 'from before', 'tables', 'rows', 'bytes', 'verified'],
        listed
          .slice(0, 20)
          .map(({ name, before, tables, rows, bytes, how }) => [
            code(name),
            revision(before),
            String(tables),
            String(rows),
            String(bytes),
            how,
          ]),
      ),
    ]),
  )
}
