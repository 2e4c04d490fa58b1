import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { quoteName } from '../../../src/layers/database/mysql/quote.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { administrator, type MariaDbServer, startMariaDb } from '../../support/mariadb.ts'
import { shapes } from './mariadb-shapes.ts'

let server: MariaDbServer
let folder: string
beforeAll(async () => {
  server = await startMariaDb()
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shapes-'))
  await chmod(folder, 0o777)
})
afterEach(async () => {
  await server.sql(undefined, 'SET GLOBAL sql_mode = DEFAULT')
  const rows = await server.sql(
    undefined,
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')",
  )
  for (const { name } of rows)
    await server
      .sql(undefined, 'SET foreign_key_checks = 0', `DROP DATABASE ${quoteName(String(name))}`)
      // the server leaves the file that points to a DATA DIRECTORY
      .catch(() => {})
  await rm(folder, { recursive: true, force: true })
})

test.each(Object.entries(shapes).map(([name, shape]) => ({ name, ...shape })))(
  'MariaDB: $name',
  async ({ database = 'app', script, refused }) => {
    await server.sql(undefined, `CREATE DATABASE ${quoteName(database)}`, 'CREATE DATABASE other')
    server.script(database, script.replace('{folder}', folder))
    const back = await backUp(database)
    if (refused !== undefined) {
      await expect(back()).rejects.toThrow(refused)
      return
    }
    const before = await dump(database)
    const manifest = await back()
    await wreck(database)
    expect(await dump(database)).not.toBe(before)
    const { outcome } = await restoreBackup({
      ...(await common(database)),
      manifest,
      identity: undefined,
      verify: 'full',
      allowDataLoss: true,
      exportTo: undefined,
      keepOldMs: 3_600_000,
      dryRun: false,
    })
    expect(outcome).toBe('restored')
    expect(await dump(database)).toBe(before)
  },
)

test('MariaDB: beyond verify-limit, the rows of the small tables are restored and compared', async () => {
  await server.sql(undefined, 'CREATE DATABASE app')
  await server.sql(
    'app',
    'CREATE TABLE app.large (v LONGTEXT)',
    'INSERT INTO app.large SELECT REPEAT(MD5(seq), 1000) FROM seq_1_to_20',
    'CREATE TABLE app.`sm``all` (v TEXT, f FLOAT)',
    "INSERT INTO app.`sm``all` VALUES ('INSERT INTO `large` VALUES\\n(1)', 0.1)",
    'CREATE TABLE app.tiny (v INT)',
    'INSERT INTO app.tiny VALUES (1), (2)',
  )
  const { verification } = await (await backUp('app', { verifyLimit: 100_000 }))()
  expect(verification).toMatchObject({ level: 'sample', tables: ['sm`all', 'tiny'] })
  expect(verification).not.toHaveProperty('failure')
})

const common = async (database: string) => ({
  engine: await openEngine(parseConnection(server.url(database)), {
    env: process.env,
    scratch: join(folder, 'tools'),
    log: () => {},
  }),
  store: openFolderStore(join(folder, 'backups')),
  scratch: join(folder, 'scratch'),
  now: () => new Date(),
  log: () => {},
})

async function backUp(database: string, more: { readonly verifyLimit?: number } = {}) {
  const options = await common(database)
  return () =>
    makeBackup({
      ...options,
      environment: 'production',
      before: '1'.repeat(40),
      migrations: [],
      pinned: false,
      recipient: undefined,
      verify: 'restore',
      ...more,
    })
}

/** All of a database by the server's own tool, and what it does not print: the exact value of each FLOAT. */
async function dump(database: string): Promise<string> {
  const connect = ['--no-defaults', '-h127.0.0.1', `-P${server.port}`, `-u${administrator.name}`]
  const what = ['--routines', '--events', '--triggers', '--hex-blob', '--dump-history', '--order-by-primary']
  const printed = spawnSync(
    'mariadb-dump',
    // --force: else a view whose definer is gone ends the tool
    [...connect, ...what, '--skip-comments', '--force', '--default-character-set=utf8mb4', '--', database],
    {
      env: { PATH: process.env['PATH'], MYSQL_PWD: administrator.password },
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    },
  ).stdout
  const views = await server.sql(
    database,
    'SELECT TABLE_NAME AS v, VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE, ALGORITHM FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
  )
  const floats = await server.sql(
    database,
    "SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE = 'float' ORDER BY 1, 2",
  )
  const values = [JSON.stringify(views)]
  for (const { t, c } of floats)
    values.push(
      JSON.stringify(
        await server.sql(
          database,
          `SELECT CAST(${quoteName(String(c))} AS DOUBLE) AS v FROM ${quoteName(String(t))} ORDER BY 1`,
        ),
      ),
    )
  return [printed, ...values].join('\n')
}

/** Takes everything out of a database. */
async function wreck(database: string): Promise<void> {
  const drops = await server.sql(
    database,
    `SELECT CONCAT('DROP ', IF(TABLE_TYPE IN ('VIEW', 'SEQUENCE'), TABLE_TYPE, 'TABLE'), ' \`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`') AS s FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
     UNION ALL SELECT CONCAT('DROP ', ROUTINE_TYPE, ' \`', ROUTINE_NAME, '\`') FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE <> 'PACKAGE BODY'
     UNION ALL SELECT CONCAT('DROP EVENT \`', EVENT_NAME, '\`') FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()`,
  )
  await server.sql(
    database,
    'SET foreign_key_checks = 0',
    "SET sql_mode = 'ORACLE'",
    ...drops.map(({ s }) => String(s)),
    'CREATE TABLE spoiled (a INT)',
  )
}
