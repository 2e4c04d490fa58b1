import { RefusedError } from '../../../errors.ts'
import type { Session } from './connect.ts'
import { ofUser } from './definitions/conditions.ts'
import { isLiveSchema, longestSchemaName, swappedSchemas } from './schemas.ts'

/** @throws RefusedError that names what the user cannot read: `pg_dump` fails on it later, and says less */
export async function refuseHidden(session: Session): Promise<void> {
  const named = async (sql: string) => (await session.query(sql)).map(({ name }) => name).join(', ')
  const ofUsers = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${isLiveSchema('n.nspname')}`
  const unreadable = await named(
    `SELECT c.oid::regclass::text AS name ${ofUsers} AND c.relkind IN ('r', 'p', 'S')
       AND NOT (has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)`,
  )
  if (unreadable !== '')
    throw new RefusedError(`the user may not read ${unreadable}: grant SELECT on it, or back up as the owner`)
  // forced, it is active for the owner too
  const filtered = await named(
    `SELECT c.oid::regclass::text AS name ${ofUsers} AND c.relkind IN ('r', 'p') AND row_security_active(c.oid)`,
  )
  if (filtered !== '')
    throw new RefusedError(
      `row level security hides rows of ${filtered} from this user: back up as a user with BYPASSRLS, or ALTER TABLE … NO FORCE ROW LEVEL SECURITY`,
    )
  const objects = await named(
    `SELECT m.oid::text AS name FROM pg_largeobject_metadata m, pg_roles u
     WHERE u.rolname = current_user AND NOT u.rolsuper AND current_setting('lo_compat_privileges') = 'off'
       AND NOT EXISTS (SELECT FROM aclexplode(coalesce(lomacl, acldefault('L', lomowner))) WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, 'USAGE')))
     LIMIT 5`,
  )
  if (objects !== '')
    throw new RefusedError(
      `the user may not read large objects (${objects}): GRANT SELECT ON LARGE OBJECT … TO it, or back up as their owner`,
    )
}

/** What keeps this user from restoring into a database beside, and renaming both; undefined where nothing does. */
export async function whyNotBeside(session: Session, database: string): Promise<string | undefined> {
  const [row] = await session.query(
    `SELECT rolsuper, rolcreatedb, coalesce(pg_has_role(datdba, 'MEMBER'), true) AS owns, current_user AS who, current_database() = $1 AS within
     FROM pg_roles LEFT JOIN pg_database ON datname = $1 WHERE rolname = current_user`,
    [database],
  )
  if (row?.['within'] === 't')
    return `user ${row['who']} may connect to no other database, from which ${database} could be renamed`
  if (row?.['rolsuper'] === 't') return undefined
  if (row?.['rolcreatedb'] !== 't')
    return `user ${row?.['who']} may not create the database to restore into: ALTER ROLE … CREATEDB`
  if (row['owns'] !== 't') return `user ${row['who']} may not rename ${database}: it must be its owner`
  return undefined
}

/**
 * What keeps this user from restoring into schemas beside those of the session's database, or would be left behind by that.
 * @throws RefusedError that names it: before anything was begun
 */
export async function refuseSchemas(session: Session, whyNotDatabase: string): Promise<void> {
  const rows = await session.query(obstacles)
  if (rows.length > 0)
    throw new RefusedError(
      `${whyNotDatabase}; nor can it be restored into schemas of the same database: ${rows.map(({ what }) => what).join('; ')}`,
    )
}

/** A cast to a multirange comes with its range type. */
const described = (catalog: string) =>
  `SELECT pg_describe_object('${catalog}'::regclass, o.oid, 0) || ' belongs to no schema' FROM ${catalog} o WHERE ${ofUser(catalog, 'o.oid')}
   AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = '${catalog}'::regclass AND i.objid = o.oid AND i.deptype = 'i')`

/** Everything that a swap of schemas would leave with the old ones, or cannot do. */
const obstacles = `SELECT what FROM (${[
  `SELECT 'user ' || current_user || ' may not create schemas: GRANT CREATE ON DATABASE …' FROM pg_database WHERE datname = current_database() AND NOT has_database_privilege(oid, 'CREATE')`,
  `SELECT 'user ' || current_user || ' does not own schema ' || nspname || ': ALTER SCHEMA … OWNER TO' FROM pg_namespace JOIN (${swappedSchemas}) s ON s.name = nspname WHERE NOT pg_has_role(nspowner, 'USAGE')`,
  `SELECT 'the name of schema ' || name || ' is longer than ${longestSchemaName} bytes' FROM (${swappedSchemas}) s WHERE octet_length(name) > ${longestSchemaName}`,
  `SELECT 'extension ' || extname || ' is in schema ' || nspname || ', which has other things too: ALTER EXTENSION … SET SCHEMA one of its own'
   FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE ${isLiveSchema('nspname')} AND (
     EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND ${ofUser('pg_class', 'c.oid')})
     OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND ${ofUser('pg_proc', 'p.oid')})
     OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = n.oid AND t.typtype IN ('e', 'd', 'r') AND ${ofUser('pg_type', 't.oid')}))`,
  ...[
    'pg_publication',
    'pg_event_trigger',
    'pg_cast',
    'pg_foreign_server',
    'pg_transform',
    'pg_language',
  ].map(described),
  `SELECT 'subscription ' || subname || ' belongs to no schema' FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()`,
  `SELECT 'large objects belong to no schema' WHERE EXISTS (SELECT FROM pg_largeobject_metadata)`,
  `SELECT 'default privileges of ' || pg_get_userbyid(defaclrole) || ' are for all schemas' FROM pg_default_acl WHERE defaclnamespace = 0`,
].join(' UNION ALL ')}) AS all_of_it (what) ORDER BY 1`
