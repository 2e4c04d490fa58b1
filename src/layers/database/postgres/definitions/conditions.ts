import { besideEnding, isLiveSchema } from '../schemas.ts'

/** A condition of SQL: no extension brought this object of a catalog. */
export const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

/** A condition of SQL: the object of this catalog is of the users. */
export const ofUser = (catalog: string, oid: string) => `${oid} >= 16384 AND ${notOfExtension(catalog, oid)}`

/** Privileges as a sorted text, the same where they are the default and where they are written down. */
export const privilegesOf = (list: string, kind: string, owner: string) =>
  `(SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type)
    FROM aclexplode(coalesce(${list}, acldefault('${kind}', ${owner}))))`

/** A join with the schema of an object, as `n`. */
export const namespaceOf = (alias: string, column: string) =>
  `JOIN pg_namespace n ON n.oid = ${alias}.${column}`

/** A condition of SQL: the schema `n` is of the users, and live. */
export const live = isLiveSchema('n.nspname')

/** A condition of SQL: the object of this identity is in no copy beside. */
export const isNotBeside = (identity: string) => `${identity} !~ '${besideEnding}("?\\.|"?$)'`

/** The identity of an object of a catalog, as SQL. */
export const identityOf = (catalog: string, oid: string) =>
  `(SELECT identity FROM pg_identify_object('${catalog}'::regclass, ${oid}, 0))`

/** Options of a foreign server and what belongs to it, as a set: `pg_dump` writes them sorted, whatever their order was. */
export const optionsOf = (column: string) =>
  `(SELECT array_agg(option ORDER BY option COLLATE "C") FROM unnest(${column}) option)`
