import { chmod, type FileHandle, open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { explainWrite } from '../../../text/system-error.ts'
import { chunksOf } from '../read-file.ts'
import { writeChunks } from '../write-file.ts'
import { isForbiddenWrite } from './explain.ts'
import { copyDatabase, explain, openDatabase, removeDatabase } from './file.ts'
import { digestImage, unifyHeader } from './image.ts'

/** Of a writer that commits between our two looks at its log. */
const tries = 5

export interface CopyOptions {
  /** the copy is on the disk itself */
  readonly durable?: boolean
}

/**
 * Copies a database that may be in use into a new file: byte by byte, three times as fast as SQLite's page by page, while
 * nobody may write to the file. A reader sees to that once all of the log is in it: whoever writes then, writes to the log,
 * and without a log waits. Where a writer leaves no such moment, it is SQLite's own online backup.
 * @returns the SHA-256 of the copy, taken while it is written; undefined where it was not copied byte by byte
 * @throws ConflictError when others hold a lock for too long, RefusedError when the copy cannot be written
 */
export async function copyToNewFile(from: string, to: string): Promise<string | undefined> {
  const file = await open(from)
  try {
    const image = digestImage(chunksOf(file))
    return (await copyOpened(file, image.content, { from, to })) ? image.digest() : undefined
  } finally {
    await file.close()
  }
}

/**
 * The same without a digest, of a file that is open already. It has to stay open for as long as this process has other connections
 * to that database: a process that closes a file gives up each lock it has on it, and SQLite's are such locks.
 * @param content of the file
 * @returns false where it was not copied byte by byte
 */
export async function copyOpened(
  file: FileHandle,
  content: AsyncIterable<Buffer>,
  { from, to, durable = false }: CopyOptions & { readonly from: string; readonly to: string },
): Promise<boolean> {
  // left by a process that was killed
  await removeDatabase(to)
  const reader = await openDatabaseAt(from)
  let isStill = false
  try {
    isStill = holdStill(reader, from)
    if (isStill) await copyBytes(content, { to, mode: (await file.stat()).mode, durable })
  } catch (error) {
    throw await explain(error, from)
  } finally {
    reader.close()
  }
  if (!isStill) {
    // SQLite would make it with the rights of any new file; it writes to it by its name
    const mode = (await file.stat()).mode & 0o777
    await (await open(to, 'w', mode | 0o600)).close()
    await copyDatabase(from, to)
    await chmod(to, mode)
  }
  return isStill
}

/** @throws RefusedError that names the file and what is wrong with it */
export async function openDatabaseAt(path: string): Promise<DatabaseSync> {
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

async function copyBytes(
  content: AsyncIterable<Buffer>,
  { to, mode, durable }: { readonly to: string; readonly mode: number; readonly durable: boolean },
): Promise<void> {
  const unified = async function* () {
    let isFirst = true
    for await (const chunk of content) {
      if (isFirst) unifyHeader(chunk)
      isFirst = false
      yield chunk
    }
  }
  try {
    const copy = await open(to, 'wx', mode & 0o777)
    try {
      await writeChunks(unified(), copy)
      if (durable) await copy.sync()
    } finally {
      await copy.close()
    }
  } catch (error) {
    throw explainWrite(error, to)
  }
}
