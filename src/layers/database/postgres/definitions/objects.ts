import { isLiveSchema } from '../schemas.ts'
import {
  identityOf,
  isNotBeside,
  live,
  namespaceOf,
  notOfExtension,
  ofUser,
  optionsOf,
  privilegesOf,
} from './conditions.ts'

/** Queries for what is no relation, four columns each: kind, schema, name, definition. */
export const objects: readonly string[] = [
  `SELECT 'function', n.nspname, p.oid::regprocedure::text, concat_ws(' ', p.proowner::regrole, pg_get_functiondef(p.oid), ${privilegesOf('p.proacl', 'f', 'p.proowner')})
   FROM pg_proc p ${namespaceOf('p', 'pronamespace')} WHERE p.prokind IN ('f', 'p', 'w') AND ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'aggregate', n.nspname, p.oid::regprocedure::text, concat_ws(' ', to_jsonb(g) - '{aggfnoid,aggsortop,aggtranstype,aggmtranstype}'::text[], g.aggtranstype::regtype, g.aggmtranstype::regtype, nullif(g.aggsortop, 0)::regoperator,
     p.proparallel, p.proowner::regrole, ${privilegesOf('p.proacl', 'f', 'p.proowner')})
   FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid ${namespaceOf('p', 'pronamespace')} WHERE ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT 'type', n.nspname, t.typname, concat_ws(' ', t.typtype, t.typowner::regrole, ${privilegesOf('t.typacl', 'T', 't.typowner')}, r.rngsubtype::regtype, nullif(r.rngcanonical::oid, 0)::regproc, nullif(r.rngsubdiff::oid, 0)::regproc,
     nullif(r.rngcollation, 0)::regcollation, ${identityOf('pg_opclass', 'r.rngsubopc')}, (to_jsonb(r) ->> 'rngmultitypid')::oid::regtype,
     CASE t.typtype WHEN 'b' THEN to_jsonb(t) - '{oid,typname,typnamespace,typowner,typrelid,typelem,typarray,typbasetype,typcollation,typacl}'::text[] END)
   FROM pg_type t ${namespaceOf('t', 'typnamespace')} LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c') AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT 'label', n.nspname, t.typname, concat_ws(' ', e.enumlabel, row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder)) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid ${namespaceOf('t', 'typnamespace')} WHERE ${live}`,
  `SELECT 'domain', n.nspname, t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation END)
   FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype ${namespaceOf('t', 'typnamespace')} WHERE t.typtype = 'd' AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT 'collation', n.nspname, c.collname, concat_ws(' ', c.collowner::regrole, c.collprovider, c.collcollate, c.collctype, c.collisdeterministic, coalesce(to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale'), to_jsonb(c) ->> 'collicurules')
   FROM pg_collation c ${namespaceOf('c', 'collnamespace')} WHERE ${live} AND ${notOfExtension('pg_collation', 'c.oid')}`,
  ...identified('pg_operator', [
    'o.oprowner::regrole',
    'o.oprcode',
    'nullif(o.oprresult, 0)::regtype',
    'nullif(o.oprcom, 0)::regoperator',
    'nullif(o.oprnegate, 0)::regoperator',
    ...['o.oprrest', 'o.oprjoin', 'o.oprcanmerge', 'o.oprcanhash'],
  ]),
  ...identified('pg_opclass', [
    'o.opcowner::regrole',
    'o.opcdefault',
    'o.opcintype::regtype',
    'nullif(o.opckeytype, 0)::regtype',
    identityOf('pg_opfamily', 'o.opcfamily'),
  ]),
  ...identified('pg_opfamily', [
    'o.opfowner::regrole',
    `(SELECT string_agg(concat_ws(' ', m.amoplefttype::regtype, m.amoprighttype::regtype, m.amopstrategy, m.amoppurpose, m.amopopr::regoperator, ${identityOf('pg_opfamily', 'm.amopsortfamily')}), ', ' ORDER BY m.amoplefttype::regtype::text COLLATE "C", m.amoprighttype::regtype::text COLLATE "C", m.amopstrategy) FROM pg_amop m WHERE m.amopfamily = o.oid)`,
    `(SELECT string_agg(concat_ws(' ', m.amproclefttype::regtype, m.amprocrighttype::regtype, m.amprocnum, m.amproc::regprocedure), ', ' ORDER BY m.amproclefttype::regtype::text COLLATE "C", m.amprocrighttype::regtype::text COLLATE "C", m.amprocnum) FROM pg_amproc m WHERE m.amprocfamily = o.oid)`,
  ]),
  ...identified('pg_conversion', [
    'o.conowner::regrole',
    ...['o.conforencoding', 'o.contoencoding', 'o.conproc', 'o.condefault'],
  ]),
  ...identified('pg_ts_parser', ['o.prsstart', 'o.prstoken', 'o.prsend', 'o.prsheadline', 'o.prslextype']),
  ...identified('pg_ts_template', ['o.tmplinit', 'o.tmpllexize']),
  ...identified('pg_ts_dict', [
    'o.dictowner::regrole',
    identityOf('pg_ts_template', 'o.dicttemplate'),
    'o.dictinitoption',
  ]),
  ...identified('pg_ts_config', [
    'o.cfgowner::regrole',
    identityOf('pg_ts_parser', 'o.cfgparser'),
    "(SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = o.oid)",
  ]),
  ...identified('pg_cast', ['nullif(o.castfunc, 0)::regprocedure', 'o.castcontext', 'o.castmethod']),
  ...identified('pg_transform', ['o.trffromsql', 'o.trftosql']),
  ...identified('pg_am', ['o.amhandler', 'o.amtype']),
  ...identified('pg_language', [
    ...['o.lanowner::regrole', 'o.lanpltrusted', 'nullif(o.lanplcallfoid, 0)::regprocedure'],
    ...['nullif(o.laninline, 0)::regprocedure', 'nullif(o.lanvalidator, 0)::regprocedure'],
    privilegesOf('o.lanacl', 'l', 'o.lanowner'),
  ]),
  ...identified('pg_event_trigger', [
    ...['o.evtowner::regrole', 'o.evtevent', 'o.evtfoid::regprocedure', 'o.evtenabled', 'o.evttags'],
  ]),
  ...identified('pg_foreign_data_wrapper', [
    ...['o.fdwowner::regrole', 'nullif(o.fdwhandler, 0)::regproc', 'nullif(o.fdwvalidator, 0)::regproc'],
    ...[optionsOf('o.fdwoptions'), privilegesOf('o.fdwacl', 'F', 'o.fdwowner')],
  ]),
  ...identified('pg_foreign_server', [
    // a dump leaves out what is empty
    ...['o.srvowner::regrole', optionsOf('o.srvoptions')],
    ...["nullif(o.srvtype, '')", "nullif(o.srvversion, '')"],
    privilegesOf('o.srvacl', 'S', 'o.srvowner'),
  ]),
  // they hold passwords, and a definition that differs is printed
  `SELECT 'user mapping', '', usename, concat_ws(' ', srvname, md5(${optionsOf('umoptions')}::text)) FROM pg_user_mappings`,
  ...identified('pg_publication', [
    'o.pubowner::regrole',
    "to_jsonb(o) - '{oid,pubname,pubowner}'::text[]",
    // its tables and its schemas
    "(SELECT string_agg(i.identity, ', ' ORDER BY i.identity COLLATE \"C\") FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i WHERE d.refclassid = 'pg_publication'::regclass AND d.refobjid = o.oid)",
  ]),
  `SELECT 'published', p.pubname, t.schemaname, concat_ws(' ', t.tablename, to_jsonb(t) ->> 'attnames', to_jsonb(t) ->> 'rowfilter')
   FROM pg_publication p, pg_publication_tables t WHERE t.pubname = p.pubname AND NOT p.puballtables AND ${isLiveSchema('t.schemaname')}`,
  `SELECT 'extension', extnamespace::regnamespace::text, extname, extversion FROM pg_extension`,
]

/** A query for what has no definition as a text: its identity, and the columns that a dump brings back. */
function identified(catalog: string, columns: readonly string[]): readonly string[] {
  return [
    `SELECT '${catalog}', '', i.identity, concat_ws(' ', ${columns.join(', ')}) FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i
     WHERE ${ofUser(catalog, 'o.oid')} AND ${isNotBeside('i.identity')}`,
  ]
}
