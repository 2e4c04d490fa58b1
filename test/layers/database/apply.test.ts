import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Engine } from '../../../src/layers/database/engine.ts'
import { type ApplyOptions, applyMigrations } from '../../../src/layers/database/migrations/apply.ts'
import { describeLocks } from '../../../src/layers/database/migrations/locks.ts'
import type { Revision } from '../../../src/layers/database/migrations/plan.ts'
import { undoMigrations } from '../../../src/layers/database/migrations/undo.ts'
import { type Kind, kinds, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'

const environment = useServers()
const worker = fileURLToPath(new URL('./apply-worker.ts', import.meta.url))

const id = 'b'.repeat(40)
const revision = (files: Readonly<Record<string, string>>, of = id): Revision => ({
  id: of,
  paths: Object.keys(files),
  read: async (path) => files[path],
})
const users = {
  'db/1_users.up.sql':
    "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(40));\nINSERT INTO users VALUES (1, 'it''s; Ada');\n",
  'db/1_users.down.sql': 'DROP TABLE users;\n',
}
const two = {
  ...users,
  'db/2_stars.up.sql': 'ALTER TABLE users ADD stars INT;\nUPDATE users SET stars = 5;\n',
  'db/2_stars.down.sql': 'ALTER TABLE users DROP COLUMN stars;\n',
}

let database: TestDatabase
let engine: Engine
let lines: string[]

const apply = (files: Readonly<Record<string, string>>, options: Partial<ApplyOptions> = {}) =>
  applyMigrations({
    engine,
    folder: 'db',
    revision: revision(files),
    command: undefined,
    allowIrregular: false,
    dryRun: false,
    now: () => new Date(),
    log: (line) => lines.push(line),
    ...options,
  })
const stars = () => engine.query('SELECT id, stars FROM users ORDER BY id')

describe.each(kinds)('on %s, db-migrate', (kind) => {
  beforeEach(async () => {
    database = await makeDatabase(kind, environment.servers, environment.folder)
    engine = await database.engine()
    lines = []
  })

  test('applies what is pending, in order, and records what undoes it', async () => {
    expect(await apply(users)).toMatchObject({ outcome: 'applied', standsAt: '1_users' })
    const report = await apply(two, { revision: revision(two, 'c'.repeat(40)) })
    expect(report).toMatchObject({ outcome: 'applied', standsAt: '2_stars', table: 'migration_history' })
    expect(await stars()).toEqual([{ id: '1', stars: '5' }])
    const history = await engine.query(
      'SELECT name, direction, checksum, revision, down_script FROM migration_history ORDER BY executed_at',
    )
    expect(history).toMatchObject([
      { name: '1_users', direction: 'up', revision: id, down_script: users['db/1_users.down.sql'] },
      { name: '2_stars', direction: 'up', revision: 'c'.repeat(40), down_script: two['db/2_stars.down.sql'] },
    ])
    expect(history[0]?.['checksum']).toMatch(/^[0-9a-f]{64}$/)
    expect(await apply(two)).toMatchObject({ outcome: 'nothing-to-apply', applied: [] })
  })

  test('ten at once are undone in the reverse order, and applied again', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 11 }, (_, i) => [
        [`db/${i + 1}_t.up.sql`, `CREATE TABLE t${i + 1} (a INT);`],
        [`db/${i + 1}_t.down.sql`, `DROP TABLE t${i + 1};`],
      ]).flat(),
    )
    await apply(files, { now: () => new Date(0) })
    const report = await undoMigrations({
      engine,
      folder: 'db',
      bad: revision(files),
      selection: { by: 'name', to: '8_t' },
      recorded: [],
      byCommand: false,
      allowDataLoss: false,
      allowIrregular: false,
      dryRun: false,
      before: async () => {},
      command: undefined,
      log: () => {},
    })
    expect(report.undone).toEqual(['11_t', '10_t', '9_t'])
    expect((await apply(files)).applied.map(({ name }) => name)).toEqual(['9_t', '10_t', '11_t'])
  })

  test('undoes one that fails, or says how far it came, and goes on once its cause is mended', async () => {
    const failing = {
      ...two,
      'db/3_more.up.sql':
        'CREATE TABLE more (a INT);\nINSERT INTO more VALUES (1);\nINSERT INTO missing_yet VALUES (1);\nINSERT INTO more VALUES (2);\n',
      'db/3_more.down.sql': 'DROP TABLE more;',
    }
    const how = kind === 'mysql' ? /2 of its statements ran before and stay/ : /is undone as a whole/
    await expect(apply(failing)).rejects.toThrow(how)
    await expect(apply(failing)).rejects.toThrow(/migration 3_more failed.*no other was applied/s)
    expect(await stars()).toEqual([{ id: '1', stars: '5' }])
    await database.run('CREATE TABLE missing_yet (a INT)')
    expect((await apply(failing)).applied.map(({ name }) => name)).toEqual(['3_more'])
    expect(await engine.query('SELECT a FROM more ORDER BY a')).toEqual([{ a: '1' }, { a: '2' }])
    expect(await engine.columnsOf('rollback_steps')).toEqual([])
  })

  test('a dry run shows the SQL and what it would lock, and changes nothing', async () => {
    await apply(users)
    const before = await database.contents()
    const { outcome, applied } = await apply(two, { dryRun: true })
    expect({ outcome, names: applied.map(({ name }) => name) }).toEqual({
      outcome: 'planned',
      names: ['2_stars'],
    })
    expect(lines).toContain('  | ALTER TABLE users ADD stars INT;')
    expect(lines.join('\n')).toMatch(
      kind === 'sqlite'
        ? /the whole database: writes wait/
        : /users: reads and writes wait.* \(ALTER TABLE\)/,
    )
    expect(await database.contents()).toEqual(before)
  })

  test('killed at every step and run again, it comes to the same end', async () => {
    const files = {
      ...two,
      'db/3_many.up.sql': Array.from(
        { length: 6 },
        (_, i) =>
          `CREATE TABLE m${i} (a INT);\nINSERT INTO users (id) VALUES (${i + 10});\nUPDATE users SET stars = COALESCE(stars, 0) + 1;`,
      ).join('\n'),
      'db/3_many.down.sql': Array.from({ length: 6 }, (_, i) => `DROP TABLE m${i};`).join('\n'),
    }
    const killAfter = async (ms: number) => {
      const given = JSON.stringify({
        url: database.url,
        files,
        id,
        scratch: join(environment.folder, 'worker'),
      })
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', worker, given], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      setTimeout(() => child.kill('SIGKILL'), ms)
      return new Promise<number | null>((resolve) => child.once('close', resolve))
    }
    let kills = 0
    for (let ms = 3; (await killAfter(ms)) !== 0; ms *= 1.3) kills += 1
    expect(kills).toBeGreaterThan(2)
    expect(await apply(files)).toMatchObject({ outcome: 'nothing-to-apply', standsAt: '3_many' })
    const rows = await engine.query('SELECT id, stars FROM users ORDER BY id')
    expect(rows.map(({ id: key, stars: count }) => [key, count])).toEqual([
      ['1', '11'],
      ['10', '6'],
      ['11', '5'],
      ['12', '4'],
      ['13', '3'],
      ['14', '2'],
      ['15', '1'],
    ])
    const names = await engine.query(
      "SELECT name FROM migration_history WHERE direction = 'up' ORDER BY executed_at",
    )
    expect(names.map(({ name }) => name)).toEqual(['1_users', '2_stars', '3_many'])
  })
})

