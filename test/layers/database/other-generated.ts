/** Objects of MariaDB and SQLite made by chance; engines, collations and modules come from the servers' own lists. */
import type { Dice } from '../../support/chance.ts'
import type { Generated } from './postgres-generated.ts'

/** What a server has to offer, by its own lists. */
export interface OtherOffer {
  /** that keep rows of their own */
  readonly engines: readonly string[]
  readonly collations: readonly string[]
  readonly modules: readonly string[]
}

export interface OtherChance extends Dice {
  readonly offer: OtherOffer
  readonly name: () => string
  readonly text: () => string
}

type Kind = (chance: OtherChance) => Generated

const mysql: readonly Kind[] = [
  // a table of any engine, with a collation of its own
  (c) => {
    const [table, column] = [c.name(), c.name()]
    const collation = c.pick(...c.offer.collations)
    const engine = c.pick(...c.offer.engines)
    return {
      create: [
        `CREATE TABLE ${table} (id INT NOT NULL${engine === 'CSV' ? '' : ' PRIMARY KEY AUTO_INCREMENT'}, ${column} VARCHAR(30) COLLATE ${c.pick(...c.offer.collations)} NOT NULL DEFAULT '' COMMENT ${c.text()}) ENGINE = ${engine} COLLATE ${collation} COMMENT ${c.text()} ${c.pick('', `AUTO_INCREMENT = ${1 + c.upTo(99)}`)}`,
        `INSERT INTO ${table} VALUES (${1 + c.upTo(9)}, 'x')`,
      ],
      damage: [
        `DROP TABLE ${table}`,
        `ALTER TABLE ${table} COMMENT 'spoiled'`,
        `ALTER TABLE ${table} MODIFY ${column} VARCHAR(31) NOT NULL`,
        `DELETE FROM ${table}`,
      ],
    }
  },
  // columns that are computed, invisible, checked, of expressions
  (c) => {
    const [table, check] = [c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${table} (a INT DEFAULT (1 + 1), b INT GENERATED ALWAYS AS (a * 2) ${c.pick('VIRTUAL', 'STORED')}, d INT ${c.pick('', 'INVISIBLE')} DEFAULT 4, e DATETIME(${c.upTo(6)}) DEFAULT CURRENT_TIMESTAMP${c.pick('', ' ON UPDATE CURRENT_TIMESTAMP')}, CONSTRAINT ${check} CHECK (a <> ${c.upTo(9)} OR a IS NULL) ${c.pick('', ', CHECK (d > 0)')}) ${c.pick('', 'WITH SYSTEM VERSIONING')}`,
        `INSERT INTO ${table} (a) VALUES (20), (NULL)`,
      ],
      damage: [`ALTER TABLE ${table} DROP CONSTRAINT ${check}`, `ALTER TABLE ${table} ALTER a SET DEFAULT 9`],
    }
  },
  // keys of every kind
  (c) => {
    const [parent, child, key] = [c.name(), c.name(), c.name()]
    const action = () => c.pick('CASCADE', 'SET NULL', 'RESTRICT', 'NO ACTION')
    return {
      create: [
        `CREATE TABLE ${parent} (id INT PRIMARY KEY, t TEXT, p POINT NOT NULL, FULLTEXT ${key} (t), SPATIAL KEY (p), KEY (t(${1 + c.upTo(9)}), id), UNIQUE (id DESC))`,
        `CREATE TABLE ${child} (id INT, FOREIGN KEY (id) REFERENCES ${parent} (id) ON DELETE ${action()} ON UPDATE ${action()}, KEY ${key} (id) ${c.pick('', 'IGNORED')} COMMENT ${c.text()})`,
        `INSERT INTO ${parent} VALUES (1, 'x', ST_GeomFromText('POINT(1 2)'))`,
        `INSERT INTO ${child} VALUES (1), (NULL)`,
      ],
      damage: [`ALTER TABLE ${parent} DROP KEY ${key}`, `DROP TABLE ${child}`, `DELETE FROM ${child}`],
    }
  },
  // partitions
  (c) => {
    const table = c.name()
    const how = c.pick(
      'RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)',
      'LIST COLUMNS (id) (PARTITION p0 VALUES IN (1, 2), PARTITION p1 DEFAULT)',
      'KEY (id) PARTITIONS 3',
      'RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)',
    )
    return {
      create: [
        `CREATE TABLE ${table} (id INT PRIMARY KEY, v TEXT) PARTITION BY ${how}`,
        `INSERT INTO ${table} VALUES (1, ${c.text()}), (20, NULL)`,
      ],
      damage: [`ALTER TABLE ${table} REMOVE PARTITIONING`, `DELETE FROM ${table}`],
    }
  },
  (c) => {
    const name = c.name()
    return {
      create: [
        `CREATE SEQUENCE ${name} START ${1 + c.upTo(50)} INCREMENT ${c.pick(-1, 3)} MINVALUE -100 MAXVALUE 100 CACHE ${c.upTo(9)} ${c.pick('CYCLE', 'NOCYCLE')}`,
        `DO NEXTVAL(${name})`,
      ],
      damage: [`ALTER SEQUENCE ${name} MAXVALUE 99`, `DROP SEQUENCE ${name}`, `DO SETVAL(${name}, 90)`],
    }
  },
  (c) => {
    const [table, view, over] = [c.name(), c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${table} (a INT, b TEXT)`,
        `INSERT INTO ${table} VALUES (1, ${c.text()})`,
        `CREATE ALGORITHM = ${c.pick('MERGE', 'TEMPTABLE', 'UNDEFINED')} SQL SECURITY ${c.pick('DEFINER', 'INVOKER')} VIEW ${view} AS SELECT a, b, ${c.text()} AS k FROM ${table}`,
        `CREATE VIEW ${over} AS SELECT v.a FROM ${view} v WHERE a > 0`,
      ],
      damage: [`DROP VIEW ${view}`, `CREATE OR REPLACE VIEW ${over} AS SELECT 1 AS a`],
    }
  },
  (c) => {
    const [table, trigger] = [c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${table} (a INT, b INT)`,
        `CREATE TRIGGER ${trigger} ${c.pick('BEFORE', 'AFTER')} ${c.pick('INSERT', 'UPDATE', 'DELETE')} ON ${table} FOR EACH ROW BEGIN SET @x = ${c.text()}; SET @y = 1; END`,
        `INSERT INTO ${table} VALUES (1, 2)`,
      ],
      damage: [`DROP TRIGGER ${trigger}`],
    }
  },
  (c) => {
    const [called, done, event] = [c.name(), c.name(), c.name()]
    return {
      create: [
        `CREATE FUNCTION ${called} (a INT, b TEXT) RETURNS TEXT ${c.pick('DETERMINISTIC', 'NOT DETERMINISTIC')} ${c.pick('NO SQL', 'READS SQL DATA')} SQL SECURITY ${c.pick('DEFINER', 'INVOKER')} COMMENT ${c.text()} RETURN CONCAT(a, ${c.text()})`,
        `CREATE PROCEDURE ${done} (IN a INT, INOUT b INT, OUT d TEXT) BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET b = 1; SET d = ${c.text()}; END`,
        `CREATE EVENT ${event} ON SCHEDULE ${c.pick('EVERY 1 DAY STARTS "2037-01-01"', 'AT "2037-01-01 02:30"')} ON COMPLETION ${c.pick('PRESERVE', 'NOT PRESERVE')} ${c.pick('DISABLE', 'ENABLE')} COMMENT ${c.text()} DO SET @x = ${c.text()}`,
      ],
      damage: [
        `DROP FUNCTION ${called}`,
        `ALTER PROCEDURE ${done} COMMENT 'spoiled'`,
        `ALTER EVENT ${event} COMMENT 'spoiled'`,
        `DROP EVENT ${event}`,
      ],
    }
  },
]

const sqlite: readonly Kind[] = [
  (c) => {
    const [table, index] = [c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${table} (a INTEGER PRIMARY KEY ${c.pick('', 'AUTOINCREMENT')}, b TEXT COLLATE ${c.pick('NOCASE', 'RTRIM', 'BINARY')} DEFAULT ${c.text()}, d INT GENERATED ALWAYS AS (a * 2) ${c.pick('VIRTUAL', 'STORED')}, e ANY CHECK (e IS NOT 7)) ${c.pick('', 'STRICT')}`,
        `CREATE ${c.pick('', 'UNIQUE')} INDEX ${index} ON ${table} (b DESC, a + 1, lower(b)) ${c.pick('', 'WHERE a > 0')}`,
        `INSERT INTO ${table} (a, b, e) VALUES (${c.upTo(99)}, ${c.text()}, x'00ff'), (1000, 'x', ${c.pick('1.5', "'t'", 'NULL')})`,
        `DELETE FROM ${table} WHERE a = 1000`,
      ],
      damage: [
        `DROP INDEX ${index}`,
        `DELETE FROM ${table}`,
        `ALTER TABLE ${table} ADD spoiled`,
        `UPDATE ${table} SET e = 1`,
      ],
    }
  },
  (c) => {
    const [parent, child] = [c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${parent} (k TEXT, l BLOB, PRIMARY KEY (k, l DESC)) WITHOUT ROWID${c.pick('', ', STRICT')}`,
        `CREATE TABLE ${child} (k TEXT, l BLOB, FOREIGN KEY (k, l) REFERENCES ${parent} ON DELETE ${c.pick('CASCADE', 'SET NULL', 'RESTRICT')} DEFERRABLE INITIALLY ${c.pick('DEFERRED', 'IMMEDIATE')})`,
        `INSERT INTO ${parent} VALUES (${c.text()}, x'01')`,
      ],
      damage: [`INSERT INTO ${parent} VALUES ('spoiled', x'02')`, `DROP TABLE ${child}`],
    }
  },
  // virtual tables of every module that keeps rows
  (c) => {
    const [table, module] = [c.name(), c.pick(...c.offer.modules)]
    const columns = module.startsWith('rtree') ? 'id, minx, maxx' : 'title, body'
    const row = module.startsWith('rtree') ? '1, 1.5, 2.5' : `${c.text()}, 'the duck'`
    return {
      create: [
        `CREATE VIRTUAL TABLE ${table} USING ${module} (${columns})`,
        `INSERT INTO ${table} VALUES (${row})`,
      ],
      damage: [`DROP TABLE ${table}`, `DELETE FROM ${table}`],
    }
  },
  (c) => {
    const [table, view, trigger] = [c.name(), c.name(), c.name()]
    return {
      create: [
        `CREATE TABLE ${table} (a, b)`,
        `CREATE VIEW ${view} (x, y) AS SELECT a, b || ${c.text()} FROM ${table}`,
        `CREATE TRIGGER ${trigger} INSTEAD OF INSERT ON ${view} WHEN new.x <> ${c.text()} BEGIN INSERT INTO ${table} VALUES (new.x, new.y); SELECT ${c.text()}; END`,
        `CREATE TRIGGER ${c.name()} AFTER UPDATE OF a ON ${table} BEGIN DELETE FROM ${table} WHERE b = ${c.text()}; END`,
        `INSERT INTO ${table} VALUES (${c.text()}, 1e300)`,
      ],
      damage: [`DROP TRIGGER ${trigger}`, `DROP VIEW ${view}`, `UPDATE ${table} SET b = 2`],
    }
  },
]

export const otherKinds = { mysql, sqlite } as const
