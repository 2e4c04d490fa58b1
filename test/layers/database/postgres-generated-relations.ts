/** Tables and what hangs on them, made by chance. */
import type { Chance, ObjectKind } from './postgres-generated.ts'

/** Columns of types of the server's own list, with rows. @returns names and types */
function columnsOf(c: Chance, count = 1 + c.upTo(4)) {
  return Array.from({ length: count }, () => ({ name: c.name(), type: c.pick(...c.offer.types) }))
}
type Column = ReturnType<typeof columnsOf>[number]

const fill = (c: Chance, table: string, columns: readonly Column[], rows = c.upTo(3)) =>
  Array.from(
    { length: rows },
    () =>
      `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) VALUES (${columns.map(({ type }) => c.value(type)).join(', ')})`,
  )

const isText = (type: string) => type === 'text' || type.startsWith('character')

function describe(c: Chance, { name, type }: Column): string {
  const collation = isText(type) && c.flip() ? `COLLATE ${c.pick(...c.offer.collations)}` : ''
  const value = c.flip() ? c.value(type) : 'NULL'
  const standard = value === 'NULL' ? '' : `DEFAULT ${value}`
  return `${name} ${type} ${collation} ${standard}`
}

const table: ObjectKind = (c) => {
  const [name, columns, late] = [c.name(), columnsOf(c), columnsOf(c, 1)]
  const [first = { name: '', type: '' }] = columns
  const persistence = c.pick('', 'UNLOGGED')
  const [dropped, counted] = [c.name(), c.name()]
  const create = [
    `CREATE ${persistence} TABLE ${name} (${dropped} int, ${columns.map((each) => describe(c, each)).join(', ')}) WITH (fillfactor = ${10 + c.upTo(90)})`,
    ...fill(c, name, columns),
    ...(c.flip() ? [`ALTER TABLE ${name} DROP COLUMN ${dropped}`] : []),
    ...late.map((each) => `ALTER TABLE ${name} ADD COLUMN ${describe(c, each)}`),
    ...(c.flip()
      ? [
          `ALTER TABLE ${name} ADD ${counted} ${c.pick('smallint', 'int', 'bigint')} GENERATED ${c.pick('ALWAYS', 'BY DEFAULT')} AS IDENTITY (START ${1 + c.upTo(9)} INCREMENT ${1 + c.upTo(9)} CACHE ${1 + c.upTo(3)})`,
        ]
      : [`ALTER TABLE ${name} ADD ${counted} ${c.pick('serial', 'bigserial', 'smallserial')}`]),
    ...(c.flip()
      ? [
          `ALTER TABLE ${name} ADD ${c.name()} text GENERATED ALWAYS AS (${counted}::text || 'x') ${c.offer.version >= 18 ? c.pick('STORED', 'VIRTUAL') : 'STORED'}`,
        ]
      : []),
    ...(c.flip() ? [`ALTER TABLE ${name} ADD ${c.name()} ${first.type}[]`] : []),
    ...(c.flip() ? [`ALTER TABLE ${name} ALTER ${first.name} SET STATISTICS ${c.upTo(1000)}`] : []),
    ...(c.flip() ? [`ALTER TABLE ${name} ALTER ${first.name} SET (n_distinct = ${c.upTo(50)})`] : []),
    ...(c.flip() ? [`ALTER TABLE ${name} REPLICA IDENTITY ${c.pick('FULL', 'NOTHING')}`] : []),
    ...(c.flip()
      ? [`COMMENT ON TABLE ${name} IS ${c.text()}`, `COMMENT ON COLUMN ${name}.${first.name} IS ${c.text()}`]
      : []),
    ...(c.flip()
      ? [
          `ALTER TABLE ${name} OWNER TO writer`,
          `GRANT ${c.pick('SELECT', 'INSERT', 'ALL')} ON ${name} TO reader ${c.pick('', 'WITH GRANT OPTION')}`,
        ]
      : []),
  ]
  const damage = [
    `DROP TABLE ${name} CASCADE`,
    `DELETE FROM ${name}`,
    `INSERT INTO ${name} (${first.name}) VALUES (DEFAULT)`,
    `ALTER TABLE ${name} RENAME TO renamed`,
    `ALTER TABLE ${name} ALTER ${first.name} DROP DEFAULT, ADD spoiled int`,
    `ALTER TABLE ${name} DROP COLUMN ${first.name} CASCADE`,
    `COMMENT ON TABLE ${name} IS 'spoiled'`,
    `GRANT UPDATE (${first.name}) ON ${name} TO reader`,
    `ALTER TABLE ${name} SET (fillfactor = 9${c.upTo(9)}, autovacuum_enabled = false)`,
    `ALTER TABLE ${name} OWNER TO reader`,
  ]
  return { create, damage }
}

