import { InputError, message, setting } from '../../errors.ts'
import { type BackupOptions, makeBackup } from './backup.ts'
import { listBackups, verifyBackups } from './catalog.ts'
import type { Engine } from './engine.ts'
import type { Manifest } from './manifest.ts'
import { listMigrations } from './migrations/folder.ts'
import { recordPending } from './migrations/pending.ts'
import type { Revision } from './migrations/plan.ts'
import { openProofServer, type ProofPlace } from './proof-server.ts'
import { pruneKept } from './restore.ts'
import { applyRetention } from './retention.ts'
import type { Store } from './store/store.ts'

export interface BackUpOptions
  extends Omit<BackupOptions, 'engine' | 'before' | 'migrations' | 'verifyOn' | 'verify'> {
  readonly engine: Engine
  readonly verify: 'restore' | 'checksums'
  /** for `restore`: where to */
  readonly verifyOn: ProofPlace
  /** the revision that is about to be deployed */
  readonly revision: string
  /** its folder of migrations and its files; undefined where the project has none */
  readonly migrations: { readonly folder: string; readonly files: Revision } | undefined
  /** the revision that runs now, whose backup stays; undefined where that is not known */
  readonly live: string | undefined
  /** how many of the newest backups stay, and all that are younger than this, ms */
  readonly keep: number
  readonly keepForMs: number
  /** how long a database that a restore replaced stays, ms */
  readonly keepOldMs: number
}

/** What was done about the backups of a database, and those there are, newest first. */
export interface BackupsReport {
  readonly decision: 'backed-up' | 'verified' | 'damaged' | 'listed'
  readonly reasonCode: 'verified' | 'stored' | 'all-whole' | 'damaged' | 'asked'
  readonly backups: readonly Manifest[]
  /** names of those that the retention deleted */
  readonly deleted: readonly string[]
  /** what is wrong, a line each */
  readonly damage: readonly string[]
}

/**
 * Backs a database up before a deployment, with what the deployment will apply; then deletes what the retention lets go.
 * @throws as `makeBackup`; InputError for a place to verify on that the engine does not have
 */
export async function backUpBeforeDeployment(options: BackUpOptions): Promise<BackupsReport> {
  const { engine, store, environment, revision, migrations, live, keep, keepForMs, now, log } = options
  if (options.compression === 'none' && store.place.startsWith('s3:'))
    throw new InputError(
      message`${setting('compression')} is none and ${setting('database.storage')} is a bucket, where every byte is sent over the network; write compression: zstd, or keep backups in a folder`,
    )
  if (migrations && listMigrations(migrations.files.paths, migrations.folder).length === 0)
    log(
      `warning: ${revision.slice(0, 7)} has no migrations in ${migrations.folder}, so the backup records none; check the path of the folder`,
    )
  const verifyOn = await openProofServer(engine, options.verifyOn)
  try {
    await makeBackup({
      ...options,
      before: revision,
      migrations: migrations ? await recordPending(engine, migrations.files, migrations.folder) : [],
      verifyOn,
    })
  } finally {
    await verifyOn?.server.close()
  }
  const liveRevisions = new Set([revision, ...(live === undefined ? [] : [live])])
  const rule = { keep, keepForMs, liveRevisions, now: now() }
  const deleted = await applyRetention({ store, source: engine.source, environment, rule, log })
  await pruneKept(options)
  const reasonCode = options.verify === 'restore' ? 'verified' : 'stored'
  return { ...(await reportOn(options)), decision: 'backed-up', reasonCode, deleted }
}

/** Reads every stored byte of the backups again. */
export async function verifyStoredBackups(options: {
  readonly engine: Engine
  readonly store: Store
  readonly environment: string
  readonly log: (line: string) => void
}): Promise<BackupsReport> {
  const { engine, store, environment, log } = options
  const damage = await verifyBackups(store, { source: engine.source, environment }, log)
  const [decision, reasonCode] =
    damage.length === 0 ? (['verified', 'all-whole'] as const) : (['damaged', 'damaged'] as const)
  return { ...(await reportOn(options)), decision, reasonCode, damage }
}

/** Lists the backups of a database. */
export async function reportOn({
  engine,
  store,
  environment,
}: Pick<BackUpOptions, 'engine' | 'store' | 'environment'>): Promise<BackupsReport> {
  const backups = await listBackups(store, { source: engine.source, environment })
  return { decision: 'listed', reasonCode: 'asked', backups, deleted: [], damage: [] }
}
