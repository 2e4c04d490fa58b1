import { createHash } from 'node:crypto'
import { chmod, chown, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConflictError, RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { FileConnection } from '../connection.ts'
import { type Contents, type Engine, keptAt, keptName, type ScriptRun, type Surroundings } from '../engine.ts'
import { writeFileFrom } from '../write-file.ts'
import { refuseDamage } from './damage.ts'
import {
  copyDatabase,
  countOrphans,
  exists,
  explain,
  quoteName,
  readContents,
  readSchema,
  removeDatabase,
  withDatabase,
} from './file.ts'
import { digestImage, readImage } from './image.ts'
import { countNewerRows, newerRows } from './newer.ts'
import { findChangedTables } from './pages.ts'
import { copyToNewFile } from './snapshot.ts'

const part = 'database.sqlite.zst'
/** file names are at most 255 bytes, and `-journal` may be added */
const nameLimit = 240

/**
 * SQLite in a file of this machine. Backup and restore go through SQLite's online backup, so processes that have the
 * file open see the old database or the new one and never a mixture. Copying the file instead would lose what is in the
 * write-ahead log, or bring it back over the restored file.
 */
export async function openSqlite(
  { path: given }: FileConnection,
  { log }: Pick<Surroundings, 'log'>,
): Promise<Engine> {
  const path = (await exists(given)) ? await realpath(given) : resolve(given)
  const [folder, file] = [dirname(path), basename(path)]
  const inFolder = (name: string) => join(folder, name)
  /** the copy that was loaded, which the live database is compared with */
  let staged: string | undefined

  return {
    kind: 'sqlite',
    database: file,
    source: createHash('sha256').update(`sqlite\0${path}`).digest('hex').slice(0, 16),

    async inspect(purpose) {
      if (purpose === 'backup' && !(await exists(path)))
        throw new RefusedError(
          `there is no SQLite database ${given}: it has to be a file of the machine this runs on`,
        )
      const version = (await exists(path)) ? await withDatabase(path, readVersion) : versionOfLibrary()
      return { server: `SQLite ${version}`, tool: `node:sqlite of Node ${process.versions.node}` }
    },

    async dump({ scratch, add }) {
      const copy = join(scratch, 'database.sqlite')
      await copyToNewFile(path, copy)
      const image = readImage(copy)
      // one pass over the file for the digest and the backup
      const added = add(part, image.content)
      const checked = refuseDamage(copy, 'the database', log)
      // both have ended when the first failure is thrown; what was stored is no backup then
      await allEnded([checked, added])
      const [contents, orphans] = [await readContents(copy), await withDatabase(copy, countOrphans)]
      await rm(copy)
      return { ...contents, image: image.digest(), orphans }
    },

    async lock() {
      // a lock of the operating system, which ends with the process, on a file that nobody else needs
      const lockFile = inFolder(`${file}.restore-lock`)
      const lock = await openLock(lockFile)
      try {
        lock.exec('BEGIN EXCLUSIVE')
        await takeOwner(path, lockFile)
      } catch (error) {
        lock.close()
        throw new ConflictError(
          `another process of this machine is restoring ${file} or running its migrations: try again when it is done (${error instanceof Error ? error.message : error})`,
        )
      }
      await removePartial(folder, file)
      return { release: async () => lock.close() }
    },

    async contents({ digests = false } = {}) {
      if (!(await exists(path))) return undefined
      if (!digests) return readContents(path)
      const copy = inFolder(`${file}.compared`)
      try {
        const image = (await copyToNewFile(path, copy)) ?? (await readDigest(copy))
        const found = await describeImage(copy, image)
        return staged === undefined ? found : labelTables(found, await findChangedTables(copy, staged))
      } finally {
        await removeDatabase(copy)
      }
    },

    schema: async () => ((await exists(path)) ? withDatabase(path, readSchema) : undefined),

    stagesOnServer: false,

    async stage({ open, scratch }) {
      const copy = join(scratch, 'database.sqlite')
      const image = digestImage(await open(part))
      await writeFileFrom(image.content, copy)
      staged = copy
      return {
        check: () => refuseDamage(copy, 'the backup', log),
        contents: async () => labelTables(await describeImage(copy, image.digest()), new Set()),
        schema: () => withDatabase(copy, readSchema),
        countNewerRows: (table) => countNewerRows({ live: path, copy, table }),
        newerRows: (table) => newerRows({ live: path, copy, table }),
        async swap(kept) {
          if (kept === '') return copyOver(copy, path)
          await keep({ path, kept: inFolder(kept) })
          try {
            await copyOver(copy, path)
          } catch (error) {
            // nothing was replaced
            await removeDatabase(inFolder(kept))
            throw error
          }
        },
        discard: () => {
          staged = undefined
          return removeDatabase(copy)
        },
      }
    },

    keptName: (at) => keptName(file, at, nameLimit),

    async listKept() {
      const names = await readdir(folder).catch(() => [])
      return names
        .flatMap((name) => {
          const at = keptAt(file, name, nameLimit)
          return at === undefined ? [] : [{ name, at }]
        })
        .sort((a, b) => a.at.getTime() - b.at.getTime())
    },

    dropKept: async (name) => {
      if (keptAt(file, name, nameLimit) === undefined) throw new TypeError(`${name} is not a kept database`)
      await removeDatabase(inFolder(name))
    },

    async putBack(kept, keepAs) {
      await keep({ path, kept: inFolder(keepAs) })
      await copyOver(inFolder(kept), path)
      await removeDatabase(inFolder(kept))
    },

    transactionalDdl: true,
    quoteName,
    asText: (column) => `CAST(${quoteName(column)} AS TEXT)`,
    query: (sql, values = []) =>
      withDatabase(path, (database) =>
        database
          .prepare(sql)
          .all(...values)
          .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, asText(value)]))),
      ),
    columnsOf: (table) =>
      withDatabase(path, (database) =>
        database
          .prepare('SELECT name FROM pragma_table_info(?)')
          .all(table)
          .map(({ name }) => String(name)),
      ),
    runScript: (run) => withDatabase(path, (database) => runScript(database, run)),
  }
}

