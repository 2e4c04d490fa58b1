import { createHash } from 'node:crypto'
import { RefusedError } from '../../../errors.ts'
import type { Contents, TableContents } from '../engine.ts'
import { errorNumber, lostTable, type Session } from './connect.ts'
import { listOuterKeys, takeOut } from './outer-keys.ts'
import { type Program, readPrograms } from './programs.ts'
import { requalify } from './quote.ts'

export interface BaseTable {
  readonly name: string
  /** what is not transactional is not part of any snapshot */
  readonly transactional: boolean
  readonly isSequence: boolean
  /** rows that were changed or deleted are kept */
  readonly isVersioned: boolean
  readonly engine: string
}

/** Tables and sequences of a database, without views. */
export async function listTables(session: Session, database: string): Promise<readonly BaseTable[]> {
  const rows = await session.query(
    // names that differ only in case have no order of their own
    "SELECT TABLE_NAME AS name, ENGINE AS engine, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY BINARY TABLE_NAME",
    [database],
  )
  return rows.map(({ name, engine, type }) => ({
    name: String(name),
    transactional: String(engine).toLowerCase() === 'innodb',
    isSequence: type === 'SEQUENCE',
    isVersioned: type === 'SYSTEM VERSIONED',
    engine: String(engine),
  }))
}

export interface Looked {
  /** the database that it is a copy of: its name before a dot means the same as the copy's own */
  readonly copyOf?: string | undefined
  /** programs that count as the database's own; undefined for those that it has */
  readonly programs?: readonly Program[] | undefined
}

/** What is in a database, as the session's transaction sees it. */
export async function readContents(
  session: Session,
  database: string,
  { digests, ...looked }: Looked & { readonly digests: boolean },
): Promise<Contents> {
  const tables: TableContents[] = []
  const sequences = createHash('sha256')
  for (const { name, isSequence, isVersioned } of await listTables(session, database)) {
    if (isSequence) {
      if (digests) sequences.update(await readNextValue(session, database, name))
      continue
    }
    const [row] = await session
      .query(`SELECT COUNT(*) AS count FROM ??.??${isVersioned ? ' FOR SYSTEM_TIME ALL' : ''}`, [
        database,
        name,
      ])
      .catch((error: unknown) => explainLost(error, database, name))
    const [sum] = digests ? await session.query('CHECKSUM TABLE ??.??', [database, name]) : []
    tables.push({
      name,
      rows: Number(row?.['count'] ?? 0),
      ...(digests && { digest: String(sum?.['Checksum']) }),
    })
  }
  return {
    tables,
    schema: await readSchema(session, database, looked),
    ...(digests && { sequences: sequences.digest('hex') }),
  }
}

/** SHA-256 of all that is not rows. */
export async function readSchema(session: Session, database: string, looked?: Looked): Promise<string> {
  const hash = createHash('sha256')
  for (const definition of await readDefinitions(session, database, looked)) hash.update(definition)
  return hash.digest('hex')
}

/** What the schema is a digest of, a text a definition. */
export async function readDefinitions(
  session: Session,
  database: string,
  { copyOf, programs }: Looked = {},
): Promise<readonly string[]> {
  const own = copyOf === undefined ? [database] : [database, copyOf]
  const keys = Map.groupBy(await listOuterKeys(session, database), ({ table }) => table)
  const definitions: string[] = []
  for (const { name, isSequence } of await listTables(session, database)) {
    if (isSequence) definitions.push(await readSequence(session, database, name))
    const [created] = await session
      .query('SHOW CREATE TABLE ??.??', [database, name])
      .catch((error: unknown) => explainLost(error, database, name))
    // the next value of AUTO_INCREMENT is no part of the schema, and moves outside of transactions
    const sql = takeOut(String(created?.['Create Table']), keys.get(name) ?? []).without.replace(
      / AUTO_INCREMENT=\d+/,
      '',
    )
    definitions.push(JSON.stringify(['table', name, requalify(sql, own)]))
  }
  for (const { kind, name, sql, timeZone } of programs ?? (await readPrograms(session)))
    definitions.push(JSON.stringify([kind, name, kind === 'view' ? requalify(sql, own) : sql, timeZone]))
  return definitions
}

/**
 * What a sequence was created with: SHOW CREATE TABLE shows only its columns. Its next value is not part of the schema, as it moves
 * outside of transactions.
 */
async function readSequence(session: Session, database: string, name: string): Promise<string> {
  const [row] = await session.query(
    'SELECT start_value, minimum_value, maximum_value, increment, cache_size, cycle_option FROM ??.??',
    [database, name],
  )
  return JSON.stringify(['sequence', name, Object.values(row ?? {}).map(String)])
}

/** Where a sequence stands. */
async function readNextValue(session: Session, database: string, name: string): Promise<string> {
  const [row] = await session.query('SELECT next_not_cached_value AS next FROM ??.??', [database, name])
  return JSON.stringify([name, String(row?.['next'])])
}

/** MariaDB renames a partitioned table one partition after the other: a crash of the server within that leaves it in two places. */
function explainLost(error: unknown, database: string, table: string): never {
  if (!lostTable.includes(errorNumber(error) ?? 0)) throw error
  throw new RefusedError(
    `${database}.${table} cannot be read: the server crashed while it renamed that partitioned table; save what you need of ${database}, DROP DATABASE it, and restore a backup`,
  )
}
