import { RefusedError } from '../../errors.ts'
import type { Session } from './connect.ts'

/** @throws RefusedError that names the table: a dump without it would be none */
export async function refuseHiddenTables(session: Session): Promise<void> {
  const rows = await session.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))`,
  )
  if (rows.length > 0)
    throw new RefusedError(
      `the user may not read ${rows.map(({ name }) => name).join(', ')}: grant SELECT on it, or back up as the owner`,
    )
}

/** @throws RefusedError that names the right: before anything was begun */
export async function refuseLackOfRights(session: Session, database: string): Promise<void> {
  const [row] = await session.query(
    `SELECT rolsuper, rolcreatedb, coalesce(pg_has_role(datdba, 'MEMBER'), true) AS owns, current_user AS who
     FROM pg_roles LEFT JOIN pg_database ON datname = $1 WHERE rolname = current_user`,
    [database],
  )
  if (row?.['rolsuper'] === 't') return
  if (row?.['rolcreatedb'] !== 't')
    throw new RefusedError(
      `user ${row?.['who']} may not create the database to restore into: ALTER ROLE … CREATEDB`,
    )
  if (row['owns'] !== 't')
    throw new RefusedError(`user ${row['who']} may not rename ${database}: it has to be its owner`)
}
