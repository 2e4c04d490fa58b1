/** Routines, operators, text search, foreign data, publications, privileges, made by chance. */
import type { ObjectKind } from './postgres-generated.ts'

const sequences: ObjectKind = (c) => {
  const name = c.name()
  return {
    create: [
      `CREATE SEQUENCE ${name} AS ${c.pick('smallint', 'int', 'bigint')} INCREMENT ${c.pick('-3', '1', '7')} MINVALUE -100 MAXVALUE 1000 START ${c.upTo(100)} CACHE ${1 + c.upTo(4)} ${c.pick('CYCLE', 'NO CYCLE')}`,
      ...(c.flip() ? [`ALTER SEQUENCE ${name} RESTART WITH 50`] : []),
    ],
    damage: [
      `ALTER SEQUENCE ${name} RESTART WITH 500`,
      `ALTER SEQUENCE ${name} MAXVALUE 900`,
      `GRANT USAGE ON SEQUENCE ${name} TO reader`,
      `DROP SEQUENCE ${name}`,
    ],
  }
}

const functions: ObjectKind = (c) => {
  const [name, procedure] = [c.name(), c.name()]
  return {
    create: [
      `CREATE FUNCTION ${name}(a int, b text DEFAULT ${c.text()}, VARIADIC c int[] DEFAULT '{}') RETURNS int LANGUAGE sql ${c.pick('VOLATILE', 'STABLE', 'IMMUTABLE')} ${c.pick('', 'STRICT')} ${c.pick('', 'SECURITY DEFINER')} ${c.pick('', 'LEAKPROOF')} PARALLEL ${c.pick('SAFE', 'UNSAFE', 'RESTRICTED')} COST ${1 + c.upTo(99)} ${c.pick('', "SET work_mem = '1MB'", 'SET search_path = public, pg_temp')} AS 'SELECT $1'`,
      `CREATE PROCEDURE ${procedure}(INOUT a int) LANGUAGE plpgsql AS $body$ BEGIN a := 1; /* ${c.text().replaceAll('$', '').replaceAll('/*', '').replaceAll('*/', '')} */ END $body$`,
      `CREATE FUNCTION ${c.name()}(OUT x int, OUT y text) RETURNS SETOF record LANGUAGE sql ROWS ${1 + c.upTo(50)} BEGIN ATOMIC SELECT 1, ${c.text()}::text; END`,
      `COMMENT ON FUNCTION ${name} IS ${c.text()}`,
    ],
    damage: [
      `ALTER FUNCTION ${name} COST 777`,
      `REVOKE EXECUTE ON FUNCTION ${name} FROM PUBLIC`,
      `DROP FUNCTION ${name}`,
      `ALTER PROCEDURE ${procedure} SECURITY DEFINER`,
      `ALTER FUNCTION ${name} OWNER TO writer`,
    ],
  }
}

const aggregates: ObjectKind = (c) => {
  const name = c.name()
  return {
    create: [
      `CREATE AGGREGATE ${name} (int) (SFUNC = int4pl, STYPE = int, INITCOND = '${c.upTo(5)}', PARALLEL = ${c.pick('safe', 'unsafe')}${c.pick('', ', COMBINEFUNC = int4pl', ', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = 0', ', SORTOP = operator(pg_catalog.<)')})`,
    ],
    damage: [
      `DROP AGGREGATE ${name} (int)`,
      `CREATE OR REPLACE AGGREGATE ${name} (int) (SFUNC = int4pl, STYPE = int, INITCOND = '77')`,
      `ALTER AGGREGATE ${name} (int) OWNER TO writer`,
      `REVOKE EXECUTE ON FUNCTION ${name} (int) FROM PUBLIC`,
    ],
  }
}

