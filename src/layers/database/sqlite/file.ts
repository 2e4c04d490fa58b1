import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ConflictError, RefusedError } from '../../../errors.ts'
import type { Contents } from '../engine.ts'
import { readChunks } from '../read-file.ts'

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

/** The same for one use. */
export async function withDatabase<T>(
  path: string,
  use: (database: DatabaseSync) => T | Promise<T>,
  options: { readonly readOnly?: boolean } = {},
): Promise<T> {
  const database = openDatabase(path, options)
  try {
    return await use(database)
  } finally {
    database.close()
  }
}

/**
 * Copies a database, live or not, over another one or into a new file, by SQLite's own online backup in one step: a
 * backup in several starts again each time anybody writes, and under a busy writer never ends.
 * @throws ConflictError when others hold a lock for too long; nothing has changed then
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const givesUpAt = performance.now() + patienceMs
  await withDatabase(from, async (source) => {
    for (;;) {
      try {
        await backup(source, to, { rate: 2 ** 31 - 1 })
        return
      } catch (error) {
        if (!isBusy(error)) throw explainCopy(error, to)
        if (performance.now() > givesUpAt) throw explainLock(error, to)
        await sleep(5)
      }
    }
  })
}

/** A lock that others held for as long as we wait, as a ConflictError; another error as it is. */
export function explainLock(error: unknown, path: string): unknown {
  return isBusy(error)
    ? new ConflictError(`${path} stayed locked for ${patienceMs} ms: another process holds it`)
    : error
}

/** A full disk, and one that fails, are said without the file. */
function explainCopy(error: unknown, to: string): unknown {
  const { data } = sqliteErrorSchema.safeParse(error)
  return data !== undefined && [failedDisk, full].includes(data.errcode & 0xff)
    ? new RefusedError(`${to} cannot be written to: SQLite says "${data.message}"`)
    : error
}

/** A lock met by a backup's first step is reported as "not an error", with code 0. */
function isBusy(error: unknown): boolean {
  const { data } = sqliteErrorSchema.safeParse(error)
  return data !== undefined && [0, busy, locked].includes(data.errcode & 0xff)
}

/** What only somebody may do who may write. */
export function isForbiddenWrite(error: unknown): boolean {
  const { data } = sqliteErrorSchema.safeParse(error)
  return data !== undefined && (data.errcode & 0xff) === readOnly
}

const sqliteErrorSchema = z.object({ errcode: z.number(), message: z.string() })
/** https://sqlite.org/rescode.html */
const [busy, locked, readOnly, failedDisk, full] = [5, 6, 8, 10, 13]

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Takes a database file away, with what belongs to it. */
export async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(path + suffix, { force: true })
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
    const names = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
      )
      .all()
      .map(({ name }) => String(name))
    const tables = names.map((name) => {
      const row = database.prepare(`SELECT count(*) AS rows FROM ${quoteName(name)}`).get()
      return { name, rows: Number(row?.['rows'] ?? 0) }
    })
    return { tables, schema: readSchema(database) }
  })
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

/**
 * SHA-256 of a database file that nobody has open, less what SQLite itself changes in the header when it copies: journal
 * mode, change counter, schema cookie and library version (https://sqlite.org/fileformat2.html#the_database_header).
 */
export async function imageDigest(path: string): Promise<string> {
  const image = hashImage()
  for await (const chunk of readChunks(path)) image.update(chunk)
  return image.digest()
}

/** The same, of a file that is read on its way to somewhere: known once all of it was. */
export function readImage(path: string) {
  const image = hashImage()
  const content = async function* () {
    for await (const chunk of readChunks(path)) {
      image.update(chunk)
      yield chunk
    }
  }
  return { content: content(), digest: image.digest }
}

function hashImage() {
  const hash = createHash('sha256')
  let isFirst = true
  return {
    update: (chunk: Buffer) => {
      if (isFirst) {
        const header = Buffer.from(chunk)
        for (const [from, to] of changedByCopying) header.fill(0, from, to)
        hash.update(header)
      } else hash.update(chunk)
      isFirst = false
    },
    digest: () => hash.digest('hex'),
  }
}

const changedByCopying = [
  [18, 20],
  [24, 28],
  [40, 44],
  [92, 100],
] as const
