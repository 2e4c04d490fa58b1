import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'
import { isLiveSchema } from './schemas.ts'

/**
 * Refuses what `pg_dump` takes and no restore brings back as it was, and logs what it leaves out.
 * @throws RefusedError that names it and the way round
 */
export async function refuseShapes(session: Session, log: (line: string) => void): Promise<void> {
  const found = [...(await findSubscriptions(session)), ...(await findMovedColumns(session))]
  if (found.length > 0) throw new RefusedError(`a backup could not bring back ${found.join('; ')}`)
  for (const { name } of await session.query(invalidIndexes))
    log(
      `warning: index ${name} is invalid, as a failed CREATE INDEX CONCURRENTLY leaves it, and is not in the backup: REINDEX or DROP it`,
    )
  const others = (await session.query(otherOwners)).map(({ name }) => name)
  if (others.length > 0)
    log(
      `warning: some objects belong to ${others.join(', ')}, and this user is not a member: only a superuser can restore the backup; GRANT ${others[0]} TO CURRENT_USER`,
    )
}

const invalidIndexes = `
  SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE NOT indisvalid AND relkind = 'i' AND ${isLiveSchema('n.nspname')}`

const otherOwners = `
  SELECT quote_ident(rolname) AS name FROM pg_roles r WHERE NOT pg_has_role(r.oid, 'MEMBER') AND (
    EXISTS (SELECT FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid
      WHERE b.datname = current_database() AND d.deptype = 'o' AND d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid)
    -- no dependency is recorded on the first superuser
    OR r.oid = 10 AND EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relowner = 10 AND c.oid >= 16384 AND ${isLiveSchema('n.nspname')}
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')))
  ORDER BY 1`

/** A subscription belongs to the database by its number: it would go on writing to the one that is replaced. */
async function findSubscriptions(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT 'subscription ' || quote_ident(subname) || ': DROP SUBSCRIPTION it, or back up what it subscribes to' AS what
     FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()`,
  )
  return rows.map(({ what }) => what ?? '')
}

interface Heir {
  readonly name: string
  readonly parents: readonly string[]
  readonly columns: readonly string[]
}

/**
 * Tables whose columns a restore would put into another order: CREATE TABLE … INHERITS puts those of the parents first, and one
 * that was added to a parent later comes last in the child. Partitions are not concerned: they are attached.
 */
async function findMovedColumns(session: Session): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT c.oid, c.oid::regclass::text AS name,
       (SELECT jsonb_agg(inhparent::text ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) AS parents,
       (SELECT jsonb_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE NOT relispartition AND ${isLiveSchema('n.nspname')} AND (
       EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) OR relhassubclass AND relkind IN ('r', 'f'))`,
  )
  const tables = new Map(
    rows.map(({ oid, name, parents, columns }) => [
      oid ?? '',
      { name: name ?? '', parents: namesIn(parents), columns: namesIn(columns) },
    ]),
  )
  return [...tables.values()].flatMap((table) =>
    restoredOrder(table, tables).join('\n') === table.columns.join('\n')
      ? []
      : [
          `the order of the columns of ${table.name}, as a column was added to a table that it inherits from after it was created: create it again with the columns of its parents first, copy its rows, and rename it`,
        ],
  )
}

function restoredOrder(table: Heir, tables: ReadonlyMap<string, Heir>): readonly string[] {
  const inherited = table.parents.flatMap((oid) => {
    const parent = tables.get(oid)
    return parent === undefined ? [] : restoredOrder(parent, tables)
  })
  return [...new Set([...inherited, ...table.columns])]
}

function namesIn(json: string | null | undefined): readonly string[] {
  const parsed: unknown = JSON.parse(json ?? '[]')
  return Array.isArray(parsed) ? parsed.map(String) : []
}