const operators: ObjectKind = (c) => {
  const [same, family, kind] = [c.name(), c.name(), c.name()]
  const sign = c.pick('===', '<<|>>', '@#@', '~!~')
  return {
    create: [
      `CREATE FUNCTION ${same}(text, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2::text'`,
      `CREATE OPERATOR ${sign} (LEFTARG = text, RIGHTARG = int, FUNCTION = ${same}${c.pick('', ', RESTRICT = eqsel, JOIN = eqjoinsel', ', HASHES')})`,
      `CREATE OPERATOR FAMILY ${family} USING btree`,
      `CREATE OPERATOR CLASS ${kind} FOR TYPE int USING btree FAMILY ${family} AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)`,
      ...(c.flip()
        ? [
            `ALTER OPERATOR FAMILY ${family} USING btree ADD OPERATOR 1 < (int, bigint), FUNCTION 1 (int, bigint) btint48cmp(int, bigint)`,
          ]
        : []),
    ],
    damage: [
      `ALTER OPERATOR ${sign} (text, int) SET (RESTRICT = neqsel)`,
      `ALTER OPERATOR FAMILY ${family} USING btree ADD OPERATOR 3 = (int, smallint)`,
      `DROP OPERATOR ${sign} (text, int)`,
      `ALTER OPERATOR CLASS ${kind} USING btree OWNER TO writer`,
    ],
  }
}

const casts: ObjectKind = (c) => {
  const [type, to] = [c.name(), c.name()]
  return {
    create: [
      `CREATE TYPE ${type} AS (n int)`,
      `CREATE FUNCTION ${to}(int) RETURNS ${type} IMMUTABLE LANGUAGE sql AS 'SELECT ROW($1)'`,
      `CREATE CAST (int AS ${type}) WITH FUNCTION ${to}(int) ${c.pick('', 'AS ASSIGNMENT', 'AS IMPLICIT')}`,
      ...(c.flip() ? [`CREATE CAST (text AS ${type}) WITH INOUT`] : []),
    ],
    damage: [
      `DROP CAST (int AS ${type})`,
      `DROP CAST (int AS ${type}); CREATE CAST (int AS ${type}) WITH INOUT`,
      `COMMENT ON CAST (int AS ${type}) IS 'spoiled'`,
    ],
  }
}

const languages: ObjectKind = (c) => {
  const [name, method, handler] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE FUNCTION ${handler}() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'`,
      // what a dump cannot bring back, now and then
      `CREATE ${c.pick('', 'TRUSTED')} LANGUAGE ${name} HANDLER ${c.upTo(9) === 0 ? 'plpgsql_call_handler' : handler}`,
      `CREATE ACCESS METHOD ${method} TYPE TABLE HANDLER heap_tableam_handler`,
      `CREATE TABLE ${c.name()} (a int) USING ${method}`,
    ],
    damage: [
      `ALTER LANGUAGE ${name} OWNER TO writer`,
      `DROP LANGUAGE ${name}`,
      `DROP ACCESS METHOD ${method} CASCADE`,
      `COMMENT ON LANGUAGE ${name} IS 'spoiled'`,
    ],
  }
}

