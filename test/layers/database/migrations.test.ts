import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import type { Engine } from '../../../src/layers/database/engine.ts'
import type { Revision, Selection } from '../../../src/layers/database/migrations/plan.ts'
import { endsTransaction, findTakings } from '../../../src/layers/database/migrations/script.ts'
import { type UndoOptions, undoMigrations } from '../../../src/layers/database/migrations/undo.ts'
import { splitStatements } from '../../../src/layers/database/mysql/statements.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { type Servers, startServers } from '../../support/databases.ts'

const good = 'a'.repeat(40)
const bad = 'b'.repeat(40)

/** Each tool's way to write the same four migrations, and its history table. The last two are the bad deployment's. */
const conventions = {
  'golang-migrate': {
    up: (n: number, name: string) => [`db/${n}_${name}.up.sql`, `db/${n}_${name}.down.sql`],
    both: false,
    history: [
      'CREATE TABLE schema_migrations (version bigint, dirty boolean)',
      'INSERT INTO schema_migrations VALUES (4, FALSE)',
    ],
    left: ['2'],
    table: 'schema_migrations',
    key: 'version',
  },
  dbmate: {
    up: (n: number, name: string) => [`db/000${n}_${name}.sql`],
    both: true,
    history: [
      'CREATE TABLE schema_migrations (version varchar(128))',
      "INSERT INTO schema_migrations VALUES ('0001'), ('0002'), ('0003'), ('0004')",
    ],
    left: ['0001', '0002'],
    table: 'schema_migrations',
    key: 'version',
  },
  goose: {
    up: (n: number, name: string) => [`db/${n}_${name}.sql`],
    both: true,
    history: [
      'CREATE TABLE goose_db_version (id int, version_id bigint, is_applied boolean)',
      'INSERT INTO goose_db_version VALUES (1, 0, TRUE), (2, 1, TRUE), (3, 2, TRUE), (4, 3, TRUE), (5, 4, TRUE)',
    ],
    left: ['0', '1', '2'],
    table: 'goose_db_version',
    key: 'version_id',
  },
  Flyway: {
    up: (n: number, name: string) => [`db/V${n}__${name}.sql`, `db/U${n}__${name}.sql`],
    both: false,
    history: [
      'CREATE TABLE flyway_schema_history (installed_rank int, version varchar(50), success boolean)',
      "INSERT INTO flyway_schema_history VALUES (1, '1', TRUE), (2, '2', TRUE), (3, '3', TRUE), (4, '4', TRUE)",
    ],
    left: ['1', '2'],
    table: 'flyway_schema_history',
    key: 'version',
  },
} as const

const migrations = [
  ['users', 'CREATE TABLE users (id int)', 'DROP TABLE users;'],
  ['shops', 'CREATE TABLE shops (id int)', 'DROP TABLE shops;'],
  ['stars', 'ALTER TABLE users ADD stars int', "ALTER TABLE users DROP COLUMN stars; -- it's; gone\n"],
  ['notes', 'CREATE TABLE notes (body varchar(99))', 'DROP TABLE notes;'],
] as const

