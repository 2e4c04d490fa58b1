import pg from 'pg'
import { RefusedError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { keptAt, type Surroundings } from '../engine.ts'
import { connectBeside, type Session, toolEnvironment, withOpen, withSession } from './connect.ts'
import { findTool } from './tools.ts'

const { escapeIdentifier } = pg

/** A server, and one database of it: what every part of the engine works with. */
export interface Server {
  readonly connection: ServerConnection
  readonly database: string
  readonly surroundings: Surroundings
  /** Runs with a session of the database itself. */
  readonly withLive: <T>(use: (session: Session) => Promise<T>) => Promise<T>
  /** Runs with a session of another database: one cannot be renamed from within. */
  readonly withControl: <T>(use: (session: Session) => Promise<T>) => Promise<T>
  /** Such a session, to be ended by the caller. */
  readonly connectControl: () => Promise<Session>
  /** A tool of the server's version, ready to be run. @throws RefusedError that names the package to install */
  readonly prepareTool: (name: 'pg_dump' | 'pg_restore' | 'psql') => Promise<PreparedTool>
}

export interface PreparedTool {
  readonly command: string
  readonly debianPackage: string
  readonly env: NodeJS.ProcessEnv
}

/** Connects to nothing yet. */
export function openServer(connection: ServerConnection, surroundings: Surroundings): Server {
  const { database } = connection
  const control = database === 'postgres' ? 'template1' : 'postgres'
  const connectControl = () => connectBeside(connection, control)
  const withControl = async <T>(use: (session: Session) => Promise<T>) =>
    withOpen(await connectControl(), use)
  return {
    connection,
    database,
    surroundings,
    connectControl,
    withControl,
    withLive: (use) => withSession(connection, database, use),
    prepareTool: async (name) => {
      const { command } = await findTool(name, await withControl(readVersion), surroundings.env)
      return {
        command,
        debianPackage: 'postgresql-client',
        env: await toolEnvironment(connection, surroundings.env, surroundings.scratch),
      }
    },
  }
}

/** E.g. `15.18`. */
export async function readVersion(session: Session): Promise<string> {
  return (await session.query('SHOW server_version'))[0]?.['server_version'] ?? ''
}

/** Databases that restores replaced and kept. */
export async function listKeptDatabases(session: Session, database: string) {
  const rows = await session.query('SELECT datname FROM pg_database')
  return rows.flatMap(({ datname }) => {
    const at = keptAt(database, datname ?? '')
    return at === undefined ? [] : [{ name: datname ?? '', at }]
  })
}

/** @throws RefusedError when a logical replication slot would go with it */
export async function dropDatabase(session: Session, name: string): Promise<void> {
  const slots = await listSlots(session, name)
  if (slots.length > 0)
    throw new RefusedError(
      `${slots.join(', ')} would go with ${name}: move its consumers, then SELECT pg_drop_replication_slot(…)`,
    )
  const [found] = await session.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [name])
  // the server drops no template
  if (found?.['datistemplate'] === 't')
    await session.query(`ALTER DATABASE ${escapeIdentifier(name)} IS_TEMPLATE false`)
  await session.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`)
}

/** Logical replication slots of a database: they stay with it when it gets another name. */
export async function listSlots(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.query(
    'SELECT slot_name FROM pg_replication_slots WHERE database = $1 ORDER BY 1',
    [database],
  )
  return rows.map(({ slot_name }) => `logical replication slot ${slot_name}`)
}