const textSearch: ObjectKind = (c) => {
  const [dictionary, configuration, parser, template] = [c.name(), c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TEXT SEARCH PARSER ${parser} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)`,
      `CREATE TEXT SEARCH TEMPLATE ${template} (INIT = dsimple_init, LEXIZE = dsimple_lexize)`,
      `CREATE TEXT SEARCH DICTIONARY ${dictionary} (TEMPLATE = ${template}, ACCEPT = ${c.pick('true', 'false')})`,
      `CREATE TEXT SEARCH CONFIGURATION ${configuration} (PARSER = ${c.pick('default', parser)})`,
      `ALTER TEXT SEARCH CONFIGURATION ${configuration} ADD MAPPING FOR ${c.pick('asciiword', 'word, numword')}, email WITH ${dictionary}, simple`,
    ],
    damage: [
      `ALTER TEXT SEARCH CONFIGURATION ${configuration} DROP MAPPING FOR email`,
      `ALTER TEXT SEARCH DICTIONARY ${dictionary} (ACCEPT)`,
      `DROP TEXT SEARCH CONFIGURATION ${configuration}`,
      `ALTER TEXT SEARCH DICTIONARY ${dictionary} OWNER TO writer`,
    ],
  }
}

const collations: ObjectKind = (c) => {
  const [own, conversion] = [c.name(), c.name()]
  const { from, to, by } = c.pick(...c.offer.conversions)
  return {
    create: [
      `CREATE COLLATION ${own} ${c.pick("(provider = libc, locale = 'C')", 'FROM "C"', 'FROM "POSIX"')}`,
      `CREATE CONVERSION ${conversion} FOR '${from}' TO '${to}' FROM ${by}`,
    ],
    damage: [
      `DROP COLLATION ${own}`,
      `ALTER COLLATION ${own} OWNER TO writer`,
      `DROP CONVERSION ${conversion}`,
      `ALTER CONVERSION ${conversion} OWNER TO writer`,
    ],
  }
}

const foreign: ObjectKind = (c) => {
  const [wrapper, server, table] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE FOREIGN DATA WRAPPER ${wrapper} OPTIONS (x ${c.text()})`,
      `CREATE SERVER ${server} TYPE ${c.text()} VERSION '1' FOREIGN DATA WRAPPER ${wrapper} OPTIONS (host ${c.text()})`,
      `CREATE FOREIGN TABLE ${table} (a int OPTIONS (column_name 'z') NOT NULL, b text CHECK (b <> '')) SERVER ${server} OPTIONS (t ${c.text()})`,
      `CREATE USER MAPPING FOR ${c.pick('reader', 'PUBLIC')} SERVER ${server} OPTIONS (u ${c.text()})`,
      `GRANT USAGE ON FOREIGN SERVER ${server} TO reader`,
    ],
    damage: [
      `ALTER FOREIGN TABLE ${table} OPTIONS (SET t 'spoiled')`,
      `ALTER SERVER ${server} OPTIONS (SET host 'spoiled')`,
      `ALTER FOREIGN DATA WRAPPER ${wrapper} OPTIONS (SET x 'spoiled')`,
      `CREATE USER MAPPING FOR writer SERVER ${server} OPTIONS (u 'spoiled')`,
      `GRANT USAGE ON FOREIGN DATA WRAPPER ${wrapper} TO reader`,
      `REVOKE USAGE ON FOREIGN SERVER ${server} FROM reader`,
    ],
  }
}

const publications: ObjectKind = (c) => {
  const [name, table, schema] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TABLE ${table} (a int PRIMARY KEY, b text)`,
      `CREATE SCHEMA ${schema}`,
      `CREATE PUBLICATION ${name} ${c.pick(`FOR TABLE ${table} (a) WHERE (a > ${c.upTo(9)})`, 'FOR ALL TABLES', `FOR TABLES IN SCHEMA ${schema}`, '')} WITH (publish = ${c.pick("'insert'", "'insert, update, delete'")}, publish_via_partition_root = ${c.pick('true', 'false')})`,
    ],
    damage: [
      `ALTER PUBLICATION ${name} SET (publish = 'truncate')`,
      `DROP PUBLICATION ${name}`,
      `DROP PUBLICATION ${name}; CREATE PUBLICATION ${name} FOR TABLE ${table} WHERE (a > 77)`,
      `DROP PUBLICATION ${name}; CREATE PUBLICATION ${name} FOR TABLES IN SCHEMA public`,
    ],
  }
}

const eventTriggers: ObjectKind = (c) => {
  const [name, fire] = [c.name(), c.name()]
  return {
    create: [
      `CREATE FUNCTION ${fire}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
      `CREATE EVENT TRIGGER ${name} ON ${c.pick('ddl_command_start', 'ddl_command_end', 'sql_drop')} ${c.pick('', "WHEN TAG IN ('DROP TABLE', 'CREATE VIEW')")} EXECUTE FUNCTION ${fire}()`,
      `ALTER EVENT TRIGGER ${name} ${c.pick('DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA')}`,
    ],
    damage: [`ALTER EVENT TRIGGER ${name} ENABLE`, `DROP EVENT TRIGGER ${name}`],
  }
}