describe('db-migrate refuses', () => {
  beforeEach(async () => {
    database = await makeDatabase('sqlite', environment.servers, environment.folder)
    engine = await database.engine()
    lines = []
    await apply(two)
  })

  const later = {
    'db/4_notes.up.sql': 'CREATE TABLE notes (a INT);',
    'db/4_notes.down.sql': 'DROP TABLE notes;',
  }
  const { 'db/2_stars.up.sql': _, 'db/2_stars.down.sql': __, ...withoutStars } = two
  test.each<[string, Record<string, string>, RegExp]>([
    ['a gap', { ...two, ...later }, /there is a gap: 4_notes follows 2_stars/],
    [
      'a changed checksum',
      { ...two, 'db/2_stars.up.sql': 'ALTER TABLE users ADD stars BIGINT;' },
      /2_stars was changed after it was applied/,
    ],
    ['a file that is gone', withoutStars, /2_stars was applied, and no file has its name/],
    [
      'one out of order',
      { ...two, 'db/0_first.up.sql': 'CREATE TABLE f (a INT);' },
      /0_first is out of order: the newer 2_stars was applied before it/,
    ],
    [
      'two of one number',
      { ...two, 'db/2_other.up.sql': 'CREATE TABLE f (a INT);' },
      /has number 2, as another file has/,
    ],
  ])('%s, unless it is allowed', async (_name, files, why) => {
    await expect(apply(files)).rejects.toThrow(why)
    await expect(apply(files)).rejects.toThrow(/set `allow-irregular` to continue anyway/)
    await apply(files, { allowIrregular: true })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a transaction of its own',
      { ...two, 'db/3_x.up.sql': 'BEGIN; CREATE TABLE x (a INT); COMMIT;' },
      /begins or ends a transaction itself/,
    ],
    [
      'several statements outside of a transaction',
      {
        ...two,
        'db/3_x.up.sql': '-- rollback:no-transaction\nCREATE TABLE x (a INT); CREATE TABLE y (a INT);',
      },
      /write each in its own file/,
    ],
    [
      "another tool's files",
      { 'db/V1__x.sql': 'SELECT 1', 'db/U1__x.sql': '' },
      /db\/V1__x.sql is not named NNN_name.up.sql: rename it, or set `command`/,
    ],
    [
      'a folder without migrations',
      { 'src/a.ts': '' },
      /`database.migrations` is "db", and revision bbbbbbb has no migrations there/,
    ],
  ])('%s', async (_name, files, why) => {
    await expect(apply(files)).rejects.toThrow(why)
  })

  test('a history table of another tool, and a dirty one', async () => {
    await database.run(
      'DROP TABLE migration_history',
      'CREATE TABLE schema_migrations (version BIGINT, dirty BOOLEAN)',
      'INSERT INTO schema_migrations VALUES (1, 0)',
    )
    await expect(apply(two)).rejects.toThrow(
      /schema_migrations is the history table of another tool: set `command`/,
    )
    await database.run('UPDATE schema_migrations SET dirty = 1')
    await expect(apply(two)).rejects.toThrow(/marks migration 1 as dirty.*migrate force 1/)
  })

  test('a second one at the same time', async () => {
    const lock = await engine.lock()
    await expect(apply(two)).rejects.toThrow(/another process/)
    await lock.release()
  })
})

