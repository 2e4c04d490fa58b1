import { type FileHandle, open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { explainWrite } from '../../../text/system-error.ts'
import { chunksOf } from '../read-file.ts'
import { isForbiddenWrite } from './explain.ts'
import { copyDatabase, explain, openDatabase, removeDatabase } from './file.ts'
import { digestImage } from './image.ts'

/** Of a writer that commits between our two looks at its log. */
const tries = 5

/**
 * Copies a database that may be in use into a new file: byte by byte, three times as fast as SQLite's page by page, while
 * nobody may write to the file. A reader sees to that once all of the log is in it: whoever writes then, writes to the log,
 * and without a log waits. Where a writer leaves no such moment, it is SQLite's own online backup.
 * @param durable the copy is on the disk itself
 * @returns the digest of the copy, taken on the way; undefined where it was not copied byte by byte
 * @throws ConflictError when others hold a lock for too long, RefusedError when the copy cannot be written
 */
export async function copyToNewFile(
  from: string,
  to: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<string | undefined> {
  // left by a process that was killed
  await removeDatabase(to)
  const reader = await openDatabaseAt(from)
  const file = await open(from)
  let digest: string | undefined
  let isStill = false
  try {
    isStill = holdStill(reader, from)
    if (isStill) digest = await copyBytes(file, to, durable)
  } catch (error) {
    throw await explain(error, from)
  } finally {
    reader.close()
    // not before the reader: a process that closes a file gives up each lock it has on it, and SQLite's are such locks
    await file.close()
  }
  if (!isStill) await copyDatabase(from, to)
  return digest
}

async function openDatabaseAt(path: string): Promise<DatabaseSync> {
  try {
    return openDatabase(path)
  } catch (error) {
    throw await explain(error, path)
  }
}

/** Begins to read. @returns true when the file is all of what is read, and stays so until the reader ends */
function holdStill(reader: DatabaseSync, path: string): boolean {
  const other = openDatabase(path)
  try {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      isLogInFile(other)
      reader.exec('BEGIN')
      reader.prepare('SELECT 1 FROM sqlite_schema').get()
      // what is in the log goes into the file as far as this reader sees it, and no further while it reads
      if (isLogInFile(other)) return true
      reader.exec('ROLLBACK')
    }
    return false
  } finally {
    other.close()
  }
}

/** Brings what is in the log into the file. Both numbers are -1 without a log: https://sqlite.org/pragma.html#pragma_wal_checkpoint */
function isLogInFile(database: DatabaseSync): boolean {
  try {
    const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
    return Number(row?.['busy']) === 0 && row?.['log'] === row?.['checkpointed']
  } catch (error) {
    if (isForbiddenWrite(error)) return false
    throw error
  }
}

async function copyBytes(file: FileHandle, to: string, durable: boolean): Promise<string> {
  const { mode } = await file.stat()
  const image = digestImage(chunksOf(file))
  try {
    const copy = await open(to, 'wx', mode & 0o777)
    try {
      let isFirst = true
      for await (const chunk of image.content) {
        // the copy has no log: https://sqlite.org/fileformat2.html#file_format_version_numbers
        if (isFirst) chunk.fill(1, 18, 20)
        isFirst = false
        await copy.appendFile(chunk)
      }
      if (durable) await copy.sync()
      return image.digest()
    } finally {
      await copy.close()
    }
  } catch (error) {
    throw explainWrite(error, to)
  }
}
