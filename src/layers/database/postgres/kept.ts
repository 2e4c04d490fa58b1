import { type BackupEngine, keptAt, keptName } from '../engine.ts'
import { swapSchemas } from './schema-swap.ts'
import { dropEnding, keptEnding, listKeptSchemas } from './schemas.ts'
import { dropDatabase, listKeptDatabases, type Server } from './server.ts'
import { swapDatabases } from './swap.ts'

/** What restores replaced and kept: databases, or schemas within the live one. */
export function openKeptDatabases(
  server: Server,
): Pick<BackupEngine, 'keptName' | 'listKept' | 'dropKept' | 'putBack'> {
  const { connection, database, withControl, withLive } = server
  const listDatabases = () => withControl((session) => listKeptDatabases(session, database))
  const isDatabase = async (kept: string) => (await listDatabases()).some(({ name }) => name === kept)
  return {
    keptName: (at) => keptName(database, at),

    listKept: async () =>
      [...(await listDatabases()), ...(await listKeptSchemas(connection))].sort(
        (a, b) => a.at.getTime() - b.at.getTime(),
      ),

    dropKept: async (name) => {
      if (keptAt(database, name) === undefined) throw new TypeError(`${name} is not a kept database`)
      if (await isDatabase(name)) await withControl((session) => dropDatabase(session, name))
      else await withLive((session) => dropEnding(session, keptEnding(name)))
    },

    putBack: async (kept, keepAs) => {
      if (await isDatabase(kept))
        await withControl((renamer) =>
          withControl((watcher) =>
            swapDatabases([renamer, watcher], { live: database, copy: kept, kept: keepAs }),
          ),
        )
      else await swapSchemas(connection, { away: keptEnding(keepAs), into: keptEnding(kept), older: [] })
    },
  }
}
