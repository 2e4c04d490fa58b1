/** A user who may neither make nor rename a database: the backup is restored into schemas beside, and they are swapped. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { differences } from '../../../src/layers/database/compare.ts'
import { ended, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'

const scene = useServers()
let database: TestDatabase

beforeAll(async () => {
  await scene.servers.postgres.sql(
    'postgres',
    'CREATE ROLE tenant LOGIN; CREATE ROLE reader; REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC',
  )
})
beforeEach(async () => {
  database = await makeDatabase('postgres', scene.servers, scene.folder, 'tenant')
  await asSuperuser('ALTER DATABASE shop OWNER TO tenant')
})

const asSuperuser = (text: string) => scene.servers.postgres.sql('shop', text)
const sql = (text: string) => scene.servers.postgres.sql('shop', text, 'tenant')
const schemas = async () =>
  (await sql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' ORDER BY 1")).map(
    ({ nspname }) => String(nspname),
  )

async function connect(user = 'tenant'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: scene.servers.postgres.url('shop', user) })
  client.on('error', () => {})
  await client.connect()
  return client
}

const shop = `
CREATE SCHEMA "Odd; schema"; GRANT USAGE ON SCHEMA "Odd; schema" TO reader; COMMENT ON SCHEMA "Odd; schema" IS 'it''s odd';
ALTER DEFAULT PRIVILEGES IN SCHEMA "Odd; schema" GRANT SELECT ON TABLES TO reader;
REVOKE USAGE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO reader;
CREATE TYPE mood AS ENUM ('sad', 'ok''; --'); CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE TABLE goods (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, m mood, n positive);
INSERT INTO goods (name, m, n) SELECT 'public.goods ' || i, 'sad', i FROM generate_series(1, 300) i;
CREATE TABLE "Odd; schema"."or""ders" (id serial PRIMARY KEY, good bigint REFERENCES public.goods, net numeric, gross numeric GENERATED ALWAYS AS (net * 1.2) STORED);
INSERT INTO "Odd; schema"."or""ders" (good, net) SELECT i, i FROM generate_series(1, 300) i;
CREATE TABLE measured (at date, v int) PARTITION BY RANGE (at);
CREATE TABLE measured_2025 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
INSERT INTO measured VALUES ('2025-05-05', 1), ('2026-06-06', 2);
CREATE TABLE audit (what text); CREATE INDEX words ON audit USING gin (what extensions.gin_trgm_ops);
CREATE FUNCTION count_goods() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.goods';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO public.audit VALUES (NEW.name); RETURN NEW; END $f$;
CREATE TRIGGER noted AFTER INSERT ON goods FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW shown AS SELECT o.id, g.name FROM "Odd; schema"."or""ders" o JOIN goods g ON g.id = o.good;
CREATE MATERIALIZED VIEW summed AS SELECT sum(net) FROM "Odd; schema"."or""ders";
ALTER TABLE goods ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON goods FOR SELECT TO reader USING (n < 10);
GRANT SELECT, INSERT (name) ON goods TO reader; GRANT EXECUTE ON FUNCTION count_goods() TO reader;
CREATE SEQUENCE counted START 41; SELECT nextval('counted'), nextval('counted');`

/** Who may do what, which is in no digest. */
const grants = () =>
  sql(
    `SELECT 'schema' AS kind, nspname AS name, nspacl::text AS acl, obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname IN ('public', 'Odd; schema')
     UNION ALL SELECT 'class', relname, relacl::text, pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('public', 'Odd; schema')
     UNION ALL SELECT 'column', attname, attacl::text, '' FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND attacl IS NOT NULL
     UNION ALL SELECT 'function', proname, proacl::text, '' FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'
     UNION ALL SELECT 'default', nspname, defaclacl::text, '' FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace WHERE nspname IN ('public', 'Odd; schema') ORDER BY 1, 2, 3`,
  )

