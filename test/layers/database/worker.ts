/** A process of its own, to be killed: backs up, restores, or does what an application does. */
import { appendFileSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { makeBackup } from '../../../src/layers/database/backup.ts'
import { readBackup } from '../../../src/layers/database/catalog.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { openEngine } from '../../../src/layers/database/open.ts'
import { restoreBackup } from '../../../src/layers/database/restore.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'

const { action, path, url, backups, name, scratch, exportTo, verifyOn } = z
  .object({
    action: z.enum(['backup', 'restore', 'hammer', 'write', 'die-with-wal']),
    path: z.string().default(''),
    url: z.string().optional(),
    backups: z.string(),
    name: z.string(),
    scratch: z.string(),
    exportTo: z.string().optional(),
    verifyOn: z.literal('local').optional(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

const common = {
  store: openFolderStore(backups),
  scratch,
  now: () => new Date(),
  log: (line: string) => void process.stdout.write(`${line}\n`),
}
const open = () =>
  openEngine(parseConnection(url ?? `sqlite:${path}`), { env: process.env, scratch, log: () => {} })

switch (action) {
  case 'backup': {
    const engine = await open()
    const server = verifyOn === undefined ? undefined : await engine.elsewhere?.(verifyOn)
    await makeBackup({
      ...common,
      engine,
      verifyOn: server && { on: 'local-server', server },
      environment: 'production',
      before: '1'.repeat(40),
      migrations: [],
      pinned: false,
      recipient: undefined,
      verify: 'restore',
    }).finally(() => server?.close())
    break
  }
  case 'restore':
    await restoreBackup({
      ...common,
      engine: await open(),
      manifest: await readBackup(common.store, name),
      identity: undefined,
      verify: 'full',
      allowDataLoss: true,
      exportTo,
      keepOldMs: 3_600_000,
      dryRun: false,
    })
    break
  case 'hammer':
    hammer()
    break
  case 'write':
    write(exportTo ?? '')
    break
  case 'die-with-wal': {
    const database = new DatabaseSync(path)
    database.exec("PRAGMA wal_autocheckpoint = 0; UPDATE t SET v = 'bad'")
    process.kill(process.pid, 'SIGKILL')
  }
}

if (action === 'backup' || action === 'restore') {
  const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  common.log(`at most ${peak} kB of memory`)
}

/** Writes pairs and reads them back, every few milliseconds, until it is told to stop. */
function hammer(): void {
  const database = new DatabaseSync(path, { timeout: 10_000 })
  // with a log, what it writes goes on into the file at once
  database.exec('PRAGMA wal_autocheckpoint = 1')
  const step = () => {
    database.exec('BEGIN IMMEDIATE; INSERT INTO pair SELECT max(a) + 1, max(b) + 1 FROM pair; COMMIT')
    const row = database.prepare('SELECT count(*) AS n FROM pair WHERE a <> b').get()
    if (row?.['n'] !== 0) throw new Error('a reader saw a mixture')
  }
  const timer = setInterval(step, 3)
  process.once('SIGTERM', () => {
    clearInterval(timer)
    database.close()
  })
}

/** Writes a row each millisecond, and notes each one that is committed in a file, until it is stopped. */
function write(notes: string): void {
  const database = new DatabaseSync(path, { timeout: 10_000 })
  // how soon it is on the disk is of no matter here
  database.exec('PRAGMA synchronous = off')
  const insert = database.prepare('INSERT INTO written VALUES (?)')
  let n = 0
  const timer = setInterval(() => {
    n += 1
    insert.run(n)
    appendFileSync(notes, `${n}\n`)
  }, 1)
  process.once('SIGTERM', () => {
    clearInterval(timer)
    database.close()
  })
}
