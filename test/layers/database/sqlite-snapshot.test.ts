/** A SQLite database that is in use is copied byte by byte, and the copy is what SQLite's own online backup makes. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { copyDatabase } from '../../../src/layers/database/sqlite/file.ts'
import { readImage } from '../../../src/layers/database/sqlite/image.ts'
import { copyToNewFile } from '../../../src/layers/database/sqlite/snapshot.ts'

const snapshotModule = new URL('../../../src/layers/database/sqlite/snapshot.ts', import.meta.url).href
const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

let folder: string
let path: string
let copy: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshot-'))
  path = join(folder, 'app.db')
  copy = join(folder, 'copy.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function within<T>(use: (database: DatabaseSync) => T, file = path): T {
  const database = new DatabaseSync(file, { timeout: 10_000 })
  try {
    return use(database)
  } finally {
    database.close()
  }
}

const ask = (sql: string, file = path) => within((database) => database.prepare(sql).get(), file)

const filled = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX by_v ON t (v);
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) INSERT INTO t SELECT i, hex(randomblob(40)) FROM c`

test('a copy is for its owner only where the database is, also where SQLite makes it', async () => {
  within((database) => database.exec(`PRAGMA journal_mode = wal; ${filled}`))
  await chmod(path, 0o600)
  const reader = new DatabaseSync(path)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM t').get()
  // what the reader does not see stays in the log as long as it reads
  const writer = new DatabaseSync(path)
  writer.exec("INSERT INTO t (v) VALUES ('new')")
  try {
    expect(await copyToNewFile(path, copy)).toBeUndefined()
    expect(((await stat(copy)).mode & 0o777).toString(8)).toBe('600')
    expect(ask("SELECT count(*) AS n FROM t WHERE v = 'new'", copy)).toEqual({ n: 1 })
  } finally {
    reader.close()
    writer.close()
  }
})

test.each([
  ['with a log', `PRAGMA journal_mode = wal; ${filled}`],
  ['without a log', `PRAGMA journal_mode = delete; ${filled}`],
  ['of large pages', `PRAGMA page_size = 65536; PRAGMA journal_mode = wal; ${filled}`],
  ['with free pages', `PRAGMA journal_mode = wal; ${filled}; DELETE FROM t WHERE id % 3 > 0`],
  [
    'that became smaller',
    `PRAGMA auto_vacuum = full; PRAGMA journal_mode = wal; ${filled}; DELETE FROM t WHERE id > 100`,
  ],
  ['without tables', 'PRAGMA journal_mode = wal; PRAGMA user_version = 7'],
])(
  'a copy of a database %s that an application has open is the same as the online backup',
  async (_, sql) => {
    const application = new DatabaseSync(path)
    application.exec(`${sql}; PRAGMA wal_autocheckpoint = 0`)
    application.exec('CREATE TABLE only_in_the_log (a)')
    const copied = await copyToNewFile(path, copy)
    await copyDatabase(path, join(folder, 'online.db'))
    const online = await digestOf(join(folder, 'online.db'))
    expect({ read: await digestOf(copy), copied }).toEqual({ read: online, copied: online })
    expect(ask('PRAGMA integrity_check', copy)).toEqual({ integrity_check: 'ok' })
    // it needs no log beside it
    expect(ask('PRAGMA journal_mode', copy)).toEqual({ journal_mode: 'delete' })
    application.exec('INSERT INTO only_in_the_log VALUES (1)')
    application.close()
    expect(ask('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
  },
)

test('what is in a log that a long reader keeps out of the file is in the copy', async () => {
  within((database) => database.exec(`PRAGMA journal_mode = wal; ${filled}`))
  const reader = new DatabaseSync(path)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM t').get()
  within((database) => database.exec("INSERT INTO t VALUES (99999, 'new')"))
  await copyToNewFile(path, copy)
  expect(ask('SELECT v FROM t WHERE id = 99999', copy)).toEqual({ v: 'new' })
  expect(ask('PRAGMA integrity_check', copy)).toEqual({ integrity_check: 'ok' })
  // the reader still sees what it saw
  expect(reader.prepare('SELECT max(id) AS last FROM t').get()).toEqual({ last: 20_000 })
  reader.close()
})

test('a database with a log that we may only read is copied too', async () => {
  const application = new DatabaseSync(path)
  application.exec(
    `PRAGMA journal_mode = wal; ${filled}; PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (99999, 'new')`,
  )
  for (const file of [path, `${path}-wal`]) await chmod(file, 0o444)
  await chmod(`${path}-shm`, 0o666)
  await chmod(folder, 0o777)
  // root may write to any file: it copies as nobody
  const script = `const { copyToNewFile } = await import(process.argv[1])
    if (process.geteuid() === 0) process.seteuid('nobody')
    await copyToNewFile(process.argv[2], process.argv[3])`
  const options = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  execFileSync(process.execPath, [...options, snapshotModule, path, copy])
  expect(ask('SELECT v FROM t WHERE id = 99999', copy)).toEqual({ v: 'new' })
  application.close()
})

test('a copy takes the place of one that a killed process left, and may be read by no more people than the database', async () => {
  within((database) => database.exec(filled))
  for (let round = 0; round < 2; round += 1) await copyToNewFile(path, copy)
  expect(ask('SELECT count(*) AS n FROM t', copy)).toEqual({ n: 20_000 })
  expect((await stat(copy)).mode & ~(await stat(path)).mode & 0o777).toBe(0)
})

async function digestOf(file: string): Promise<string> {
  const image = readImage(file)
  for await (const _ of image.content);
  return image.digest()
}

describe.each(['wal', 'delete'])('under a writer, with journal mode %s,', (mode) => {
  test('each of many copies is of one moment', async () => {
    // what a writer changes at once is at both ends of a file that takes a while to copy
    within((database) =>
      database.exec(
        `PRAGMA journal_mode = ${mode}; CREATE TABLE beginning (n INTEGER); INSERT INTO beginning VALUES (0);
         CREATE TABLE middle (v BLOB); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 64) INSERT INTO middle SELECT zeroblob(1000000) FROM c;
         CREATE TABLE pair (a INTEGER, b INTEGER); INSERT INTO pair VALUES (0, 0);
         CREATE TRIGGER counted AFTER INSERT ON pair BEGIN UPDATE beginning SET n = n + 1; END`,
      ),
    )
    const given = JSON.stringify({ action: 'hammer', path, backups: '', name: '', scratch: '' })
    const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', worker, given], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const written = (file = path) => Number(ask('SELECT count(*) AS n FROM pair', file)?.['n'])
    try {
      while (written() < 3) await new Promise((resolve) => setTimeout(resolve, 10))
      for (let round = 0; round < 10; round += 1) {
        const before = written()
        await copyToNewFile(path, copy)
        const copied = written(copy)
        expect(copied).toBeGreaterThanOrEqual(before)
        expect(copied).toBeLessThanOrEqual(written())
        expect(ask('PRAGMA integrity_check', copy)).toEqual({ integrity_check: 'ok' })
        expect(ask('SELECT n FROM beginning', copy)).toEqual({ n: copied - 1 })
      }
    } finally {
      writer.kill('SIGTERM')
      const [code, signal] = await once(writer, 'close')
      expect([code, signal]).toEqual([0, null])
    }
    expect(ask('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
  })
})
