/** Types of every kind, made by chance. */
import type { ObjectKind } from './postgres-generated.ts'

const domains: ObjectKind = (c) => {
  const [name, over, check, table] = [c.name(), c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE DOMAIN ${name} AS ${c.pick('int', 'numeric(8,2)', 'smallint')} ${c.pick('', 'NOT NULL')} ${c.pick('', 'DEFAULT 3')} CONSTRAINT ${check} CHECK (value < 100)`,
      `CREATE DOMAIN ${over} AS ${name} ${c.pick('', 'CHECK (value <> 5)')}`,
      `CREATE DOMAIN ${c.name()} AS text COLLATE ${c.pick(...c.offer.collations)} DEFAULT ${c.text()}`,
      `CREATE TABLE ${table} (a ${over}, b ${name}[])`,
      `INSERT INTO ${table} VALUES (3, '{1,2}')`,
    ],
    damage: [
      `ALTER DOMAIN ${name} DROP CONSTRAINT ${check}`,
      `ALTER DOMAIN ${over} SET DEFAULT 9`,
      `ALTER DOMAIN ${name} ADD CONSTRAINT spoiled CHECK (value > -50) NOT VALID`,
      `COMMENT ON DOMAIN ${name} IS 'spoiled'`,
    ],
  }
}

const enums: ObjectKind = (c) => {
  const [name, table] = [c.name(), c.name()]
  return {
    create: [
      `CREATE TYPE ${name} AS ENUM ('a', 'b', ${c.text()})`,
      `ALTER TYPE ${name} ADD VALUE 'between' ${c.pick('BEFORE', 'AFTER')} 'b'`,
      `CREATE TABLE ${table} (a ${name} DEFAULT 'a', b ${name}[]) ${c.pick('', 'PARTITION BY LIST (a)')}`,
    ],
    damage: [
      `ALTER TYPE ${name} ADD VALUE 'spoiled' BEFORE 'a'`,
      `ALTER TYPE ${name} RENAME VALUE 'b' TO 'spoiled'`,
      `ALTER TYPE ${name} OWNER TO writer`,
    ],
  }
}

const ranges: ObjectKind = (c) => {
  const [name, table] = [c.name(), c.name()]
  const subtype = c.pick(
    ...new Set(c.offer.operatorClasses.filter(({ method }) => method === 'btree').map(({ type }) => type)),
  )
  const multirange = c.flip() ? `, multirange_type_name = ${c.name()}` : ''
  return {
    create: [
      `CREATE TYPE ${name} AS RANGE (subtype = ${subtype}${multirange}${subtype === 'text' ? ', collation = "C"' : ''})`,
      `CREATE TABLE ${table} (a ${name}, b int)`,
      `INSERT INTO ${table} VALUES ('empty', 1), (NULL, 2)`,
    ],
    damage: [`DROP TYPE ${name} CASCADE`, `GRANT USAGE ON TYPE ${name} TO reader WITH GRANT OPTION`],
  }
}

const composites: ObjectKind = (c) => {
  const [name, table, typed] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TYPE ${name} AS (x ${c.pick(...c.offer.types)}, gone int, y text COLLATE ${c.pick(...c.offer.collations)})`,
      ...(c.flip() ? [`ALTER TYPE ${name} DROP ATTRIBUTE gone`] : []),
      `ALTER TYPE ${name} ADD ATTRIBUTE z int`,
      `CREATE TABLE ${table} (a ${name}, b ${name}[])`,
      `INSERT INTO ${table} (b) VALUES ('{NULL}')`,
      `CREATE TABLE ${typed} OF ${name} (${c.pick('y NOT NULL', 'PRIMARY KEY (z)', "y WITH OPTIONS DEFAULT 'q'")})`,
      `COMMENT ON COLUMN ${name}.y IS ${c.text()}`,
    ],
    damage: [
      `ALTER TYPE ${name} ADD ATTRIBUTE spoiled int CASCADE`,
      `COMMENT ON TYPE ${name} IS 'spoiled'`,
      `INSERT INTO ${typed} (z, y) VALUES (7, 'x')`,
    ],
  }
}

const bases: ObjectKind = (c) => {
  const [name, reads, writes] = [c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TYPE ${name}`,
      `CREATE FUNCTION ${reads}(cstring) RETURNS ${name} IMMUTABLE STRICT LANGUAGE internal AS 'textin'`,
      `CREATE FUNCTION ${writes}(${name}) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout'`,
      `CREATE TYPE ${name} (INPUT = ${reads}, OUTPUT = ${writes}, LIKE = text, CATEGORY = ${c.pick("'S'", "'X'")}, PREFERRED = ${c.pick('true', 'false')}, DELIMITER = ${c.pick("','", "';'")}, STORAGE = ${c.pick('extended', 'main')})`,
    ],
    damage: [`ALTER TYPE ${name} SET (STORAGE = external)`, `DROP TYPE ${name} CASCADE`],
  }
}

export const types: readonly ObjectKind[] = [domains, enums, ranges, composites, bases]
