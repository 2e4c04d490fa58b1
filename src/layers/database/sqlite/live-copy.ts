import { open, rename } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { chunksOf } from '../read-file.ts'
import { removeDatabase } from './file.ts'
import { copyOpened, openDatabaseAt } from './snapshot.ts'

/** A copy of the live database beside it: what it is compared by and, while nobody has written since, its safety copy. */
export interface LiveCopy {
  readonly path: string
  /** False once anybody has written to the live database. */
  readonly isCurrent: () => boolean
  /** Gives the copy, which is on the disk itself, another name. */
  readonly moveTo: (path: string) => Promise<void>
  readonly discard: () => Promise<void>
}

/** Copies the live database into a new file. @throws as `copyOpened` */
export async function copyLive(live: string, path: string): Promise<LiveCopy> {
  const file = await open(live)
  const watch = await openDatabaseAt(live).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  const close = async () => {
    if (watch.isOpen) watch.close()
    // not before the connection, whose locks would end with it
    await file.close()
  }
  const discard = async () => {
    await close()
    await removeDatabase(path)
  }
  try {
    // looked at before the copy is begun: what is written meanwhile counts as written since
    const before = dataVersion(watch)
    await copyOpened(file, chunksOf(file), { from: live, to: path, durable: true })
    return {
      path,
      isCurrent: () => {
        try {
          return dataVersion(watch) === before
        } catch {
          // a writer holds it for long: it is to be copied again, which says what is wrong
          return false
        }
      },
      moveTo: async (to) => {
        await rename(path, to)
        await close()
      },
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Another number whenever another connection has written: https://sqlite.org/pragma.html#pragma_data_version */
function dataVersion(database: DatabaseSync): number {
  return Number(Object.values(database.prepare('PRAGMA data_version').get() ?? {})[0])
}
