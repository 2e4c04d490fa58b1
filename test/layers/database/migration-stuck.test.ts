/** What other tools left unfinished is named at the plan, with its cure: on tables that the tools themselves made, cut off or failed. */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { planApply } from '../../../src/layers/database/migrations/apply-plan.ts'
import { planUndo, type Revision } from '../../../src/layers/database/migrations/plan.ts'
import { type Kind, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'
import { administrator } from '../../support/mariadb.ts'

const scene = useServers()
const servers = join(import.meta.dirname, '../../../.cache/test-servers')

let database: TestDatabase
const open = async (kind: Kind) => {
  database = await makeDatabase(kind, scene.servers, scene.folder)
}
const revision = (files: Readonly<Record<string, string>>, id = 'b'.repeat(40)): Revision => ({
  id,
  paths: Object.keys(files),
  read: async (path) => files[path],
})
/** The plans of both directions, in a checkout that has these files. */
const plan = async (files: Readonly<Record<string, string>>, good: Readonly<Record<string, string>> = {}) => {
  const engine = await database.engine()
  const common = { engine, folder: 'db', byCommand: true }
  // each begins when it is asked for: none goes on in the next test
  return {
    get undo() {
      return planUndo({
        ...common,
        bad: revision(files),
        selection: { by: 'added', good: revision(good) },
        recorded: [],
      })
    },
    get apply() {
      return planApply({ ...common, revision: revision(files) })
    },
  }
}
const expectBoth = async (files: Readonly<Record<string, string>>, cure: RegExp) => {
  const plans = await plan(files)
  await expect(plans.undo).rejects.toThrow(cure)
  await expect(plans.apply).rejects.toThrow(cure)
}
/** Runs a tool on files in the folder of the test. @returns what it printed, whether it failed or not */
const run = async (
  [command = '', ...args]: readonly string[],
  files: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
) => {
  await write(files)
  const options = { cwd: scene.folder, env: { ...process.env, ...env } }
  return promisify(execFile)(command, args, options).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => String(error),
  )
}
const write = async (files: Readonly<Record<string, string>>) => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(scene.folder, path)), { recursive: true })
    await writeFile(join(scene.folder, path), text)
  }
}

describe('golang-migrate', () => {
  const files = {
    'db/1_users.up.sql': 'CREATE TABLE users (id int);',
    'db/1_users.down.sql': 'DROP TABLE users;',
    'db/2_stars.up.sql': 'CREATE TABLE stars (id int); ALTER TABLE nothing ADD x int;',
    'db/2_stars.down.sql': 'DROP TABLE stars;',
  }
  test.each(['postgres', 'mysql'] as const)('a migration that failed on %s', async (kind) => {
    await open(kind)
    const { port } = scene.servers.mysql
    const url =
      kind === 'postgres'
        ? `${database.url}?sslmode=disable`
        : `mysql://${administrator.name}:${encodeURIComponent(administrator.password)}@tcp(127.0.0.1:${port})/shop?multiStatements=true`
    const migrate = (...args: string[]) =>
      run([join(servers, 'migrate/migrate'), '-path', 'db', '-database', url, ...args], files)
    expect(await migrate('up')).toMatch(/nothing/)
    await expectBoth(files, /schema_migrations marks migration 2 as dirty.*run `migrate force 2`/)
    await migrate('force', '1')
    const { undo } = await plan(files)
    expect((await undo).steps.map(({ name }) => name)).toEqual(['1_users'])
  })
})

describe('goose', () => {
  const files = (header = '') => ({
    'db/00001_users.sql': '-- +goose Up\nCREATE TABLE users (id int);\n-- +goose Down\nDROP TABLE users;\n',
    'db/00002_stars.sql': `${header}-- +goose Up\nCREATE TABLE stars (id int);\nALTER TABLE nothing ADD x int;\n-- +goose Down\nDROP TABLE stars;\n`,
  })
  const goose = (given: Readonly<Record<string, string>>, command: string) =>
    run([join(servers, 'goose/goose'), '-dir', 'db', 'postgres', database.url, command], given)
  beforeEach(() => open('postgres'))

  test('a migration that failed outside of a transaction, of which it keeps no record', async () => {
    const given = files('-- +goose NO TRANSACTION\n')
    expect(await goose(given, 'up')).toMatch(/nothing/)
    const { undo } = await plan(given)
    expect((await undo).irregularities).toEqual([
      expect.stringMatching(
        /^00002_stars is not recorded in goose_db_version, and a part of it may be there, as it runs outside a transaction: check that none of it is there, or restore the backup/,
      ),
    ])
    // the good revision has it too: then it is not this deployment's
    expect((await (await plan(given, given)).undo).irregularities).toEqual([])
  })

  test('a migration that failed in a transaction left nothing', async () => {
    expect(await goose(files(), 'up')).toMatch(/nothing/)
    expect((await (await plan(files())).undo).irregularities).toEqual([])
  })

  test('a version that was undone, as its second version recorded it, is not applied', async () => {
    const one = { 'db/00001_users.sql': files()['db/00001_users.sql'] ?? '' }
    await goose(one, 'up')
    await database.run('INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, false)')
    expect((await (await plan(one)).undo).steps).toEqual([])
    await database.run('INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true)')
    expect((await (await plan(one)).undo).steps.map(({ name }) => name)).toEqual(['00001_users'])
  })
})

