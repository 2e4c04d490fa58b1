/** Schemas of PostgreSQL made by chance: types, classes, collations and extensions come from the server's own catalogs. */
import type { GeneratorValue } from 'fast-check'
import { type Dice, diceOf } from '../../support/chance.ts'
import type { PostgresServer } from '../../support/postgres.ts'
import { objects } from './postgres-generated-objects.ts'
import { relations } from './postgres-generated-relations.ts'
import { types } from './postgres-generated-types.ts'

/** What a database has to offer, by its own catalogs. */
export interface Offer {
  readonly version: number
  readonly types: readonly string[]
  readonly collations: readonly string[]
  readonly operatorClasses: readonly {
    readonly method: string
    readonly name: string
    readonly type: string
  }[]
  readonly conversions: readonly { readonly from: string; readonly to: string; readonly by: string }[]
  readonly extensions: readonly string[]
}

/** Statements that make some objects, and some that damage them. */
export interface Generated {
  readonly create: readonly string[]
  readonly damage: readonly string[]
}

/** What a kind of object is made of. */
export interface Chance extends Dice {
  readonly offer: Offer
  /** a quoted name */
  readonly name: () => string
  /** a literal of a text */
  readonly text: () => string
  /** a literal of a value of the type, or NULL */
  readonly value: (type: string) => string
}

export type ObjectKind = (chance: Chance) => Generated

export const generatedKinds: readonly ObjectKind[] = [...relations, ...types, ...objects]

const list = async (server: PostgresServer, sql: string) =>
  (await server.sql('postgres', sql)).map((row) => Object.values(row).map(String))

export async function readOffer(server: PostgresServer): Promise<Offer> {
  const [[version]] = [await list(server, "SELECT current_setting('server_version_num')::int / 10000")]
  const types = await list(
    server,
    "SELECT oid::regtype FROM pg_type WHERE typtype IN ('b', 'r', 'm') AND typelem = 0 AND typnamespace = 'pg_catalog'::regnamespace AND typname !~ '^pg_' ORDER BY 1",
  )
  const collations = await list(
    server,
    "SELECT format('pg_catalog.%I', collname) FROM pg_collation WHERE collencoding IN (-1, 6) AND collprovider <> 'd' AND collnamespace = 'pg_catalog'::regnamespace ORDER BY md5(collname) LIMIT 40",
  )
  const classes = await list(
    server,
    `SELECT amname, opcname, CASE opcintype::regtype::text WHEN 'anyarray' THEN 'integer[]' WHEN 'anyrange' THEN 'int4range' WHEN 'anymultirange' THEN 'int4multirange' ELSE opcintype::regtype::text END
     FROM pg_opclass JOIN pg_am a ON a.oid = opcmethod WHERE opcintype::regtype::text NOT IN ('anyenum', 'record') AND opcnamespace = 'pg_catalog'::regnamespace ORDER BY 1, 2`,
  )
  const conversions = await list(
    server,
    'SELECT pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding) AS "to", conproc FROM pg_conversion WHERE oid < 16384 ORDER BY 1, 2',
  )
  const extensions = await list(
    server,
    "SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql' AND name !~ 'plperl|plpython|^pg_stat|sepgsql|adminpack' ORDER BY 1",
  )
  const first = (rows: readonly (readonly string[])[]) => rows.map(([value = '']) => value)
  return {
    version: Number(version?.[0]),
    types: first(types),
    collations: first(collations),
    operatorClasses: classes.map(([method = '', name = '', type = '']) => ({ method, name, type })),
    conversions: conversions.map(([from = '', to = '', by = '']) => ({ from, to, by })),
    extensions: first(extensions),
  }
}

/** Texts that a type reads, where it reads more than a number. */
const texts: Readonly<Record<string, readonly string[]>> = {
  bit: ['1'],
  'bit varying': ['', '0101'],
  boolean: ['t', 'f'],
  box: ['(1,2),(3,4)'],
  bytea: ['', '\\x00ff'],
  '"char"': ['x', ''],
  cid: ['7'],
  cidr: ['10.0.0.0/8'],
  circle: ['<(1,2),3>'],
  date: ['infinity', '4713-01-01 BC', '2026-03-29'],
  daterange: ['[2026-01-01,2027-01-01)', 'empty'],
  'double precision': ['NaN', '-0', '1e-323', '0.1', 'Infinity'],
  inet: ['::1/64'],
  int4range: ['[1,5)', 'empty', '(,)'],
  int8range: ['[1,5)'],
  numrange: ['[1.50,2.0]'],
  int4multirange: ['{[1,3),[5,7)}', '{}'],
  interval: ['-1 mon +2 days -00:00:00.000001', '1 year'],
  json: ['{"a": 1.10, "a": [null]}'],
  jsonb: ['{"a": 1.10, "b": [null]}', 'null'],
  jsonpath: ['$.a[*] ? (@ > 1)'],
  line: ['{1,2,3}'],
  lseg: ['[(1,2),(3,4)]'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  money: ['-1.50'],
  name: ["it's", 'x'],
  numeric: ['NaN', 'Infinity', '1.000', '-12345678901234567890.123456789'],
  path: ['[(1,2),(3,4)]', '((1,2),(3,4))'],
  point: ['(1e-300,-0)'],
  polygon: ['((1,2),(3,4))'],
  real: ['NaN', '16777216', '-0', '1e-45'],
  tid: ['(1,2)'],
  time: ['23:59:59.999999', '24:00:00'],
  'time without time zone': ['24:00:00'],
  'time with time zone': ['12:00:00+05:30'],
  'timestamp without time zone': ['infinity', '2026-03-29 02:30:00.000001'],
  'timestamp with time zone': ['-infinity', '2026-03-29 02:30:00+02'],
  tsquery: ["'fat' & 'rat':*"],
  tsvector: ["'fat':2A 'rat':3"],
  tsrange: ['[2026-01-01,)'],
  tstzrange: ['[2026-01-01,)'],
  uuid: ['00000000-0000-0000-0000-00000000000a'],
  xid: ['7'],
  xid8: ['7'],
  xml: ['<a b="c">x</a>', 'text'],
}
const numbers = ['smallint', 'integer', 'bigint', 'oid']
const strings = ['text', 'character varying', 'character']

export function chanceOf(g: GeneratorValue, offer: Offer): Chance {
  const dice = diceOf(g)
  const quoted = (text: string) =>
    text.includes('\\')
      ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
      : `'${text.replaceAll("'", "''")}'`
  return {
    ...dice,
    offer,
    name: () => `"${dice.rawName().replaceAll('"', '""')}"`,
    text: () => quoted(dice.rawText()),
    value: (type) => {
      if (dice.upTo(5) === 0) return 'NULL'
      if (numbers.includes(type)) return String(dice.upTo(30_000))
      if (strings.includes(type)) return quoted(type === 'character' ? 'x' : dice.rawText())
      const known = texts[type] ?? []
      return known.length === 0 ? 'NULL' : quoted(dice.pick(...known))
    },
  }
}