const partitions: ObjectKind = (c) => {
  const [name, first, second, rest] = [c.name(), c.name(), c.name(), c.name()]
  const how = c.pick('RANGE', 'LIST', 'HASH')
  const bounds = {
    RANGE: ['FROM (MINVALUE) TO (10)', 'FROM (10) TO (100)'],
    LIST: ['IN (1, 2)', 'IN (3, NULL)'],
    HASH: ['WITH (MODULUS 2, REMAINDER 0)', 'WITH (MODULUS 2, REMAINDER 1)'],
  }[how]
  return {
    create: [
      `CREATE TABLE ${name} (a int, b text ${c.pick('', 'NOT NULL', "DEFAULT 'x'")}) PARTITION BY ${how} (${how === 'LIST' ? 'a' : c.pick('a', '(a + 0)')})`,
      `CREATE TABLE ${first} (gone int, b text, a int)`,
      `ALTER TABLE ${first} DROP COLUMN gone`,
      `ALTER TABLE ${first} ALTER b SET NOT NULL`,
      `ALTER TABLE ${name} ATTACH PARTITION ${first} FOR VALUES ${bounds[0]}`,
      `CREATE TABLE ${second} PARTITION OF ${name} ${c.flip() ? "(b DEFAULT 'own')" : ''} FOR VALUES ${bounds[1]} ${c.flip() ? 'PARTITION BY HASH (a)' : ''}`,
      ...(how === 'HASH'
        ? []
        : [
            `CREATE TABLE ${rest} PARTITION OF ${name} DEFAULT`,
            `INSERT INTO ${name} VALUES (${how === 'LIST' ? 7 : 200}, 'rest')`,
          ]),
      `INSERT INTO ${first} (a, b) SELECT i, 'x' FROM generate_series(0, 3) i WHERE ${how === 'LIST' ? 'i IN (1, 2)' : how === 'HASH' ? 'false' : 'true'}`,
      `CREATE INDEX ON ${c.pick('', 'ONLY')} ${name} (a)`,
      ...(c.flip() ? [`CREATE UNIQUE INDEX ON ${first} (a, b)`] : []),
    ],
    damage: [
      `ALTER TABLE ${name} DETACH PARTITION ${first}`,
      `DROP TABLE ${name} CASCADE`,
      `TRUNCATE ${name}`,
      `ALTER TABLE ${name} ADD spoiled int DEFAULT 3`,
    ],
  }
}

