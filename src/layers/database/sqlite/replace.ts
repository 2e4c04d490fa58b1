import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConflictError } from '../../../errors.ts'
import { keptAt, keptName, type Lock } from '../engine.ts'
import { copyDatabase, explain, removeDatabase, withDatabase } from './file.ts'
import type { LiveCopy } from './live-copy.ts'
import { takeOwner } from './locked-copy.ts'

/** file names are at most 255 bytes, and `-journal` may be added */
const nameLimit = 240

/** The name of a database file that is replaced. */
export function keptFileName(file: string, at: Date): string {
  return keptName(file, at, nameLimit)
}

/** When a file was replaced that is kept under this name; undefined for any other. */
export function keptFileAt(file: string, name: string): Date | undefined {
  return keptAt(file, name, nameLimit)
}

/** The name of the file by which the live database is compared, and kept if nobody writes meanwhile. */
export function comparedName(file: string): string {
  return `${file}.compared`
}

/** A lock of the operating system, which ends with the process, on a file that nobody else needs. @throws ConflictError */
export async function lockFile(path: string): Promise<Lock> {
  const [folder, file] = [dirname(path), basename(path)]
  const beside = join(folder, `${file}.restore-lock`)
  const lock = await openLock(beside)
  try {
    lock.exec('BEGIN EXCLUSIVE')
    takeOwner(path, beside)
  } catch (error) {
    lock.close()
    throw new ConflictError(
      `another process of this machine is restoring ${file} or running its migrations: try again when it is done (${error instanceof Error ? error.message : error})`,
    )
  }
  // left by a restore that was killed
  await removeDatabase(join(folder, comparedName(file)))
  return { release: async () => lock.close() }
}

async function openLock(path: string): Promise<DatabaseSync> {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw await explain(error, path)
  }
}

/** What takes the place of a live database, and where that is kept. */
interface Replacement {
  readonly by: string
  readonly live: string
  readonly kept: string
}

/**
 * Replaces a live database, which is kept under a name: what others have committed is in one of both, as nobody writes between
 * its safety copy and the replacement.
 * @param safety a copy of the live database, which is kept
 * @throws ConflictError when others hold a lock for too long; nothing has changed then
 */
export async function replaceLive(safety: LiveCopy, { by, live, kept }: Replacement): Promise<void> {
  let wasWal = false
  let vacuum: string | undefined
  try {
    vacuum = await withDatabase(by, (database) => readPragma(database, 'auto_vacuum'))
    if ((await withDatabase(by, pageSize)) !== (await withDatabase(live, pageSize))) {
      safety.unwatch()
      wasWal = await leaveWal(live)
    }
    await copyDatabase(by, live, () => safety.keepLocked(kept))
  } catch (error) {
    await safety.discard()
    // nothing was replaced: what is wrong is said by the first error
    if (wasWal) await settle(live, { wasWal }).catch(() => {})
    throw error
  }
  await safety.close()
  await settle(live, { wasWal, vacuum })
}

const readPragma = (database: DatabaseSync, pragma: string) =>
  String(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
const pageSize = (database: DatabaseSync) => readPragma(database, 'page_size')

/**
 * A database in WAL mode takes no other page size: it leaves that mode for it, which needs the file for itself.
 * @returns whether it was in that mode
 */
async function leaveWal(live: string): Promise<boolean> {
  return withDatabase(live, (database) => {
    if (readPragma(database, 'journal_mode') !== 'wal') return false
    if (readPragma(database, 'journal_mode = delete') !== 'delete')
      throw new ConflictError('the page size differs')
    return true
  }).catch((error: unknown) => {
    throw new ConflictError(
      `the backup has pages of another size, and processes that use ${live} must close it first: stop them and try again (${error instanceof Error ? error.message : error})`,
    )
  })
}

interface Settled {
  readonly wasWal: boolean
  /** the mode that the copy had before it was prepared to be copied in steps */
  readonly vacuum?: string | undefined
}

async function settle(live: string, { wasWal, vacuum }: Settled): Promise<void> {
  await withDatabase(live, (database) => {
    if (vacuum !== undefined && vacuum !== readPragma(database, 'auto_vacuum'))
      database.exec(`PRAGMA auto_vacuum = ${vacuum}`)
    if (wasWal) database.exec('PRAGMA journal_mode = wal')
    // the log is as long as the database now; a reader may keep us from cutting it, which the next writer does then
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  })
}