test('all of it comes back, to sessions that stay open; what was replaced is put back, and dropped', async () => {
  await asSuperuser(
    'CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO tenant',
  )
  await sql(shop)
  const [then, grantsThen] = [await database.contents(), await grants()]
  const manifest = await database.back()
  await sql(
    `CREATE SCHEMA added; CREATE TABLE added.t (a int); DROP VIEW shown; ALTER TABLE goods DROP COLUMN m; GRANT ALL ON goods TO PUBLIC;
     INSERT INTO goods (name, n) VALUES ('newer', 7); DROP FUNCTION count_goods(); CREATE FUNCTION count_goods() RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint'`,
  )
  const bad = await database.contents()
  const session = await connect()
  await session.query('PREPARE named AS SELECT name FROM goods ORDER BY id DESC LIMIT 1')
  const newest = async () => (await session.query('EXECUTE named')).rows
  expect(await newest()).toEqual([{ name: 'newer' }])

  await expect(database.restore(manifest, { allowDataLoss: false })).rejects.toThrow(
    /1 row of public\.audit, 1 row of public\.goods, written since/,
  )
  const { outcome, kept, exported } = await database.restore(manifest, {
    exportTo: join(scene.folder, 'out'),
  })
  expect(outcome).toBe('restored')
  expect(JSON.parse(await readFile(exported.find((file) => file.includes('goods')) ?? '', 'utf8'))).toEqual({
    id: 301,
    name: 'newer',
    n: 7,
  })
  expect(differences(then, await database.contents())).toEqual([])
  expect(await grants()).toEqual(grantsThen)
  expect(await newest()).toEqual([{ name: 'public.goods 300' }])
  expect(await sql('SELECT count_goods() AS n')).toEqual([{ n: '300' }])
  expect(await sql("SELECT nextval('counted') AS n")).toEqual([{ n: '43' }])
  await session.query("INSERT INTO goods (name) VALUES ('again')")
  expect(
    await sql("SELECT g.id, a.what FROM goods g JOIN audit a ON a.what = g.name WHERE name = 'again'"),
  ).toEqual([{ id: '301', what: 'again' }])
  await sql("DELETE FROM goods WHERE name = 'again'; DELETE FROM audit WHERE what = 'again'")
  // where the sequences stand is part of what a backup holds
  await sql("SELECT setval('counted', 42), setval(pg_get_serial_sequence('goods', 'id'), 300)")
  expect((await database.restore(manifest)).outcome).toBe('already-restored')
  expect(await database.names()).toEqual(['shop'])

  // a backup of it as it is now has nothing of what is kept beside
  const second = await database.back()
  expect(differences(manifest.contents, second.contents)).toEqual([])
  const engine = await database.engine()
  const [before] = await engine.listKept()
  expect(before?.name).toBe(kept)
  const keepAs = engine.keptName(new Date())
  await engine.putBack(kept ?? '', keepAs)
  expect(differences(bad, await database.contents())).toEqual([])
  expect((await engine.listKept()).map(({ name }) => name)).toEqual([keepAs])
  await expect(engine.putBack(kept ?? '', engine.keptName(new Date()))).rejects.toThrow(
    /has no schemas that end/,
  )
  const again = await database.restore(second)
  expect((await engine.listKept()).map(({ name }) => name).sort()).toEqual([keepAs, again.kept].sort())
  expect(await grants()).toEqual(grantsThen)
  for (const { name } of await engine.listKept()) await engine.dropKept(name)
  expect(await schemas()).toEqual(['Odd; schema', 'extensions', 'public'])
  expect(differences(then, await database.contents())).toEqual([])
  await session.end()
})