let server: Servers
let folder: string
beforeAll(async () => {
  server = await startServers()
})
afterAll(async () => {
  await server.stop()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function openEmpty(kind: string): Promise<Engine> {
  if (kind === 'postgres')
    await server.postgres
      .sql('postgres', 'DROP DATABASE IF EXISTS m WITH (FORCE)')
      .then(() => server.postgres.sql('postgres', 'CREATE DATABASE m'))
  if (kind === 'mysql') await server.mysql.sql(undefined, 'DROP DATABASE IF EXISTS m', 'CREATE DATABASE m')
  const url = {
    sqlite: `sqlite:${folder}/m.db`,
    postgres: server.postgres.url('m'),
    mysql: server.mysql.url('m'),
  }[kind]
  return openEngine(parseConnection(url ?? ''), {
    env: process.env,
    scratch: join(folder, 'tools'),
    log: () => {},
  })
}

async function run(engine: Engine, ...statements: string[]): Promise<void> {
  await engine.runScript({
    script: statements.map((each) => `${each};\n`).join(''),
    after: [],
    transaction: false,
  })
}

function revision(id: string, files: Readonly<Record<string, string>>): Revision {
  return { id, paths: Object.keys(files), read: async (path) => files[path] }
}

function filesOf(tool: keyof typeof conventions, count: number): Record<string, string> {
  const { up, both } = conventions[tool]
  return Object.fromEntries(
    migrations.slice(0, count).flatMap(([name, apply, undo], index) => {
      const [first = '', second] = up(index + 1, name)
      if (!both) return [[first, `${apply};`], ...(second === undefined ? [] : [[second, undo]])]
      const [head, mark] =
        tool === 'goose' ? ['-- +goose Up', '-- +goose Down'] : ['-- migrate:up', '-- migrate:down']
      return [[first, `${head}\n${apply};\n${mark}\n${undo}`]]
    }),
  )
}

async function undo(engine: Engine, files: Record<string, string>, options: Partial<UndoOptions> = {}) {
  return undoMigrations({
    engine,
    folder: 'db',
    bad: revision(bad, files),
    selection: { by: 'added', good: revision(good, {}) },
    recorded: [],
    byCommand: false,
    allowDataLoss: false,
    allowIrregular: false,
    dryRun: false,
    before: async () => {},
    command: undefined,
    log: () => {},
    ...options,
  })
}

const added = (tool: keyof typeof conventions): Selection => ({
  by: 'added',
  good: revision(good, filesOf(tool, 2)),
})

describe.each(['sqlite', 'postgres', 'mysql'])(
  'on %s, what the bad deployment applied is undone, and nothing else,',
  (kind) => {
    test.each(['golang-migrate', 'dbmate', 'goose', 'Flyway'] as const)(
      'with the files and the table of %s',
      async (tool) => {
        const { history, left, table, key } = conventions[tool]
        const engine = await openEmpty(kind)
        await run(engine, ...migrations.map(([, apply]) => apply), ...history)
        const report = await undo(engine, filesOf(tool, 4), { selection: added(tool) })
        expect(report.undone).toHaveLength(2)
        expect(report.undone[0]).toContain('notes')
        expect(await engine.columnsOf('users')).toEqual(['id'])
        expect(await engine.columnsOf('shops')).toEqual(['id'])
        expect(await engine.columnsOf('notes')).toEqual([])
        const rows = await engine.query(`SELECT ${key} AS k FROM ${table} ORDER BY ${key}`)
        expect(rows.map(({ k }) => k)).toEqual([...left])
        expect((await undo(engine, filesOf(tool, 4), { selection: added(tool) })).outcome).toBe(
          'nothing-to-undo',
        )
      },
    )

    test("with the project's own table, by the scripts in it, although no revision has them any more", async () => {
      const engine = await openEmpty(kind)
      await run(
        engine,
        ...migrations.map(([, apply]) => apply),
        'CREATE TABLE migration_history (name varchar(200), direction varchar(8), executed_at timestamp NULL, checksum varchar(64), revision varchar(64), down_script text)',
        ...migrations.map(
          ([name, , down], n) =>
            `INSERT INTO migration_history VALUES ('${n + 1}_${name}', 'up', '2026-11-24 0${n}:00:00', NULL, '${n < 2 ? good : bad}', '${down.replaceAll("'", "''")}')`,
        ),
      )
      const report = await undo(
        engine,
        {},
        { selection: { by: 'name', to: '2_shops' }, allowIrregular: true },
      )
      expect(report.undone).toEqual(['4_notes', '3_stars'])
      expect(await engine.columnsOf('users')).toEqual(['id'])
      const rows = await engine.query(
        "SELECT name FROM migration_history WHERE direction = 'down' ORDER BY name",
      )
      expect(rows).toEqual([{ name: '3_stars' }, { name: '4_notes' }])
    })

    test('and a script that fails is taken back where DDL can be, else it is said how far it came', async () => {
      const files = {
        ...filesOf('golang-migrate', 4),
        'db/4_notes.down.sql': 'DROP TABLE notes; DROP TABLE nothing;',
      }
      const engine = await openEmpty(kind)
      await run(engine, ...migrations.map(([, apply]) => apply), ...conventions['golang-migrate'].history)
      const message = kind === 'mysql' ? /1 of its statements ran before and stay/ : /nothing/
      await expect(undo(engine, files, { selection: added('golang-migrate') })).rejects.toThrow(message)
      expect(await engine.columnsOf('notes')).toEqual(kind === 'mysql' ? [] : ['body'])
      expect(await engine.columnsOf('users')).toEqual(['id', 'stars'])
      expect(await engine.query('SELECT version FROM schema_migrations')).toEqual([{ version: '4' }])
    })
  },
)

describe('on SQLite', () => {
  let engine: Engine
  const files = filesOf('dbmate', 4)
  beforeEach(async () => {
    engine = await openEmpty('sqlite')
    await run(engine, ...migrations.map(([, apply]) => apply), ...conventions.dbmate.history)
  })

  test('a deployment that applied nothing undoes nothing', async () => {
    const { outcome } = await undo(engine, files, { selection: { by: 'added', good: revision(good, files) } })
    expect(outcome).toBe('nothing-to-undo')
  })

  test('what holds data is named with its rows, and not taken away without being asked', async () => {
    await run(engine, 'INSERT INTO users VALUES (1, 5), (2, NULL)', "INSERT INTO notes VALUES ('x')")
    await expect(undo(engine, files, { selection: added('dbmate') })).rejects.toThrow(
      'table notes with 1 row; column stars of users, which has a value in 1 row',
    )
    expect(await engine.columnsOf('notes')).toEqual(['body'])
    let backedUp = false
    const report = await undo(engine, files, {
      selection: added('dbmate'),
      allowDataLoss: true,
      before: async () => {
        backedUp = true
        expect(await engine.columnsOf('notes')).toEqual(['body'])
      },
    })
    expect(report.outcome).toBe('undone')
    expect(backedUp).toBe(true)
  })

  test('a dry run changes nothing', async () => {
    const { outcome, undone } = await undo(engine, files, { selection: added('dbmate'), dryRun: true })
    expect({ outcome, undone }).toEqual({ outcome: 'planned', undone: ['0004_notes', '0003_stars'] })
    expect(await engine.columnsOf('notes')).toEqual(['body'])
  })

  test('what was recorded at deploy time comes before what the revision has now', async () => {
    const recorded = [{ name: '0004_notes', down: 'DROP TABLE notes; CREATE TABLE proof (a);' }]
    await undo(engine, files, { selection: added('dbmate'), recorded })
    expect(await engine.columnsOf('proof')).toEqual(['a'])
  })

  test.each([
    ['no script', '-- migrate:up\nSELECT 1;', /migration 0004_notes cannot be undone/],
    ['an empty one', '-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing\n', /cannot be undone/],
    [
      'one that is marked',
      '-- migrate:up\n-- migrate:down\n-- rollback:irreversible\nSELECT 1;',
      /cannot be undone/,
    ],
    [
      'one with COMMIT',
      '-- migrate:up\n-- migrate:down\nDROP TABLE notes; COMMIT;',
      /begins or ends a transaction itself/,
    ],
  ])('a migration with %s is refused before the first is undone', async (_what, text, message) => {
    await expect(
      undo(engine, { ...files, 'db/0004_notes.sql': text }, { selection: added('dbmate') }),
    ).rejects.toThrow(message)
    expect(await engine.columnsOf('users')).toEqual(['id', 'stars'])
  })

  test.each([
    [
      'was changed',
      files,
      [{ name: '0003_stars', checksum: 'f'.repeat(64) }],
      /0003_stars was changed after it was applied/,
    ],
    [
      'is missing',
      { ...files, 'db/0001_users.sql': undefined },
      [],
      /0001 was applied, and no file has this name/,
    ],
    [
      'was left out',
      { ...files, 'db/0002.5_gap.sql': 'SELECT 1' },
      [],
      /0002\.5_gap was not applied.*out of order/,
    ],
  ])('a migration that %s is told, and refused unless allowed', async (_what, given, recorded, message) => {
    const own = Object.fromEntries(
      Object.entries(given).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])),
    )
    const selection: Selection = {
      by: 'added',
      good: revision(good, { ...filesOf('dbmate', 2), 'db/0002.5_gap.sql': '' }),
    }
    await expect(undo(engine, own, { selection, recorded })).rejects.toThrow(message)
    expect((await undo(engine, own, { selection, recorded, allowIrregular: true })).undone).toHaveLength(2)
  })

  test('a half-way migration and an unknown table stop it', async () => {
    await run(engine, 'DROP TABLE schema_migrations')
    await expect(undo(engine, files)).rejects.toThrow(/no history table of migrations that is known/)
    await run(
      engine,
      'CREATE TABLE schema_migrations (version int, dirty boolean)',
      'INSERT INTO schema_migrations VALUES (4, 1)',
    )
    await expect(undo(engine, filesOf('golang-migrate', 4))).rejects.toThrow(
      /marks migration 4 as dirty.*migrate force 4/,
    )
  })

  test("by the project's own tool, and found out when that undoes another one", async () => {
    await run(
      engine,
      'DROP TABLE schema_migrations',
      'CREATE TABLE knex_migrations (id int, name text)',
      "INSERT INTO knex_migrations VALUES (1, '1_a.js'), (2, '2_b.js')",
    )
    const program = { 'db/1_a.js': '', 'db/2_b.js': '' }
    const selection: Selection = { by: 'added', good: revision(good, { 'db/1_a.js': '' }) }
    await expect(undo(engine, program, { selection })).rejects.toThrow(/set `command` to/)
    const command = (sql: string) => async () => run(engine, sql)
    const wrong = command("DELETE FROM knex_migrations WHERE name = '1_a.js'")
    await expect(undo(engine, program, { selection, byCommand: true, command: wrong })).rejects.toThrow(
      '2_b.js is still applied; 1_a.js is gone, and should not be',
    )
    const right = command("DELETE FROM knex_migrations WHERE name = '2_b.js'")
    expect(
      (await undo(engine, program, { selection, byCommand: true, command: right, allowIrregular: true }))
        .undone,
    ).toEqual(['2_b.js'])
  })

  test("by the project's own tool, which is told the names that it knows: those of the history table", async () => {
    await run(
      engine,
      'DROP TABLE schema_migrations',
      'CREATE TABLE "SequelizeMeta" (name text)',
      "INSERT INTO \"SequelizeMeta\" VALUES ('1_a.js'), ('2_b.js')",
    )
    const told: string[] = []
    const command = async (names: readonly string[]) => {
      told.push(...names)
      await run(engine, 'DELETE FROM "SequelizeMeta" WHERE name = \'2_b.js\'')
    }
    const selection: Selection = { by: 'added', good: revision(good, { 'db/1_a.ts': '' }) }
    await undo(engine, { 'db/1_a.ts': '', 'db/2_b.ts': '' }, { selection, byCommand: true, command })
    expect(told).toEqual(['2_b.js'])
  })

  test('two undoings at once: one says that another is at it', async () => {
    const lock = await engine.lock()
    await expect(undo(engine, files)).rejects.toThrow(/another process/)
    await lock.release()
  })
})

