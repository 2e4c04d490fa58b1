import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import type { Manifest } from '../../../src/layers/database/manifest.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'

let folder: string
let path: string
let lines: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqlite-shapes-'))
  path = join(folder, 'app.db')
  lines = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Without the guards that keep an application from a schema that SQLite alone cannot have made. */
function run(sql: string): void {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false, defensive: false })
  database.exec(sql)
  database.close()
}

const open = (at = path) =>
  openEngine(
    { engine: 'sqlite', path: at },
    { env: process.env, scratch: folder, log: (line) => lines.push(line) },
  )
const common = async (at?: string) => ({
  engine: await open(at),
  store: openFolderStore(join(folder, 'backups')),
  scratch: join(folder, 'scratch'),
  now: () => new Date(),
  log: (line: string) => lines.push(line),
})
const back = async (at?: string): Promise<Manifest> =>
  makeBackup({
    ...(await common(at)),
    environment: 'production',
    before: '1'.repeat(40),
    migrations: [],
    pinned: false,
    recipient: undefined,
    verify: 'restore',
  })
const restore = async (manifest: Manifest, options: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({
    ...(await common()),
    manifest,
    identity: undefined,
    verify: 'full',
    allowDataLoss: true,
    exportTo: undefined,
    keepOldMs: 3_600_000,
    dryRun: false,
    ...options,
  })

/** All of it by SQLite's own shell, with what that does not print. */
function dump(): string {
  const pragmas = ['application_id', 'user_version', 'encoding', 'auto_vacuum', 'page_size']
  const shell = (...commands: string[]) => execFileSync('sqlite3', [path, ...commands], { encoding: 'utf8' })
  return shell(...pragmas.map((name) => `PRAGMA ${name}`)) + shell('.dump')
}

/** A schema that needs what only an application defines: written past SQLite's guard, as it is read. */
const asIfDefined = (table: string, sql: string) =>
  `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = '${sql}' WHERE name = '${table}'`

describe('comes back as it was:', () => {
  const shapes: Record<string, string> = {
    'WITHOUT ROWID, STRICT and generated columns':
      "CREATE TABLE a (x TEXT, y INT, PRIMARY KEY (x, y)) WITHOUT ROWID; INSERT INTO a VALUES ('k', 1); CREATE TABLE b (x INT, y TEXT, z ANY) STRICT; INSERT INTO b VALUES (1, 'a', x'00'); CREATE TABLE c (x INT, y INT AS (x + 1), z INT AS (x * 2) STORED); INSERT INTO c (x) VALUES (4)",
    'full text, R*Tree and geopoly':
      "CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('fox'); CREATE VIRTUAL TABLE f4 USING fts4(body); INSERT INTO f4 VALUES ('dog'); CREATE VIRTUAL TABLE r USING rtree(id, a, b); INSERT INTO r VALUES (1, 2, 3); CREATE TABLE t (a)",
    'an encoding of UTF-16':
      "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('ü🦆')",
    'application_id, user_version and auto_vacuum':
      'PRAGMA auto_vacuum = incremental; CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA application_id = 77; PRAGMA user_version = 12',
    'WAL mode': 'PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)',
    'TRUNCATE mode and pages of 512 bytes':
      'PRAGMA page_size = 512; PRAGMA journal_mode = truncate; CREATE TABLE t (a); INSERT INTO t VALUES (1)',
    'a value of every type, and odd names':
      'CREATE TABLE "a.b ?" ("x y", z); INSERT INTO "a.b ?" VALUES (1, 1.0), (9223372036854775807, -0.0), (NULL, x\'\'), (\'\', 1e999), (\'a\' || char(0), 4.9e-324)',
    'a foreign key to columns that are no key':
      'CREATE TABLE p (id INT); CREATE TABLE c (id INT REFERENCES p (id)); INSERT INTO c VALUES (1); CREATE TABLE y (id REFERENCES gone (id)); INSERT INTO y VALUES (2)',
    'a collation that only its application has': `CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a); INSERT INTO t VALUES ('x', 'y'); ${asIfDefined('t', 'CREATE TABLE t (a TEXT COLLATE mine, b TEXT)')}`,
    'a virtual table of a module that only its application has':
      "CREATE TABLE t (a); PRAGMA writable_schema = 1; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', 'vm', 'vm', 0, 'CREATE VIRTUAL TABLE vm USING nomodule (a)')",
  }
  test.each(Object.entries(shapes))('%s', async (_name, sql) => {
    run(sql)
    const before = dump()
    const manifest = await back()
    run('PRAGMA user_version = 99; CREATE TABLE spoiled (a); INSERT INTO spoiled VALUES (1)')
    expect(dump()).not.toBe(before)
    expect((await restore(manifest)).outcome).toBe('restored')
    expect(dump()).toBe(before)
  })

  test('a file that a symbolic link leads to, and the link stays', async () => {
    run('CREATE TABLE t (a)')
    const link = join(folder, 'link.db')
    symlinkSync(path, link)
    const manifest = await back(link)
    run('INSERT INTO t VALUES (1)')
    await restore(manifest, { engine: await open(link) })
    expect(execFileSync('sqlite3', [path, 'SELECT count(*) FROM t'], { encoding: 'utf8' })).toBe('0\n')
    expect(
      (await readdir(folder, { withFileTypes: true }))
        .find(({ name }) => name === 'link.db')
        ?.isSymbolicLink(),
    ).toBe(true)
  })
})

test('what SQLite cannot check for damage is said', async () => {
  run(
    `CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a); ${asIfDefined('t', 'CREATE TABLE t (a TEXT COLLATE mine)')}`,
  )
  await back()
  expect(lines).toContain(
    'the database was not checked for damage in table t: no such collation sequence: mine',
  )
})

test('rows that differ only by what a collation takes for the same are counted as written since', async () => {
  run("CREATE TABLE t (a TEXT COLLATE NOCASE); INSERT INTO t VALUES ('a')")
  const manifest = await back()
  run("UPDATE t SET a = 'A'")
  expect((await restore(manifest)).losses).toEqual([{ table: 't', rows: 1, exact: true }])
})

test('a key of a table WITHOUT ROWID whose collation only its application has is refused by name', async () => {
  run(
    `CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID; ${asIfDefined('t', 'CREATE TABLE t (a TEXT COLLATE mine PRIMARY KEY) WITHOUT ROWID')}`,
  )
  await expect(back()).rejects.toThrow(/no such collation sequence: mine.*own tool/)
})

describe('what is no database of SQLite is named as what it is:', () => {
  test.each(['no database at all', 'an encrypted one'])('%s', async (what) => {
    writeFileSync(
      path,
      what === 'an encrypted one'
        ? Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 7 + 3) % 251))
        : what.repeat(500),
    )
    await expect(back()).rejects.toThrow(`${path} is not a SQLite database, or it is encrypted`)
  })
  test('a folder', async () => {
    mkdirSync(path)
    await expect(back()).rejects.toThrow(`${path} is a folder; write the path of the database file`)
  })
})

