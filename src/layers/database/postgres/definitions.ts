import { createHash } from 'node:crypto'
import type { Session } from './connect.ts'
import { besideEnding, isLiveSchema } from './schemas.ts'
import { setWriting } from './writing.ts'

/** SHA-256 of all that is not rows, see `readDefinitions`. */
export async function readSchema(session: Session): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await readDefinitions(session)))
    .digest('hex')
}

/**
 * Every definition of the schema that a dump brings back, a line each. Values of sequences are not in it: they move outside of
 * any transaction, so no dump is of one moment with them. Nor are numbers that a restore gives anew, as those of columns.
 */
export async function readDefinitions(session: Session): Promise<readonly string[]> {
  await setWriting(session)
  const rows = await session.query(
    `SELECT concat_ws(' | ', a, b, c, d) COLLATE "C" AS line FROM (${definitions.join(' UNION ALL ')}) AS all_of_it (a, b, c, d) ORDER BY 1`,
  )
  return rows.map(({ line }) => line ?? '')
}

/** A condition of SQL: no extension brought this object of a catalog. */
export const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

/** A condition of SQL: the object of this catalog is of the users. */
export const ofUser = (catalog: string, oid: string) => `${oid} >= 16384 AND ${notOfExtension(catalog, oid)}`

/** Privileges as a sorted text, the same where they are the default and where they are written down. */
const privileges = (list: string, kind: string, owner: string) =>
  `(SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type)
    FROM aclexplode(coalesce(${list}, acldefault('${kind}', ${owner}))))`

const namespaceOf = (alias: string, column: string) => `JOIN pg_namespace n ON n.oid = ${alias}.${column}`
const live = isLiveSchema('n.nspname')

