import { createHash } from 'node:crypto'
import type { ServerConnection } from '../connection.ts'
import type { Engine, Surroundings } from '../engine.ts'
import { connect, isMissingDatabase, withOpen } from './connect.ts'
import { readContents } from './contents.ts'
import { readDefinitions, readSchema } from './definitions/definitions.ts'
import { dumpDatabase } from './dump.ts'
import { openElsewhere } from './elsewhere.ts'
import { openKeptDatabases } from './kept.ts'
import { lockDatabase } from './lock.ts'
import { refusePooler } from './pooler.ts'
import { readProperties } from './properties.ts'
import { refuseHidden, refuseSchemas, whyNotBeside } from './rights.ts'
import { listSlots, openServer, readVersion } from './server.ts'
import { refuseShapes } from './shapes.ts'
import { stageBackup } from './stage.ts'
import { stageDatabase } from './stage-database.ts'
import { stageSchemas } from './stage-schemas.ts'
import { openStatements } from './statements.ts'
import { findTool } from './tools.ts'

/**
 * PostgreSQL: `pg_dump -Fd` and `pg_restore` for the data, one exported snapshot for the dump, the counts and the digests;
 * a restore goes into a database beside, and two renames in one transaction put it in place; for users who may not do that, the
 * same with schemas within the database.
 */
export function openPostgres(connection: ServerConnection, surroundings: Surroundings): Engine {
  const server = openServer(connection, surroundings)
  const { database, withControl, withLive } = server
  const identity = ['postgres', connection.host, String(connection.port), database]
  /** what keeps a restore from a database beside, so that it has to be schemas */
  const whyNot = () => withControl((session) => whyNotBeside(session, database))

  return {
    kind: 'postgres',
    database,
    source: createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),

    async inspect(purpose) {
      await withLive((session) => refusePooler(session, connection)).catch(missing)
      const why = purpose === 'restore' ? await whyNot() : undefined
      if (why !== undefined) await withLive((session) => refuseSchemas(session, why))
      const opened = purpose === 'backup' ? connect(connection, database) : server.connectControl()
      return withOpen(await opened, async (session) => {
        if (purpose === 'backup') {
          // names come with their schema
          await session.query("SET search_path = ''")
          await refuseHidden(session)
          await refuseShapes(session, surroundings.log)
        }
        const version = await readVersion(session)
        const tool = await findTool('pg_dump', version, surroundings.env)
        return { server: `PostgreSQL ${version}`, tool: `pg_dump ${tool.version}` }
      })
    },

    dump: (target) => dumpDatabase(server, target),
    lock: () => lockDatabase(server),
    schema: () => withLive(readSchema).catch(missing),
    definitions: () => withLive(readDefinitions),

    contents: ({ digests = false } = {}) =>
      withLive(async (session) => {
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        return readContents(session, digests)
      }).catch(missing),

    stagesOnServer: true,
    readsBeforeItLoads: true,

    async stage(source, { limit } = {}) {
      if ((await whyNot()) !== undefined)
        return stageBackup(server, source, { limit, load: (dump) => stageSchemas(server, source, dump) })
      const properties = await withControl((session) => readProperties(session, database))
      return stageBackup(server, source, {
        limit,
        load: (dump) => stageDatabase(server, source, { dump, properties }),
      })
    },

    // within the same database, a slot goes on with what is put there
    leftBehind: async () =>
      (await whyNot()) === undefined ? withControl((session) => listSlots(session, database)) : [],

    elsewhere: (where) => openElsewhere(server, where),

    ...openKeptDatabases(server),
    ...openStatements(server),
  }
}

/** Undefined for a database that is not there. */
function missing(error: unknown): undefined {
  if (!isMissingDatabase(error)) throw error
}