describe('on MariaDB, a script that failed half-way', () => {
  const begin =
    "-- it's; first\nDROP TABLE notes; -- gone; now\nINSERT INTO users VALUES (1, 1);\nDELIMITER //\nDROP PROCEDURE IF EXISTS p// INSERT INTO users VALUES (2, 2)//\n"
  const script = `${begin}DROP TABLE nothing//\nDELIMITER ;\nINSERT INTO users VALUES (3, 3);`
  const users = async (engine: Engine) =>
    (await engine.query('SELECT id FROM users ORDER BY id')).map(({ id }) => id)
  const fail = async () => {
    const engine = await openEmpty('mysql')
    await run(engine, ...migrations.map(([, apply]) => apply), ...conventions['golang-migrate'].history)
    const files = { ...filesOf('golang-migrate', 4), 'db/4_notes.down.sql': script }
    const selection = added('golang-migrate')
    await expect(undo(engine, files, { selection, allowDataLoss: true })).rejects.toThrow(
      /4 of its statements ran before and stay: fix the cause and run it again/,
    )
    expect(await users(engine)).toEqual(['1', '2'])
    return { engine, files, again: { selection, allowDataLoss: true } }
  }

  test('goes on after what ran, once its cause is mended', async () => {
    const { engine, files, again } = await fail()
    await expect(undo(engine, files, again)).rejects.toThrow(/4 of its statements ran before/)
    expect(await users(engine)).toEqual(['1', '2'])
    await run(engine, 'CREATE TABLE nothing (a int)')
    expect((await undo(engine, files, again)).undone).toEqual(['4_notes', '3_stars'])
    expect(await users(engine)).toEqual(['1', '2', '3'])
    expect(await engine.columnsOf('rollback_steps')).toEqual([])
    expect(await engine.query('SELECT version FROM schema_migrations')).toEqual([{ version: '2' }])
  })

  test('goes on with a script whose rest was mended, and with no other', async () => {
    const { engine, files, again } = await fail()
    const other = { ...files, 'db/4_notes.down.sql': 'INSERT INTO users VALUES (4, 4);' }
    await expect(undo(engine, other, again)).rejects.toThrow(/no longer begins with them/)
    const mended = { ...files, 'db/4_notes.down.sql': `${begin}INSERT INTO users VALUES (5, 5)//` }
    await undo(engine, mended, again)
    expect(await users(engine)).toEqual(['1', '2', '5'])
  })

  test('that was killed goes on after what ran: a change of rows is undone with its entry, a definition is seen in the schema', async () => {
    const { engine, files, again } = await fail()
    const schema = async (text: string) =>
      run(engine, `UPDATE rollback_steps SET running = 'DROP TABLE nothing', schema_before = ${text}`)
    // as if it had been killed before the statement, and then after it
    await run(engine, 'CREATE TABLE nothing (a int)')
    await schema(`'${await engine.schema()}'`)
    await run(engine, 'DROP TABLE nothing')
    expect((await undo(engine, files, again)).undone).toEqual(['4_notes', '3_stars'])
    expect(await users(engine)).toEqual(['1', '2', '3'])
  })
})

