/** Objects of PostgreSQL of every kind come back as an independent dump has them, or are refused at the backup by name. */
import { beforeEach, describe, expect, test } from '@jest/globals'
import { objects } from '../../../src/layers/database/postgres/definitions/objects.ts'
import { makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { dumpText } from '../../support/postgres-dump.ts'
import { objectKinds } from './postgres-kinds.ts'

const scene = useServers()
let database: TestDatabase
beforeEach(async () => {
  const { sql } = scene.servers.postgres
  database = await makeDatabase('postgres', scene.servers, scene.folder)
  await sql(
    'postgres',
    'DO $$ BEGIN CREATE ROLE reader; CREATE ROLE writer; CREATE ROLE app LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER ROLE app CREATEDB',
  )
})

const dump = () => dumpText(database.url)
const sqlAs = (user: string, text: string) => scene.servers.postgres.sql('shop', text, user)
const wipe =
  'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE other (a int); INSERT INTO other VALUES (1)'

test('objects of every kind are the same in an independent dump after a restore', async () => {
  for (const sql of Object.values(objectKinds)) await database.run(sql)
  const before = dump()
  const manifest = await database.back()
  expect(manifest.verification.level).toBe('restore')
  await database.run(
    'DROP PUBLICATION whole, part; DROP EVENT TRIGGER watched; SELECT lo_unlink(815); DROP EXTENSION citext CASCADE; DROP SCHEMA shared CASCADE',
    wipe,
  )
  await database.restore(manifest)
  expect(dump()).toEqual(before)
})

describe('comes back as it was:', () => {
  test.each([
    [
      'a table that lost a column before its last one',
      objectKinds['a table that lost columns before its last ones'] ?? '',
    ],
    [
      'a partition that lost a column',
      'CREATE TABLE t (a int, b int) PARTITION BY RANGE (a); CREATE TABLE t1 (x int, a int, b int); ALTER TABLE t1 DROP x; ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (9)',
    ],
    [
      'a composite type that lost an attribute',
      'CREATE TYPE c AS (a int, b int, d int); ALTER TYPE c DROP ATTRIBUTE b; CREATE TABLE t (c c)',
    ],
    [
      'foreign servers, tables and columns with options in any order',
      "CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd', connect_timeout '2'); CREATE USER MAPPING FOR PUBLIC SERVER other OPTIONS (user 'u', password 'p'); CREATE FOREIGN TABLE f (a int OPTIONS (column_name 'b')) SERVER other OPTIONS (table_name 't', schema_name 's'); CREATE TABLE t (a int)",
    ],
    [
      'a view whose column was renamed',
      'CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t RENAME a TO z; ALTER TABLE t ADD c int',
    ],
  ])('%s, also when only the stored files are verified', async (_what, sql) => {
    await database.run(sql)
    const before = dump()
    const manifest = await database.back()
    await database.run(wipe)
    await database.restore(manifest, { verify: 'checksums' })
    expect(dump()).toEqual(before)
  })

  test('a user mapping, whose password is in no definition that could be printed', async () => {
    await database.run(
      "CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR PUBLIC SERVER other OPTIONS (user 'u', password 'Hunter2-Hunter2')",
    )
    const found = await Promise.all(objects.map((query) => scene.servers.postgres.sql('shop', query)))
    expect(JSON.stringify(found)).toContain('"usename":"public"')
    expect(JSON.stringify(found)).not.toContain('Hunter2')
  })

  test('a database without an index that is invalid, which is said', async () => {
    await database.run('CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)')
    await expect(
      scene.servers.postgres.sql('shop', 'CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)'),
    ).rejects.toThrow(/could not create unique index/)
    const before = dump()
    const lines: string[] = []
    const engine = await database.engine(process.env, (line) => lines.push(line))
    const manifest = await database.back({ engine })
    expect(lines.join('\n')).toMatch(/index public\.broken is invalid.*REINDEX or DROP it/)
    await database.run('DELETE FROM t')
    await database.restore(manifest)
    expect(dump()).toEqual(before)
  })

  test('a database that is a template', async () => {
    const { sql } = scene.servers.postgres
    await database.run('CREATE TABLE t (a int)')
    await sql('postgres', 'ALTER DATABASE shop IS_TEMPLATE true')
    try {
      const manifest = await database.back()
      await database.run('INSERT INTO t VALUES (1)')
      await database.restore(manifest, { keepOldMs: 0, now: () => new Date(Date.now() + 1000) })
      expect(
        await sql('postgres', "SELECT datname, datistemplate FROM pg_database WHERE datname LIKE 'shop%'"),
      ).toMatchObject([{ datname: 'shop', datistemplate: true }])
    } finally {
      await sql('postgres', 'ALTER DATABASE shop IS_TEMPLATE false')
    }
  })

  test('range types of a database that is restored into schemas', async () => {
    const { sql } = scene.servers.postgres
    await sql('postgres', 'ALTER ROLE app NOCREATEDB')
    await sql('shop', 'ALTER SCHEMA public OWNER TO app; GRANT CREATE ON DATABASE shop TO app')
    await sqlAs('app', objectKinds['range types of its own'] ?? '')
    const poor = await makeUser('app')
    const before = dump()
    const manifest = await poor.back()
    await sqlAs('app', 'DELETE FROM spanned')
    await poor.restore(manifest, { keepOldMs: 0, now: () => new Date(Date.now() + 1000) })
    expect(dump()).toEqual(before)
    await sql('postgres', 'ALTER ROLE app CREATEDB')
    await sql('shop', 'REVOKE CREATE ON DATABASE shop FROM app')
  })
})

describe('is refused at the backup, by name:', () => {
  test.each([
    [
      'a column that was added to a parent after its child',
      'CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent); ALTER TABLE parent ADD c int',
      /the order of the columns of public\.child.*create it again with the columns of its parents first/,
    ],
    [
      'the same two generations on',
      'CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); CREATE TABLE grandchild (b int) INHERITS (child); ALTER TABLE parent ADD c int',
      /the order of the columns of public\.grandchild/,
    ],
    [
      'a subscription',
      "CREATE TABLE t (a int); CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
      /subscription s: DROP SUBSCRIPTION/,
    ],
    [
      'a materialized view over a function with unqualified names',
      "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(a) FROM t); END'; CREATE MATERIALIZED VIEW v AS SELECT f() AS a",
      /function .*f\(\) uses names without their schema.*ALTER FUNCTION … SET search_path/,
    ],
    [
      'a generated column over such a function',
      "CREATE FUNCTION g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN g($1); END'; CREATE TABLE t (a int, b int GENERATED ALWAYS AS (f(a)) STORED); INSERT INTO t VALUES (1)",
      /function .*f\(integer\) uses names without their schema/,
    ],
    [
      'an index over such a function',
      "CREATE FUNCTION g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN g($1); END'; CREATE TABLE t (a int); CREATE INDEX ON t (f(a)); INSERT INTO t VALUES (1)",
      /function .*f\(integer\) uses names without their schema/,
    ],
    [
      'rows that break a foreign key',
      'CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES p); SET session_replication_role = replica; INSERT INTO t VALUES (1)',
      /rows of the live database break a constraint.*t_a_fkey/s,
    ],
    [
      'rows that break a check whose function was changed',
      "CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE TABLE t (a int CHECK (ok(a))); INSERT INTO t VALUES (1); CREATE OR REPLACE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'SELECT false'",
      /rows of the live database break a constraint/,
    ],
  ])('%s', async (_what, sql, message) => {
    await database.run(sql)
    try {
      await expect(database.back()).rejects.toThrow(message)
      expect(await database.names()).toEqual(['shop'])
    } finally {
      await database.run('DROP SUBSCRIPTION IF EXISTS s')
    }
  })

  test('a table whose rows are hidden from its owner', async () => {
    await scene.servers.postgres.sql('shop', 'GRANT CREATE ON SCHEMA public TO app')
    await sqlAs(
      'app',
      'CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY',
    )
    await expect((await makeUser('app')).back()).rejects.toThrow(
      /row level security hides rows of public\.t from this user.*BYPASSRLS/,
    )
  })

  test('large objects and sequences that the user cannot read', async () => {
    await database.run("CREATE TABLE t (a int); GRANT SELECT ON t TO app; SELECT lo_from_bytea(4711, 'x')")
    const poor = await makeUser('app')
    await expect(poor.back()).rejects.toThrow(
      /may not read large objects \(4711\): GRANT SELECT ON LARGE OBJECT/,
    )
    await database.run('CREATE SEQUENCE s')
    await expect(poor.back()).rejects.toThrow(/may not read public\.s: grant SELECT/)
  })

  test('what belongs to a role that the user is not a member of', async () => {
    const { sql } = scene.servers.postgres
    await sql('postgres', 'ALTER DATABASE shop OWNER TO app')
    await database.run(
      'CREATE SCHEMA own AUTHORIZATION writer; SET ROLE writer; CREATE TABLE own.t (a int); GRANT USAGE ON SCHEMA own TO app; GRANT SELECT ON own.t TO app',
    )
    const lines: string[] = []
    const poor = await makeUser('app')
    const engine = await poor.engine(process.env, (line) => lines.push(line))
    await expect(poor.back({ engine })).rejects.toThrow(/belong to role "?writer"?.*GRANT writer TO/)
    expect(lines.join('\n')).toMatch(/some objects belong to writer.*GRANT writer TO/)
    await sql('postgres', 'GRANT writer TO app')
    expect((await poor.back()).verification.level).toBe('restore')
    await sql('postgres', 'REVOKE writer FROM app')
  })
})

test('a logical replication slot is named at the plan, and refused where it would be lost', async () => {
  const server = scene.servers.postgres
  await server.sql('postgres', 'ALTER SYSTEM SET wal_level = logical')
  await server.crash()
  await database.run('CREATE TABLE t (a int)')
  const manifest = await database.back()
  await server.sql('shop', "SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
  await database.run('INSERT INTO t VALUES (1)')
  await expect(database.restore(manifest, { keepOldMs: 0 })).rejects.toThrow(
    /logical replication slot s would be lost with the database that is replaced: .*keep-old/,
  )
  const lines: string[] = []
  const { kept = '' } = await database.restore(manifest, { log: (line) => lines.push(line) })
  expect(lines.join('\n')).toMatch(
    /warning: logical replication slot s stays with the database that is replaced/,
  )
  // nor does it go when its time is over
  const later = (await database.engine()).dropKept(kept)
  await expect(later).rejects.toThrow(/logical replication slot s would go with/)
  await server.sql('postgres', "SELECT pg_drop_replication_slot('s')")
  await (await database.engine()).dropKept(kept)
  expect(await database.names()).toEqual(['shop'])
})

/** The same database, used by another user. */
async function makeUser(user: string): Promise<TestDatabase> {
  return database.as(scene.servers.postgres.url('shop', user))
}
