import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { ConflictError, RefusedError } from '../../../errors.ts'
import { allEnded } from '../all-ended.ts'
import type { ServerConnection } from '../connection.ts'
import { type Engine, keptAt, keptName, type Surroundings } from '../engine.ts'
import { readChunks } from '../read-file.ts'
import { runTool } from '../tool.ts'
import {
  connect,
  connectBeside,
  isMissingDatabase,
  type Session,
  toolEnvironment,
  withOpen,
  withSession,
} from './connect.ts'
import { readContents, readSchema } from './contents.ts'
import { countNewerRows, newerRows } from './newer.ts'
import { copyProperties, createLike } from './properties.ts'
import { refuseHiddenTables, refuseSchemas, whyNotBeside } from './rights.ts'
import { swapSchemas } from './schema-swap.ts'
import { dropEnding, keptEnding, listBeside, listKeptSchemas } from './schemas.ts'
import { stageSchemas } from './stage-schemas.ts'
import { swapDatabases } from './swap.ts'
import { connectionString, eachOf, findTool } from './tools.ts'
import { partSuffix, unpackDump } from './unpack.ts'

const { escapeIdentifier } = pg
const jobs = 2

/**
 * PostgreSQL: `pg_dump -Fd` and `pg_restore` for the data, one exported snapshot for the dump, the counts and the digests;
 * a restore goes into a database beside, and two renames in one transaction put it in place; for users who may not do that, the
 * same with schemas within the database.
 */