test('it is old or new, whole, wherever the restore is killed or the server crashes, and the next restore ends it', async () => {
  await sql(
    'CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 20000) i; CREATE TABLE u AS SELECT * FROM t',
  )
  const manifest = await database.back()
  await sql("UPDATE t SET v = 'bad'; DROP TABLE u")
  const bad = await database.contents()
  const crash = () => scene.servers.postgres.crash()
  const seen: string[] = []
  for (const [phase, afterMs, strike] of [
    [/files are as/, 100],
    [/files are as/, 250],
    [/files are as/, 350, crash],
    [/the copy beside/, 0],
    [/the copy beside/, 150],
    [/the copy beside/, 250, crash],
    [/swapped in/, 0],
  ] as const) {
    const child = database.start('restore', { name: manifest.name })
    const over = ended(child)
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: string) => phase.test(text) && resolve())
      child.once('close', () => resolve())
    })
    await sleep(afterMs)
    await (strike ?? (() => child.kill('SIGKILL')))()
    await over
    const now = await database.contents()
    const state = [bad, manifest.contents].findIndex((each) => differences(each, now).length === 0)
    expect(state).not.toBe(-1)
    seen.push(state === 0 ? 'old' : 'new')
    if (state === 1) await sql("UPDATE t SET v = 'bad'; DROP TABLE u")
  }
  expect(seen).toEqual(expect.arrayContaining(['old', 'new']))
  await database.restore(manifest)
  expect(differences(manifest.contents, await database.contents())).toEqual([])
  expect((await schemas()).filter((name) => name.includes('_restoring_'))).toEqual([])
})

test('clients go on in their sessions, and none of their queries fails', async () => {
  await sql('CREATE TABLE pair (a bigint, b bigint); INSERT INTO pair VALUES (0, 0)')
  await sql(
    'CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 40000) i',
  )
  const clients = await Promise.all([1, 2, 3].map(() => startClient()))
  await sleep(100)
  const manifest = await database.back()
  const counted = Number(manifest.contents.tables.find(({ name }) => name === 'public.pair')?.rows)
  await database.restore(manifest)
  await sleep(200)
  for (const client of clients) expect(await client.stop()).toBeLessThan(1000)
  expect(await sql('SELECT count(*) AS n FROM pair WHERE a <> b')).toEqual([{ n: '0' }])
  expect(Number((await sql('SELECT count(*) AS n FROM pair'))[0]?.['n'])).toBeGreaterThan(counted)
})

