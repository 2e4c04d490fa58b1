import { countRows, openDatabase, quoteName } from './file.ts'

/** A table of the live database, beside the same table of a restored copy. */
interface Pair {
  readonly live: string
  readonly copy: string
  readonly table: string
}

/** How many rows the live table has that the copy has not, compared by the columns that both have. */
export async function countNewerRows(pair: Pair): Promise<number> {
  const { database, name, inCopy } = comparePair(pair)
  try {
    const count = (from: string) => countRows(database, from)
    // of rows that are alike, EXCEPT leaves one
    return Math.max(count('differing'), count(`main.${name}`) - (inCopy ? count(`backup.${name}`) : 0))
  } finally {
    database.close()
  }
}

/** Those rows with all the columns they have, as JSON, one at a time. */
export async function* newerRows(pair: Pair): AsyncGenerator<string> {
  const { database, name, shared } = comparePair(pair)
  try {
    if (shared.length > 0) database.exec(`CREATE INDEX temp.differing_rows ON differing (${shared[0]})`)
    const same = shared.map((column) => `differing.${column} IS live.${column}`).join(' AND ')
    const rows = database.prepare(
      `SELECT * FROM main.${name} AS live WHERE EXISTS (SELECT 1 FROM differing WHERE ${same || 'true'})`,
    )
    for (const row of rows.iterate()) yield JSON.stringify(row, asJson)
  } finally {
    database.close()
  }
}

/** Opens both, with the rows that differ in the temporary table `differing`: that keeps the comparison to one sort. */
function comparePair({ live, copy, table }: Pair) {
  const database = openDatabase(live)
  try {
    database.prepare('ATTACH ? AS backup').run(copy)
    const columnsOf = (schema: string) =>
      database
        .prepare('SELECT name FROM pragma_table_info(?, ?)')
        .all(table, schema)
        .map(({ name }) => String(name))
    const inCopy = columnsOf('backup')
    const shared = columnsOf('main')
      .filter((name) => inCopy.includes(name))
      .map(quoteName)
    // in a collation of the column, "a" may be the same as "A"; and it may be the application's own
    const columns = shared.map((column) => `${column} COLLATE BINARY AS ${column}`).join(', ') || '1'
    const name = quoteName(table)
    const less = inCopy.length === 0 ? '' : `EXCEPT SELECT ${columns} FROM backup.${name}`
    database.exec(`CREATE TEMP TABLE differing AS SELECT ${columns} FROM main.${name} ${less}`)
    return { database, name, shared, inCopy: inCopy.length > 0 }
  } catch (error) {
    database.close()
    throw error
  }
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