const largeObjects: ObjectKind = (c) => {
  const id = 20_000_000 + c.upTo(1_000_000)
  return {
    create: [
      `SELECT lo_from_bytea(${id}, decode(repeat('00ff', ${c.upTo(3000)}), 'hex'))`,
      ...(c.flip()
        ? [`ALTER LARGE OBJECT ${id} OWNER TO writer`, `GRANT SELECT ON LARGE OBJECT ${id} TO reader`]
        : []),
      ...(c.flip() ? [`COMMENT ON LARGE OBJECT ${id} IS ${c.text()}`] : []),
    ],
    damage: [
      `SELECT lo_unlink(${id})`,
      `SELECT lo_put(${id}, 1, 'x')`,
      `GRANT UPDATE ON LARGE OBJECT ${id} TO writer, reader`,
      `COMMENT ON LARGE OBJECT ${id} IS 'spoiled'`,
    ],
  }
}

const extensions: ObjectKind = (c) => {
  const [schema, name] = [c.name(), `"${c.pick(...c.offer.extensions)}"`]
  return {
    create: [
      `CREATE SCHEMA IF NOT EXISTS ${schema}`,
      `CREATE EXTENSION IF NOT EXISTS ${name} ${c.pick('', `SCHEMA ${schema}`)} CASCADE`,
      ...(c.flip() ? [`COMMENT ON EXTENSION ${name} IS ${c.text()}`] : []),
    ],
    damage: [`DROP EXTENSION ${name} CASCADE`, `COMMENT ON EXTENSION ${name} IS 'spoiled'`],
  }
}

const privileges: ObjectKind = (c) => {
  const [schema, table, other] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE SCHEMA ${schema} ${c.pick('', 'AUTHORIZATION writer')}`,
      `CREATE TABLE ${schema}.${table} (a int, b int)`,
      `CREATE SCHEMA ${other}`,
      `GRANT ${c.pick('USAGE', 'ALL')} ON SCHEMA ${schema} TO reader`,
      `GRANT SELECT (a) ON ${schema}.${table} TO reader`,
      `ALTER DEFAULT PRIVILEGES FOR ROLE writer ${c.flip() ? `IN SCHEMA ${schema}` : ''} ${c.pick('GRANT SELECT ON TABLES TO reader', 'GRANT USAGE ON TYPES TO reader', 'GRANT EXECUTE ON FUNCTIONS TO reader')}`,
      `COMMENT ON SCHEMA ${schema} IS ${c.text()}`,
    ],
    damage: [
      `REVOKE ALL ON SCHEMA ${schema} FROM reader`,
      `DROP SCHEMA ${schema} CASCADE`,
      `ALTER DEFAULT PRIVILEGES FOR ROLE writer IN SCHEMA ${other} GRANT UPDATE ON SEQUENCES TO reader`,
      `REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO reader`,
      `ALTER SCHEMA ${schema} OWNER TO reader`,
      `COMMENT ON SCHEMA public IS 'spoiled'`,
    ],
  }
}

const transforms: ObjectKind = (c) => {
  const [type, from, to] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TYPE ${type} AS (a int)`,
      `CREATE FUNCTION ${from}(internal) RETURNS internal IMMUTABLE STRICT LANGUAGE internal AS 'numeric_abs'`,
      `CREATE FUNCTION ${to}(internal) RETURNS ${type} IMMUTABLE STRICT LANGUAGE internal AS 'numeric_abs'`,
      `CREATE TRANSFORM FOR ${type} LANGUAGE plpgsql (FROM SQL WITH FUNCTION ${from}(internal)${c.flip() ? `, TO SQL WITH FUNCTION ${to}(internal)` : ''})`,
    ],
    damage: [
      `DROP TRANSFORM FOR ${type} LANGUAGE plpgsql`,
      `CREATE OR REPLACE TRANSFORM FOR ${type} LANGUAGE plpgsql (TO SQL WITH FUNCTION ${to}(internal))`,
    ],
  }
}

export const objects: readonly ObjectKind[] = [
  sequences,
  functions,
  aggregates,
  operators,
  casts,
  languages,
  textSearch,
  collations,
  foreign,
  publications,
  eventTriggers,
  largeObjects,
  extensions,
  privileges,
  transforms,
]
