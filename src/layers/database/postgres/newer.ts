import pg from 'pg'
import type { ServerConnection } from '../connection.ts'
import { connect, type Session, withSession } from './connect.ts'
import { largeObjects, listTables, quoteTable, type TableName } from './contents.ts'
import { setWriting } from './writing.ts'

const { escapeIdentifier } = pg
/** digests that are carried over at once */
const batch = 20_000
/** texts of rows that are in our memory at once, characters */
const atOnce = 400_000

interface Pair {
  readonly connection: ServerConnection
  readonly live: string
  /** runs with a transaction that sees the copy under the names of the live tables */
  readonly withCopy: <T>(use: (session: Session) => Promise<T>) => Promise<T>
  /** `schema.name`, as in the contents */
  readonly table: string
}

/** How many rows the live table has that the copy has not, compared by the columns that both have. */
export async function countNewerRows(pair: Pair): Promise<number> {
  if (pair.table === largeObjects) return 0
  return withSession(pair.connection, pair.live, async (session) => {
    const [row] = await session.query(`SELECT count(*) AS rows FROM ${await differing(session, pair)}`)
    return Number(row?.['rows'] ?? 0)
  })
}

/** Those rows with all the columns they have, as JSON, some at a time. */
export async function* newerRows(pair: Pair): AsyncGenerator<string> {
  if (pair.table === largeObjects) return
  const session = await connect(pair.connection, pair.live)
  try {
    const from = await differing(session, pair)
    await session.query('BEGIN READ ONLY')
    await session.query(`DECLARE newer CURSOR FOR SELECT row_to_json("live row") AS line FROM ${from}`)
    // as many rows as those before were small
    for (let count = 1; ; ) {
      const lines = (await session.query(`FETCH ${count} FROM newer`)).map(({ line }) => line ?? '')
      if (lines.length === 0) return
      yield* lines
      const size = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
      count = Math.max(1, Math.min(batch, count * 4, Math.floor(atOnce / size)))
    }
  } finally {
    await session.end()
  }
}

/**
 * What follows FROM to read the live rows that the copy has not. Two databases of PostgreSQL cannot be joined: the digests of
 * the copy's rows are brought into a temporary table of the live one, and its rows compared with those.
 */
async function differing(here: Session, { withCopy, table }: Pair): Promise<string> {
  return withCopy(async (there) => {
    for (const session of [here, there]) await setWriting(session)
    const name = await find(here, table)
    const backedUp = await find(there, table)
    if (name === undefined) throw new TypeError(`${table} no longer exists`)
    const from = `ONLY ${quoteTable(name)} AS "live row"`
    if (backedUp === undefined) return from
    const shared = await sharedColumns(here, there, name)
    const digest = `hashtextextended(ROW(${shared.map((each) => `"live row".${each}`).join(', ')})::text, 0)`
    await here.query('CREATE TEMPORARY TABLE backed_up (digest bigint)')
    await there.query(`DECLARE digests CURSOR FOR SELECT ${digest} AS digest FROM ${from}`)
    for (;;) {
      const rows = await there.query(`FETCH ${batch} FROM digests`)
      if (rows.length === 0) break
      await here.query('INSERT INTO pg_temp.backed_up SELECT unnest($1::bigint[])', [
        `{${rows.map((row) => row['digest']).join(',')}}`,
      ])
    }
    await here.query('ANALYZE pg_temp.backed_up')
    return `${from} WHERE NOT EXISTS (SELECT FROM pg_temp.backed_up b WHERE b.digest = ${digest})`
  })
}

async function find(session: Session, table: string): Promise<TableName | undefined> {
  return (await listTables(session)).find(({ schema, name }) => `${schema}.${name}` === table)
}

async function sharedColumns(here: Session, there: Session, table: TableName): Promise<readonly string[]> {
  const columnsOf = async (session: Session) =>
    (
      await session.query(
        'SELECT attname AS name FROM pg_catalog.pg_attribute WHERE attrelid = $1::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
        [quoteTable(table)],
      )
    ).map(({ name }) => name ?? '')
  const inCopy = new Set(await columnsOf(there))
  return (await columnsOf(here)).filter((name) => inCopy.has(name)).map(escapeIdentifier)
}
