import { isLiveSchema } from '../schemas.ts'
import { live, namespaceOf, notOfExtension, optionsOf, privilegesOf } from './conditions.ts'

/** Queries for relations and what hangs on them, four columns each: kind, schema, name, definition. */
export const relations: readonly string[] = [
  // the number of a column counts those that were dropped before it
  `SELECT 'column', n.nspname, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod),
     concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), c.relkind,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END, a.attstorage, to_jsonb(a) ->> 'attcompression', nullif(a.attstattarget, -1),
       a.attoptions, ${optionsOf('a.attfdwoptions')}, a.attislocal, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(a.attacl)))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid ${namespaceOf('c', 'relnamespace')} JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'relation', n.nspname, c.relname, concat_ws(' ', c.relkind, c.relpersistence, c.relowner::regrole, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
     (SELECT 'toast ' || t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL),
     (SELECT concat_ws(' ', 'of', srvname, ${optionsOf('ftoptions')}) FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = c.oid),
     (SELECT amname FROM pg_am WHERE pg_am.oid = c.relam), nullif(c.reloftype, 0)::regtype, ${privilegesOf('c.relacl', 'r', 'c.relowner')},
     (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid))
   FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'constraint', n.nspname, r.conname, concat_ws(' ', r.conrelid::regclass, nullif(r.contypid, 0)::regtype, pg_get_constraintdef(r.oid), r.convalidated)
   FROM pg_constraint r ${namespaceOf('r', 'connamespace')} WHERE ${live} AND ${notOfExtension('pg_constraint', 'r.oid')} AND r.contype <> 't'`,
  // one that a failed CREATE INDEX CONCURRENTLY left is in no dump
  `SELECT 'index', n.nspname, c.relname, concat_ws(' ', pg_get_indexdef(c.oid), c.reloptions, i.indisclustered, i.indisreplident, (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid),
     (SELECT string_agg(attnum || ' ' || attstattarget, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0))
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ${namespaceOf('c', 'relnamespace')}
   WHERE (i.indisvalid OR c.relkind = 'I') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'i.indrelid')}`,
  `SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('v', 'm') AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'rule', n.nspname, c.relname, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class ${namespaceOf('c', 'relnamespace')}
   WHERE r.rulename <> '_RETURN' AND ${live} AND ${notOfExtension('pg_rewrite', 'r.oid')}`,
  `SELECT 'trigger', n.nspname, c.relname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ${namespaceOf('c', 'relnamespace')}
   WHERE NOT t.tgisinternal AND ${live}`,
  `SELECT 'sequence', n.nspname, c.relname, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqmin, s.seqmax, s.seqincrement, s.seqcycle, s.seqcache, c.relpersistence, c.relowner::regrole, ${privilegesOf('c.relacl', 's', 'c.relowner')},
     (SELECT d.refobjid::regclass || '.' || a.attname || ' ' || d.deptype::text FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') LIMIT 1))
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid ${namespaceOf('c', 'relnamespace')} WHERE c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT 'policy', schemaname, tablename, concat_ws(' ', policyname, permissive, array_to_string(roles, ','), cmd, qual, with_check) FROM pg_policies WHERE ${isLiveSchema('schemaname')}`,
  `SELECT 'partition', n.nspname, c.relname, concat_ws(' ', pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)) FROM pg_class c ${namespaceOf('c', 'relnamespace')} WHERE c.relkind IN ('r', 'p', 'f') AND (c.relispartition OR c.relkind = 'p') AND ${live}`,
  `SELECT 'statistics', n.nspname, s.stxname, concat_ws(' ', pg_get_statisticsobjdef(s.oid), s.stxowner::regrole, nullif(to_jsonb(s) ->> 'stxstattarget', '-1')) FROM pg_statistic_ext s ${namespaceOf('s', 'stxnamespace')} WHERE ${live}`,
]
