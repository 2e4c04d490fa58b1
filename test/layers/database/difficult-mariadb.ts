/** What is hard to bring back: odd names and contents, cycles of keys, partitions, sequences, triggers, views, routines, events. */
export const difficultSchema = `
SET foreign_key_checks = 0;
CREATE TABLE \`odd "; na'me\` (id BIGINT AUTO_INCREMENT PRIMARY KEY, \`select\` TEXT, m ENUM('sad', 'ok''; --'), raw LONGBLOB) CHARACTER SET utf8mb4;
INSERT INTO \`odd "; na'me\` (\`select\`, m, raw) VALUES ('a; DROP TABLE x; --', 'ok''; --', x'00ff00'), ('emoji 🦆 and $$dollar$$ ''quotes''', 'sad', REPEAT(x'00', 1000000)), ('tab\\tline\\nnul\\0 back\\\\', NULL, NULL);
CREATE TABLE chicken (id INT PRIMARY KEY, egg INT, FOREIGN KEY (egg) REFERENCES egg (id));
CREATE TABLE egg (id INT PRIMARY KEY, chicken INT, FOREIGN KEY (chicken) REFERENCES chicken (id));
INSERT INTO chicken VALUES (1, 1); INSERT INTO egg VALUES (1, 1);
SET foreign_key_checks = 1;
CREATE TABLE priced (id INT AUTO_INCREMENT PRIMARY KEY, net DECIMAL(30,4), gross DECIMAL(32,4) AS (net * 1.2) STORED, twice DECIMAL(32,4) AS (net * 2) VIRTUAL, f DOUBLE, j JSON, at TIMESTAMP(6) DEFAULT NOW(6));
INSERT INTO priced (net, f, j) SELECT seq, RAND(), JSON_OBJECT('i', seq) FROM seq_1_to_500;
CREATE TABLE measured (at DATE, v INT) PARTITION BY RANGE (YEAR(at)) (PARTITION p0 VALUES LESS THAN (2026), PARTITION p1 VALUES LESS THAN MAXVALUE);
INSERT INTO measured VALUES ('2025-05-05', 1), ('2026-06-06', 2);
CREATE SEQUENCE counted START 41; SELECT NEXTVAL(counted);
CREATE TABLE audit (what TEXT);
DELIMITER //
CREATE TRIGGER noted AFTER INSERT ON priced FOR EACH ROW BEGIN DECLARE t TEXT DEFAULT 'priced; '; INSERT INTO audit VALUES (CONCAT(t, NEW.net)); END//
CREATE TRIGGER noted_too AFTER INSERT ON priced FOR EACH ROW FOLLOWS noted INSERT INTO audit VALUES ('second;')//
CREATE FUNCTION doubled(x INT) RETURNS INT DETERMINISTIC BEGIN DECLARE y INT; SET y = x * 2; RETURN y; END//
CREATE PROCEDURE tidy() BEGIN DELETE FROM audit WHERE what = 'x;'; END//
CREATE EVENT ticking ON SCHEDULE EVERY 1 SECOND DO BEGIN INSERT INTO ticks VALUES (DATABASE()); END//
DELIMITER ;
CREATE TABLE ticks (at VARCHAR(80));
CREATE VIEW a_shown AS SELECT id, d FROM shown_first;
`.replace(
  'CREATE VIEW a_shown',
  'CREATE VIEW shown_first AS SELECT id, doubled(id) AS d FROM priced WHERE net > 10;\nCREATE VIEW a_shown',
)
