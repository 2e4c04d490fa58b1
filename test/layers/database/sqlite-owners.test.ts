/** Which tables have the pages that differ, and one copy of the live database that is compared and kept. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openSqlite } from '../../../src/layers/database/sqlite/engine.ts'
import { findOwners } from '../../../src/layers/database/sqlite/owners.ts'
import { findChangedTables } from '../../../src/layers/database/sqlite/pages.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { randomOf } from '../../support/random.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'owners-'))
  path = join(folder, 'app.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function run(sql: string, file = path): void {
  const database = new DatabaseSync(file, { timeout: 10_000 })
  database.exec(sql)
  database.close()
}

function ask(sql: string, file = path) {
  const database = new DatabaseSync(file)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

const numbers = (count: number) =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${count})`

/** Trees of every kind and depth: with overflowing values, an index, no row ids, free pages. */
const many = `PRAGMA page_size = 1024;
  CREATE TABLE deep (id INTEGER PRIMARY KEY, v TEXT); ${numbers(20_000)} INSERT INTO deep SELECT i, hex(randomblob(30)) FROM c;
  CREATE INDEX by_v ON deep (v);
  CREATE TABLE keyed (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID; ${numbers(3000)} INSERT INTO keyed SELECT hex(randomblob(20)), i FROM c;
  CREATE TABLE wide (v BLOB); ${numbers(20)} INSERT INTO wide SELECT randomblob(9000) FROM c;
  CREATE TABLE empty (a); CREATE TABLE gone AS SELECT * FROM deep; DROP TABLE gone`

test('pages are found in their trees as SQLite itself finds them, at random', async () => {
  run(many)
  const random = randomOf(7)
  const stats = ask('SELECT name, pageno, pagetype FROM dbstat').map((row) => ({
    name: String(row['name']),
    page: Number(row['pageno']),
    inTree: row['pagetype'] !== 'overflow',
  }))
  for (let round = 0; round < 30; round += 1) {
    const chosen = stats.filter(() => random() < 0.002 * (round + 1))
    const { owners, found } = await findOwners(path, new Set(chosen.map(({ page }) => page)))
    const inTree = chosen.filter((each) => each.inTree)
    expect([...owners].sort()).toEqual([...new Set(inTree.map(({ name }) => name))].sort())
    expect(found).toBe(inTree.length)
  }
})

test.each([
  ["UPDATE deep SET v = 'bad' WHERE id = 77", ['by_v', 'deep']],
  ["INSERT INTO keyed VALUES ('new', 1)", ['keyed']],
  ['UPDATE wide SET v = randomblob(9000) WHERE rowid = 3', ['wide']],
  ['INSERT INTO empty VALUES (1)', ['empty']],
  ['CREATE TABLE added (a)', ['sqlite_schema']],
  ["SELECT 'nothing'", []],
])('after %s, just what it changed is found', async (sql, expected) => {
  run(`${many}; VACUUM`)
  const before = join(folder, 'before.db')
  run(`VACUUM INTO '${before}'`)
  // both have been written by VACUUM
  run('VACUUM')
  expect(await findChangedTables(path, before)).toEqual(new Set())
  run(sql)
  const found = await findChangedTables(path, before)
  expect([...found].filter((name) => name !== 'added')).toEqual(expect.arrayContaining(expected))
  for (const name of ['deep', 'keyed', 'wide', 'empty'])
    expect({ name, changed: found === 'all' || found.has(name) }).toEqual({
      name,
      changed: expected.includes(name),
    })
})

test('pages of a damaged file that point at each other end', async () => {
  run(many)
  const { root } = {
    root: Number(ask("SELECT rootpage FROM sqlite_schema WHERE name = 'deep'")[0]?.['rootpage']),
  }
  const { open } = await import('node:fs/promises')
  const file = await open(path, 'r+')
  const page = Buffer.alloc(1024)
  await file.read(page, 0, 1024, (root - 1) * 1024)
  // the right-most child is the page itself
  page.writeUInt32BE(root, 8)
  await file.write(page, 0, 1024, (root - 1) * 1024)
  await file.close()
  await expect(findOwners(path, new Set([root]))).resolves.toMatchObject({ owners: new Set(['deep']) })
})

describe.each(['wal', 'delete'])('with journal mode %s, the copy that was compared', (mode) => {
  const common = () => ({
    store: openFolderStore(join(folder, 'backups')),
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
  })
  const engine = () => openSqlite({ engine: 'sqlite', path }, { log: () => {} })

  async function restore(whileCompared: () => unknown, verify: 'full' | 'checksums' = 'full') {
    run(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (a); INSERT INTO t VALUES (1)`)
    const manifest = await makeBackup({
      ...common(),
      engine: await engine(),
      environment: 'production',
      before: '1'.repeat(40),
      migrations: [],
      pinned: false,
      recipient: undefined,
      verify: 'checksums',
      log: () => {},
    })
    run('INSERT INTO t VALUES (2)')
    const seen: unknown[] = []
    const { kept = '' } = await restoreBackup({
      ...common(),
      engine: await engine(),
      manifest,
      identity: undefined,
      verify,
      allowDataLoss: true,
      exportTo: undefined,
      keepOldMs: 3_600_000,
      dryRun: false,
      log: (line) => {
        if (line.includes('written since')) seen.push(whileCompared())
      },
    })
    expect(ask('SELECT a FROM t')).toEqual([{ a: 1 }])
    return { kept: join(folder, kept), seen }
  }

  test.each(['full', 'checksums'] as const)(
    'is the safety copy: the live database is read once (verify: %s)',
    async (verify) => {
      const inode = async (file: string) => (await stat(file)).ino
      const { kept, seen } = await restore(() => inode(`${path}.compared`), verify)
      expect(await inode(kept)).toBe(await seen[0])
      expect(ask('SELECT a FROM t', kept)).toEqual([{ a: 1 }, { a: 2 }])
    },
  )

  test('is made again when anybody wrote since, so that the safety copy has that too', async () => {
    const { kept } = await restore(() => run('INSERT INTO t VALUES (3)'))
    expect(ask('SELECT a FROM t', kept)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
  })
})