test.each(['sqlite:data/100%.db', 'sqlite:/srv/%zz', 'file://host/app.db'])(
  '%s is no path, and says so',
  (url) => {
    expect(() => parseConnection(url)).toThrow(
      /is not the path of a file: write a percent sign in a name as %25/,
    )
  },
)

test.each([
  'sqlite:app.db?mode=ro',
  'file:app.db?immutable=1',
  'file:///srv/app.db?mode=ro',
  'sqlite:a#b.db',
])('%s has what is no part of a path, and says so', (url) => {
  expect(() => parseConnection(url)).toThrow(
    /options such as \?mode=ro are not supported; write the path alone/,
  )
  expect(parseConnection('sqlite:a%3Fb%23%25.db')).toEqual({ engine: 'sqlite', path: 'a?b#%.db' })
})

test('export-newer that is a file is refused before anything is restored', async () => {
  run('CREATE TABLE t (a)')
  const manifest = await back()
  run('INSERT INTO t VALUES (1)')
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  await expect(restore(manifest, { exportTo: file })).rejects.toThrow(
    `\`export-newer\` is "${file}", which is a file; write the path of a folder`,
  )
  expect(execFileSync('sqlite3', [path, 'SELECT count(*) FROM t'], { encoding: 'utf8' })).toBe('1\n')
})

// only root may give files away; the tests of the project run as root in CI
const asRoot = process.getuid?.() === 0 ? test : test.skip
asRoot('the kept file and the lock belong to the owner of the live file, with its rights', async () => {
  run('CREATE TABLE t (a)')
  chownSync(path, 1234, 2345)
  chmodSync(path, 0o640)
  const manifest = await back()
  run('INSERT INTO t VALUES (1)')
  const { kept } = await restore(manifest)
  for (const name of ['app.db', String(kept), 'app.db.restore-lock']) {
    const { uid, gid, mode } = statSync(join(folder, name))
    expect({ name, uid, gid, mode: mode & 0o777 }).toEqual({ name, uid: 1234, gid: 2345, mode: 0o640 })
  }
})
