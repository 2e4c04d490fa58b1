import { chmod, chown, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConflictError } from '../../../errors.ts'
import { keptAt, keptName, type Lock } from '../engine.ts'
import { copyDatabase, explain, removeDatabase, withDatabase } from './file.ts'
import type { LiveCopy } from './live-copy.ts'

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
    await takeOwner(path, beside)
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

/** Keeps a copy of the live database under a name, with the owner of the live one. */
export async function keepCopy(
  copy: LiveCopy,
  { live, kept }: { readonly live: string; readonly kept: string },
): Promise<void> {
  try {
    await takeOwner(live, copy.path)
    await copy.moveTo(kept)
  } catch (error) {
    await copy.discard()
    throw error
  }
}

async function openLock(path: string): Promise<DatabaseSync> {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw await explain(error, path)
  }
}

/** Gives a file that is made beside the live one to the live one's owner: the job may run as another user. */
async function takeOwner(live: string, file: string): Promise<void> {
  const owner = await stat(live).catch(() => undefined)
  if (owner === undefined) return
  await chmod(file, owner.mode & 0o777)
  // only root may give a file away: of a user's own, it is already
  await chown(file, owner.uid, owner.gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error
  })
}

/** A database in WAL mode takes no other page size: it leaves that mode for it, which needs the file for itself. */
export async function copyOver(copy: string, live: string): Promise<void> {
  const pageSize = (database: DatabaseSync) =>
    Number(Object.values(database.prepare('PRAGMA page_size').get() ?? {})[0])
  const wanted = await withDatabase(copy, pageSize)
  const wasWal = await withDatabase(live, (database) => {
    if (pageSize(database) === wanted) return false
    const setMode = (mode: string) =>
      String(Object.values(database.prepare(`PRAGMA journal_mode = ${mode}`).get() ?? {})[0])
    if (String(Object.values(database.prepare('PRAGMA journal_mode').get() ?? {})[0]) !== 'wal') return false
    if (setMode('delete') !== 'delete') throw new ConflictError('the page size differs')
    return true
  }).catch((error: unknown) => {
    throw new ConflictError(
      `the backup has pages of another size, and ${live} has to be closed by its processes for that: stop them and try again (${error instanceof Error ? error.message : error})`,
    )
  })
  await copyDatabase(copy, live)
  await withDatabase(live, (database) => {
    if (wasWal) database.exec('PRAGMA journal_mode = wal')
    // the log is as long as the database now; a reader may keep us from cutting it, which the next writer does then
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  })
}
