import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { message, RefusedError, setting } from '../../../errors.ts'
import type { Connection, ServerConnection } from '../connection.ts'
import type { Elsewhere, Surroundings } from '../engine.ts'
import { findTools, type Session, withSession } from './connect.ts'
import { seriesOf, startLocalServer } from './local-server.ts'
import { lockDatabase } from './lock.ts'
import { sidePrefix } from './names.ts'
import { readPrograms } from './programs.ts'
import { databasesIn, quoteName } from './quote.ts'
import { refuseLackOfRights } from './rights.ts'
import { readCharset, stageCopy } from './stage.ts'

/**
 * Opens another server to load backups of a database on: by its address, or one of the same version that is started on this
 * machine and ends with this process.
 * @throws RefusedError that names what it lacks: a version, a storage engine, a database that a view uses, a right
 */
export async function openElsewhere(
  live: ServerConnection,
  surroundings: Surroundings,
  where: Connection | 'local',
): Promise<Elsewhere> {
  const { database } = live
  const needs = await withSession(live, database, (session) => readNeeds(session, database))
  if (where !== 'local' && where.engine !== 'mysql')
    throw new RefusedError(message`${setting('verify-on')} is of another kind of database than ${database}`)
  const local = where === 'local' ? await startLocalServer(needs, surroundings) : undefined
  const place = where === 'local' ? local?.connection : where
  if (place === undefined) throw new TypeError('there is no server')
  // the name of the live database: only the copy beside it is made
  const connection = { ...place, database }
  const close = async () => local?.stop()
  try {
    await withSession(connection, undefined, async (session) => {
      if (local !== undefined) await createUsers(session, needs.definers)
      await refuseLacks(session, { database, needs })
    })
  } catch (error) {
    await close()
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError(message`${setting('verify-on')}: ${error}`)
  }
  const { log } = surroundings
  return {
    name:
      local === undefined
        ? `${connection.host}:${connection.port}`
        : 'a server that is started on this machine',
    // what restores there left half done is not ours
    lock: () => lockDatabase(connection, log, { recovers: false }),
    stage: (source, options) =>
      withSession(connection, undefined, async (session) => {
        // the live server's password is in that folder, in a file of the same name
        const scratch = join(surroundings.scratch, 'elsewhere')
        const tools = await findTools(connection, needs.version, { ...surroundings, scratch })
        return stageCopy(session, { connection, tools, charset: needs.charset }, source, options)
      }),
    close,
  }
}

/** What a database needs of a server that its dump is loaded on. */
interface Needs {
  readonly version: string
  readonly lowerCaseTableNames: number
  readonly pageSize: number
  /** of the database, as SQL */
  readonly charset: string
  readonly engines: readonly string[]
  /** others that its views name */
  readonly databases: readonly string[]
  /** users whose rights its views, routines and triggers have, quoted */
  readonly definers: readonly string[]
}

async function readNeeds(session: Session, database: string): Promise<Needs> {
  const [row] = await session.query(
    'SELECT VERSION() AS version, @@lower_case_table_names AS names, @@innodb_page_size AS size',
  )
  const engines = await session.query(
    "SELECT DISTINCT ENGINE AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW' AND ENGINE IS NOT NULL",
    [database],
  )
  const others = await session.query(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME <> ?',
    [database],
  )
  const programs = await readPrograms(session)
  const named = new Set(programs.flatMap(({ kind, sql }) => (kind === 'view' ? databasesIn(sql) : [])))
  return {
    version: String(row?.['version']),
    lowerCaseTableNames: Number(row?.['names']),
    pageSize: Number(row?.['size']),
    charset: await readCharset(session, database),
    engines: engines.map(({ name }) => String(name)),
    databases: others.map(({ name }) => String(name)).filter((name) => named.has(name)),
    definers: await withoutGone(session, [
      ...new Set(
        programs.flatMap(({ sql }) => / DEFINER=(`(?:[^`]|``)*`@`(?:[^`]|``)*`)/.exec(sql)?.[1] ?? []),
      ),
    ]),
  }
}

/** Those that are users of the server, as far as this user may know: what has another definer works there without it. */
async function withoutGone(session: Session, definers: readonly string[]): Promise<readonly string[]> {
  const users = await session
    .query('SELECT User AS user, Host AS host FROM mysql.user')
    .catch((error: unknown) => {
      if (error instanceof RefusedError) return undefined
      throw error
    })
  if (users === undefined) return definers
  const known = new Set(
    users.map(({ user, host }) => `${quoteName(String(user))}@${quoteName(String(host))}`),
  )
  return definers.filter((definer) => known.has(definer))
}

/** On a server of our own: with all rights, as a definer's rights are no part of a database. */
async function createUsers(session: Session, users: readonly string[]): Promise<void> {
  for (const user of users) {
    await session.query(`CREATE USER IF NOT EXISTS ${user} ACCOUNT LOCK`)
    await session.query(`GRANT ALL PRIVILEGES ON *.* TO ${user}`)
  }
}

async function refuseLacks(
  session: Session,
  { database, needs }: { readonly database: string; readonly needs: Needs },
): Promise<void> {
  const [row] = await session.query(
    'SELECT VERSION() AS version, @@lower_case_table_names AS names, @@innodb_page_size AS size',
  )
  const version = String(row?.['version'])
  if (
    seriesOf(version) !== seriesOf(needs.version) ||
    /mariadb/i.test(version) !== /mariadb/i.test(needs.version)
  )
    throw new RefusedError(
      `the server is ${version}, and the database is of ${needs.version}: a schema is compared on the same version only`,
    )
  const lacks: string[] = []
  if (Number(row?.['names']) !== needs.lowerCaseTableNames)
    lacks.push(`lower_case_table_names = ${needs.lowerCaseTableNames}`)
  if (Number(row?.['size']) !== needs.pageSize) lacks.push(`innodb_page_size = ${needs.pageSize}`)
  const engines = await session.query(
    "SELECT ENGINE AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  )
  const has = (rows: readonly { readonly name?: unknown }[], name: string) =>
    rows.some((each) => String(each.name).toLowerCase() === name.toLowerCase())
  lacks.push(...needs.engines.filter((name) => !has(engines, name)).map((name) => `storage engine ${name}`))
  const databases = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA')
  lacks.push(
    ...needs.databases
      .filter((name) => !has(databases, name))
      .map((name) => `database ${name}, which a view of ${database} uses`),
  )
  if (lacks.length > 0) throw new RefusedError(`the server lacks ${lacks.join('; ')}`)
  const probe = `${sidePrefix(database)}${randomBytes(4).toString('hex')}`
  await refuseLackOfRights(session, [probe])
  // a definer that this user may not name is found now, and not taken for a fault of the backup
  await session.query('CREATE DATABASE ??', [probe])
  try {
    for (const definer of needs.definers) {
      await session.query(`CREATE OR REPLACE DEFINER = ${definer} VIEW ??.probe AS SELECT 1 AS a`, [probe])
      await session.query('SELECT a FROM ??.probe', [probe])
    }
  } finally {
    await session.query('DROP DATABASE ??', [probe])
  }
}