function asText(value: unknown): string | null {
  return value === null
    ? null
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : String(value)
}

function runScript(database: DatabaseSync, { script, after, transaction }: ScriptRun): void {
  try {
    // a table is rebuilt under its children: their keys are looked at as a whole before the end
    if (transaction) database.exec('BEGIN IMMEDIATE')
    const before = countOrphans(database)
    database.exec(script)
    for (const { sql, values } of after) database.prepare(sql).run(...values)
    if (countOrphans(database) > before) throw new Error('it leaves rows whose foreign key points at nothing')
    if (transaction) database.exec('COMMIT')
  } catch (error) {
    // the transaction ends with the connection
    throw new RefusedError(`SQLite refused the script: ${error instanceof Error ? error.message : error}`)
  }
}

function readVersion(database: DatabaseSync): string {
  return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
}

function versionOfLibrary(): string {
  const database = new DatabaseSync(':memory:')
  try {
    return readVersion(database)
  } finally {
    database.close()
  }
}

/** @param image its digest */
async function describeImage(path: string, image: string): Promise<Contents> {
  const { tables, schema } = await readContents(path)
  return { tables, schema, image, orphans: await withDatabase(path, countOrphans) }
}

async function readDigest(path: string): Promise<string> {
  const image = readImage(path)
  for await (const _ of image.content);
  return image.digest()
}

/** Labels the tables that are the same as in the staged copy, whose own have that label too. */
function labelTables(contents: Contents, changed: ReadonlySet<string> | 'all'): Contents {
  const labelOf = (name: string) => (changed === 'all' || changed.has(name) ? 'changed' : 'as staged')
  return { ...contents, tables: contents.tables.map((table) => ({ ...table, digest: labelOf(table.name) })) }
}

/** Under a name of its own until it is whole. */
async function keep({ path, kept }: { path: string; kept: string }): Promise<void> {
  const partial = `${kept}.partial`
  try {
    await copyToNewFile(path, partial, { durable: true })
    await takeOwner(path, partial)
    await rename(partial, kept)
  } finally {
    await removeDatabase(partial)
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

/** What a restore left that was killed while it copied what it would keep. */
async function removePartial(folder: string, file: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, kept = ''] = /^(.*)\.partial(?:-\w+)?$/.exec(name) ?? []
    if (keptAt(file, kept, nameLimit) !== undefined) await rm(join(folder, name), { force: true })
  }
}

/** A database in WAL mode takes no other page size: it leaves that mode for it, which needs the file for itself. */
async function copyOver(copy: string, live: string): Promise<void> {
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