describe('a session', () => {
  beforeEach(() => sql('CREATE TABLE t (a int); INSERT INTO t VALUES (1)'))

  test('that would see the new tables empty, or holds one that is replaced, is ended', async () => {
    const manifest = await database.back()
    await sql('INSERT INTO t VALUES (2)')
    const [early, writer] = [await connect(), await connect()]
    await early.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await writer.query('BEGIN; INSERT INTO t VALUES (3)')
    const { kept } = await database.restore(manifest)
    await expect(early.query('SELECT * FROM t')).rejects.toThrow(/terminat|not queryable/)
    await expect(writer.query('COMMIT')).rejects.toThrow(/terminat|not queryable/)
    expect(await sql('SELECT a FROM t')).toEqual([{ a: 1 }])

    const [late, engine] = [await connect(), await database.engine()]
    await late.query('BEGIN; INSERT INTO t VALUES (4)')
    await engine.putBack(kept ?? '', engine.keptName(new Date()))
    await expect(late.query('COMMIT')).rejects.toThrow(/terminat|not queryable/)
    expect(await sql('SELECT a FROM t ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }])
  })

  test('that may not be ended is named, and nothing is changed', async () => {
    const manifest = await database.back()
    await sql('INSERT INTO t VALUES (2)')
    const monitoring = await connect('admin')
    await monitoring.query("SET application_name = 'monitoring'; BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    await expect(database.restore(manifest)).rejects.toThrow(/hold the tables.*admin monitoring/)
    expect(await sql('SELECT count(*) AS n FROM t')).toEqual([{ n: '2' }])
    expect(await schemas()).toEqual(['public'])
    await monitoring.query('COMMIT')
    const { kept = '' } = await database.restore(manifest)

    const engine = await database.engine()
    await monitoring.query('BEGIN; LOCK TABLE t IN ACCESS SHARE MODE')
    await expect(engine.putBack(kept, engine.keptName(new Date()))).rejects.toThrow(
      /hold the tables.*admin monitoring/,
    )
    expect(await sql('SELECT count(*) AS n FROM t')).toEqual([{ n: '1' }])
    await monitoring.end()
  })

  test('that may not drop what was kept long enough is told, after a restore that did what it should', async () => {
    const manifest = await database.back()
    await sql('INSERT INTO t VALUES (2)')
    await database.restore(manifest)
    const [kept = ''] = (await schemas()).filter((name) => name.startsWith('public_before_'))
    await asSuperuser(`ALTER SCHEMA ${kept} OWNER TO admin`)
    await sql('INSERT INTO t VALUES (2)')
    const said: string[] = []
    const now = () => new Date(Date.now() + 7_200_000)
    const { outcome } = await database.restore(manifest, { now, log: (line) => void said.push(line) })
    expect(outcome).toBe('restored')
    expect(said.join('\n')).toMatch(
      /kept long enough, and cannot be dropped: .*must be owner of schema public_before_/,
    )
  })
})

test('what belongs to no schema is in the way, and all of it is named before anything is begun', async () => {
  await sql('CREATE TABLE t (a int)')
  const manifest = await database.back()
  await sql(
    `INSERT INTO t VALUES (1); SELECT lo_create(4711); CREATE EXTENSION pg_trgm; CREATE PUBLICATION p FOR TABLE t; CREATE SCHEMA ${'x'.repeat(40)};
     ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader`,
  )
  const refusal = await database.restore(manifest).catch(String)
  for (const message of [
    /^RefusedError: user tenant may connect to no other database, from which shop could be renamed; nor can it/,
    /large objects belong to no schema/,
    /extension pg_trgm is in schema public, which has other things too/,
    /publication p belongs to no schema/,
    /default privileges of tenant are for all schemas/,
    /the name of schema x{40} is longer than 38 bytes/,
  ])
    expect(refusal).toMatch(message)
  expect((await schemas()).filter((name) => name.includes('_restoring_'))).toEqual([])
})

test('what only the backup has and belongs to no schema is named, and so is a right that the user has not', async () => {
  await sql('CREATE TABLE t (a int); SELECT lo_create(4711)')
  await asSuperuser('CREATE SCHEMA e; CREATE EXTENSION pg_trgm SCHEMA e')
  // by default it is named at the backup
  await expect(database.back()).rejects.toThrow(/could not be verified.*large objects belong to no schema/)
  const manifest = await database.back({ verify: 'checksums' })
  await sql('SELECT lo_unlink(4711); INSERT INTO t VALUES (1)')
  await asSuperuser('DROP EXTENSION pg_trgm; CREATE EXTENSION btree_gist SCHEMA e')
  await expect(database.restore(manifest)).rejects.toThrow(
    /belong to none: EXTENSION pg_trgm.*BLOB 4711.*extension btree_gist, which it does not have/,
  )
  await asSuperuser('ALTER DATABASE shop OWNER TO admin')
  await expect(database.restore(manifest)).rejects.toThrow(
    /user tenant does not own schema public: ALTER SCHEMA … OWNER TO; user tenant may not create schemas: GRANT CREATE/,
  )
  expect(await schemas()).toEqual(['e', 'public'])
})

/** An application that writes pairs every 10 ms, in one session. */
async function startClient() {
  const client = await connect()
  let [last, longestGapMs, stopped] = [performance.now(), 0, false]
  const running = (async () => {
    while (!stopped) {
      await client.query('INSERT INTO pair SELECT max(a) + 1, max(b) + 1 FROM pair')
      longestGapMs = Math.max(longestGapMs, performance.now() - last)
      last = performance.now()
      await sleep(10)
    }
    await client.end()
  })()
  running.catch(() => {})
  return {
    stop: async () => {
      stopped = true
      await running
      return longestGapMs
    },
  }
}
