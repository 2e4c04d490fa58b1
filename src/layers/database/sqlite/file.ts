import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contents } from '../engine.ts'
import { explainSqlite, isBusy, isDiskFailure, isKeyMismatch, isUndefinedHere } from './explain.ts'

/** How long others may hold a lock before we give up, ms. */
const patienceMs = 15_000

/** Opens a database file. Rows come as arrays, integers as bigint: a table may hold any. */
export function openDatabase(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  return new DatabaseSync(path, {
    timeout: patienceMs,
    enableForeignKeyConstraints: false,
    readBigInts: true,
    ...options,
  })
}

/** The same for one use. @throws RefusedError that names the file and what is wrong with it */
export async function withDatabase<T>(
  path: string,
  use: (database: DatabaseSync) => T | Promise<T>,
  options: { readonly readOnly?: boolean } = {},
): Promise<T> {
  let database: DatabaseSync | undefined
  try {
    database = openDatabase(path, options)
    return await use(database)
  } catch (error) {
    throw await explain(error, path)
  } finally {
    database?.close()
  }
}

/** What SQLite ran into at a file, in words for people; an error of another kind as it is. */
export function explain(error: unknown, path: string): Promise<unknown> {
  return explainSqlite(error, path, patienceMs)
}

/** of what is written before others are kept out: less than SQLite's cache of 2000 KiB, so that none of it is on the disk then */
const firstStepBytes = 1 << 20

/**
 * Copies a database, live or not, over another one or into a new file, by SQLite's own online backup in one step: a
 * backup in several starts again each time anybody writes, and under a busy writer never ends.
 * @param whileLocked called each time that it has the write lock of the other one, of which nothing is replaced by then. If it
 *   throws, nothing will be. The database that is copied has to be nobody else's: the copy is made in several steps.
 * @throws ConflictError when others hold a lock for too long; nothing has changed then
 */
export async function copyDatabase(from: string, to: string, whileLocked?: () => void): Promise<void> {
  const givesUpAt = performance.now() + patienceMs
  await withDatabase(from, async (source) => {
    const rate = whileLocked === undefined ? 2 ** 31 - 1 : firstStepOf(source)
    for (;;) {
      let isLocked = false
      try {
        await backup(source, to, {
          rate,
          // the first step takes the lock, and the last one ends it: https://sqlite.org/c3ref/backup_finish.html
          progress: () => {
            if (!isLocked) whileLocked?.()
            isLocked = true
          },
        })
        if (whileLocked !== undefined && !isLocked) throw new Error(`${to} was replaced without its lock`)
        return
      } catch (error) {
        if (!isBusy(error)) throw isDiskFailure(error) ? await explain(error, to) : error
        if (performance.now() > givesUpAt) throw await explain(error, to)
        await sleep(5)
      }
    }
  })
}

/** How many pages are copied at once, so that the first step is not the last one. */
function firstStepOf(source: DatabaseSync): number {
  const read = (pragma: string) => Number(Object.values(source.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
  // a database without tables may have one page: the second one is free
  if (read('page_count') < 2) {
    // which a full vacuum would take away
    if (read('auto_vacuum') === 1) source.exec('PRAGMA auto_vacuum = 2')
    source.exec('CREATE TABLE "second page" (a); DROP TABLE "second page"')
  }
  return Math.max(
    1,
    Math.min(Math.floor(firstStepBytes / read('page_size')), Math.floor(read('page_count') / 2)),
  )
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Takes a database file away, with what belongs to it. */
export async function removeDatabase(path: string): Promise<void> {
  for (const file of databaseFiles(path)) await rm(file, { force: true })
}

/** The file of a database, and those that may belong to it. */
export function databaseFiles(path: string): string[] {
  return ['', '-wal', '-shm', '-journal'].map((suffix) => path + suffix)
}

/** An SQL name in quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What is in a database: how many rows each table has, and the text of its schema. */
export async function readContents(path: string): Promise<Contents> {
  return withDatabase(path, (database) => {
    // one point in time for all of it
    database.exec('BEGIN')
    const tables = database
      .prepare(
        "SELECT name, sql LIKE 'CREATE VIRTUAL TABLE%' AS is_virtual FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
      )
      .all()
      .flatMap((row) => {
        const name = String(row['name'])
        const rows = countTable(database, quoteName(name), Number(row['is_virtual']) === 1)
        return rows === undefined ? [] : [{ name, rows }]
      })
    return { tables, schema: readSchema(database) }
  })
}

/** How many rows a table has; undefined for a virtual one of a module that only its application has: its rows are in others. */
function countTable(database: DatabaseSync, quoted: string, isVirtual: boolean): number | undefined {
  try {
    return countRows(database, quoted)
  } catch (error) {
    if (isVirtual && isUndefinedHere(error)) return undefined
    throw error
  }
}

/** How many rows a table has, counted without its indexes where their order is that of its application alone. */
export function countRows(database: DatabaseSync, quoted: string): number {
  const count = (from: string) =>
    Number(database.prepare(`SELECT count(*) AS rows FROM ${from}`).get()?.['rows'] ?? 0)
  try {
    return count(quoted)
  } catch (error) {
    if (!isUndefinedHere(error)) throw error
    return count(`${quoted} NOT INDEXED`)
  }
}

/** Rows whose foreign key points at nothing. A key to columns that are none is no key: SQLite cannot look such rows up. */
export function countOrphans(database: DatabaseSync): number {
  const check = (table = '') => database.prepare(`PRAGMA foreign_key_check${table}`).all().length
  try {
    return check()
  } catch (error) {
    if (!isKeyMismatch(error) && !isUndefinedHere(error)) throw error
  }
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .reduce((sum, { name }) => {
      try {
        return sum + check(`(${quoteName(String(name))})`)
      } catch (error) {
        if (isKeyMismatch(error) || isUndefinedHere(error)) return sum
        throw error
      }
    }, 0)
}

/** SHA-256 of all that is not rows. */
export function readSchema(database: DatabaseSync): string {
  const hash = createHash('sha256')
  const schema = database.prepare(
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, sql',
  )
  for (const row of schema.iterate()) hash.update(JSON.stringify(Object.values(row)))
  return hash.digest('hex')
}