test('on PostgreSQL, what cannot run in a transaction runs outside, and one that was interrupted is named', async () => {
  database = await makeDatabase('postgres', environment.servers, environment.folder)
  engine = await database.engine()
  const files = {
    ...two,
    'db/3_index.up.sql': '-- rollback:no-transaction\nCREATE INDEX CONCURRENTLY by_stars ON users (stars);',
  }
  lines = []
  await apply(files)
  expect(lines.join('\n')).toContain('applies 3_index, which cannot be undone: it has no down script')
  expect(await engine.query("SELECT indexname FROM pg_indexes WHERE indexname = 'by_stars'")).toHaveLength(1)
  await database.run("UPDATE migration_history SET direction = 'run' WHERE name = '3_index'")
  await expect(apply(files)).rejects.toThrow(/3_index, which runs outside a transaction, was interrupted/)
})

test('on MariaDB, one that was applied in part is not undone by its down script', async () => {
  database = await makeDatabase('mysql', environment.servers, environment.folder)
  engine = await database.engine()
  lines = []
  const files = {
    ...users,
    'db/2_x.up.sql': 'CREATE TABLE x (a INT);\nnonsense;',
    'db/2_x.down.sql': 'DROP TABLE x;',
  }
  await expect(apply(files)).rejects.toThrow(/1 of its statements ran before and stay/)
  const undo = undoMigrations({
    engine,
    folder: 'db',
    bad: revision(files),
    selection: { by: 'count', last: 1 },
    recorded: [],
    byCommand: false,
    allowDataLoss: true,
    allowIrregular: false,
    dryRun: false,
    before: async () => {},
    command: undefined,
    log: () => {},
  })
  await expect(undo).rejects.toThrow(/2_x was applied only in part.*run db-migrate again/)
})

