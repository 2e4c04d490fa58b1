import { createHash } from 'node:crypto'
import { RefusedError } from '../../../errors.ts'
import type { Contents, TableContents } from '../engine.ts'
import { errorNumber, lostTable, type Session } from './connect.ts'
import { type Program, readPrograms } from './programs.ts'

export interface BaseTable {
  readonly name: string
  /** what is not transactional is not part of any snapshot */
  readonly transactional: boolean
  readonly isSequence: boolean
}

/** Tables and sequences of a database, without views. */
export async function listTables(session: Session, database: string): Promise<readonly BaseTable[]> {
  const rows = await session.query(
    "SELECT TABLE_NAME AS name, ENGINE AS engine, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY 1",
    [database],
  )
  return rows.map(({ name, engine, type }) => ({
    name: String(name),
    transactional: String(engine).toLowerCase() === 'innodb',
    isSequence: type === 'SEQUENCE',
  }))
}

/**
 * What is in a database, as the session's transaction sees it.
 * @param programs those to count as its own; undefined for those that it has
 */
export async function readContents(
  session: Session,
  database: string,
  { digests, programs }: { readonly digests: boolean; readonly programs?: readonly Program[] },
): Promise<Contents> {
  const tables: TableContents[] = []
  for (const { name, isSequence } of await listTables(session, database)) {
    if (isSequence) continue
    const [row] = await session
      .query('SELECT COUNT(*) AS count FROM ??.??', [database, name])
      .catch((error: unknown) => explainLost(error, database, name))
    const [sum] = digests ? await session.query('CHECKSUM TABLE ??.??', [database, name]) : []
    tables.push({
      name,
      rows: Number(row?.['count'] ?? 0),
      ...(digests && { digest: String(sum?.['Checksum']) }),
    })
  }
  return { tables, schema: await readSchema(session, database, programs) }
}

/** SHA-256 of all that is not rows. @param programs as `readContents` */
export async function readSchema(
  session: Session,
  database: string,
  programs?: readonly Program[],
): Promise<string> {
  const hash = createHash('sha256')
  for (const { name } of await listTables(session, database)) {
    const [created] = await session
      .query('SHOW CREATE TABLE ??.??', [database, name])
      .catch((error: unknown) => explainLost(error, database, name))
    // the next value of AUTO_INCREMENT is no part of the schema, and moves outside of transactions
    hash.update(JSON.stringify([name, String(created?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '')]))
  }
  for (const { kind, name, sql } of programs ?? (await readPrograms(session)))
    hash.update(JSON.stringify([kind, name, sql]))
  return hash.digest('hex')
}

/** MariaDB renames a partitioned table one partition after the other: a crash of the server within that leaves it in two places. */
function explainLost(error: unknown, database: string, table: string): never {
  if (!lostTable.includes(errorNumber(error) ?? 0)) throw error
  throw new RefusedError(
    `${database}.${table} cannot be read any more: the server crashed while it renamed that table, which is partitioned; save what you need of ${database}, DROP DATABASE it, and restore a backup`,
  )
}