export function openPostgres(connection: ServerConnection, { env, scratch, log }: Surroundings): Engine {
  const { database } = connection
  // a database cannot be renamed from within
  const control = database === 'postgres' ? 'template1' : 'postgres'
  const connectControl = () => connectBeside(connection, control)
  const withControl = async <T>(use: (session: Session) => Promise<T>) =>
    withOpen(await connectControl(), use)
  /** what keeps a restore from a database beside, so that it has to be schemas */
  const whyNot = () => withControl((session) => whyNotBeside(session, database))
  const listKeptDatabases = async (session: Session) => {
    const rows = await session.query('SELECT datname FROM pg_database')
    return rows.flatMap(({ datname }) => {
      const at = keptAt(database, datname ?? '')
      return at === undefined ? [] : [{ name: datname ?? '', at }]
    })
  }
  const isKeptDatabase = async (kept: string) =>
    (await withControl(listKeptDatabases)).some(({ name }) => name === kept)
  const identity = ['postgres', connection.host, String(connection.port), database]

  return {
    kind: 'postgres',
    database,
    source: createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),

    async inspect(purpose) {
      const why = purpose === 'restore' ? await whyNot() : undefined
      if (why !== undefined) await withSession(connection, database, (session) => refuseSchemas(session, why))
      const opened = purpose === 'backup' ? connect(connection, database) : connectControl()
      return withOpen(await opened, async (session) => {
        if (purpose === 'backup') await refuseHiddenTables(session)
        const server = (await session.query('SHOW server_version'))[0]?.['server_version'] ?? ''
        const tool = await findTool('pg_dump', server, env)
        return { server: `PostgreSQL ${server}`, tool: `pg_dump ${tool.version}` }
      })
    },

    dump: ({ scratch: folder, add, signal }) =>
      withSession(connection, database, async (session) => {
        const server = (await session.query('SHOW server_version'))[0]?.['server_version'] ?? ''
        const { command } = await findTool('pg_dump', server, env)
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        const snapshot = (await session.query('SELECT pg_export_snapshot() AS id'))[0]?.['id'] ?? ''
        const dump = join(folder, 'dump')
        const beside = (await listBeside(session)).map((name) => `--exclude-schema=${escapeIdentifier(name)}`)
        const args = [
          '--format=directory',
          '--compress=0',
          `--jobs=${jobs}`,
          `--snapshot=${snapshot}`,
          ...beside,
        ]
        // neither goes on without the other: the folder is taken away after a failure
        const [, contents] = await allEnded([
          runTool({
            command,
            debianPackage: 'postgresql-client',
            args: [...args, '--no-password', `--file=${dump}`, `--dbname=${connectionString(database)}`],
            env: await toolEnvironment(connection, env, scratch),
            signal,
          }).catch((error: unknown) => {
            throw explainDump(error, dump)
          }),
          readContents(session, true),
        ])
        await session.query('COMMIT')
        await eachOf(await readdir(dump), jobs, async (file) => {
          await add(`${file}${partSuffix}`, readChunks(join(dump, file)))
          await rm(join(dump, file))
        })
        return contents
      }),

    async lock() {
      const session = await connectControl()
      const key = `hashtextextended('rollback-suite ' || $1, 0)`
      const [row] = await session.query(`SELECT pg_try_advisory_lock(${key}) AS taken`, [database])
      if (row?.['taken'] === 't')
        return {
          // a session that is closed gives its locks back only once the server has seen that
          release: async () => {
            await session.query('SELECT pg_advisory_unlock_all()').finally(() => session.end())
          },
        }
      const [holder] = await session.query(
        `SELECT concat_ws(' ', 'pid', a.pid, usename, client_addr, 'since', backend_start) AS who
         FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = ${key}`,
        [database],
      )
      await session.end()
      throw new ConflictError(
        `another process is restoring ${database} or undoing its migrations (${holder?.['who'] ?? 'it is gone by now'}): try again when it is done`,
      )
    },

    schema: () => withSession(connection, database, readSchema).catch(missing),

    contents: ({ digests = false } = {}) =>
      withSession(connection, database, async (session) => {
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        return readContents(session, digests)
      }).catch(missing),

    async stage(source) {
      if ((await whyNot()) !== undefined)
        return stageSchemas({ connection, surroundings: { env, scratch, log } }, source)
      const { signal } = source
      const copy = sideName(database)
      await withControl(async (session) => {
        for (const left of await listSide(session, database)) {
          log(`${left} was left by a restore that was killed, and is dropped`)
          await drop(session, left)
        }
        await createLike(session, database, copy)
      })
      const discard = () => withControl((session) => drop(session, copy))
      try {
        const dump = await unpackDump(source)
        const server = await withControl((session) => session.query('SHOW server_version'))
        const { command } = await findTool('pg_restore', server[0]?.['server_version'] ?? '', env)
        await runTool({
          command,
          debianPackage: 'postgresql-client',
          args: [
            '--format=directory',
            `--jobs=${jobs}`,
            '--exit-on-error',
            '--no-password',
            `--dbname=${connectionString(copy)}`,
            dump,
          ],
          env: await toolEnvironment(connection, env, scratch),
          signal,
        })
        await rm(dump, { recursive: true })
        // a restored table has no statistics, and without them the first minutes are slow ones
        await withSession(connection, copy, (session) => session.query('ANALYZE'))
      } catch (error) {
        await discard()
        throw error
      }
      const withCopy = <T>(use: (session: Session) => Promise<T>) =>
        withSession(connection, copy, async (session) => {
          await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
          return use(session)
        })
      const pair = (table: string) => ({ connection, live: database, withCopy, table })
      return {
        contents: () => withCopy((session) => readContents(session, true)),
        countNewerRows: (table) => countNewerRows(pair(table)),
        newerRows: (table) => newerRows(pair(table)),
        swap: (kept) =>
          withControl((renamer) =>
            withControl(async (watcher) => {
              await copyProperties(renamer, database, copy)
              await swapDatabases([renamer, watcher], { live: database, copy, kept })
            }),
          ),
        discard,
      }
    },

    keptName: (at) => keptName(database, at),

    listKept: async () =>
      [...(await withControl(listKeptDatabases)), ...(await listKeptSchemas(connection))].sort(
        (a, b) => a.at.getTime() - b.at.getTime(),
      ),

    dropKept: async (name) => {
      if (keptAt(database, name) === undefined) throw new TypeError(`${name} is not a kept database`)
      if (await isKeptDatabase(name)) await withControl((session) => drop(session, name))
      else await withSession(connection, database, (session) => dropEnding(session, keptEnding(name)))
    },

    putBack: async (kept, keepAs) => {
      if (await isKeptDatabase(kept))
        await withControl((renamer) =>
          withControl((watcher) =>
            swapDatabases([renamer, watcher], { live: database, copy: kept, kept: keepAs }),
          ),
        )
      else await swapSchemas(connection, { away: keptEnding(keepAs), into: keptEnding(kept), older: [] })
    },

    transactionalDdl: true,
    quoteName: escapeIdentifier,
    asText: (column) => `${escapeIdentifier(column)}::text`,
    query: (sql, values = []) =>
      withSession(connection, database, (session) => session.query(numbered(sql), values)),
    columnsOf: (table) =>
      withSession(connection, database, async (session) => {
        const rows = await session.query(
          'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
          [escapeIdentifier(table)],
        )
        return rows.map(({ attname }) => attname ?? '')
      }),
    runScript: ({ script, after, transaction }) =>
      withSession(connection, database, async (session) => {
        // an undoing that waits for a lock makes everybody else wait behind it
        await session.query("SET lock_timeout = '10s'")
        if (transaction) await session.query('BEGIN')
        // without values it goes by the simple protocol, which takes a script of many statements as it is
        await session.query(script)
        await session.query('RESET search_path')
        for (const { sql, values } of after) await session.query(numbered(sql), values)
        if (transaction) await session.query('COMMIT')
      }),
  }
}

/** Undefined for a database that is not there. */
function missing(error: unknown): undefined {
  if (!isMissingDatabase(error)) throw error
}

/** The tool says that it cannot write, and not where to. */
function explainDump(error: unknown, folder: string): unknown {
  return error instanceof RefusedError ? new RefusedError(`${error.message}; it wrote to ${folder}`) : error
}

/** `?` as `$1`, `$2`…; only ever on statements of our own, which have no other question mark. */
function numbered(sql: string): string {
  let count = 0
  return sql.replace(/\?/g, () => {
    count += 1
    return `$${count}`
  })
}

function sideName(database: string): string {
  return `${sidePrefix(database)}${randomBytes(4).toString('hex')}`
}

function sidePrefix(database: string): string {
  let base = database
  while (Buffer.byteLength(base) > 40) base = [...base].slice(0, -1).join('')
  return `${base}_restoring_`
}

async function listSide(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.query('SELECT datname FROM pg_database')
  const prefix = sidePrefix(database)
  return rows
    .map(({ datname }) => datname ?? '')
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
}

async function drop(session: Session, database: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
}
