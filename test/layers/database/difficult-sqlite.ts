/** What is hard to bring back: odd names and contents, a cycle of foreign keys, generated columns, triggers, views, sequences. */
export const difficultSchema = `
CREATE TABLE "odd "" na'me;" (id INTEGER PRIMARY KEY AUTOINCREMENT, "select" TEXT);
INSERT INTO "odd "" na'me;" ("select") VALUES ('a; DROP TABLE x; --'), ('emoji 🦆 and $$dollar$$'), (x'00ff00'), (NULL);
CREATE TABLE chicken (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES egg(id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE egg (id INTEGER PRIMARY KEY, chicken INTEGER REFERENCES chicken(id));
BEGIN; INSERT INTO chicken VALUES (1, 1); INSERT INTO egg VALUES (1, 1); COMMIT;
CREATE TABLE priced (net REAL, gross REAL GENERATED ALWAYS AS (net * 1.2) STORED, note TEXT);
INSERT INTO priced (net, note) VALUES (10, 'a' || char(0) || 'b'), (20, zeroblob(1000000));
CREATE TABLE audit (what TEXT);
CREATE TRIGGER noted AFTER INSERT ON priced BEGIN INSERT INTO audit VALUES ('priced; ' || new.net); END;
CREATE VIEW shown AS SELECT id, "select" FROM "odd "" na'me;" WHERE id > 0;
CREATE INDEX partial_index ON priced (note) WHERE net > 5;
CREATE TABLE keyed (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO keyed VALUES ('x', 'y');
CREATE VIRTUAL TABLE words USING fts5(body);
INSERT INTO words VALUES ('the quick brown fox');
`
