import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { chunksOf } from '../read-file.ts'
import { explain, removeDatabase } from './file.ts'
import { copyLocked } from './locked-copy.ts'
import { copyOpened, openDatabaseAt } from './snapshot.ts'

/** A copy of the live database beside it: what it is compared by and, once it is kept, its safety copy. */
export interface LiveCopy {
  readonly path: string
  /** False once anybody has written to the live database. */
  readonly isCurrent: () => boolean
  /**
   * Gives the copy, which is on the disk itself, another name. It is taken again first where anybody has written since. Call it
   * while nobody can write to the live database; it may be called again.
   */
  readonly keepLocked: (kept: string) => void
  /** Ends the look at the log, which no process may have open when the journal mode changes. The copy is not current then. */
  readonly unwatch: () => void
  /** The copy stays, under the name that it has. Call it once this process has no other connection to the live database. */
  readonly close: () => Promise<void>
  readonly discard: () => Promise<void>
}

/** Copies the live database into a new file. @throws as `copyOpened` */
export async function copyLive(live: string, path: string): Promise<LiveCopy> {
  const file = await open(live)
  const watch = await openDatabaseAt(live).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  let at = path
  const unwatch = () => {
    if (watch.isOpen) watch.close()
  }
  const close = async () => {
    unwatch()
    // not before the connection, whose locks would end with it
    await file.close()
  }
  const discard = async () => {
    await close()
    for (const each of new Set([at, path])) await removeDatabase(each)
  }
  const readVersion = () => versionOf(file.fd, watch)
  try {
    // looked at before the copy is begun: what is written meanwhile counts as written since
    let version = committedVersion(watch, readVersion)
    const isCurrent = () => {
      try {
        return watch.isOpen && readVersion() === version
      } catch {
        // a writer holds it for long: it is to be copied again, which says what is wrong
        return false
      }
    }
    await copyOpened(file, chunksOf(file), { from: live, to: path, durable: true })
    return {
      path,
      isCurrent,
      keepLocked(kept) {
        const isSame = isCurrent()
        at = copyLocked({ live, fd: file.fd, copy: at, scratch: path, kept, isSame })
        if (!isSame && watch.isOpen) version = readVersion()
      },
      unwatch,
      close,
      discard,
    }
  } catch (error) {
    await discard()
    throw await explain(error, live)
  }
}

/** The version of the last transaction that was committed: a header that a killed writer left behind is not looked at. */
function committedVersion(watch: DatabaseSync, readVersion: () => string): string {
  watch.exec('BEGIN')
  try {
    watch.prepare('SELECT 1 FROM sqlite_schema').get()
    return readVersion()
  } finally {
    watch.exec('ROLLBACK')
  }
}

/** up to the change counter and with it: https://sqlite.org/fileformat.html#the_database_header */
const headerBytes = 28
const formatVersionAt = 18
const withLog = 2

/**
 * Another text whenever another connection has written. With a log that is SQLite's own number
 * (https://sqlite.org/pragma.html#pragma_data_version). Without one it is the header: who replaces the file keeps readers out.
 */
function versionOf(fd: number, watch: DatabaseSync): string {
  const header = Buffer.alloc(headerBytes)
  readSync(fd, header, 0, headerBytes, 0)
  if (header[formatVersionAt] !== withLog) return header.toString('hex')
  return `log ${Object.values(watch.prepare('PRAGMA data_version').get() ?? {})[0]}`
}
