/** What is hard to bring back: odd names and contents, cycles of keys, partitions, identities, triggers, an extension, large objects. */
export const difficultSchema = `
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA "Odd; schema";
CREATE TYPE mood AS ENUM ('sad', 'ok''; --', 'happy');
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE TABLE "Odd; schema"."odd "" na'me" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "select" text, m mood, raw bytea);
INSERT INTO "Odd; schema"."odd "" na'me" ("select", m, raw) VALUES
  ('a; DROP TABLE x; --', 'ok''; --', '\\x00ff'), ('emoji 🦆 and $$dollar$$ ''quotes''', 'happy', NULL), (E'tab\\tline\\nbackslash\\\\.', 'sad', '\\x');
CREATE TABLE chicken (id int PRIMARY KEY, egg int);
CREATE TABLE egg (id int PRIMARY KEY, chicken int REFERENCES chicken DEFERRABLE INITIALLY DEFERRED);
INSERT INTO chicken VALUES (1, 1); INSERT INTO egg VALUES (1, 1);
ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE priced (id serial, net numeric, gross numeric GENERATED ALWAYS AS (net * 1.2) STORED, at timestamptz DEFAULT now(), f float8, j jsonb, a int[]);
INSERT INTO priced (net, f, j, a) SELECT i, random() * 1e20, jsonb_build_object('i', i), ARRAY[i, i + 1] FROM generate_series(1, 500) i;
CREATE TABLE measured (at date, v int) PARTITION BY RANGE (at);
CREATE TABLE measured_2025 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
INSERT INTO measured VALUES ('2025-05-05', 1), ('2026-06-06', 2);
CREATE TABLE audit (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO audit VALUES ('priced; ' || NEW.net); RETURN NEW; END $f$;
CREATE TRIGGER noted AFTER INSERT ON priced FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW shown AS SELECT id, net FROM priced WHERE net > 10;
CREATE INDEX words ON audit USING gin (what gin_trgm_ops);
CREATE SEQUENCE counted START 41; SELECT nextval('counted'), nextval('counted');
SELECT lo_from_bytea(4711, decode(repeat('00ff10', 500000), 'hex'));
`
