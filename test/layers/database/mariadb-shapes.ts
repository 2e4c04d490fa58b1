/** Databases of MariaDB with one shape each that a dump or a move between databases is likely to lose. */
export interface Shape {
  /** of the database */
  readonly database?: string
  /** run by the server's own client in the database; `other` is a database beside it */
  readonly script: string
  /** what the backup is refused for; absent where it comes back identical */
  readonly refused?: RegExp
}

const packageScript = `CREATE TABLE t (id INT); SET sql_mode = ORACLE;
DELIMITER //
CREATE PACKAGE pk AS FUNCTION f1 RETURN INT; END;//
CREATE PACKAGE BODY pk AS FUNCTION f1 RETURN INT AS BEGIN RETURN 3; END; END;//
DELIMITER ;`

const everyType = `CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1);
CREATE TABLE \`f.x\` (\`i\`\`d\` INT AUTO_INCREMENT PRIMARY KEY, f FLOAT, g INT AS (f * 2) STORED, h INT INVISIBLE DEFAULT 4, b VARBINARY(9), bl BLOB, bi BIT(9),
  geo GEOMETRY, pt POINT, t TEXT CHARACTER SET latin1, u VARCHAR(20) CHARACTER SET utf8mb4, d DATE, ts TIMESTAMP(6) NULL, ti TIME(3), y YEAR, j JSON,
  e ENUM('a','ü'), s SET('x','y'), uu UUID, dec1 DECIMAL(40,20), z INT ZEROFILL, dbl DOUBLE, i6 INET6, pid INT, FOREIGN KEY (pid) REFERENCES p (id)) CHARACTER SET utf8mb4;
INSERT INTO \`f.x\` (f, h, b, bl, bi, geo, pt, t, u, d, ts, ti, y, j, e, s, uu, dec1, z, dbl, i6, pid) VALUES
  (1/3, 9, x'0027005c', x'', b'101', ST_GeomFromText('LINESTRING(0 0,1 1)', 4326), ST_GeomFromText('POINT(1 2)'), 'ü''\\\\\\n\\r\\Z', 'emoji 🦆 x', '2020-02-02', NOW(6),
   '-12:00:00.123', 1999, '{"a": 1}', 'ü', 'x,y', UUID(), 1.1, 7, 1/3, '::1', 1), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TRIGGER changed BEFORE INSERT ON \`f.x\` FOR EACH ROW SET NEW.y = 2000;`

