import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConflictError, isUserFacing, message, RefusedError, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { allEnded } from './all-ended.ts'
import { verifyStored } from './catalog.ts'
import { differences } from './compare.ts'
import { type Contents, type DumpSource, type Engine, journal, nameKept, type Staged } from './engine.ts'
import type { Manifest } from './manifest.ts'
import { countLosses, exportRows, type Loss, refuseExport } from './newer-rows.ts'
import { openPart, partsOf } from './seal.ts'
import type { Store } from './store/store.ts'
import { describeVerification } from './verification.ts'

export interface RestoreOptions {
  readonly engine: Engine
  readonly store: Store
  readonly manifest: Manifest
  /** `AGE-SECRET-KEY-1…`; undefined for a backup in the clear */
  readonly identity: string | undefined
  /** `full` compares the restored copy row by row with the manifest, `checksums` only the stored files */
  readonly verify: 'full' | 'checksums'
  /** goes on although rows that were written since the backup are taken away */
  readonly allowDataLoss: boolean
  /** a folder that gets those rows as JSON Lines, one file a table; then nothing is lost */
  readonly exportTo: string | undefined
  /** how long what a restore replaced is kept, ms */
  readonly keepOldMs: number
  /** does all of it but the swap */
  readonly dryRun: boolean
  /** the schema of the live database that was planned on; a ConflictError when it has another by now */
  readonly liveSchema?: string | undefined
  /** called once it is known that something is to be replaced; what it throws ends the restore with nothing changed */
  readonly beforeChange?: () => Promise<void>
  readonly scratch: string
  readonly now: () => Date
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

export interface RestoreReport {
  readonly outcome: 'restored' | 'already-restored' | 'planned'
  readonly backup: string
  /** the database that was replaced, under the name it is kept by */
  readonly kept: string | undefined
  readonly losses: readonly Loss[]
  /** files with the rows that were written since the backup */
  readonly exported: readonly string[]
  /** from the moment clients could be cut off to the moment they were served again, ms */
  readonly swapMs: number | undefined
}

/** Nothing can be planned on a backup that could not be opened. @throws RefusedError */
export function demandIdentity({ manifest, identity }: Pick<RestoreOptions, 'manifest' | 'identity'>): void {
  if (manifest.encrypted && identity === undefined)
    throw new RefusedError(
      message`backup ${manifest.name} is encrypted; give ${setting('database.identity')} the identity that its recipient belongs to`,
    )
}

/**
 * Goes back to a backup: every checksum and a copy beside the live database, verified there, then one swap that
 * happens wholly or not at all. May be killed at any instant and run again.
 * @throws RefusedError for a damaged backup or rows that would be lost, ConflictError when others hold the database
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { engine, store, manifest, log } = options
  if (manifest.engine !== engine.kind)
    throw new RefusedError(
      `backup ${manifest.name} is of ${manifest.engine}, and the database is of ${engine.kind}`,
    )
  if (options.exportTo !== undefined) await refuseExport(options.exportTo, store)
  demandIdentity(options)
  log(`${manifest.name} is ${describeVerification(manifest)}`)
  await engine.inspect('restore')
  await refuseLeftBehind(options)
  const lock = await engine.lock()
  const scratch = join(options.scratch, `restore-${manifest.name}`)
  try {
    const [, live] = await allEnded([
      // what is executed while it is read has to be what was backed up
      engine.readsBeforeItLoads ? undefined : verifyStored(store, manifest),
      engine.contents(),
    ])
    if (live !== undefined && (await holdsAlready(engine, manifest, live))) {
      log(`${engine.database} holds what backup ${manifest.name} does: there is nothing to restore`)
      return report(manifest, { outcome: 'already-restored' })
    }
    if (options.liveSchema !== undefined && live?.schema !== options.liveSchema)
      throw new ConflictError(
        `the schema of ${engine.database} is not the planned one: somebody has migrated it since; plan again`,
      )
    if (!options.dryRun) await options.beforeChange?.()
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { recursive: true, mode: 0o700 })
    const staged = await stage(options, scratch)
    log(`${manifest.name}: ${count(manifest.parts.length, 'file')} checked, all as the manifest says`)
    try {
      return await replace(options, staged)
    } finally {
      await staged.discard()
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
    await lock.release()
  }
}

/** Only while the replaced database is kept can what stays with it be moved. */
async function refuseLeftBehind({ engine, keepOldMs, log }: RestoreOptions): Promise<void> {
  const left = (await engine.leftBehind?.()) ?? []
  if (left.length === 0) return
  if (keepOldMs === 0)
    throw new RefusedError(
      message`${left.join(', ')} would be lost with the database that is replaced: ${setting('database.keep-old')} is 0s; write 7d, or drop it first`,
    )
  log(`warning: ${sayLeftBehind(left)}`)
}

/** What a plan and a log say of what stays with the database that is replaced. */
export function sayLeftBehind(left: readonly string[]): string {
  return `${left.join(', ')} stays with the database that is replaced, and holds its log back: create it again on the new one, and drop it there`
}

async function replace(options: RestoreOptions, staged: Staged): Promise<RestoreReport> {
  const { engine, manifest, log, now } = options
  const isFull = options.verify === 'full'
  // each reads a whole database: side by side they take no longer than one; what is damaged may fail in any way, and the
  // engine's own word says why
  const [, copy, copied, live] = await allEnded([
    staged.check?.(),
    isFull ? staged.contents() : undefined,
    // whatever is verified: what is swapped in has the schema of the backup
    isFull ? undefined : staged.schema(),
    engine.contents({ digests: isFull }),
    options.dryRun ? undefined : staged.prepare?.(),
  ])
  if (copy !== undefined) {
    refuseDifferences(`the restored copy of ${manifest.name}`, manifest.contents, copy)
    log('the copy beside the live database holds what the manifest says')
  } else if (copied !== manifest.contents.schema)
    throw new RefusedError(
      `the restored copy of ${manifest.name} has another schema than its manifest says (columns, indexes, views, triggers, routines); nothing was changed`,
    )
  // the copy may have more digests than the manifest: tables that are alike are not compared row by row
  const backedUp = copy ?? manifest.contents
  const counted = live === undefined ? [] : await countLosses(options, staged, { backedUp, live })
  // how far an undoing came is ours, and nobody's data
  const losses = counted.filter(({ table }) => table !== journal)
  for (const { table, rows, exact } of losses)
    log(`${table}: ${exact ? '' : 'at least '}${count(rows, 'row')} written since the backup`)
  if (options.dryRun) return report(manifest, { outcome: 'planned', losses })
  const exported = await exportRows(options, staged, losses)
  if (losses.length > 0 && options.exportTo === undefined && !options.allowDataLoss)
    throw new RefusedError(
      message`${losses.map(({ table, rows }) => `${count(rows, 'row')} of ${table}`).join(', ')}, written since backup ${manifest.name}, would be lost; set ${setting('export-newer')} to keep them as files, or ${setting('database.allow-data-loss')}`,
    )

  const kept = live === undefined ? undefined : await nameKept(engine, now())
  options.signal?.throwIfAborted()
  const begun = performance.now()
  await staged.swap(kept ?? '')
  const swapMs = Math.round(performance.now() - begun)
  log(
    `swapped in ${swapMs} ms${kept === undefined ? '' : `; what was there is kept as ${kept}, with the rows that were written after they were counted: these are in no count and no export`}`,
  )
  if ((await engine.schema()) !== manifest.contents.schema)
    throw new ConflictError(
      `${engine.database} was swapped, and is not what was restored: somebody else changed it; what was there before is ${kept ?? 'not kept'}`,
    )
  await pruneKept(options)
  return report(manifest, { outcome: 'restored', kept, losses, exported, swapMs })
}

/** Takes away what earlier restores replaced, once its time is over. What cannot be is said, and undoes no restore. */
export async function pruneKept({
  engine,
  keepOldMs,
  now,
  log,
}: Pick<RestoreOptions, 'engine' | 'keepOldMs' | 'now' | 'log'>): Promise<void> {
  for (const { name, at } of await engine.listKept()) {
    if (now().getTime() - at.getTime() <= keepOldMs) continue
    const what = `${name}, replaced at ${at.toISOString()}, was kept long enough`
    try {
      await engine.dropKept(name)
      log(`${what} and is dropped`)
    } catch (error) {
      if (!isUserFacing(error)) throw error
      log(`${what}, and cannot be dropped: ${error.message}`)
    }
  }
}

/**
 * True when the live database holds just what a backup does: then it is not restored a second time.
 * @param rough what is in it, counted only
 */
export async function holdsAlready(
  engine: Engine,
  { contents }: Manifest,
  rough: Contents,
): Promise<boolean> {
  if (differences(contents, rough).length > 0) return false
  const exact = await engine.contents({ digests: true })
  if (exact === undefined || differences(contents, exact).length > 0) return false
  return contents.sequences === undefined || contents.sequences === exact.sequences
}

/** @throws RefusedError that names the file of the backup that is damaged */
async function stage(options: RestoreOptions, scratch: string): Promise<Staged> {
  try {
    return await options.engine.stage(openSource(options, scratch), { compare: options.verify === 'full' })
  } catch (error) {
    // what is damaged may fail in any way, which the checksums say best
    if (!options.signal?.aborted) await verifyStored(options.store, options.manifest)
    throw error
  }
}

function openSource({ store, manifest, identity, signal }: RestoreOptions, scratch: string): DumpSource {
  const parts = partsOf(manifest)
  return {
    scratch,
    parts: [...parts.keys()],
    sizeOf: (name) => parts.get(name)?.plainSize ?? 0,
    signal,
    open: async (name) => {
      const part = parts.get(name)
      if (part === undefined) throw new RefusedError(`backup ${manifest.name} is damaged: it has no ${name}`)
      return openPart({
        store,
        path: `${manifest.name}/${part.name}`,
        part,
        compression: manifest.compression,
        identity: manifest.encrypted ? identity : undefined,
      })
    },
  }
}

function refuseDifferences(what: string, expected: Contents, found: Contents): void {
  const [first, ...others] = differences(expected, found)
  if (first === undefined) return
  const rest = others.length === 0 ? '' : ` (and ${others.length} other differences)`
  throw new RefusedError(`${what} is not what its manifest says: ${first}${rest}; nothing was changed`)
}

function report(
  { name }: Manifest,
  rest: Partial<RestoreReport> & Pick<RestoreReport, 'outcome'>,
): RestoreReport {
  return { ...nothingDone, backup: name, ...rest }
}

/** What a restore reports that has done nothing. */
export const nothingDone = { kept: undefined, losses: [], exported: [], swapMs: undefined } as const