test.each([
  ['a; b', ['a', 'b']],
  ['INSERT \'a;b\', "c;\\"d", `e;f`; x', ['INSERT \'a;b\', "c;\\"d", `e;f`', 'x']],
  ['-- c; d\na -- e;\n; # f;\n/* g; */ ; b', ['-- c; d\na -- e;', 'b']],
  ['/*!50000 SET x = 1 */; a--b;', ['/*!50000 SET x = 1 */', 'a--b']],
  ['a;\ndelimiter //\nb; c//\n d//\nDELIMITER ;\ne;', ['a', 'b; c', 'd', 'e']],
  ["it's; open", ["it's; open"]],
  ['', []],
])('of %j, the statements are %j', (script, statements) => {
  expect(splitStatements(script)).toEqual(statements)
})

test.each([
  ['COMMIT', true],
  ['begin; drop table a; commit;', true],
  ["INSERT INTO t VALUES ('; COMMIT;')", false],
  ['-- ; COMMIT;\nDROP TABLE a', false],
  ['CREATE FUNCTION f() RETURNS void AS $$ BEGIN; COMMIT; END; $$ LANGUAGE plpgsql', false],
  ['CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;', false],
])('of %j, that it ends the transaction is %s', (script, ends) => {
  expect(endsTransaction(script)).toBe(ends)
})

test('what a script takes away is found behind quotes and comments', () => {
  const script = `DROP TABLE IF EXISTS "a b", c CASCADE; ALTER TABLE public.users DROP COLUMN IF EXISTS "st""ars", DROP CONSTRAINT x, DROP note;
    TRUNCATE TABLE t; DELETE FROM u WHERE 1; -- DROP TABLE no;
    INSERT INTO v VALUES ('DROP TABLE neither');`
  expect(findTakings(script)).toEqual([
    { what: 'table', table: '"a b"' },
    { what: 'table', table: 'c' },
    { what: 'column', table: 'public.users', column: '"st""ars"' },
    { what: 'column', table: 'public.users', column: 'note' },
    { what: 'rows', table: 't' },
    { what: 'rows', table: 'u' },
  ])
})
