import { createHash } from 'node:crypto'
import type { ServerConnection } from '../connection.ts'
import type { Engine, Surroundings } from '../engine.ts'
import { errorNumber, findTools, noSuchDatabase, type Session, withSession } from './connect.ts'
import { readContents, readDefinitions, readSchema } from './contents.ts'
import { dumpDatabase } from './dump.ts'
import { openElsewhere } from './elsewhere.ts'
import { lockDatabase } from './lock.ts'
import { keepName, keptSince, listKept, sidePrefix } from './names.ts'
import { dropPrograms, isInert, readPrograms, tryForeignKeys } from './programs.ts'
import { quoteName } from './quote.ts'
import { refuseLackOfRights } from './rights.ts'
import { refuseForeignReferences } from './shapes.ts'
import { dropDatabase, stageCopy } from './stage.ts'
import { runSteps } from './steps.ts'
import { readKeptPrograms, swapTables } from './swap.ts'

/**
 * MariaDB: the server's own dump tool for the tables, everything else as the server prints it. A restore goes into
 * a database beside, and one RENAME TABLE of all tables puts it in place: no client has to connect again.
 */
export function openMysql(connection: ServerConnection, surroundings: Surroundings): Engine {
  const { database } = connection
  const { log } = surroundings
  const within = <T>(use: (session: Session) => Promise<T>) => withSession(connection, undefined, use)
  const inDatabase = <T>(use: (session: Session) => Promise<T>) => withSession(connection, database, use)
  const openTools = async (session: Session) => {
    const [row] = await session.query('SELECT VERSION() AS version')
    const server = String(row?.['version'])
    return { server, tools: await findTools(connection, server, surroundings) }
  }
  const identity = ['mysql', connection.host, String(connection.port), database]

  return {
    kind: 'mysql',
    database,
    source: createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),
    inspect: (purpose) =>
      withSession(connection, purpose === 'backup' ? database : undefined, async (session) => {
        if (purpose === 'restore') {
          const beside = [`${sidePrefix(database)}00000000`, keepName(database, new Date(0))]
          await refuseLackOfRights(session, [database, ...beside])
          await refuseForeignReferences(session, database)
        }
        const { server, tools } = await openTools(session)
        return { server: `server ${server}`, tool: `${tools.dump} ${tools.version}` }
      }),
    lock: () => lockDatabase(connection, log),

    dump: (target) =>
      inDatabase(async (session) =>
        dumpDatabase(session, { connection, ...(await openTools(session)) }, target),
      ),
    stagesOnServer: true,
    readsBeforeItLoads: false,
    stage: (source, options) =>
      within(async (session) =>
        stageCopy(session, { connection, ...(await openTools(session)) }, source, options),
      ),

    elsewhere: (where) => openElsewhere(connection, surroundings, where),

    async contents({ digests = false } = {}) {
      const found = await inDatabase((session) => readContents(session, database, { digests })).catch(missing)
      return found?.tables.length === 0 ? undefined : found
    },
    schema: () => inDatabase((session) => readSchema(session, database)).catch(missing),
    definitions: () => inDatabase((session) => readDefinitions(session, database)),

    keptName: (at) => keepName(database, at),
    listKept: () => within((session) => listKept(session, database)),
    dropKept: async (name) => {
      if (keptSince(database, name) === undefined) throw new TypeError(`${name} is not a kept database`)
      await dropDatabase(connection, name)
    },
    putBack: (kept, keepAs) =>
      inDatabase(async (session) => {
        const before = await readPrograms(session)
        const after = await readKeptPrograms(session, kept)
        await session.query('USE ??', [kept])
        await tryForeignKeys(session, after)
        await dropPrograms(session, after.filter(isInert))
        await swapTables(session, { live: database, copy: kept, kept: keepAs, before, after })
        await session.query('DROP DATABASE ??', [kept])
      }),

    transactionalDdl: false,
    quoteName,
    asText: (column) => `CAST(${quoteName(column)} AS CHAR)`,
    query: (sql, values = []) =>
      inDatabase(async (session) =>
        (await session.query(sql, values)).map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)]),
          ),
        ),
      ),
    columnsOf: (table) =>
      inDatabase(async (session) =>
        (
          await session.query(
            'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
            [table],
          )
        ).map(({ name }) => String(name)),
      ),
    runScript: ({ script, after, name }) =>
      inDatabase((session) => runSteps(session, { database, script, after, name })),
  }
}

/** Undefined for a database that is not there. */
function missing(error: unknown): undefined {
  if (errorNumber(error) !== noSuchDatabase) throw error
}
