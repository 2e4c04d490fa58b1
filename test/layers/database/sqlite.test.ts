import { type ChildProcess, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { chooseBackup, readCatalog, verifyStored } from '../../../src/layers/database/catalog.ts'
import { differences } from '../../../src/layers/database/compare.ts'
import type { Manifest } from '../../../src/layers/database/manifest.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { type RestoreOptions, restoreBackup } from '../../../src/layers/database/restore.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { difficultSchema } from './difficult-sqlite.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
const before = '1'.repeat(40)

let folder: string
let path: string
let backups: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqlite-'))
  path = join(folder, 'app.db')
  backups = join(folder, 'backups')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function run(sql: string, file = path): void {
  const database = new DatabaseSync(file, { timeout: 10_000 })
  database.exec(sql)
  database.close()
}

function query(sql: string, file = path) {
  const database = new DatabaseSync(file, { timeout: 10_000 })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

const open = () =>
  openEngine({ engine: 'sqlite', path }, { env: process.env, scratch: folder, log: () => {} })

async function back(options: Partial<Parameters<typeof makeBackup>[0]> = {}): Promise<Manifest> {
  return makeBackup({
    engine: await open(),
    store: openFolderStore(backups),
    environment: 'production',
    before,
    migrations: [],
    pinned: false,
    recipient: undefined,
    verify: 'restore',
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
    log: () => {},
    ...options,
  })
}

async function restore(manifest: Manifest, options: Partial<RestoreOptions> = {}) {
  return restoreBackup({
    engine: await open(),
    store: openFolderStore(backups),
    manifest,
    identity: undefined,
    verify: 'full',
    allowDataLoss: true,
    exportTo: undefined,
    keepOldMs: 3_600_000,
    dryRun: false,
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
    log: () => {},
    ...options,
  })
}

async function imageOf() {
  return (await open()).contents({ digests: true })
}

describe.each(['wal', 'delete'])('a SQLite database with journal mode %s', (mode) => {
  test('comes back as it was, with all that is difficult in it', async () => {
    run(`PRAGMA journal_mode = ${mode}; ${difficultSchema}`)
    const then = await imageOf()
    const manifest = await back()
    run(
      'DELETE FROM "odd "" na\'me;"; DROP VIEW shown; INSERT INTO audit VALUES (\'x\'); CREATE TABLE new (a)',
    )
    const { outcome, kept } = await restore(manifest)
    expect(outcome).toBe('restored')
    expect(differences(then ?? never(), (await imageOf()) ?? never())).toEqual([])
    expect(query('SELECT count(*) AS n FROM new', join(folder, kept ?? ''))).toEqual([{ n: 0 }])
    expect(query('PRAGMA journal_mode')).toEqual([{ journal_mode: mode }])
  })

  test('is the old one or the new one, whole, in whichever phase the restore is killed, and the next restore ends it', async () => {
    fillBig(mode, 20_000)
    const manifest = await back()
    // a file that it makes for each phase, and how long after that it is killed
    const phases: readonly (readonly [string, RegExp, number])[] = [
      ['takes the lock', /^app\.db\.restore-lock/, 0],
      ['loads the copy', /^s$/, 50],
      ['reads the live one', /^app\.db\.compared/, 5],
      ['copies what it keeps', /\.partial/, 2],
      ['has kept it', /_before_\d{17}$/, 0],
      ...[2, 6, 15, 40].map((afterMs) => ['replaces it', /_before_\d{17}$/, afterMs] as const),
    ]
    for (const [phase, made, afterMs] of phases) {
      run('UPDATE t SET text = hex(randomblob(100)) WHERE id % 3 = 0')
      const bad = (await imageOf()) ?? never()
      const child = start({
        action: 'restore',
        path,
        backups,
        name: manifest.name,
        scratch: join(folder, 's'),
      })
      if (await isMade(made, child)) await sleep(afterMs)
      child.kill('SIGKILL')
      await ended(child)
      const now = (await imageOf()) ?? never()
      const state = [bad, manifest.contents].findIndex((each) => differences(each, now).length === 0)
      expect({ phase, afterMs, state }).not.toEqual({ phase, afterMs, state: -1 })
    }
    await restore(manifest)
    expect(differences(manifest.contents, (await imageOf()) ?? never())).toEqual([])
    expect(readdirSync(folder).filter((name) => /partial|compared/.test(name))).toEqual([])
  })

  test('is backed up at one point in time under a writer, and its readers and writers live through a restore', async () => {
    run(
      `PRAGMA journal_mode = ${mode}; CREATE TABLE pair (a INTEGER, b INTEGER); INSERT INTO pair VALUES (0, 0)`,
    )
    const writer = start({ action: 'hammer', path, backups: '', name: '', scratch: '' })
    const written = () => Number(query('SELECT count(*) AS n FROM pair')[0]?.['n'])
    const writesOn = async (from: number) => {
      while (written() <= from) await sleep(20)
    }
    await writesOn(5)
    const manifest = await back()
    await writesOn(written())
    const { kept } = await restore(manifest)
    await sleep(200)
    writer.kill('SIGTERM')
    const errors = await ended(writer)
    expect(errors).toBe('')
    // the writer adds to both columns in one transaction: a mixture of two moments would differ
    expect(query('SELECT count(*) AS n FROM pair WHERE a <> b')).toEqual([{ n: 0 }])
    expect(query('SELECT count(*) AS n FROM pair WHERE a <> b', join(folder, kept ?? ''))).toEqual([{ n: 0 }])
  })
})

test('a restore over the write-ahead log of a killed app does not bring the bad data back', async () => {
  run("PRAGMA journal_mode = wal; CREATE TABLE t (v); INSERT INTO t VALUES ('good')")
  const manifest = await back()
  const app = start({ action: 'die-with-wal', path, backups: '', name: '', scratch: '' })
  await ended(app)
  expect(readdirSync(folder)).toContain('app.db-wal')
  await restore(manifest)
  expect(query('SELECT v FROM t')).toEqual([{ v: 'good' }])
})

test('a restore takes another page size, by itself', async () => {
  run("PRAGMA page_size = 8192; PRAGMA journal_mode = wal; CREATE TABLE t (v); INSERT INTO t VALUES ('good')")
  const manifest = await back()
  rmSync(path)
  run("PRAGMA page_size = 4096; PRAGMA journal_mode = wal; CREATE TABLE t (v); INSERT INTO t VALUES ('bad')")
  await restore(manifest)
  expect(query('SELECT v FROM t')).toEqual([{ v: 'good' }])
  expect(query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
})

test('restoring what is there already does nothing', async () => {
  run(difficultSchema)
  const manifest = await back()
  expect((await restore(manifest)).outcome).toBe('already-restored')
  expect((await (await open()).listKept()).length).toBe(0)
})

describe('rows written since the backup', () => {
  beforeEach(() => run("CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b')"))

  test('are counted, and not thrown away without being asked', async () => {
    const manifest = await back()
    run("UPDATE t SET v = 'changed' WHERE id = 1; INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 2")
    await expect(restore(manifest, { allowDataLoss: false })).rejects.toThrow(/2 rows of t, written since/)
    expect(query('SELECT count(*) AS n FROM t')).toEqual([{ n: 2 }])
  })

  test('are exported first, with the columns that the backup does not have', async () => {
    const manifest = await back()
    run("ALTER TABLE t ADD COLUMN w; INSERT INTO t VALUES (9007199254740993, 'c', x'00ff')")
    const { exported, losses } = await restore(manifest, {
      allowDataLoss: false,
      exportTo: join(folder, 'out'),
    })
    expect(losses).toEqual([{ table: 't', rows: 1, exact: true }])
    expect(readFileSync(exported[0] ?? '', 'utf8')).toBe(
      '{"id":"9007199254740993","v":"c","w":{"base64":"AP8="}}\n',
    )
  })

  test('are exported beside those that an earlier restore of the same backup exported', async () => {
    const manifest = await back()
    const exporting = { allowDataLoss: false, exportTo: join(folder, 'out') }
    run("INSERT INTO t VALUES (3, 'first')")
    const first = await restore(manifest, exporting)
    run("INSERT INTO t VALUES (4, 'second')")
    const second = await restore(manifest, exporting)
    const written = [first, second].map(({ exported }) => readFileSync(exported[0] ?? '', 'utf8'))
    expect(written).toEqual(['{"id":3,"v":"first"}\n', '{"id":4,"v":"second"}\n'])
  })

  test('are not exported to where the backups are, which would damage that', async () => {
    const manifest = await back()
    run("INSERT INTO t VALUES (3, 'c')")
    for (const exportTo of [backups, join(backups, 'newer')])
      await expect(restore(manifest, { exportTo })).rejects.toThrow('which is where the backups are')
    expect(query('SELECT id FROM t WHERE id = 3')).toEqual([{ id: 3 }])
  })

  test('are exported of tables whose names are longer than a file name may be', async () => {
    const names = ['a', 'b'].map((end) => `${'ж'.repeat(80)}${end}`)
    for (const name of names) run(`CREATE TABLE "${name}" (id)`)
    const manifest = await back()
    for (const name of names) run(`INSERT INTO "${name}" VALUES ('${name.at(-1)}')`)
    const { exported } = await restore(manifest, { allowDataLoss: false, exportTo: join(folder, 'out') })
    expect(exported.map((file) => readFileSync(file, 'utf8'))).toEqual(['{"id":"a"}\n', '{"id":"b"}\n'])
  })

  test('are named by a dry run, which changes nothing', async () => {
    const manifest = await back()
    run("INSERT INTO t VALUES (3, 'c')")
    const then = await imageOf()
    expect(await restore(manifest, { dryRun: true })).toMatchObject({
      outcome: 'planned',
      losses: [{ rows: 1 }],
    })
    expect(await imageOf()).toEqual(then)
  })
})

describe('a backup that is damaged is refused before anything is touched:', () => {
  let manifest: Manifest
  let part: string
  beforeEach(async () => {
    run(difficultSchema)
    manifest = await back()
    part = join(backups, manifest.name, manifest.parts[0]?.name ?? '')
    run('CREATE TABLE bad (a)')
  })
  const refused = async (choice: string | RegExp) => {
    const then = await imageOf()
    const attempt = async () => {
      const { source } = await open()
      const options = {
        revision: before,
        source,
        environment: 'production',
        allowOtherSource: false,
        now: new Date(),
      }
      return restore(await chooseBackup(openFolderStore(backups), { wanted: manifest.name, ...options }))
    }
    await expect(attempt()).rejects.toThrow(choice)
    expect(await imageOf()).toEqual(then)
    expect(await (await open()).listKept()).toEqual([])
  }

  test('a flipped bit at any offset', async () => {
    const whole = readFileSync(part)
    for (let round = 0; round < 40; round += 1) {
      const broken = Buffer.from(whole)
      const at = Math.floor((round / 40) * whole.length)
      broken.writeUInt8(broken.readUInt8(at) ^ (1 << (round % 8)), at)
      writeFileSync(part, broken)
      await refused(/SHA-256/)
    }
  })
  test('a byte cut off', async () => {
    truncateSync(part, readFileSync(part).length - 1)
    await refused(/bytes and not/)
  })
  test('an empty file', async () => {
    truncateSync(part, 0)
    await refused(/has 0 bytes/)
  })
  test('no file', async () => {
    rmSync(part)
    await refused(/is missing/)
  })
  test("another backup's file", async () => {
    const other = await back()
    copyFileSync(join(backups, other.name, 'database.sqlite.zst'), part)
    await refused(/damaged/)
  })
  test("another backup's manifest", async () => {
    const other = await back()
    copyFileSync(join(backups, other.name, 'manifest.json'), join(backups, manifest.name, 'manifest.json'))
    await refused(/is that of backup/)
  })
  test('a manifest that was changed', async () => {
    const file = join(backups, manifest.name, 'manifest.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"rows": 2', '"rows": 3'))
    await refused(/was changed after it was written/)
  })
  test('a manifest that lies, and is signed', async () => {
    const tables = manifest.contents.tables.map((table) => ({ ...table, rows: table.rows + 1 }))
    await expect(restore({ ...manifest, contents: { ...manifest.contents, tables } })).rejects.toThrow(
      /nothing was changed/,
    )
    expect(query("SELECT name FROM sqlite_schema WHERE name = 'bad'")).toHaveLength(1)
  })
})

test.each(['../../etc/x', 'a/../b', '/etc/passwd', '.hidden', ''])(
  'a backup named %j is refused',
  async (wanted) => {
    const options = {
      revision: before,
      source: 'x',
      environment: 'production',
      allowOtherSource: false,
      now: new Date(),
    }
    await expect(chooseBackup(openFolderStore(backups), { wanted, ...options })).rejects.toThrow(
      'write the name of a backup',
    )
  },
)

test('a backup of another database is not restored by accident', async () => {
  run('CREATE TABLE t (a)')
  await back()
  const options = {
    revision: before,
    source: 'x',
    environment: 'production',
    allowOtherSource: false,
    now: new Date(),
  }
  const store = openFolderStore(backups)
  const [manifest] = (await readCatalog(store)).backups
  await expect(chooseBackup(store, { wanted: manifest?.name ?? '', ...options })).rejects.toThrow(
    /another database/,
  )
  await expect(chooseBackup(store, { wanted: 'latest', ...options })).rejects.toThrow(
    `backup ${manifest?.name} there was made of another database ("${manifest?.database}"): check the address`,
  )
  const elsewhere = { ...options, source: manifest?.source ?? '', environment: 'staging' }
  await expect(chooseBackup(store, { wanted: 'latest', ...elsewhere })).rejects.toThrow(
    'was made in environment production, and this is staging: check the address and the environment',
  )
})

describe('a backup', () => {
  test('of nothing is a failure, and leaves nothing behind', async () => {
    run('PRAGMA user_version = 1')
    await expect(back()).rejects.toThrow(/no tables/)
    expect(await openFolderStore(backups).list()).toEqual([])
  })

  test('of a file that is not there makes no file', async () => {
    await expect(back()).rejects.toThrow(/there is no SQLite database/)
    expect(readdirSync(folder)).not.toContain('app.db')
  })

  test('of a database that is damaged is refused', async () => {
    fillBig('delete')
    const bytes = readFileSync(path)
    bytes.fill(7, 4096 * 5, 4096 * 9)
    writeFileSync(path, bytes)
    await expect(back()).rejects.toThrow(/damaged/)
  })

  test('that is killed at any moment leaves no backup, or a whole one', async () => {
    fillBig('wal')
    for (let round = 0; round < 8; round += 1) {
      const child = start({ action: 'backup', path, backups, name: '', scratch: join(folder, 's') })
      await sleep(100 + round * 60)
      child.kill('SIGKILL')
      await ended(child)
      const store = openFolderStore(backups)
      for (const manifest of (await readCatalog(store)).backups) await verifyStored(store, manifest)
    }
    await back()
    expect((await readCatalog(openFolderStore(backups))).backups.length).toBeGreaterThan(0)
  })

  test('is encrypted to an age recipient, and opened by its identity alone', async () => {
    run(difficultSchema)
    const identity = await generateIdentity()
    const manifest = await back({ recipient: await identityToRecipient(identity) })
    run('CREATE TABLE bad (a)')
    await expect(restore(manifest)).rejects.toThrow(/is encrypted/)
    await expect(restore(manifest, { identity: await generateIdentity() })).rejects.toThrow(
      /cannot be decrypted/,
    )
    expect((await restore(manifest, { identity })).outcome).toBe('restored')
    const part = readFileSync(join(backups, manifest.name, manifest.parts[0]?.name ?? ''))
    expect(part.toString('latin1')).toMatch(/^age-encryption\.org/)
  })
})

test('of two restores at once, one says that another is at it', async () => {
  run(difficultSchema)
  const manifest = await back()
  run('CREATE TABLE bad (a)')
  const lock = await (await open()).lock()
  await expect(restore(manifest)).rejects.toThrow(/another process of this machine is restoring app\.db/)
  await lock.release()
  expect((await restore(manifest)).outcome).toBe('restored')
})

test('restores that follow each other at once, and a clock that is put back, keep what each replaced', async () => {
  run("CREATE TABLE t (v); INSERT INTO t VALUES ('good')")
  const manifest = await back()
  const kept: (string | undefined)[] = []
  for (const [round, at] of [
    '2026-01-01T00:00:01.5Z',
    '2026-01-01T00:00:01.5Z',
    '2025-12-31T00:00:00Z',
  ].entries()) {
    run(`UPDATE t SET v = 'bad ${round}'`)
    kept.push((await restore(manifest, { now: () => new Date(at) })).kept)
  }
  expect((await (await open()).listKept()).map(({ name }) => name)).toEqual(kept)
  expect(kept.map((name) => query('SELECT v FROM t', join(folder, name ?? ''))[0]?.['v'])).toEqual([
    'bad 0',
    'bad 1',
    'bad 2',
  ])
})

test('a kept database goes when its time is over, and no other file does', async () => {
  run(difficultSchema)
  const manifest = await back()
  mkdirSync(join(folder, 'app.db_before_summer'))
  writeFileSync(join(folder, 'other.db_before_20200101000000000'), '')
  run('CREATE TABLE bad (a)')
  const { kept } = await restore(manifest, { keepOldMs: 0, now: () => new Date('2026-01-01T00:00:00Z') })
  expect(readdirSync(folder)).toContain(kept)
  run('CREATE TABLE bad (a)')
  await restore(manifest, { keepOldMs: 60_000 })
  expect(readdirSync(folder)).not.toContain(kept)
  expect(readdirSync(folder)).toEqual(
    expect.arrayContaining(['app.db_before_summer', 'other.db_before_20200101000000000']),
  )
})

function fillBig(mode: string, rows = 60_000): void {
  run(
    `PRAGMA journal_mode = ${mode}; CREATE TABLE t (id INTEGER PRIMARY KEY, text);
     WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${rows})
     INSERT INTO t SELECT i, hex(randomblob(100)) FROM c`,
  )
}

function start(options: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', worker, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** True once a file is made in the folder, false when the process ends before. */
async function isMade(name: RegExp, child: ChildProcess): Promise<boolean> {
  const watcher = watch(folder)
  try {
    return await new Promise<boolean>((resolve) => {
      watcher.on('change', (_kind, file) => name.test(String(file)) && resolve(true))
      child.once('close', () => resolve(false))
    })
  } finally {
    watcher.close()
  }
}

async function ended(child: ChildProcess): Promise<string> {
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('close', resolve))
  return errors
}

function never(): never {
  throw new Error('the database is gone')
}