describe("by the project's own tool", () => {
  beforeEach(async () => {
    database = await makeDatabase('sqlite', environment.servers, environment.folder)
    engine = await database.engine()
    lines = []
    await database.run('CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT)')
  })
  const files = { 'db/1_a.js': '', 'db/2_b.js': '' }

  test('gets the names, and what it applied is compared with them', async () => {
    const given: string[] = []
    const command = async (names: readonly string[]) => {
      given.push(...names)
      await database.run("INSERT INTO knex_migrations (name) VALUES ('1_a.js'), ('2_b.js')")
    }
    expect(await apply(files, { command })).toMatchObject({ outcome: 'applied', standsAt: '2_b.js' })
    expect(given).toEqual(['1_a.js', '2_b.js'])
  })

  test('goes together with the other inputs: a dry run only names what it would apply, and an irregular history stops it unless that is allowed', async () => {
    let calls = 0
    const command = async () => {
      calls += 1
      await database.run("INSERT INTO knex_migrations (name) VALUES ('1_a.js'), ('2_b.js')")
    }
    expect(await apply(files, { command, dryRun: true })).toMatchObject({ outcome: 'planned' })
    await database.run("INSERT INTO knex_migrations (name) VALUES ('0_gone.js')")
    await expect(apply(files, { command })).rejects.toThrow(/0_gone.js .*set `allow-irregular`/)
    expect(calls).toBe(0)
    expect(await apply(files, { command, allowIrregular: true })).toMatchObject({ outcome: 'applied' })
    expect(calls).toBe(1)
  })

  test('is found out when it applied less', async () => {
    const command = () => database.run("INSERT INTO knex_migrations (name) VALUES ('1_a.js')")
    await expect(apply(files, { command })).rejects.toThrow(/2_b.js is not applied/)
  })
})

test.each<[Kind, string, string[]]>([
  [
    'postgres',
    "ALTER TABLE a ADD b INT; -- DROP TABLE no;\nINSERT INTO log VALUES ('DROP TABLE x')",
    ['a: reads and writes wait (ALTER TABLE)', 'log: other writes to the same rows wait (INSERT INTO)'],
  ],
  [
    'postgres',
    'CREATE INDEX i ON public.t (a); CREATE INDEX CONCURRENTLY j ON u (a)',
    ['public.t: writes wait (CREATE INDEX i)', 'u: other schema changes wait (CREATE INDEX CONCURRENTLY j)'],
  ],
  [
    'postgres',
    'ALTER TABLE t VALIDATE CONSTRAINT c; CREATE TABLE n (p INT REFERENCES parent (id))',
    ['t: other schema changes wait (ALTER TABLE)', 'parent: writes wait (REFERENCES)'],
  ],
  [
    'mysql',
    'CREATE UNIQUE INDEX i ON `t` (a); DROP TABLE IF EXISTS x',
    [
      'x: reads and writes wait, at least at its end (DROP TABLE IF EXISTS)',
      '`t`: reads and writes wait, at least at its end (CREATE UNIQUE INDEX i)',
    ],
  ],
  ['sqlite', 'SELECT 1', ['the whole database: writes wait']],
])('what %s locks for %j', (kind, script, locks) => {
  expect(describeLocks(kind, script)).toEqual(locks)
})
