import pg from 'pg'
import type { Row, Session } from './connect.ts'

const { escapeIdentifier, escapeLiteral } = pg

/** Settings that hold a list of names are stored quoted already: https://www.postgresql.org/docs/15/config-setting.html */
const lists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
])

/** What is set on a database when it is created, as clauses of CREATE DATABASE. */
export interface DatabaseProperties {
  /** encoding and collation */
  readonly text: string
  /** owner and tablespace, which another server may not have */
  readonly place: string
}

/** Reads the owner, the encoding and the collation of a database; none of one that is not there. */
export async function readProperties(session: Session, like: string): Promise<DatabaseProperties> {
  const [row] = await session.query(
    `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
       to_jsonb(d) ->> 'datlocprovider' AS provider, coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') AS locale, to_jsonb(d) ->> 'daticurules' AS rules, t.spcname
     FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = $1`,
    [like],
  )
  if (row === undefined) return { text: '', place: '' }
  return {
    text: [
      `ENCODING ${escapeLiteral(row['encoding'] ?? '')}`,
      `LC_COLLATE ${escapeLiteral(row['datcollate'] ?? '')}`,
      `LC_CTYPE ${escapeLiteral(row['datctype'] ?? '')}`,
      ...providerOf(row),
    ].join(' '),
    place: [
      `OWNER ${escapeIdentifier(row['owner'] ?? '')}`,
      // naming even the default one needs a right that its users do not have
      ...(row['spcname'] === 'pg_default' ? [] : [`TABLESPACE ${escapeIdentifier(row['spcname'] ?? '')}`]),
    ].join(' '),
  }
}

/** ICU since 15, the server's own since 17. */
function providerOf({ provider, locale, rules }: Row): readonly string[] {
  const named = escapeLiteral(locale ?? '')
  switch (provider) {
    case 'i':
      return [
        `LOCALE_PROVIDER icu ICU_LOCALE ${named}`,
        ...(rules == null ? [] : [`ICU_RULES ${escapeLiteral(rules)}`]),
      ]
    case 'b':
      return [`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${named}`]
    default:
      // said, as the template may have another one
      return provider == null ? [] : ['LOCALE_PROVIDER libc']
  }
}

/** Creates an empty database. */
export async function createDatabase(
  session: Session,
  name: string,
  { text, place }: DatabaseProperties,
): Promise<void> {
  await session.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 ${place} ${text}`)
}

/** Gives a database what is set on another one and in no dump of it: grants, connection limit, settings, comment. */
export async function copyProperties(session: Session, from: string, to: string): Promise<void> {
  const target = escapeIdentifier(to)
  const [row] = await session.query(
    `SELECT oid, datconnlimit, datistemplate, datacl IS NULL AS plain, pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database WHERE datname = $1`,
    [from],
  )
  if (row === undefined) return
  await session.query(`ALTER DATABASE ${target} CONNECTION LIMIT ${Number(row['datconnlimit'])}`)
  if (row['datistemplate'] === 't') await session.query(`ALTER DATABASE ${target} IS_TEMPLATE true`)
  if (row['comment'] !== null)
    await session.query(`COMMENT ON DATABASE ${target} IS ${escapeLiteral(row['comment'] ?? '')}`)
  await copySettings(session, row['oid'] ?? '', target)
  // booleans come as texts too
  if (row['plain'] === 't') return
  await session.query(`REVOKE ALL ON DATABASE ${target} FROM PUBLIC, ${escapeIdentifier(row['owner'] ?? '')}`)
  const grants = await session.query(
    `SELECT privilege_type, is_grantable, CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS grantee
     FROM pg_database, aclexplode(datacl) WHERE datname = $1`,
    [from],
  )
  for (const { privilege_type, is_grantable, grantee } of grants) {
    const who = grantee === null || grantee === undefined ? 'PUBLIC' : escapeIdentifier(grantee)
    const option = is_grantable === 't' ? ' WITH GRANT OPTION' : ''
    await session.query(`GRANT ${privilege_type} ON DATABASE ${target} TO ${who}${option}`)
  }
}

async function copySettings(session: Session, oid: string, target: string): Promise<void> {
  const settings = await session.query(
    `SELECT CASE setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(setrole) END AS role, split_part(each, '=', 1) AS name, substr(each, strpos(each, '=') + 1) AS value
     FROM pg_db_role_setting, unnest(setconfig) each WHERE setdatabase = $1`,
    [oid],
  )
  for (const { role, name, value } of settings) {
    const who =
      role === null || role === undefined
        ? `DATABASE ${target}`
        : `ROLE ${escapeIdentifier(role)} IN DATABASE ${target}`
    const text = lists.has(name ?? '') ? value : escapeLiteral(value ?? '')
    // a name may have a dot, for the setting of an extension
    const setting = (name ?? '').split('.').map(escapeIdentifier).join('.')
    await session.query(`ALTER ${who} SET ${setting} TO ${text}`)
  }
}
