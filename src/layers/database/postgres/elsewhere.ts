import { message, RefusedError, setting } from '../../../errors.ts'
import type { Connection } from '../connection.ts'
import type { Elsewhere } from '../engine.ts'
import type { Session } from './connect.ts'
import { startLocalServer } from './local-server.ts'
import { lockDatabase } from './lock.ts'
import { createDatabase, readProperties } from './properties.ts'
import { dropDatabase, openServer, readVersion, type Server } from './server.ts'
import { stageBackup } from './stage.ts'
import { newSideName, stageDatabase } from './stage-database.ts'

/**
 * Opens another server to load backups of a database on: by its address, or one of the same version that is started on this
 * machine and ends with this process.
 * @throws RefusedError that names what it lacks: a version, a role, an extension, a locale
 */
export async function openElsewhere(live: Server, where: Connection | 'local'): Promise<Elsewhere> {
  const needs = await live.withLive(readNeeds)
  const text = (await live.withControl((session) => readProperties(session, live.database))).text
  if (where !== 'local' && where.engine !== 'postgres')
    throw new RefusedError(
      message`${setting('verify-on')} is of another kind of database than ${live.database}`,
    )
  const local = where === 'local' ? await startLocalServer(needs, live.surroundings) : undefined
  const connection = where === 'local' ? local?.connection : where
  if (connection === undefined) throw new TypeError('there is no server')
  const { database } = live
  // the name of the live database: only the copy beside it is made
  const server = openServer({ ...connection, database }, live.surroundings)
  const close = async () => local?.stop()
  try {
    await server.withControl(async (session) => {
      if (local !== undefined) await createRoles(session, needs.roles)
      await refuseLacks(session, needs)
      // a locale that the server does not have is found now, and not taken for a fault of the backup
      const probe = newSideName(database)
      await createDatabase(session, probe, { text, place: '' })
      await dropDatabase(session, probe)
    })
  } catch (error) {
    await close()
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError(message`${setting('verify-on')}: ${error}`)
  }
  return {
    name:
      local === undefined
        ? `${connection.host}:${connection.port}`
        : 'a server that is started on this machine',
    lock: () => lockDatabase(server),
    stage: (source, { limit } = {}) =>
      stageBackup(server, source, {
        limit,
        load: (dump) =>
          stageDatabase(server, source, { dump, properties: { text, place: '' }, isElsewhere: true }),
      }),
    close,
  }
}

/** What a database needs of a server that its dump is loaded on. */
export interface Needs {
  readonly version: string
  readonly roles: readonly string[]
  readonly superuser: string
  readonly extensions: readonly string[]
}

async function readNeeds(session: Session): Promise<Needs> {
  const names = async (sql: string) => (await session.query(sql)).map(({ name }) => name ?? '')
  const [superuser = ''] = await names('SELECT rolname AS name FROM pg_roles WHERE oid = 10')
  return {
    version: await readVersion(session),
    superuser,
    roles: await names(
      // no dependency is recorded on the first superuser
      `SELECT DISTINCT rolname AS name FROM pg_roles r WHERE rolname !~ '^pg_' AND (r.oid = 10 OR EXISTS (
         SELECT FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
         WHERE datname = current_database() AND refclassid = 'pg_authid'::regclass AND refobjid = r.oid))`,
    ),
    extensions: await names('SELECT extname AS name FROM pg_extension'),
  }
}

async function createRoles(session: Session, roles: readonly string[]): Promise<void> {
  await session.query(
    `DO $create$ DECLARE role text; BEGIN
       FOR role IN SELECT unnest(${arrayOf(roles)}) EXCEPT SELECT rolname FROM pg_roles LOOP EXECUTE format('CREATE ROLE %I', role); END LOOP;
     END $create$`,
  )
}

async function refuseLacks(session: Session, { version, roles, extensions }: Needs): Promise<void> {
  const server = await readVersion(session)
  if (Number.parseInt(server, 10) !== Number.parseInt(version, 10))
    throw new RefusedError(
      `the server is PostgreSQL ${server}, and the database is of ${version}: a schema is compared on the same major version only`,
    )
  const lacks = await session.query(
    `SELECT format('role %s: CREATE ROLE %I', each, each) AS what FROM unnest($1::text[]) each WHERE each NOT IN (SELECT rolname FROM pg_roles)
     UNION ALL SELECT format('extension %s: install its package', each) FROM unnest($2::text[]) each WHERE each NOT IN (SELECT name FROM pg_available_extensions)`,
    [arrayText(roles), arrayText(extensions)],
  )
  if (lacks.length > 0) throw new RefusedError(`the server lacks ${lacks.map(({ what }) => what).join('; ')}`)
}

function arrayOf(texts: readonly string[]): string {
  return `'${arrayText(texts).replaceAll("'", "''")}'::text[]`
}

function arrayText(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