const inheritance: ObjectKind = (c) => {
  const [parent, other, child, grandchild] = [c.name(), c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TABLE ${parent} (a int ${c.pick('', 'DEFAULT 1', 'NOT NULL')}, b text)`,
      `CREATE TABLE ${other} (c date, ${c.pick('a int, ', '')} d int CHECK (d > 0) ${c.pick('', 'NO INHERIT')})`,
      `CREATE TABLE ${child} (${c.pick('own int', 'b text', 'a int DEFAULT 7')}) INHERITS (${parent}${c.flip() ? `, ${other}` : ''})`,
      `CREATE TABLE ${grandchild} () INHERITS (${child})`,
      `INSERT INTO ${child} (a, b) VALUES (1, ${c.text()}), (2, NULL)`,
      `INSERT INTO ${parent} (a, b) VALUES (1, 'x')`,
      ...(c.flip() ? [`ALTER TABLE ${parent} ADD CHECK (a > 0)`] : []),
      // what a restore cannot bring back
      ...(c.upTo(5) === 0 ? [`ALTER TABLE ${parent} ADD late int`] : []),
      ...(c.flip() ? [`ALTER TABLE ${child} ALTER a SET DEFAULT 9`] : []),
      ...(c.flip() ? [`ALTER TABLE ${grandchild} NO INHERIT ${child}`] : []),
    ],
    damage: [
      `ALTER TABLE ${child} NO INHERIT ${parent}`,
      `DROP TABLE ${parent} CASCADE`,
      `DELETE FROM ONLY ${parent}`,
      `ALTER TABLE ${grandchild} ALTER a SET DEFAULT 5`,
    ],
  }
}

const index: ObjectKind = (c) => {
  const [name, column, own] = [c.name(), c.name(), c.name()]
  const { method, name: operators, type } = c.pick(...c.offer.operatorClasses)
  const isTree = method === 'btree'
  const order = isTree ? c.pick('', 'DESC', 'ASC NULLS FIRST') : ''
  const where = c.flip() ? `WHERE ${column} IS NOT NULL` : ''
  return {
    create: [
      `CREATE TABLE ${name} (${column} ${type}, b int, t text)`,
      `INSERT INTO ${name} (b) VALUES (1), (2)`,
      `CREATE INDEX ${own} ON ${name} USING ${method} (${column} ${operators} ${order}) ${isTree && c.flip() ? 'INCLUDE (b)' : ''} ${where}`,
      `CREATE UNIQUE INDEX ON ${name} (b, (t || 'x')) ${c.pick('', 'NULLS NOT DISTINCT')}`,
      `CREATE INDEX ON ${name} ((b + 1), ((t || 'x') COLLATE ${c.pick(...c.offer.collations)}))`,
      ...(c.flip() ? [`ALTER TABLE ${name} CLUSTER ON ${own}`].filter(() => isTree && where === '') : []),
      ...(c.flip() ? [`COMMENT ON INDEX ${own} IS ${c.text()}`] : []),
    ],
    damage: [
      `DROP INDEX ${own}`,
      `ALTER INDEX ${own} RENAME TO renamed`,
      `CREATE INDEX spoiled ON ${name} (b)`,
    ],
  }
}

const constraints: ObjectKind = (c) => {
  const [parent, child, own] = [c.name(), c.name(), c.name()]
  const action = () => c.pick('CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION')
  const defer = () => c.pick('', 'DEFERRABLE', 'DEFERRABLE INITIALLY DEFERRED')
  return {
    create: [
      `CREATE TABLE ${parent} (a int, b int, r int4range, PRIMARY KEY (a, b), UNIQUE (b), CONSTRAINT ${own} EXCLUDE USING gist (r WITH &&) WHERE (a > 1) ${defer()})`,
      `CREATE TABLE ${child} (a int, b int, c text, FOREIGN KEY (a, b) REFERENCES ${parent} MATCH ${c.pick('FULL', 'SIMPLE')} ON DELETE ${action()} ON UPDATE ${action()} ${defer()})`,
      `ALTER TABLE ${child} ADD CHECK (b <> ${c.upTo(9)} OR c LIKE ${c.text()}) ${c.pick('', 'NOT VALID', 'NO INHERIT')}`,
      `ALTER TABLE ${child} ADD FOREIGN KEY (b) REFERENCES ${parent} (b) ${c.pick('', 'NOT VALID')}`,
      ...(c.flip()
        ? [
            `ALTER TABLE ${child} ADD UNIQUE (c) ${defer()}`,
            `COMMENT ON CONSTRAINT ${own} ON ${parent} IS ${c.text()}`,
          ]
        : []),
      ...(c.offer.version >= 18
        ? [
            `ALTER TABLE ${child} ADD CHECK (a > 0) NOT ENFORCED`,
            `ALTER TABLE ${child} ADD NOT NULL c NOT VALID`,
          ]
        : []),
      `INSERT INTO ${parent} VALUES (1, 10, '[1,2)'), (2, 20, '[3,4)')`,
    ],
    damage: [
      `ALTER TABLE ${parent} DROP CONSTRAINT ${own}`,
      `DROP TABLE ${parent} CASCADE`,
      `INSERT INTO ${parent} VALUES (3, 30, NULL)`,
    ],
  }
}

const views: ObjectKind = (c) => {
  const [name, view, over, stored] = [c.name(), c.name(), c.name(), c.name()]
  return {
    create: [
      `CREATE TABLE ${name} (a int, b text)`,
      `INSERT INTO ${name} VALUES (1, ${c.text()}), (2, ${c.text()})`,
      `CREATE VIEW ${view} ${c.pick('', 'WITH (security_barrier)', 'WITH (check_option = local)', 'WITH (security_invoker)')} AS SELECT a, b, ${c.text()}::text AS ${c.name()} FROM ${name} WHERE a > 0`,
      `CREATE VIEW ${over} AS SELECT v.*, row_number() OVER (PARTITION BY b ORDER BY a) FROM ${view} v JOIN ${name} USING (a, b)`,
      `CREATE MATERIALIZED VIEW ${stored} AS SELECT a, count(*) AS n FROM ${over} GROUP BY a ${c.pick('', 'WITH NO DATA')}`,
      `CREATE UNIQUE INDEX ON ${stored} (a)`,
      ...(c.flip() ? [`ALTER VIEW ${view} ALTER b SET DEFAULT 'x'`] : []),
      ...(c.flip() ? [`ALTER TABLE ${name} RENAME a TO ${c.name()}`] : []),
      `CREATE RULE changed AS ON UPDATE TO ${view} DO INSTEAD ${c.pick('NOTHING', `UPDATE ${name} SET b = new.b`)}`,
    ],
    damage: [
      `DROP VIEW ${view} CASCADE`,
      `CREATE OR REPLACE RULE changed AS ON UPDATE TO ${view} DO ALSO NOTHING`,
      `INSERT INTO ${name} VALUES (9, 'x')`,
      `ALTER VIEW ${view} SET (security_barrier = ${c.pick('true', 'false')}, check_option = cascaded)`,
      `DROP MATERIALIZED VIEW ${stored}`,
    ],
  }
}

const triggers: ObjectKind = (c) => {
  const [name, fire, own, rule] = [c.name(), c.name(), c.name(), c.name()]
  const events = c.pick('INSERT', 'UPDATE', 'UPDATE OF a', 'DELETE', 'INSERT OR UPDATE OF a, b OR DELETE')
  const level = c.pick('ROW', 'STATEMENT')
  const states = () => c.pick('ENABLE', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA')
  return {
    create: [
      `CREATE TABLE ${name} (a int, b int)`,
      `CREATE FUNCTION ${fire}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN RETURN NULL; END $body$`,
      `CREATE TRIGGER ${own} ${c.pick('BEFORE', 'AFTER')} ${events} ON ${name} FOR EACH ${level} EXECUTE FUNCTION ${fire}(${c.text()}, 'y')`,
      `ALTER TABLE ${name} ${states()} TRIGGER ${own}`,
      `CREATE CONSTRAINT TRIGGER ${c.name()} AFTER INSERT ON ${name} DEFERRABLE FOR EACH ROW WHEN (new.a > 0) EXECUTE FUNCTION ${fire}()`,
      `CREATE TRIGGER ${c.name()} AFTER UPDATE ON ${name} REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION ${fire}()`,
      `CREATE RULE ${rule} AS ON DELETE TO ${name} WHERE old.a = 1 DO ${c.pick('ALSO', 'INSTEAD')} NOTHING`,
      `ALTER TABLE ${name} ${states()} RULE ${rule}`,
    ],
    damage: [
      `ALTER TABLE ${name} ${states()} TRIGGER ${own}, ADD spoiled int`,
      `ALTER TABLE ${name} ${states()} TRIGGER ${own}`,
      `ALTER TABLE ${name} ${states()} RULE ${rule}`,
      `DROP TRIGGER ${own} ON ${name}`,
      `ALTER TRIGGER ${own} ON ${name} RENAME TO renamed`,
    ],
  }
}

const policies: ObjectKind = (c) => {
  const [name, own] = [c.name(), c.name()]
  return {
    create: [
      `CREATE TABLE ${name} (a int, who text)`,
      `INSERT INTO ${name} VALUES (1, ${c.text()})`,
      `ALTER TABLE ${name} ${c.pick('ENABLE', 'DISABLE')} ROW LEVEL SECURITY, ${c.pick('FORCE', 'NO FORCE')} ROW LEVEL SECURITY`,
      `CREATE POLICY ${own} ON ${name} AS ${c.pick('PERMISSIVE', 'RESTRICTIVE')} FOR ${c.pick('ALL', 'SELECT')} TO ${c.pick('PUBLIC', 'reader', 'reader, writer')} USING (who = current_user OR who = ${c.text()})`,
    ],
    damage: [
      `DROP POLICY ${own} ON ${name}`,
      `ALTER POLICY ${own} ON ${name} USING (true)`,
      `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    ],
  }
}

const statistics: ObjectKind = (c) => {
  const [name, own] = [c.name(), c.name()]
  return {
    create: [
      `CREATE TABLE ${name} (a int, b int, c text)`,
      `CREATE STATISTICS ${own} ${c.pick('', '(ndistinct)', '(mcv, dependencies)')} ON a, b${c.flip() ? ', lower(c)' : ''} FROM ${name}`,
      ...(c.flip() ? [`ALTER STATISTICS ${own} SET STATISTICS ${c.upTo(500)}`] : []),
    ],
    damage: [`DROP STATISTICS ${own}`, `ALTER STATISTICS ${own} SET STATISTICS 77`],
  }
}

export const relations: readonly ObjectKind[] = [
  table,
  partitions,
  inheritance,
  index,
  constraints,
  views,
  triggers,
  policies,
  statistics,
]
