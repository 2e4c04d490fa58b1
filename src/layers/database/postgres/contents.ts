import { createHash } from 'node:crypto'
import pg from 'pg'
import type { Contents, TableContents } from '../engine.ts'
import type { Session } from './connect.ts'
import { privilegesOf } from './definitions/conditions.ts'
import { readSchema } from './definitions/definitions.ts'
import { isLiveSchema } from './schemas.ts'
import { setWriting } from './writing.ts'

const { escapeIdentifier } = pg

/** Of one column, in a collation in which only the same bytes are the same. */
function digestOf(column: string): string {
  return `pg_catalog.hashtextextended(${column} COLLATE "C", 0)`
}

/** What belongs to an extension is the extension's, and comes back with it. */
const ownTables = `
  SELECT n.nspname AS schema, c.relname AS name, (
      SELECT pg_catalog.string_agg(pg_catalog.format(CASE WHEN a.atttypid IN ('text'::pg_catalog.regtype, 'varchar'::pg_catalog.regtype) THEN $$${digestOf('%1$I')}$$ ELSE $$${digestOf('CASE WHEN %1$I IS NOT NULL THEN pg_catalog.concat(%1$I) END')}$$ END, a.attname), ', ' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS digests
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND ${isLiveSchema('n.nspname')}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1, 2`

/** Name of the one entry that stands for all large objects. */
export const largeObjects = 'large objects'

export interface TableName {
  readonly schema: string
  readonly name: string
}

interface Table extends TableName {
  /** an SQL expression for the digest of each of its columns */
  readonly digests: string
}

export async function listTables(session: Session): Promise<readonly Table[]> {
  const rows = await session.query(ownTables)
  return rows.map(({ schema, name, digests }) => ({
    schema: schema ?? '',
    name: name ?? '',
    digests: digests ?? '',
  }))
}

export function quoteTable({ schema, name }: TableName): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}

/** Reads what is in the database of a session, as its transaction sees it. */
export async function readContents(session: Session, digests: boolean): Promise<Contents> {
  await setWriting(session)
  const tables: TableContents[] = []
  for (const table of await listTables(session)) tables.push(await readTable(session, table, digests))
  const objects = await readLargeObjects(session, digests)
  return {
    tables: objects.rows > 0 ? [...tables, objects] : tables,
    schema: await readSchema(session),
    ...(digests && { sequences: await readSequences(session) }),
  }
}

/**
 * How many rows a table has, and the sum of their digests, which is the same in any order. The digest of a row is of those of its
 * columns as the server writes them: to write a row as one text takes four times as long.
 */
async function readTable(session: Session, table: Table, digests: boolean): Promise<TableContents> {
  const digest = digests
    ? `, coalesce(sum(pg_catalog.hash_array_extended(ARRAY[${table.digests}]::bigint[], 0)), 0) AS digest`
    : ''
  const [row] = await session.query(`SELECT count(*) AS rows${digest} FROM ONLY ${quoteTable(table)}`)
  return {
    name: `${table.schema}.${table.name}`,
    rows: Number(row?.['rows'] ?? 0),
    ...(digests && { digest: row?.['digest'] ?? '' }),
  }
}

/** SHA-256 of where every sequence stands. */
async function readSequences(session: Session): Promise<string> {
  const sequences = await session.query(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${isLiveSchema('n.nspname')} ORDER BY 1, 2`,
  )
  const each = sequences.map(
    ({ schema, name }) =>
      `SELECT last_value, is_called FROM ${quoteTable({ schema: schema ?? '', name: name ?? '' })}`,
  )
  const values = each.length === 0 ? [] : await session.query(each.join(' UNION ALL '))
  return createHash('sha256')
    .update(JSON.stringify([sequences, values]))
    .digest('hex')
}

async function readLargeObjects(session: Session, digests: boolean): Promise<TableContents> {
  const chunk = 1 << 20
  const sumOf = (text: string) => `coalesce(sum(hashtextextended(${text}, 0)::numeric), 0)`
  const digest = digests
    ? `, (SELECT ${sumOf(`m.oid || ':' || at || ':' || encode(lo_get(m.oid, at, ${chunk}), 'hex')`)}
        FROM pg_catalog.pg_largeobject_metadata m,
          LATERAL (SELECT lo_lseek64(lo_open(m.oid, 262144), 0, 2) AS size) s,
          LATERAL generate_series(0, greatest(size - 1, 0), ${chunk}) at)
      + ${sumOf(`concat_ws(' ', o.oid, o.lomowner::regrole, ${privilegesOf('o.lomacl', 'L', 'o.lomowner')}, pg_catalog.obj_description(o.oid, 'pg_largeobject'))`)} AS digest`
    : ''
  const [row] = await session.query(
    `SELECT count(*) AS rows${digest} FROM pg_catalog.pg_largeobject_metadata o`,
  )
  return {
    name: largeObjects,
    rows: Number(row?.['rows'] ?? 0),
    ...(digests && { digest: row?.['digest'] ?? '' }),
  }
}