describe('dbmate', () => {
  const files = (options = '') => ({
    'db/1_users.sql': '-- migrate:up\nCREATE TABLE users (id int);\n-- migrate:down\nDROP TABLE users;\n',
    'db/2_stars.sql': `-- migrate:up${options}\nCREATE TABLE stars (id int);\n${options === '' ? 'ALTER TABLE nothing ADD x int;' : 'VACUUM; '}\n-- migrate:down\nDROP TABLE stars;\n`,
  })
  test.each([
    ['mysql', '', /as it cannot run in a transaction on this database/],
    ['postgres', ' transaction:false', /as it runs outside a transaction/],
  ] as const)('a migration that failed on %s, of which it keeps no record', async (kind, options, why) => {
    await open(kind)
    const given = files(options)
    const url = kind === 'postgres' ? `${database.url}?sslmode=disable` : database.url
    const said = await run(
      [
        join(servers, 'dbmate/node_modules/@dbmate/linux-x64/bin/dbmate'),
        '--migrations-dir',
        'db',
        '--no-dump-schema',
        'migrate',
      ],
      given,
      { DATABASE_URL: url },
    )
    expect(said).toMatch(/nothing|VACUUM/)
    const [found = ''] = (await (await plan(given)).undo).irregularities
    expect(found).toMatch(/^2_stars is not recorded in schema_migrations, and a part of it may be there/)
    expect(found).toMatch(why)
  })
})

test('knex: a run that was killed, until it is unlocked', async () => {
  await open('postgres')
  const packages = join(servers, 'migration-tools/node_modules')
  const files = {
    'db/1_users.js':
      "exports.up = (knex) => knex.schema.createTable('users', (t) => t.integer('id'))\nexports.down = () => {}\n",
    'db/2_stars.js':
      "// else all of it is one transaction, and the lock with it\nexports.config = { transaction: false }\nexports.up = () => { require('node:fs').writeFileSync('begun', ''); return new Promise(() => setInterval(() => {}, 1000)) }\nexports.down = () => {}\n",
    'knexfile.js':
      "module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { directory: 'db' } }",
  }
  const env = { NODE_PATH: packages, DATABASE_URL: database.url }
  const knex = ['node', join(packages, 'knex/bin/cli.js')]
  await write(files)
  const child = spawn('node', [join(packages, 'knex/bin/cli.js'), 'migrate:latest'], {
    cwd: scene.folder,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  while (!existsSync(join(scene.folder, 'begun')) && child.exitCode === null) await sleep(20)
  child.kill('SIGKILL')
  await expectBoth(files, /knex_migrations_lock is locked.*run `knex migrate:unlock`/)
  await run([...knex, 'migrate:unlock'], {}, env)
  const { undo } = await plan(files)
  expect((await undo).table).toBe('knex_migrations')
})

test('Flyway: a failed row, by the table of its documentation', async () => {
  await open('mysql')
  await database.run(
    `CREATE TABLE flyway_schema_history (installed_rank INT NOT NULL PRIMARY KEY, version VARCHAR(50), description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL,
       checksum INT, installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time INT NOT NULL, success BOOL NOT NULL)`,
    `INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by, execution_time, success) VALUES
       (1, '1', 'users', 'SQL', 'V1__users.sql', 'a', 1, 1), (2, '2', 'stars', 'SQL', 'V2__stars.sql', 'a', 1, 1), (3, NULL, 'view', 'SQL', 'R__view.sql', 'a', 1, 1), (4, '2', 'stars', 'UNDO_SQL', 'U2__stars.sql', 'a', 1, 1), (5, '3', 'notes', 'SQL', 'V3__notes.sql', 'a', 1, 0)`,
  )
  const files = { 'db/V1__users.sql': '', 'db/V2__stars.sql': '', 'db/V3__notes.sql': '' }
  await expectBoth(files, /flyway_schema_history marks migration 3 as failed.*run `flyway repair`/)
  await database.run('DELETE FROM flyway_schema_history WHERE success = 0')
  // what was undone is not applied, and a repeatable migration is no version
  expect((await (await plan(files)).undo).steps.map(({ name }) => name)).toEqual(['1__users'])
})

test('Prisma: a migration that did not finish, by the table of its documentation', async () => {
  await open('postgres')
  await database.run(
    `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0)`,
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, started_at) VALUES ('a', '', '1_users', now(), now() - interval '2 h'), ('b', '', '2_stars', NULL, now())`,
  )
  const files = { 'db/1_users/migration.sql': '', 'db/2_stars/migration.sql': '' }
  await expectBoth(
    files,
    /has migration 2_stars as begun and not finished.*prisma migrate resolve --rolled-back 2_stars/,
  )
  await database.run("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'b'")
  expect((await (await plan(files)).undo).steps.map(({ name }) => name)).toEqual(['1_users'])
})
