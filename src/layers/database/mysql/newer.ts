import type { Session } from './connect.ts'

interface Pair {
  readonly live: string
  readonly copy: string
  readonly table: string
}

/** How many rows the live table has that the copy has not, compared by the columns that both have. */
export async function countNewerRows(session: Session, pair: Pair): Promise<number> {
  if (await areAlike(session, pair)) return 0
  const { sql, values } = await differing(session, pair)
  const [row] = await session.query(`SELECT COUNT(*) AS count FROM (${sql}) AS differing`, values)
  return Number(row?.['count'] ?? 0)
}

/** Those rows with all the columns they have, as JSON, one at a time. */
export async function* newerRows(session: Session, pair: Pair): AsyncGenerator<string> {
  const { sql, values, columns } = await differing(session, pair)
  const same = columns.map(() => 'live_row.?? <=> differing.??').join(' AND ') || 'TRUE'
  const rows = session.rows(
    `SELECT * FROM ??.?? AS live_row WHERE EXISTS (SELECT 1 FROM (${sql}) AS differing WHERE ${same})`,
    [pair.live, pair.table, ...values, ...columns.flatMap((column) => [column, column])],
  )
  for await (const row of rows) yield JSON.stringify(withBytes(row))
}

async function areAlike(session: Session, { live, copy, table }: Pair): Promise<boolean> {
  const sums = await session.query('CHECKSUM TABLE ??.??, ??.??', [live, table, copy, table])
  const [a, b] = sums.map((row) => row['Checksum'])
  return a !== null && a === b && (await shared(session, { live, copy, table })).all
}

async function differing(session: Session, pair: Pair) {
  const { columns } = await shared(session, pair)
  const list = columns.map(() => '??').join(', ') || '1'
  return {
    columns,
    sql: `SELECT ${list} FROM ??.?? EXCEPT ALL SELECT ${list} FROM ??.??`,
    values: [...columns, pair.live, pair.table, ...columns, pair.copy, pair.table],
  }
}

async function shared(session: Session, { live, copy, table }: Pair) {
  const columnsOf = async (database: string) =>
    (
      await session.query(
        'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
        [database, table],
      )
    ).map(({ name }) => String(name))
  const [here, there] = [await columnsOf(live), await columnsOf(copy)]
  const columns = here.filter((name) => there.includes(name))
  return { columns, all: columns.length === here.length && columns.length === there.length }
}

/** JSON has no bytes: they become `{"base64": …}`. */
function withBytes(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? { base64: value.toString('base64') } : value,
    ]),
  )
}
