import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openEngine } from '../../../src/layers/database/open.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

const { signal } = new AbortController()

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sqlite-writer-'))
  path = join(folder, 'app.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = () =>
  openEngine({ engine: 'sqlite', path }, { env: process.env, scratch: folder, log: () => {} })

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

/** The backup of a database, as a file. */
async function backUp(to: string): Promise<void> {
  const engine = await open()
  await engine.dump({
    scratch: folder,
    signal,
    add: async (_part, content) => {
      const chunks: Buffer[] = []
      for await (const chunk of content) chunks.push(Buffer.from(chunk))
      writeFileSync(to, Buffer.concat(chunks))
    },
  })
}

describe.each(['wal', 'delete'])('with journal mode %s, each row that a writer saw committed', (mode) => {
  let notes: string
  let writer: ChildProcess
  beforeEach(async () => {
    notes = join(folder, 'notes')
    writeFileSync(notes, '')
    run(
      `PRAGMA journal_mode = ${mode}; CREATE TABLE written (n INTEGER); CREATE TABLE t (id INTEGER PRIMARY KEY, text);
       WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)
       INSERT INTO t SELECT i, hex(randomblob(100)) FROM c`,
    )
    await backUp(join(folder, 'backup'))
    const options = { action: 'write', path, backups: '', name: '', scratch: '', exportTo: notes }
    writer = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', worker, JSON.stringify(options)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    await writesOn()
  })
  afterEach(() => void writer.kill('SIGKILL'))

  const noted = () => readFileSync(notes, 'utf8').split('\n').filter(Boolean).map(Number)
  const writesOn = async () => {
    const from = noted().length
    while (noted().length < from + 20) await sleep(10)
  }
  const stop = async () => {
    const closed = new Promise((resolve) => writer.once('close', resolve))
    writer.kill('SIGTERM')
    expect(await closed).toBe(0)
  }
  /** Rows that were committed and are in no database. */
  const lost = () => {
    const kept = readdirSync(folder).filter((name) => /_before_\d{17}$/.test(name))
    const there = new Set(
      [path, ...kept.map((name) => join(folder, name))].flatMap((file) => {
        expect(query('PRAGMA integrity_check', file)).toEqual([{ integrity_check: 'ok' }])
        return query('SELECT n FROM written', file).map(({ n }) => Number(n))
      }),
    )
    return noted().filter((n) => !there.has(n))
  }
  const noneIsHalf = () =>
    expect(readdirSync(folder).filter((name) => /partial|compared|_before_.*-/.test(name))).toEqual([])

  test('is in the live database after a restore, or in the kept one', async () => {
    for (let round = 0; round < 3; round += 1) {
      const engine = await open()
      const staged = await engine.stage({
        scratch: folder,
        parts: ['database.sqlite'],
        sizeOf: () => 0,
        signal,
        open: async () =>
          (async function* () {
            yield readFileSync(join(folder, 'backup'))
          })(),
      })
      await staged.prepare?.()
      await writesOn()
      await staged.swap(engine.keptName(new Date()))
      await staged.discard()
      await writesOn()
    }
    await stop()
    expect(lost()).toEqual([])
    noneIsHalf()
  })

  test('is in one of both after a kept database is put back', async () => {
    const engine = await open()
    for (let round = 0; round < 3; round += 1) {
      const [source, keepAs] = [engine.keptName(new Date(2020, 0, 1)), engine.keptName(new Date())]
      writeFileSync(join(folder, source), readFileSync(join(folder, 'backup')))
      await engine.putBack(source, keepAs)
      await writesOn()
    }
    await stop()
    expect(lost()).toEqual([])
    noneIsHalf()
  })

  test('stays where it is when nothing can be kept', async () => {
    const engine = await open()
    const [source, keepAs] = [engine.keptName(new Date(2020, 0, 1)), engine.keptName(new Date())]
    writeFileSync(join(folder, source), readFileSync(join(folder, 'backup')))
    mkdirSync(join(folder, keepAs))
    await expect(engine.putBack(source, keepAs)).rejects.toThrow('EISDIR')
    await writesOn()
    await stop()
    await rm(join(folder, keepAs), { recursive: true })
    await rm(join(folder, source))
    expect(lost()).toEqual([])
    noneIsHalf()
  })
})

test.each([
  ['no byte', ''],
  ['one page', 'CREATE VIEW shown AS SELECT 1 AS one'],
  ['one page that vacuums itself', 'PRAGMA auto_vacuum = full; CREATE VIEW shown AS SELECT 1 AS one'],
])('a kept database of %s is put back, and what it replaces is kept', async (_size, sql) => {
  const engine = await open()
  const [source, keepAs] = [engine.keptName(new Date(2020, 0, 1)), engine.keptName(new Date())]
  run(sql, join(folder, source))
  run('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await engine.putBack(source, keepAs)
  expect(query('SELECT name FROM sqlite_schema ORDER BY name')).toEqual(sql === '' ? [] : [{ name: 'shown' }])
  expect(query('PRAGMA auto_vacuum')).toEqual([{ auto_vacuum: sql.includes('auto_vacuum') ? 1 : 0 }])
  expect(query('SELECT v FROM t', join(folder, keepAs))).toEqual([{ v: 1 }])
})
