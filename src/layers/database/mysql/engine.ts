import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ConflictError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { ServerConnection } from '../connection.ts'
import { type Engine, keptAt, keptName, type Surroundings } from '../engine.ts'
import { openTool, runTool } from '../tool.ts'
import { connect, errorNumber, findTools, noSuchDatabase, type Session, withSession } from './connect.ts'
import { listTables, readContents, readSchema } from './contents.ts'
import { lockTables } from './lock-tables.ts'
import { countNewerRows, newerRows } from './newer.ts'
import { createPrograms, dropPrograms, type Program, programsSchema, readPrograms } from './programs.ts'
import { refuseLackOfRights } from './rights.ts'
import { explainLoad, readLimit, refuseLongRows } from './server-limits.ts'
import { runSteps } from './steps.ts'
import { readKeptPrograms, recover, swapTables } from './swap.ts'

const tablesPart = 'tables.sql.zst'
const programsPart = 'programs.json.zst'
/** https://mariadb.com/kb/en/identifier-names/#maximum-length */
const nameLimit = 64

/**
 * MariaDB and MySQL: the server's own dump tool for the tables, everything else as the server writes it. A restore goes into
 * a database beside, and one RENAME TABLE of all tables puts it in place: no client has to connect again.
 */
export function openMysql(connection: ServerConnection, surroundings: Surroundings): Engine {
  const { database } = connection
  const { log } = surroundings
  const within = <T>(use: (session: Session) => Promise<T>) => withSession(connection, undefined, use)
  const identity = ['mysql', connection.host, String(connection.port), database]
  const openTools = async (session: Session) => {
    const [row] = await session.query('SELECT VERSION() AS version')
    const server = String(row?.['version'])
    return { server, tools: await findTools(connection, server, surroundings) }
  }

  return {
    kind: 'mysql',
    database,
    source: createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),

    inspect: (purpose) =>
      withSession(connection, purpose === 'backup' ? database : undefined, async (session) => {
        if (purpose === 'restore') {
          const beside = [`${sidePrefix(database)}00000000`, keptName(database, new Date(0), nameLimit)]
          await refuseLackOfRights(session, [database, ...beside])
        }
        const { server, tools } = await openTools(session)
        return { server: `server ${server}`, tool: `${tools.dump} ${tools.version}` }
      }),

    dump: ({ add, signal }) =>
      withSession(connection, database, async (session) => {
        const { tools } = await openTools(session)
        const tables = await listTables(session, database)
        if (tables.length === 0) return { tables: [], schema: '0'.repeat(64) }
        const views = await session.query(
          'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
          [database],
        )
        const programs = await readPrograms(session)
        const limit = await readLimit(session)
        const lock = await lockTables(
          connection,
          tables.map(({ name }) => name),
        )
        try {
          await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
          await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
          const dumped = openTool({
            command: tools.dump,
            debianPackage: tools.debianPackage,
            args: [
              ...tools.first,
              ...['--single-transaction', '--quick', '--no-tablespaces', '--skip-lock-tables'],
              ...[
                '--skip-triggers',
                '--skip-comments',
                '--default-character-set=utf8mb4',
                '--max-allowed-packet=1G',
              ],
              ...views.map(({ name }) => `--ignore-table=${database}.${name}`),
              '--',
              database,
            ],
            env: tools.env,
            signal,
          })
          // the tool prints once its own snapshot stands; what is in no snapshot stays locked to the end
          if (tables.every(({ transactional }) => transactional))
            dumped.once('readable', () => void lock.release().catch(() => {}))
          const [, contents] = await allEnded([
            add(tablesPart, refuseLongRows(dumped, limit)),
            readContents(session, database, { digests: true, programs }),
          ])
          await add(programsPart, Readable.from([Buffer.from(JSON.stringify(programs))]))
          return contents
        } finally {
          await lock.release()
        }
      }),

    async lock() {
      const session = await connect(connection)
      const name = `rollback-suite ${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
      const [row] = await session.query('SELECT GET_LOCK(?, 0) AS taken, IS_USED_LOCK(?) AS holder', [
        name,
        name,
      ])
      if (Number(row?.['taken']) !== 1) {
        await session.end()
        throw new ConflictError(
          `another process is restoring ${database} or undoing its migrations (connection ${row?.['holder']}): try again when it is done`,
        )
      }
      for (const kept of await listKept(session, database)) {
        const done = await recover(session, database, kept.name)
        if (done !== undefined) log(done)
      }
      return {
        // a session that is closed gives its locks back only once the server has seen that
        release: async () => {
          await session.query('SELECT RELEASE_LOCK(?)', [name]).finally(() => session.end())
        },
      }
    },

    async contents({ digests = false } = {}) {
      const found = await withSession(connection, database, (session) =>
        readContents(session, database, { digests }),
      ).catch(missing)
      return found?.tables.length === 0 ? undefined : found
    },

    schema: () =>
      withSession(connection, database, (session) => readSchema(session, database)).catch(missing),

    stagesOnServer: true,

    stage: ({ open, signal }) =>
      within(async (session) => {
        const copy = `${sidePrefix(database)}${randomBytes(4).toString('hex')}`
        for (const left of await listSide(session, database)) {
          log(`${left} was left by a restore that was killed, and is dropped`)
          await session.query('DROP DATABASE ??', [left])
        }
        const [like] = await session.query('SHOW CREATE DATABASE ??', [database]).catch((error: unknown) => {
          if (errorNumber(error) === noSuchDatabase) return []
          throw error
        })
        const options = String(like?.['Create Database'] ?? '').match(/\/\*!40100 (.*?) \*\//)?.[1] ?? ''
        await session.query(`CREATE DATABASE ?? ${options}`, [copy])
        if (like === undefined) await session.query('CREATE DATABASE ??', [database])
        const discard = () =>
          within(async (fresh) => void (await fresh.query('DROP DATABASE IF EXISTS ??', [copy])))
        try {
          const { tools } = await openTools(session)
          await runTool({
            command: tools.client,
            debianPackage: tools.debianPackage,
            args: [
              ...tools.first,
              ...['--batch', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
              `--database=${copy}`,
            ],
            env: tools.env,
            input: await open(tablesPart),
            signal,
          }).catch((error: unknown) => explainLoad(session, error))
          const after = programsSchema.parse(JSON.parse(await text(await open(programsPart))))
          // made here once to see that they can be; an event would run, and is not
          await session.query('USE ??', [copy])
          await createPrograms(session, after.filter(isNoEvent))
          const events = after.filter((program) => !isNoEvent(program))
          return {
            contents: () =>
              withSession(connection, copy, async (fresh) => {
                const programs = [...(await readPrograms(fresh)), ...events]
                return readContents(fresh, copy, { digests: true, programs })
              }),
            schema: () =>
              withSession(connection, copy, async (fresh) =>
                readSchema(fresh, copy, [...(await readPrograms(fresh)), ...events]),
              ),
            countNewerRows: (table) =>
              within((fresh) => countNewerRows(fresh, { live: database, copy, table })),
            newerRows: async function* (table) {
              const fresh = await connect(connection)
              try {
                yield* newerRows(fresh, { live: database, copy, table })
              } finally {
                await fresh.end()
              }
            },
            swap: (kept) =>
              withSession(connection, database, async (fresh) => {
                const before = await readPrograms(fresh)
                await fresh.query('USE ??', [copy])
                await dropPrograms(fresh, after.filter(isNoEvent))
                const name = kept || keptName(database, new Date(), nameLimit)
                await swapTables(fresh, { live: database, copy, kept: name, before, after })
              }),
            discard,
          }
        } catch (error) {
          await discard()
          throw error
        }
      }),

    keptName: (at) => keptName(database, at, nameLimit),
    listKept: () => within((session) => listKept(session, database)),
    dropKept: async (name) => {
      if (keptAt(database, name, nameLimit) === undefined)
        throw new TypeError(`${name} is not a kept database`)
      await within((session) => session.query('DROP DATABASE IF EXISTS ??', [name]))
    },

    putBack: (kept, keepAs) =>
      withSession(connection, database, async (session) => {
        const before = await readPrograms(session)
        const after = await readKeptPrograms(session, kept)
        await session.query('USE ??', [kept])
        await dropPrograms(session, after.filter(isNoEvent))
        await swapTables(session, { live: database, copy: kept, kept: keepAs, before, after })
        await session.query('DROP DATABASE ??', [kept])
      }),

    transactionalDdl: false,
    quoteName,
    asText: (column) => `CAST(${quoteName(column)} AS CHAR)`,
    query: (sql, values = []) =>
      withSession(connection, database, async (session) =>
        (await session.query(sql, values)).map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)]),
          ),
        ),
      ),
    columnsOf: (table) =>
      withSession(connection, database, async (session) =>
        (
          await session.query(
            'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
            [table],
          )
        ).map(({ name }) => String(name)),
      ),
    runScript: ({ script, after, name }) =>
      withSession(connection, database, async (session) => {
        const { tools } = await openTools(session)
        await runSteps(session, { tools, database, script, after, name })
      }),
  }
}

/** Undefined for a database that is not there. */
function missing(error: unknown): undefined {
  if (errorNumber(error) !== noSuchDatabase) throw error
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function isNoEvent({ kind }: Program): boolean {
  return kind !== 'event'
}

async function listKept(session: Session, database: string) {
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1')
  return rows.flatMap((row) => {
    const name = String(row['name'])
    const at = keptAt(database, name, nameLimit)
    return at === undefined ? [] : [{ name, at }]
  })
}

function sidePrefix(database: string): string {
  let base = database
  while (Buffer.byteLength(base) > 40) base = [...base].slice(0, -1).join('')
  return `${base}_restoring_`
}

async function listSide(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA')
  const prefix = sidePrefix(database)
  return rows
    .map(({ name }) => String(name))
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
}
