import { isNotBeside, live, notOfExtension, privilegesOf } from './conditions.ts'

/** What a new database has for the comment of `public`; a dump writes another one down. */
const standardComment = 'standard public schema'

/** A new database has `public` with privileges that a dump does not write down: until version 14 everyone may create in it. */
const isAsNew = `n.nspname = 'public' AND n.nspowner < 16384 AND ${privilegesOf('n.nspacl', 'n', 'n.nspowner')} =
  concat(CASE WHEN current_setting('server_version_num')::int < 150000 THEN '- CREATE f, ' END, '- USAGE f, ', n.nspowner::regrole, ' CREATE f, ', n.nspowner::regrole, ' USAGE f')`

/** Privileges that others were given on what an extension brought: its owner is whoever restores it. */
const ofMember = (catalog: string, list: string, owner: string) =>
  `SELECT 'member', '', i.identity, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(o.${list}) WHERE grantee <> o.${owner})
   FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i WHERE o.${list} IS NOT NULL AND NOT ${notOfExtension(catalog, 'o.oid')}`

/** Queries for schemas, privileges and comments, four columns each: kind, schema, name, definition. */
export const privileges: readonly string[] = [
  `SELECT 'schema', n.nspname, '', concat_ws(' ', n.nspowner::regrole, ${privilegesOf('n.nspacl', 'n', 'n.nspowner')})
   FROM pg_namespace n WHERE ${live} AND NOT coalesce(${isAsNew}, false) AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  `SELECT 'default privileges', coalesce(nspname, ''), defaclobjtype::text, concat_ws(' ', defaclrole::regrole, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(defaclacl)))
   FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace WHERE defaclnamespace = 0 OR ${live}`,
  ofMember('pg_proc', 'proacl', 'proowner'),
  ofMember('pg_class', 'relacl', 'relowner'),
  ofMember('pg_type', 'typacl', 'typowner'),
  // comments on large objects belong to their contents
  `SELECT 'comment', i.type, i.identity, d.description FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   WHERE d.objoid >= 16384 AND i.identity <> 'public' AND ${isNotBeside('i.identity')}
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e') AND d.classoid <> 'pg_largeobject'::regclass`,
  `SELECT 'comment', 'schema', 'public', coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace
   WHERE nspname = 'public' AND obj_description(oid, 'pg_namespace') IS DISTINCT FROM '${standardComment}'`,
  `SELECT 'security label', objtype, objname, concat_ws(' ', provider, label) FROM pg_seclabels WHERE objtype NOT IN ('role', 'database', 'tablespace', 'subscription', 'large object') AND ${isNotBeside('objname')}`,
]
