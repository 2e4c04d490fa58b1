import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'
import { listTables } from './contents.ts'
import { listOuterKeys, type OuterKey, takeOut } from './outer-keys.ts'
import { readSequenceDefaults, type SequenceDefault } from './programs.ts'
import { quoteName } from './quote.ts'

/** A table that the dump tool does not write exactly. */
export interface OwnTable {
  readonly name: string
  readonly isVersioned: boolean
  /** defaults that are set again when all tables and sequences are there */
  readonly defaults: readonly SequenceDefault[]
  /** foreign keys that are created when the table is in its place */
  readonly keys: readonly OuterKey[]
}

/**
 * The tables that are written here instead: those with FLOAT columns, which the tool rounds to 6 digits, those with a default
 * from a sequence, which it names with the live database, and those with a foreign key to another database.
 */
export async function listOwnTables(session: Session, database: string): Promise<readonly OwnTable[]> {
  const floats = await session.query(
    "SELECT DISTINCT TABLE_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND DATA_TYPE = 'float'",
    [database],
  )
  const defaults = await readSequenceDefaults(session)
  const keys = await listOuterKeys(session, database)
  const own = new Set([
    ...floats.map(({ name }) => String(name)),
    ...[...defaults, ...keys].map(({ table }) => table),
  ])
  return (await listTables(session, database))
    .filter(({ name }) => own.has(name))
    .map(({ name, isVersioned }) => ({
      name,
      isVersioned,
      defaults: defaults.filter(({ table }) => table === name),
      keys: keys.filter(({ table }) => table === name),
    }))
}

/** What the dump tool sets, too: https://mariadb.com/kb/en/mariadb-dump/ */
const settings = `SET NAMES utf8mb4;
SET time_zone = '+00:00', unique_checks = 0, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
`
const statementSize = 1 << 19

/** The tables as a script for the server's own client, a row a line; rows as the session's transaction sees them. */
export async function* writeOwnTables(session: Session, tables: readonly OwnTable[]): AsyncGenerator<Buffer> {
  yield Buffer.from(settings)
  await session.query("SET time_zone = '+00:00'")
  for (const table of tables) {
    yield Buffer.from(`${await createTable(session, table)};\n`)
    if (table.isVersioned) yield Buffer.from('SET system_versioning_insert_history = 1;\n')
    yield* writeRows(session, table)
    if (table.isVersioned) yield Buffer.from('SET system_versioning_insert_history = 0;\n')
  }
}

async function createTable(session: Session, { name, defaults, keys }: OwnTable): Promise<string> {
  const [row] = await session.query('SHOW CREATE TABLE ??', [name])
  const lines = takeOut(String(row?.['Create Table']), keys).without.split('\n')
  for (const { column, expression } of defaults) {
    const at = lines.findIndex((line) => line.startsWith(`  ${quoteName(column)} `))
    const without = lines[at]?.replace(` DEFAULT ${expression}`, () => '')
    if (without === undefined || without === lines[at])
      throw new RefusedError(
        `table ${name} cannot be backed up: the default of column ${column}, ${expression}, takes a value of a sequence, and the server prints it in another way; set it from the application instead`,
      )
    lines[at] = without
  }
  return lines.join('\n')
}

async function* writeRows(session: Session, { name, isVersioned }: OwnTable): AsyncGenerator<Buffer> {
  const columns = await listColumns(session, name, isVersioned)
  const insert = `INSERT INTO ${quoteName(name)} (${columns.map((column) => quoteName(column.name)).join(', ')}) VALUES\n`
  const rows = session.bytes(
    `SELECT ${columns.map(({ select }) => select).join(', ')} FROM ${quoteName(name)}${isVersioned ? ' FOR SYSTEM_TIME ALL' : ''}`,
  )
  // one character a byte: names and texts of UTF-8 are put together as the bytes that they are
  const head = Buffer.from(insert).toString('latin1')
  let statement = ''
  for await (const row of rows) {
    const values = row.map((value, index) => (value === null ? 'NULL' : columns[index]?.literal(value)))
    statement += `${statement === '' ? head : ',\n'}(${values.join(',')})`
    if (statement.length < statementSize) continue
    yield Buffer.from(`${statement};\n`, 'latin1')
    statement = ''
  }
  if (statement !== '') yield Buffer.from(`${statement};\n`, 'latin1')
}

interface Column {
  readonly name: string
  /** what reads it exactly */
  readonly select: string
  readonly literal: (value: Buffer) => string
}

const numbers = /^(?:tinyint|smallint|mediumint|int|bigint|decimal|float|double|year)$/
const binaries =
  /^(?:binary|varbinary|tinyblob|blob|mediumblob|longblob|bit|geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon|geometrycollection)$/

/** Those that have values of their own: no generated ones, but the times of a versioned row. */
async function listColumns(
  session: Session,
  table: string,
  isVersioned: boolean,
): Promise<readonly Column[]> {
  const rows = await session.query(
    'SELECT COLUMN_NAME AS name, DATA_TYPE AS type, GENERATION_EXPRESSION AS expression FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    [table],
  )
  const isTime = (expression: unknown) => expression === 'ROW START' || expression === 'ROW END'
  const own = rows.filter(
    ({ expression }) => expression === null || expression === '' || (isVersioned && isTime(expression)),
  )
  const hidden = isVersioned && !rows.some(({ expression }) => isTime(expression))
  return [
    ...own.map(({ name, type }) => describeColumn(String(name), String(type))),
    ...(hidden ? ['row_start', 'row_end'] : []).map((name) => describeColumn(name, 'timestamp')),
  ]
}

function describeColumn(name: string, type: string): Column {
  const quoted = quoteName(name)
  if (numbers.test(type))
    return {
      name,
      select: type === 'float' ? `CAST(${quoted} AS DOUBLE)` : quoted,
      literal: (value) => value.toString('latin1'),
    }
  if (binaries.test(type))
    return {
      name,
      select: quoted,
      literal: (value) => (value.length === 0 ? "''" : `0x${value.toString('hex')}`),
    }
  return { name, select: quoted, literal: quoteText }
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
  "'": "\\'",
  '\\': '\\\\',
}

function quoteText(value: Buffer): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: just these have to be escaped
  return `'${value.toString('latin1').replace(/[\0\n\r\x1a'\\]/g, (char) => escapes[char] ?? char)}'`
}
