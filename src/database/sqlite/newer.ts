import type { DatabaseSync } from 'node:sqlite'
import { quoteName, withDatabase } from './file.ts'

/** A table of the live database, beside the same table of a restored copy. */
interface Pair {
  readonly live: string
  readonly copy: string
  readonly table: string
}

/** How many rows the live table has that the copy has not, compared by the columns that both have. */
export async function countNewerRows(pair: Pair): Promise<number> {
  return withPair(pair, (database, name, _shared, inCopy) => {
    const count = (from: string) =>
      Number(database.prepare(`SELECT count(*) AS rows FROM ${from}`).get()?.['rows'] ?? 0)
    // of rows that are alike, EXCEPT leaves one
    return Math.max(count('differing'), count(`main.${name}`) - (inCopy ? count(`backup.${name}`) : 0))
  })
}

/** Those rows with all the columns they have, as JSON. */
export async function* newerRows(pair: Pair): AsyncGenerator<string> {
  yield* await withPair(pair, (database, name, shared) => {
    if (shared.length > 0) database.exec(`CREATE INDEX temp.differing_rows ON differing (${shared[0]})`)
    const same = shared.map((column) => `differing.${column} IS live.${column}`).join(' AND ')
    const rows = database.prepare(
      `SELECT * FROM main.${name} AS live WHERE EXISTS (SELECT 1 FROM differing WHERE ${same || 'true'})`,
    )
    return rows.all().map((row) => JSON.stringify(row, asJson))
  })
}

async function withPair<T>(
  { live, copy, table }: Pair,
  use: (database: DatabaseSync, name: string, shared: readonly string[], inCopy: boolean) => T,
): Promise<T> {
  return withDatabase(live, (database) => {
    database.prepare('ATTACH ? AS backup').run(copy)
    const columnsOf = (schema: string) =>
      database
        .prepare('SELECT name FROM pragma_table_info(?, ?)')
        .all(table, schema)
        .map(({ name }) => String(name))
    const inCopy = columnsOf('backup')
    // a temporary table keeps the comparison of two large tables to one sort
    const shared = columnsOf('main')
      .filter((name) => inCopy.includes(name))
      .map(quoteName)
    const columns = shared.length === 0 ? '1' : shared.join(', ')
    const name = quoteName(table)
    const less = inCopy.length === 0 ? '' : `EXCEPT SELECT ${columns} FROM backup.${name}`
    database.exec(`CREATE TEMP TABLE differing AS SELECT ${columns} FROM main.${name} ${less}`)
    return use(database, name, shared, inCopy.length > 0)
  })
}

/** JSON has neither bytes nor integers over 2^53: bytes become `{"base64": …}`, such integers texts. */
function asJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    return safe ? Number(value) : String(value)
  }
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  return value
}
