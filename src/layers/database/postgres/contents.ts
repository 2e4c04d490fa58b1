import { createHash } from 'node:crypto'
import pg from 'pg'
import type { Contents, TableContents } from '../engine.ts'
import type { Session } from './connect.ts'
import { isLiveSchema } from './schemas.ts'

const { escapeIdentifier } = pg

/** How values are written, so that the same row is the same text in every session. */
const writing = [
  "SET search_path = ''",
  "SET datestyle = 'ISO, YMD'",
  "SET intervalstyle = 'postgres'",
  "SET timezone = 'UTC'",
  'SET extra_float_digits = 1',
  "SET bytea_output = 'hex'",
  'SET xmloption = content',
  // an error where a row policy would hide rows from us
  'SET row_security = off',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
].join('; ')

export async function setWriting(session: Session): Promise<void> {
  await session.query(writing)
}

/** What belongs to an extension is the extension's, and comes back with it. */
const ownTables = `
  SELECT n.nspname AS schema, c.relname AS name
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

export async function listTables(session: Session): Promise<readonly TableName[]> {
  const rows = await session.query(ownTables)
  return rows.map(({ schema, name }) => ({ schema: schema ?? '', name: name ?? '' }))
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
  return { tables: objects.rows > 0 ? [...tables, objects] : tables, schema: await readSchema(session) }
}

async function readTable(session: Session, table: TableName, digests: boolean): Promise<TableContents> {
  // the alias is one that no column has: a column called like it would stand for the row
  const digest = digests
    ? ', coalesce(sum(hashtextextended("whole row\u200b"::text, 0)::numeric), 0) AS digest'
    : ''
  const [row] = await session.query(
    `SELECT count(*) AS rows${digest} FROM ONLY ${quoteTable(table)} AS "whole row\u200b"`,
  )
  return {
    name: `${table.schema}.${table.name}`,
    rows: Number(row?.['rows'] ?? 0),
    ...(digests && { digest: row?.['digest'] ?? '' }),
  }
}

async function readLargeObjects(session: Session, digests: boolean): Promise<TableContents> {
  const chunk = 1 << 20
  const digest = digests
    ? `, (SELECT coalesce(sum(hashtextextended(m.oid || ':' || at || ':' || encode(lo_get(m.oid, at, ${chunk}), 'hex'), 0)::numeric), 0)
        FROM pg_catalog.pg_largeobject_metadata m,
          LATERAL (SELECT lo_lseek64(lo_open(m.oid, 262144), 0, 2) AS size) s,
          LATERAL generate_series(0, greatest(size - 1, 0), ${chunk}) at) AS digest`
    : ''
  const [row] = await session.query(
    `SELECT count(*) AS rows${digest} FROM pg_catalog.pg_largeobject_metadata`,
  )
  return {
    name: largeObjects,
    rows: Number(row?.['rows'] ?? 0),
    ...(digests && { digest: row?.['digest'] ?? '' }),
  }
}

/** A condition of SQL: no extension brought this object of a catalog. */
export const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

/** Every definition that makes up the schema, one line each. */
const definitions = [
  `SELECT 'column', n.nspname, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod), concat_ws(' ', a.attnum, a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), c.relkind)
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${isLiveSchema('n.nspname')} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'constraint', n.nspname, r.conname, concat_ws(' ', r.conrelid::regclass, pg_get_constraintdef(r.oid), r.convalidated)
   FROM pg_constraint r JOIN pg_namespace n ON n.oid = r.connamespace WHERE ${isLiveSchema('n.nspname')} AND ${notOfExtension('pg_constraint', 'r.oid')}`,
  `SELECT 'index', schemaname, indexname, indexdef FROM pg_indexes WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('v', 'm') AND ${isLiveSchema('n.nspname')} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'trigger', n.nspname, c.relname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND ${isLiveSchema('n.nspname')}`,
  `SELECT 'function', n.nspname, p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.prokind IN ('f', 'p', 'w') AND ${isLiveSchema('n.nspname')} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'label', n.nspname, t.typname, concat_ws(' ', e.enumlabel, row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder)) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${isLiveSchema('n.nspname')}`,
  `SELECT 'domain', n.nspname, t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND ${isLiveSchema('n.nspname')} AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT 'sequence', schemaname, sequencename, concat_ws(' ', data_type, start_value, min_value, max_value, increment_by, cycle) FROM pg_sequences WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'policy', schemaname, tablename, concat_ws(' ', policyname, permissive, array_to_string(roles, ','), cmd, qual, with_check) FROM pg_policies WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'partition', n.nspname, c.relname, concat_ws(' ', pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND (c.relispartition OR c.relkind = 'p') AND ${isLiveSchema('n.nspname')}`,
  `SELECT 'extension', '', extname, extversion FROM pg_extension`,
]

/**
 * SHA-256 of all that is not rows. Values of sequences are not in it: they move outside of any transaction, so no dump is of one
 * moment with them.
 */
export async function readSchema(session: Session): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await readDefinitions(session)))
    .digest('hex')
}

/** Every definition of the schema, a line each. */
export async function readDefinitions(session: Session): Promise<readonly string[]> {
  await setWriting(session)
  const rows = await session.query(
    `SELECT concat_ws(' | ', a, b, c, d) COLLATE "C" AS line FROM (${definitions.join(' UNION ALL ')}) AS all_of_it (a, b, c, d) ORDER BY 1`,
  )
  return rows.map(({ line }) => line ?? '')
}