const definitions = [
  `SELECT 'schema', n.nspname, '', concat_ws(' ', n.nspowner::regrole, ${privileges('n.nspacl', 'n', 'n.nspowner')})
   FROM pg_namespace n WHERE ${live} AND n.nspname <> 'public' AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  // the number of a column counts those that were dropped before it
  `SELECT 'column', n.nspname, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod),
     concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), c.relkind,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END, a.attstorage, to_jsonb(a) ->> 'attcompression', nullif(a.attstattarget, -1),
       a.attoptions, a.attfdwoptions, a.attislocal, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(a.attacl)))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid ${namespaceOf('c', 'relnamespace')} JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'relation', n.nspname, c.relname, concat_ws(' ', c.relkind, c.relpersistence, c.relowner::regrole, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
     (SELECT amname FROM pg_am WHERE pg_am.oid = c.relam), nullif(c.reloftype, 0)::regtype, ${privileges('c.relacl', 'r', 'c.relowner')},
     (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid))
   FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'constraint', n.nspname, r.conname, concat_ws(' ', r.conrelid::regclass, nullif(r.contypid, 0)::regtype, pg_get_constraintdef(r.oid), r.convalidated)
   FROM pg_constraint r ${namespaceOf('r', 'connamespace')} WHERE ${live} AND ${notOfExtension('pg_constraint', 'r.oid')} AND r.contype <> 't'`,
  // one that a failed CREATE INDEX CONCURRENTLY left is in no dump
  `SELECT 'index', n.nspname, c.relname, concat_ws(' ', pg_get_indexdef(c.oid), c.reloptions, i.indisclustered, i.indisreplident)
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ${namespaceOf('c', 'relnamespace')}
   WHERE (i.indisvalid OR c.relkind = 'I') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'i.indrelid')}`,
  `SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('v', 'm') AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'rule', schemaname, tablename, definition FROM pg_rules WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'trigger', n.nspname, c.relname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ${namespaceOf('c', 'relnamespace')}
   WHERE NOT t.tgisinternal AND ${live}`,
  `SELECT 'function', n.nspname, p.oid::regprocedure::text, concat_ws(' ', p.proowner::regrole, pg_get_functiondef(p.oid), ${privileges('p.proacl', 'f', 'p.proowner')})
   FROM pg_proc p ${namespaceOf('p', 'pronamespace')} WHERE p.prokind IN ('f', 'p', 'w') AND ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'aggregate', n.nspname, p.oid::regprocedure::text, concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggtranstype::regtype, g.agginitval, nullif(g.aggsortop, 0)::regoperator)
   FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid ${namespaceOf('p', 'pronamespace')} WHERE ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'type', n.nspname, t.typname, concat_ws(' ', t.typtype, t.typowner::regrole, ${privileges('t.typacl', 'T', 't.typowner')}, r.rngsubtype::regtype, nullif(r.rngcanonical::oid, 0)::regproc, nullif(r.rngsubdiff::oid, 0)::regproc)
   FROM pg_type t ${namespaceOf('t', 'typnamespace')} LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c') AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT 'label', n.nspname, t.typname, concat_ws(' ', e.enumlabel, row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder)) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid ${namespaceOf('t', 'typnamespace')} WHERE ${live}`,
  `SELECT 'domain', n.nspname, t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation END)
   FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype ${namespaceOf('t', 'typnamespace')} WHERE t.typtype = 'd' AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT 'sequence', n.nspname, c.relname, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqmin, s.seqmax, s.seqincrement, s.seqcycle, s.seqcache, c.relowner::regrole, ${privileges('c.relacl', 's', 'c.relowner')},
     (SELECT d.refobjid::regclass || '.' || a.attname || ' ' || d.deptype::text FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') LIMIT 1))
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid ${namespaceOf('c', 'relnamespace')} WHERE c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'policy', schemaname, tablename, concat_ws(' ', policyname, permissive, array_to_string(roles, ','), cmd, qual, with_check) FROM pg_policies WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'partition', n.nspname, c.relname, concat_ws(' ', pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)) FROM pg_class c ${namespaceOf('c', 'relnamespace')} WHERE c.relkind IN ('r', 'p') AND (c.relispartition OR c.relkind = 'p') AND ${live}`,
  `SELECT 'statistics', n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s ${namespaceOf('s', 'stxnamespace')} WHERE ${live}`,
  `SELECT 'collation', n.nspname, c.collname, concat_ws(' ', c.collprovider, c.collcollate, c.collctype, c.collisdeterministic, coalesce(to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale'))
   FROM pg_collation c ${namespaceOf('c', 'collnamespace')} WHERE ${live} AND ${notOfExtension('pg_collation', 'c.oid')}`,
  // of these there is no definition as a text, so that their identity has to do
  ...[
    'pg_operator',
    'pg_opclass',
    'pg_opfamily',
    'pg_conversion',
    'pg_ts_config',
    'pg_ts_dict',
    'pg_cast',
    'pg_transform',
  ].map(
    (catalog) =>
      `SELECT '${catalog}', '', i.identity, '' FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i
       WHERE ${ofUser(catalog, 'o.oid')} AND ${isNotBeside('i.identity')}`,
  ),
  `SELECT 'event trigger', '', evtname, concat_ws(' ', evtevent, evtfoid::regprocedure, evtenabled, evttags) FROM pg_event_trigger WHERE ${notOfExtension('pg_event_trigger', 'oid')}`,
  `SELECT 'publication', '', pubname, concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, pubowner::regrole) FROM pg_publication WHERE ${notOfExtension('pg_publication', 'oid')}`,
  `SELECT 'published', p.pubname, t.schemaname, t.tablename FROM pg_publication p, pg_publication_tables t WHERE t.pubname = p.pubname AND NOT p.puballtables AND ${isLiveSchema('t.schemaname')}`,
  `SELECT 'server', '', srvname, concat_ws(' ', srvoptions, srvtype, srvversion, srvowner::regrole) FROM pg_foreign_server WHERE ${notOfExtension('pg_foreign_server', 'oid')}`,
  `SELECT 'default privileges', coalesce(nspname, ''), defaclobjtype::text, concat_ws(' ', defaclrole::regrole, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(defaclacl)))
   FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace WHERE defaclnamespace = 0 OR ${live}`,
  `SELECT 'comment', i.type, i.identity, d.description FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   WHERE d.objoid >= 16384 AND i.identity <> 'public' AND ${isNotBeside('i.identity')}
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e') AND d.classoid <> 'pg_extension'::regclass AND d.classoid <> 'pg_largeobject'::regclass`,
  `SELECT 'extension', '', extname, extversion FROM pg_extension`,
]

function isNotBeside(identity: string): string {
  return `${identity} !~ '${besideEnding}("?\\.|"?$)'`
}
