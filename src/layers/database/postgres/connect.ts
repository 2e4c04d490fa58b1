import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { InputError, message, RefusedError, setting, UnavailableError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { readCertificates } from '../tls.ts'
import { plainEnvironment } from '../tool.ts'

/** A session of PostgreSQL. Values come as texts: a digest or a big integer must not be rounded. */
export interface Session {
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>
  /** the server's number of the session */
  readonly pid: () => Promise<number>
  /** the number that was said when it began: another one where a pooler is between */
  readonly key: number
  readonly end: () => Promise<void>
}

export type Row = Readonly<Record<string, string | null>>

/** Opens a session with a database of the server. @throws UnavailableError, RefusedError for a wrong password or name */
export async function connect(connection: ServerConnection, database: string): Promise<Session> {
  const { host, port, user, password, tls } = connection
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl:
      tls === 'off'
        ? false
        : { rejectUnauthorized: tls === 'verify', ...(await readCertificates(connection)) },
    application_name: 'rollback-suite',
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    types: { getTypeParser: () => (text: string) => text },
  })
  // a session that is cut off reports it to its next query; without a listener the process would end
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw explain(error, connection, database)
  }
  const query = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    try {
      const { rows } = await client.query<Record<string, string | null>>(sql, [...values])
      return rows
    } catch (error) {
      // 57P01 and its like: the server says that it is going down, which is no answer to the query
      if (error instanceof pg.DatabaseError && !error.code?.startsWith('57P'))
        throw new ServerError(error, database)
      // else it crashed, or the network broke
      const why = error instanceof Error ? error.message : String(error)
      throw new UnavailableError(`${whereIs(connection)} answers no more: ${why}`)
    }
  }
  return {
    query,
    // what the types of the package leave out
    key: Number(Reflect.get(client, 'processID')),
    pid: async () => Number((await query('SELECT pg_backend_pid() AS pid'))[0]?.['pid']),
    end: () => client.end(),
  }
}

/**
 * Opens a session with another database than the connection's, or with that one for users who are let into no other, as
 * services for many customers do.
 */
export async function connectBeside(connection: ServerConnection, other: string): Promise<Session> {
  try {
    return await connect(connection, other)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return connect(connection, connection.database).catch(() => {
      throw error
    })
  }
}

/** Runs with a session that ends afterwards. */
export async function withSession<T>(
  connection: ServerConnection,
  database: string,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withOpen(await connect(connection, database), use)
}

/** Runs with a session that is open, and ends it afterwards. */
export async function withOpen<T>(session: Session, use: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await use(session)
  } finally {
    await session.end()
  }
}

/** The server said no: for a right that is missing, a full disk, a script with a mistake in it. */
class ServerError extends RefusedError {
  readonly code: string
  constructor({ message, code = '', detail, hint }: pg.DatabaseError, database: string) {
    const more = detail ?? hint
    super(`PostgreSQL refused on ${database}: ${message}${more === undefined ? '' : ` (${more})`}`)
    this.code = code
  }
}

/** SQLSTATE of an error of the server: https://www.postgresql.org/docs/15/errcodes-appendix.html */
export function sqlState(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error
  return isCoded ? String(error.code) : undefined
}

const noSuchDatabase = '3D000'

class MissingDatabaseError extends RefusedError {}

export function isMissingDatabase(error: unknown): boolean {
  return error instanceof MissingDatabaseError
}

function whereIs({ host, port }: ServerConnection): string {
  return `PostgreSQL on ${host}:${port}`
}

function explain(error: unknown, connection: ServerConnection, database: string): Error {
  const { user } = connection
  const why = error instanceof Error ? error.message : String(error)
  const where = whereIs(connection)
  const state = sqlState(error) ?? ''
  if (state === noSuchDatabase) return new MissingDatabaseError(`${where} has no database "${database}"`)
  if (state.startsWith('28')) return new RefusedError(`${where} refused the user "${user}": ${why}`)
  if (/SSL|certificate/i.test(why))
    return new RefusedError(`TLS with ${where} failed: ${why}; see sslmode and sslrootcert in the address`)
  if (/^\w{5}$/.test(state) && !state.startsWith('57') && !state.startsWith('E'))
    return new RefusedError(`${where} refused the database "${database}": ${why}`)
  return new UnavailableError(`${where} does not answer: ${why}`)
}

/** What the tools need to connect: the password in a file that only this user can read, nothing of it in arguments. */
export async function toolEnvironment(
  connection: ServerConnection,
  env: NodeJS.ProcessEnv,
  scratch: string,
): Promise<NodeJS.ProcessEnv> {
  const { host, port, user, password, tls, ca } = connection
  if (/[\r\n]/.test(password))
    throw new InputError(message`${setting('database.url')} has a line break in its password`)
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const passfile = join(scratch, 'pgpass')
  await writeFile(passfile, `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 })
  const modes = { off: 'disable', encrypt: 'require', verify: 'verify-full' } as const
  return {
    ...plainEnvironment(env),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSFILE: passfile,
    PGSSLMODE: modes[tls],
    ...(ca !== undefined && { PGSSLROOTCERT: ca }),
    PGAPPNAME: 'rollback-suite',
    PGCONNECT_TIMEOUT: '15',
  }
}