export const shapes: Readonly<Record<string, Shape>> = {
  'FLOAT columns, to the last bit': {
    script:
      'CREATE TABLE t (id INT PRIMARY KEY, f FLOAT, g FLOAT(10,2), n FLOAT NOT NULL DEFAULT 0.1); INSERT INTO t VALUES (1, 16777216, 12345678.25, 0.1), (2, 1/3, 0.01, 3.4028234663852886e38), (3, NULL, NULL, 1.17549435e-38);',
  },
  'a FLOAT column beside every other type': { script: everyType },
  'many rows with a FLOAT': {
    script:
      'CREATE TABLE t (f FLOAT, v VARCHAR(100)); INSERT INTO t SELECT RAND(seq), REPEAT(MD5(seq), 3) FROM seq_1_to_20000;',
  },
  'DOUBLE columns': {
    script:
      'CREATE TABLE t (id INT PRIMARY KEY, d DOUBLE, e DOUBLE(20,5)); INSERT INTO t VALUES (1, 1/3, 0.1), (2, 1.7976931348623157e308, 123456789012345.12345), (3, 4.9e-324, 0), (4, 0.1 + 0.2e0, 1);',
  },
  'a view whose definer is gone': {
    script:
      'CREATE TABLE t (id INT); CREATE USER gone@localhost; CREATE DEFINER = gone@localhost VIEW v AS SELECT id FROM t; DROP USER gone@localhost;',
  },
  'a view whose definer has no rights': {
    script:
      'CREATE TABLE t (id INT); CREATE OR REPLACE USER low@localhost; CREATE DEFINER = low@localhost VIEW v AS SELECT id FROM t;',
  },
  'a trigger, a routine and an event whose definer is gone': {
    script:
      'CREATE TABLE t (id INT); CREATE USER gone@localhost; CREATE DEFINER = gone@localhost TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1; CREATE DEFINER = gone@localhost FUNCTION f() RETURNS INT RETURN 1; CREATE DEFINER = gone@localhost EVENT e ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY DO SELECT 1; DROP USER gone@localhost;',
  },
  'a view over two databases': {
    script:
      'CREATE TABLE t (id INT, a INT); CREATE TABLE other.o (id INT); CREATE VIEW v AS SELECT t.id, t.a FROM t JOIN other.o ON o.id = t.id;',
  },
  'a view over two databases that calls a function': {
    script:
      'CREATE TABLE t (a INT); CREATE FUNCTION f(x INT) RETURNS INT RETURN x; CREATE TABLE other.o (a INT); CREATE VIEW v AS SELECT f(o.a) AS n FROM other.o JOIN t;',
  },
  'views over a table of the name of its database': {
    database: 'shop',
    script:
      'CREATE TABLE shop (id INT, shop INT); CREATE VIEW v AS SELECT shop.id, shop FROM shop; CREATE TABLE t (a INT); CREATE VIEW w AS SELECT shop.a FROM t AS shop; CREATE VIEW x AS SELECT t.a FROM shop.t;',
  },
  'a view that is broken': {
    script:
      'CREATE TABLE t (id INT); CREATE VIEW shown AS SELECT id FROM t; DROP TABLE t; CREATE TABLE u (id INT);',
    refused: /^view shown is broken.*correct it, or DROP VIEW it$/,
  },
  'a default of nextval': {
    script:
      'CREATE SEQUENCE s START 7; CREATE TABLE a (id BIGINT DEFAULT NEXTVAL(s), x INT); INSERT INTO a (x) VALUES (1), (2);',
  },
  'defaults of sequences in expressions, of this database and another': {
    script:
      "CREATE SEQUENCE s; CREATE SEQUENCE other.os; CREATE TABLE n (id BIGINT NOT NULL DEFAULT NEXTVAL(s), c VARCHAR(20) DEFAULT CONCAT('A-', NEXTVAL(s)), `od ) d` INT DEFAULT (nextval(s) + 1) COMMENT 'x DEFAULT nextval(`app`.`s`)', o BIGINT DEFAULT NEXTVAL(other.os), f FLOAT); INSERT INTO n () VALUES (), ();",
  },
  'a system-versioned table': {
    script:
      'CREATE TABLE t (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING; INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET x = 3 WHERE id = 1; DELETE FROM t WHERE id = 2;',
  },
  'a system-versioned table of partitions': {
    script:
      'CREATE TABLE t (id INT, x INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pc CURRENT); INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET x = 3 WHERE id = 1;',
  },
  'system-versioned tables with FLOAT columns': {
    script:
      'CREATE TABLE t (id INT PRIMARY KEY, f FLOAT) WITH SYSTEM VERSIONING; INSERT INTO t VALUES (1, 0.1), (2, 0.2); UPDATE t SET f = 1/3 WHERE id = 1; DELETE FROM t WHERE id = 2; CREATE TABLE u (id INT, f FLOAT, a TIMESTAMP(6) GENERATED ALWAYS AS ROW START, b TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING; INSERT INTO u (id, f) VALUES (1, 0.7); UPDATE u SET f = 0.9;',
  },
  'a table that is system-versioned by transaction': {
    script:
      'CREATE TABLE t (id INT PRIMARY KEY, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING;',
    refused: /^table t is system-versioned by transaction/,
  },
  'an application period without overlaps': {
    script:
      "CREATE TABLE t (id INT PRIMARY KEY, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (id, p WITHOUT OVERLAPS)); INSERT INTO t VALUES (1, '2020-01-01', '2021-01-01');",
  },
  'dots and question marks in names': {
    script:
      'CREATE TABLE `a.b` (id INT); INSERT INTO `a.b` VALUES (1); CREATE VIEW `v.w` AS SELECT id FROM `a.b`; CREATE TABLE `q?x??` (`c.d` INT); INSERT INTO `q?x??` VALUES (3);',
  },
  'a dot in the name of the database': {
    database: 'my.app',
    script:
      'CREATE TABLE t (id INT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT id FROM t; CREATE VIEW `app.t` AS SELECT id FROM t;',
  },
  'an odd name of the database': {
    database: 'odd "`\'% -db',
    script:
      'CREATE TABLE t (a INT PRIMARY KEY AUTO_INCREMENT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a FROM t; CREATE FUNCTION f() RETURNS INT RETURN 2; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;',
  },
  'foreign keys of another database': {
    script:
      'CREATE TABLE p (id INT PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE other.c (id INT, CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES app.p (id)); INSERT INTO other.c VALUES (1);',
    refused: /to_parent of other\.c \(to p\); drop these keys/,
  },
  'a foreign key to another database': {
    script:
      'CREATE TABLE other.p (id INT PRIMARY KEY); INSERT INTO other.p VALUES (1); CREATE TABLE c (id INT, FOREIGN KEY (id) REFERENCES other.p (id)); INSERT INTO c VALUES (1);',
  },
  'a foreign key to a table that is not there': {
    script:
      'SET foreign_key_checks = 0; CREATE TABLE c (id INT, CONSTRAINT lost FOREIGN KEY (id) REFERENCES nowhere (id)); INSERT INTO c VALUES (9);',
    refused: /^foreign key lost of table c refers to table nowhere/,
  },
  'rows that break a foreign key': {
    script:
      'SET foreign_key_checks = 0; CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT, CONSTRAINT `a.b` FOREIGN KEY (id) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL); INSERT INTO c VALUES (9);',
  },
  'rows that break a CHECK': {
    script:
      'CREATE TABLE t (id INT CHECK (id > 0), CONSTRAINT c CHECK (id < 100)); INSERT INTO t VALUES (5); SET check_constraint_checks = 0; INSERT INTO t VALUES (-5);',
  },
  'generated and invisible columns': {
    script:
      'CREATE TABLE t (id INT, v INT AS (id + 1) VIRTUAL, p INT AS (id * 2) PERSISTENT, h INT INVISIBLE DEFAULT 5, KEY (v)); INSERT INTO t (id, h) VALUES (1, 7), (2, 8);',
  },
  packages: { script: packageScript },
  partitions: {
    script:
      "CREATE TABLE t (id INT, k VARCHAR(10)) PARTITION BY LIST COLUMNS (k) (PARTITION a VALUES IN ('a', 'b'), PARTITION d DEFAULT); INSERT INTO t VALUES (1, 'a'), (2, 'z'); CREATE TABLE u (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4; INSERT INTO u VALUES (1), (2), (3);",
  },
  'spatial columns': {
    script:
      "CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY NOT NULL, p POINT REF_SYSTEM_ID = 4326 NOT NULL, SPATIAL INDEX (g)); INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1.1 2.2)'), ST_GeomFromText('POINT(1 2)', 4326));",
  },
  JSON: {
    script: `CREATE TABLE t (id INT, j JSON); INSERT INTO t VALUES (1, '{"a": [1, "x\\\\u00e9"]}'), (2, NULL);`,
  },
  'character sets and collations': {
    script:
      "CREATE TABLE t (a VARCHAR(10) CHARACTER SET utf8mb4 COLLATE uca1400_german2_as_ci, b VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german1_ci, c CHAR(3) CHARACTER SET utf16, d VARCHAR(9) CHARACTER SET ucs2, e TEXT CHARACTER SET cp1251, f VARCHAR(5) CHARACTER SET binary); INSERT INTO t VALUES ('ä', 'ü', 'x', 'é', 'ы', x'ff00');",
  },
  'compressed columns': {
    script:
      "CREATE TABLE t (id INT, a TEXT COMPRESSED, b BLOB COMPRESSED DEFAULT NULL, c VARCHAR(500) COMPRESSED = zlib); INSERT INTO t VALUES (1, REPEAT('x', 5000), REPEAT(x'00ff', 500), 'q');",
  },
  'zero dates': {
    script:
      "SET sql_mode = ''; CREATE TABLE t (d DATE, e DATETIME, f TIMESTAMP NULL, g TIME(6), y YEAR); INSERT INTO t VALUES ('0000-00-00', '0000-00-00 00:00:00', '0000-00-00', '-838:59:59.999999', 0), ('2020-00-00', '2020-02-31', '1970-01-01 00:00:01', '00:00:00.000001', 2155);",
  },
  'dates that are in no calendar': {
    script:
      "SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE t (d DATE DEFAULT '2023-02-30', e DATETIME(3)); INSERT INTO t VALUES ('2024-02-31', '2023-02-29 23:59:59.999'), (DEFAULT, '0000-00-00'); CREATE TABLE u (d DATE, f FLOAT); INSERT INTO u VALUES ('2024-04-31', 16777216);",
  },
  'bits, and ENUM and SET with odd texts': {
    script:
      "SET sql_mode = ''; CREATE TABLE t (a BIT(1), b BIT(64), c BIT(7), e ENUM('a', 'b''c', 'd,e', 'x\\\\y', 'ü'), s SET('p', 'q r')); INSERT INTO t VALUES (b'1', 18446744073709551615, b'1010101', 'b''c', 'p,q r'), (b'0', 0, NULL, 'not one', ''), (1, 1, 1, 'x\\\\y', 'p');",
  },
  'ENUM with an empty text, and a value that is none of its own': {
    script: "SET sql_mode = ''; CREATE TABLE t (e ENUM('a', '')); INSERT INTO t VALUES ('zzz'), ('');",
    refused: /the rows of table t differ/,
  },
  'AUTO_INCREMENT values': {
    script:
      "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 500; SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO t VALUES (0), (7); CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO u VALUES (), (), (); DELETE FROM u;",
  },
  'row formats and table options': {
    script:
      "CREATE TABLE a (id INT) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8; CREATE TABLE b (id INT) ROW_FORMAT = REDUNDANT; CREATE TABLE d (id INT) PAGE_COMPRESSED = 1; CREATE TABLE e (id INT) COMMENT = 'it''s; -- x' STATS_PERSISTENT = 1;",
  },
  'other engines': {
    script:
      'CREATE TABLE a (id INT) ENGINE = MyISAM; INSERT INTO a VALUES (1); CREATE TABLE b (id INT) ENGINE = Aria TRANSACTIONAL = 1; INSERT INTO b VALUES (1); CREATE TABLE c (id INT) ENGINE = MEMORY; INSERT INTO c VALUES (1); CREATE TABLE d (id INT NOT NULL) ENGINE = CSV; INSERT INTO d VALUES (1);',
  },
  'an engine that keeps rows elsewhere': {
    script: 'CREATE TABLE a (id INT) ENGINE = MyISAM; CREATE TABLE m (id INT) ENGINE = MERGE UNION = (a);',
    refused: /^table m is of engine MRG_MyISAM/,
  },
  'routines of odd SQL modes': {
    script: `CREATE TABLE t (a INT); SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
DELIMITER //
CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC BEGIN DECLARE "x y" TEXT DEFAULT 'a\\'; RETURN "x y" || 'b'; END//
CREATE PROCEDURE p(IN a INT, OUT b TEXT) SQL SECURITY INVOKER COMMENT 'it''s' BEGIN SELECT 1; END//
DELIMITER ;`,
  },
  'a server whose SQL mode is ORACLE': {
    script:
      "SET GLOBAL sql_mode = 'ORACLE,NO_BACKSLASH_ESCAPES'; CREATE TABLE t (a INT, b VARCHAR(10), f FLOAT); INSERT INTO t VALUES (1, 'a\\b', 0.1); CREATE VIEW v AS SELECT a FROM t;",
  },
  'views of every kind': {
    script:
      "CREATE TABLE t (a INT, `live` INT); CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v1 AS SELECT a FROM t WHERE a > 3 WITH CASCADED CHECK OPTION; CREATE ALGORITHM = TEMPTABLE VIEW v2 AS SELECT a, 'x`app`.`t`' AS s FROM t; CREATE VIEW v0 AS SELECT * FROM v1 UNION SELECT a FROM v2; CREATE VIEW v9 AS WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c;",
  },
  'events with times of a zone': {
    script:
      "CREATE TABLE t (a INT); CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENDS '2037-01-01' ON COMPLETION PRESERVE DISABLE COMMENT 'c' DO SELECT 1; CREATE EVENT e2 ON SCHEDULE AT '2037-01-01' DO DELETE FROM t; SET time_zone = '+05:00'; CREATE EVENT e3 ON SCHEDULE EVERY 2 HOUR STARTS '2030-01-01 00:00:00' DO SELECT 2;",
  },
  sequences: {
    script:
      'CREATE TABLE t (a INT); CREATE SEQUENCE s START 5 INCREMENT 3 MAXVALUE 100 CYCLE CACHE 10; SELECT NEXTVAL(s); SELECT NEXTVAL(s); CREATE SEQUENCE s2 START -5 INCREMENT -1 NOCACHE;',
  },
  'indexes of every kind': {
    script:
      "CREATE TABLE t (a INT, b TEXT, c VARCHAR(100), FULLTEXT ft (b), KEY k (c(10), a), UNIQUE u (b(700)), UNIQUE hash (b) USING HASH, KEY ig (a) IGNORED, KEY dsc (a DESC)); INSERT INTO t VALUES (1, 'x y', 'z');",
  },
  'names that differ in case, or are odd': {
    script:
      'CREATE TABLE `T` (A INT); CREATE TABLE `t` (a INT); CREATE TABLE `ünïcode` (`ä ö` INT); INSERT INTO `ünïcode` VALUES (1); CREATE TABLE `back``tick` (`x``y` INT); INSERT INTO `back``tick` VALUES (3); CREATE TABLE `per%cent_` (a INT); CREATE TABLE `--x` (a INT); CREATE TABLE `/*!c*/` (a INT);',
  },
  'a DATA DIRECTORY': {
    script: "CREATE TABLE t (a INT) DATA DIRECTORY = '{folder}';",
    refused: /^table t has a DATA DIRECTORY/,
  },
  'defaults that are expressions': {
    script:
      "CREATE TABLE t (a INT DEFAULT (1 + 2), b VARCHAR(40) DEFAULT (UUID()), c TEXT DEFAULT 'x;y', d DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, e INT DEFAULT (a)); INSERT INTO t (a) VALUES (1);",
  },
  'triggers and routines that name a database': {
    script:
      'CREATE TABLE t (a INT); CREATE TABLE other.log (a INT); CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW INSERT INTO other.log VALUES (NEW.a); CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM app.t); CREATE VIEW v AS SELECT app.f() AS n;',
  },
}
