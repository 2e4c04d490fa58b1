import { mkdir, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createConnection, escape as escapeValue, type RowDataPacket } from 'mysql2'
import { z } from 'zod'
import { InputError, message, RefusedError, setting, UnavailableError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { readCertificates } from '../tls.ts'
import { plainEnvironment, readToolVersion } from '../tool.ts'
import { quoteName } from './quote.ts'

/** A session of MariaDB. */
export interface Session {
  /** Names go in by `??` and values by `?`, escaped. Without values, the statement is sent as it is. */
  readonly query: (sql: string, values?: readonly Value[]) => Promise<readonly Row[]>
  /** The same, one row at a time, so that memory does not grow with the number of rows. */
  readonly rows: (sql: string, values?: readonly Value[]) => AsyncIterable<Row>
  /** The same, with each value as the bytes that the server sent. */
  readonly bytes: (sql: string, values?: readonly Value[]) => AsyncIterable<readonly (Buffer | null)[]>
  readonly end: () => Promise<void>
}

/** What goes in by a `?`. */
export type Value = string | number | boolean | null | undefined | Buffer
export type Row = Readonly<Record<string, unknown>>
const rowSchema = z.record(z.string(), z.unknown())
const bytesSchema = z.array(z.instanceof(Buffer).nullable())

/** Of every session: others change how the server prints definitions, and what a backslash means. */
export const sqlMode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'

/** The server refused: a missing right, a lock, a script with a mistake in it. */
class ServerError extends RefusedError {
  readonly errno: number
  constructor(message: string, errno: number) {
    super(message)
    this.errno = errno
  }
}

/** The server's own number of an error: https://mariadb.com/kb/en/mariadb-error-codes/ */
export function errorNumber(error: unknown): number | undefined {
  const isNumbered = typeof error === 'object' && error !== null && 'errno' in error
  return isNumbered ? Number(error.errno) : undefined
}

export const noSuchDatabase = 1049
export const noSuchKey = 1091
export const lockWaitTimeout = 1205
/** the engine has no such table, or no list of its partitions */
export const lostTable: readonly number[] = [1932, 1696]

/** Opens a session, in a database or in none. @throws UnavailableError, RefusedError for a wrong password or name */
export async function connect(connection: ServerConnection, database?: string): Promise<Session> {
  const { host, port, user, password, tls } = connection
  const where = `the server on ${host}:${port}`
  // the driver would compare the certificate with the name "localhost"
  if (tls === 'verify' && isIP(host) !== 0)
    throw new InputError(
      message`${setting('database.url')} asks to verify the certificate of ${host}, which is an address; write the name in the certificate`,
    )
  const explain = (error: unknown): unknown => {
    const number = errorNumber(error)
    const why = error instanceof Error ? error.message : String(error)
    // numbers under 1000 are the operating system's
    if (number !== undefined && number >= 1000) return new ServerError(`${where} refused: ${why}`, number)
    return new UnavailableError(`${where} does not answer: ${why}`)
  }
  try {
    const connected = createConnection({
      ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
      user,
      password,
      ...(database === undefined ? {} : { database }),
      ...(tls === 'off'
        ? {}
        : {
            ssl: {
              rejectUnauthorized: tls === 'verify',
              // else a certificate for any name will do
              verifyIdentity: tls === 'verify',
              ...(await readCertificates(connection)),
            },
          }),
      charset: 'utf8mb4',
      connectTimeout: 15_000,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
    })
    connected.on('error', () => {})
    const client = connected.promise()
    await client.connect()
    await client.query(`SET SESSION sql_mode = '${sqlMode}'`)
    return {
      query: async (sql, values = []) => {
        try {
          const [rows] = await client.query<RowDataPacket[]>(fill(sql, values))
          return Array.isArray(rows) ? rows : []
        } catch (error) {
          throw explain(error)
        }
      },
      rows: async function* (sql, values = []) {
        try {
          const read = connected.query(fill(sql, values)).stream({ highWaterMark: 1 })
          for await (const row of read) yield rowSchema.parse(row)
        } catch (error) {
          throw explain(error)
        }
      },
      bytes: async function* (sql, values = []) {
        try {
          const query = { sql: fill(sql, values), rowsAsArray: true, typeCast: asBytes }
          for await (const row of connected.query(query).stream({ highWaterMark: 64 }))
            yield bytesSchema.parse(row)
        } catch (error) {
          throw explain(error)
        }
      },
      end: async () => connected.destroy(),
    }
  } catch (error) {
    throw explain(error)
  }
}

function asBytes(field: { readonly buffer: () => Buffer | null }): Buffer | null {
  return field.buffer()
}

/** The driver's own way takes a dot in a name for one between two names. */
function fill(sql: string, values: readonly Value[]): string {
  if (values.length === 0) return sql
  let next = 0
  return sql.replace(/\?\??/g, (mark) => {
    const value = values[next]
    next += 1
    return mark === '??' ? quoteName(String(value)) : escapeValue(value)
  })
}

export async function withSession<T>(
  connection: ServerConnection,
  database: string | undefined,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connect(connection, database)
  try {
    return await use(session)
  } finally {
    await session.end()
  }
}

export interface Tools {
  /** arguments that come first, and hold no secret */
  readonly first: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly dump: string
  readonly client: string
  readonly version: string
  readonly debianPackage: string
}

/**
 * The tools of the server, with the password in an option file that only this user can read.
 * @throws RefusedError for a server that is not MariaDB, and when the tools are not there, or older than the server
 */
export async function findTools(
  connection: ServerConnection,
  server: string,
  { env, scratch }: { readonly env: NodeJS.ProcessEnv; readonly scratch: string },
): Promise<Tools> {
  if (!/mariadb/i.test(server))
    throw new RefusedError(
      `the server is MySQL ${server}, and only MariaDB is supported: a backup of MySQL was never tested; use mysqldump, or the snapshots of the service`,
    )
  const tools = { dump: 'mariadb-dump', client: 'mariadb', debianPackage: 'mariadb-client' }
  const { dump, debianPackage } = tools
  const version = await readToolVersion(dump, env, /Distrib (\d+\.\d+)/)
  if (version === undefined)
    throw new RefusedError(`${dump} is not on this machine: install ${debianPackage}`)
  const [have = 0, need = 0] = [version, server].map(rank)
  if (have < need)
    throw new RefusedError(
      `the server is ${server}, and ${dump} is of version ${version}: install ${debianPackage} of the server's version`,
    )
  const first = [`--defaults-file=${await writeOptions(connection, scratch)}`]
  return { ...tools, first, env: plainEnvironment(env), version }
}

function rank(version: string): number {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) * 1000 + Number(minor)
}

async function writeOptions(
  { host, port, user, password, tls, ca }: ServerConnection,
  scratch: string,
): Promise<string> {
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const file = join(scratch, 'client.cnf')
  const lines = [
    '[client]',
    ...(host.startsWith('/')
      ? [`socket=${quote(host)}`]
      : [`host=${quote(host)}`, `port=${port}`, 'protocol=tcp']),
    `user=${quote(user)}`,
    `password=${quote(password)}`,
    ...(ca === undefined ? [] : [`ssl-ca=${quote(ca)}`]),
    ...{ off: ['loose-skip-ssl'], encrypt: ['ssl'], verify: ['ssl', 'ssl-verify-server-cert'] }[tls],
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

/** https://mariadb.com/kb/en/configuring-mariadb-with-option-files/#escape-sequences-in-option-files */
function quote(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/[\n\r\t]/g, (char) => escapes[char] ?? char)}"`
}
