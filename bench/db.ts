/**
 * Backup and restore of 300 MB and more in each kind of database, against the plain tool used well, while a client queries
 * every 10 ms. Each engine runs in one go, so that the machine's noise meets both alike.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { administrator, startMariaDb } from '../test/support/mariadb.ts'
import { startPostgres, superuser } from '../test/support/postgres.ts'
import type { Findings } from './main.ts'

interface Subject {
  readonly name: 'sqlite' | 'postgres' | 'mariadb'
  readonly url: string
  /** what a client of it may be refused for, ms */
  readonly refusalGoalMs: number
  readonly spoil: () => Promise<void>
  readonly plainBackup: () => void
  readonly plainRestore: () => void
  /** what comes near to ours by the tools of a shell, used well: compressed on both cores, checksums, the copy checked, the old one kept */
  readonly byHandBackup: () => void
  readonly byHandRestore: () => void
  readonly stop: () => Promise<void>
}

const workerReport = z.object({ ms: z.number(), peakMb: z.number(), name: z.string() })
const clientReport = z.object({ refusedMs: z.number(), queries: z.number() })
const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }
const rows = 1_400_000

type Recorder = {
  /** a figure that has to be at most so much */
  readonly goal: (key: string, value: number, atMost: number) => void
  readonly fact: (key: string, value: number) => void
}

/** Of all three kinds of database, or of those that the command line names: `npm run bench -- db postgres`. */
export async function measure(say: (line: string) => void): Promise<Findings> {
  const wanted = process.argv.slice(3)
  const figures: Record<string, number> = {}
  const goals: Record<string, { readonly atMost: number }> = {}
  for (const [name, open] of Object.entries({
    sqlite: openSqlite,
    postgres: openPostgres,
    mariadb: openMariaDb,
  })) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const directory = await mkdtemp(join(tmpdir(), `bench-${name}-`))
    const subject = await open(directory)
    try {
      await measureEngine(subject, {
        directory,
        goal: (key, value, atMost) => {
          figures[`${name}_${key}`] = Math.round(value * 100) / 100
          goals[`${name}_${key}`] = { atMost }
          say(`${name} ${key}: ${value.toFixed(2)} (at most ${atMost})`)
        },
        fact: (key, value) => {
          figures[`${name}_${key}`] = Math.round(value)
          say(`${name} ${key}: ${Math.round(value)}`)
        },
      })
    } finally {
      await subject.stop()
      await rm(directory, { recursive: true, force: true })
    }
  }
  return { figures, goals }
}

async function measureEngine(
  subject: Subject,
  { directory, goal, fact }: Recorder & { readonly directory: string },
): Promise<void> {
  const { url, refusalGoalMs } = subject
  const backups = join(directory, 'backups')
  const run = (action: string, verify: string, backup = '') =>
    runWorker({ action, url, backups, scratch: join(directory, 'scratch'), name: backup, verify })

  const plainBackupMs = timed(subject.plainBackup)
  const quick = await run('backup', 'checksums')
  const full = await run('backup', 'restore')
  const byHandBackupMs = timed(subject.byHandBackup)
  fact('plain_backup_ms', plainBackupMs)
  fact('by_hand_backup_ms', byHandBackupMs)
  fact('backup_ms', quick.ms)
  goal('backup_ratio', quick.ms / plainBackupMs, 1.05)
  goal('verified_backup_ratio', full.ms / plainBackupMs, 1.5)

  await subject.spoil()
  const inPlace = await whileQueried(url, async () => timed(subject.plainRestore))
  await subject.spoil()
  const unverified = await whileQueried(url, () => run('restore', 'checksums', full.name))
  await subject.spoil()
  const verified = await whileQueried(url, () => run('restore', 'full', full.name))
  await subject.spoil()
  const byHandRestoreMs = timed(subject.byHandRestore)
  fact('plain_restore_ms', inPlace.result)
  fact('by_hand_restore_ms', byHandRestoreMs)
  fact('restore_ms', unverified.result.ms)
  fact('plain_refused_ms', inPlace.refusedMs)
  goal('restore_ratio', unverified.result.ms / inPlace.result, 1.05)
  goal('verified_restore_ratio', verified.result.ms / inPlace.result, 1.5)
  goal('refused_ms', Math.max(unverified.refusedMs, verified.refusedMs), refusalGoalMs)
  goal('peak_mb', Math.max(quick.peakMb, full.peakMb, unverified.result.peakMb, verified.result.peakMb), 200)
}

/** Runs a script whose paths are all our own. */
function shell(script: string, env: NodeJS.ProcessEnv = environment): void {
  execFileSync('sh', ['-e', '-c', script], { env, stdio: 'pipe' })
}

function timed(work: () => void): number {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

/** Our own process, as an action is one: its start is part of the time. */
async function runWorker(options: Record<string, string>): Promise<z.infer<typeof workerReport>> {
  const begun = performance.now()
  const child = start('db-worker.ts', options)
  const report = await finished(child)
  return workerReport.parse({ ...z.looseObject({}).parse(JSON.parse(report)), ms: performance.now() - begun })
}

async function whileQueried<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly refusedMs: number }> {
  const client = start('db-client.ts', { url })
  const report = finished(client)
  await once(client, 'message')
  // a plain tool is waited for without an event loop: the client is a process of its own
  const result = await work()
  client.send('stop')
  return { result, refusedMs: clientReport.parse(JSON.parse(await report)).refusedMs }
}

function start(file: string, options: Record<string, string>): ChildProcess {
  const path = fileURLToPath(new URL(`./support/${file}`, import.meta.url))
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
}

/** The last line that it prints. */
async function finished(child: ChildProcess): Promise<string> {
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`it ended with code ${code}: ${printed}`)
  return printed.trim().split('\n').at(-1) ?? ''
}

async function openSqlite(directory: string): Promise<Subject> {
  const path = join(directory, 'app.db')
  const run = (sql: string) => {
    const database = new DatabaseSync(path, { timeout: 60_000 })
    database.exec(sql)
    database.close()
  }
  run(`PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE spoiled (a);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${rows}) INSERT INTO t SELECT i, hex(randomblob(105)) FROM c;
    PRAGMA wal_checkpoint(TRUNCATE)`)
  const plain = join(directory, 'plain.db')
  const copy = join(directory, 'copy.db')
  const sqlite = (command: string) =>
    void execFileSync('sqlite3', ['-cmd', '.timeout 60000', path, command], { stdio: 'pipe' })
  return {
    name: 'sqlite',
    url: `sqlite:${path}`,
    refusalGoalMs: 10,
    spoil: async () => run('INSERT INTO spoiled VALUES (1)'),
    plainBackup: () => sqlite(`.backup ${plain}`),
    plainRestore: () => sqlite(`.restore ${plain}`),
    byHandBackup() {
      sqlite(`.backup ${copy}`)
      shell(`sqlite3 ${copy} 'PRAGMA quick_check'; zstd -1 -T2 -q ${copy}; sha256sum ${copy}.zst; rm ${copy}`)
    },
    byHandRestore() {
      shell(`sha256sum ${copy}.zst; zstd -d -q ${copy}.zst; sqlite3 ${copy} 'PRAGMA quick_check'`)
      sqlite(`.backup ${join(directory, 'kept.db')}`)
      sqlite(`.restore ${copy}`)
    },
    stop: async () => {},
  }
}

async function openPostgres(directory: string): Promise<Subject> {
  const server = await startPostgres()
  await server.sql('postgres', 'CREATE DATABASE app')
  for (const table of ['t', 'u', 'v'])
    await server.sql(
      'app',
      `CREATE TABLE ${table} (id int PRIMARY KEY, v text); INSERT INTO ${table} SELECT i, md5(i::text) || md5((i * 3)::text) || md5((i * 7)::text) || md5((i * 11)::text) || md5((i * 13)::text) FROM generate_series(1, ${rows / 2}) i`,
    )
  await server.sql('app', 'CREATE TABLE spoiled (a int)')
  await server.sql('app', 'VACUUM ANALYZE')
  const dump = join(directory, 'dump')
  const byHand = join(directory, 'by-hand')
  const bin = `/usr/lib/postgresql/${readdirSync('/usr/lib/postgresql').sort()[0]}/bin`
  const connect = ['-h', '127.0.0.1', '-p', String(server.port), '-U', superuser.name, '-d', 'app']
  const tool = (name: string, ...args: string[]) =>
    void execFileSync(join(bin, name), [...connect, ...args], { env: environment, stdio: 'pipe' })
  return {
    name: 'postgres',
    url: server.url('app'),
    refusalGoalMs: 50,
    spoil: async () => void (await server.sql('app', 'INSERT INTO spoiled VALUES (1)')),
    plainBackup: () => tool('pg_dump', '-Fd', '-j2', '-f', dump),
    plainRestore: () => tool('pg_restore', '-Fd', '-j2', '--clean', '--if-exists', dump),
    byHandBackup() {
      tool('pg_dump', '-Fd', '-j2', '-Z0', '-f', byHand)
      shell(`zstd -1 -T2 -q --rm ${byHand}/*; sha256sum ${byHand}/*`)
    },
    byHandRestore() {
      shell(`sha256sum ${byHand}/*; zstd -d -q --rm ${byHand}/*`)
      tool('psql', '-c', 'CREATE DATABASE copy')
      tool('pg_restore', '-Fd', '-j2', '-d', 'copy', byHand)
      tool('psql', '-d', 'copy', '-c', 'ANALYZE')
      tool('psql', '-d', 'postgres', '-c', 'ALTER DATABASE app RENAME TO kept')
      tool('psql', '-d', 'postgres', '-c', 'ALTER DATABASE copy RENAME TO app')
    },
    stop: server.stop,
  }
}

async function openMariaDb(directory: string): Promise<Subject> {
  const server = await startMariaDb()
  await server.sql(undefined, 'CREATE DATABASE app')
  await server.sql(
    'app',
    'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))',
    `INSERT INTO t SELECT seq, CONCAT(MD5(seq), MD5(seq * 3), MD5(seq * 7), MD5(seq * 11), MD5(seq * 13), MD5(seq * 17)) FROM seq_1_to_${rows}`,
    'CREATE TABLE spoiled (a INT)',
  )
  const file = join(directory, 'dump.sql')
  const connect = ['--no-defaults', '-h127.0.0.1', `-P${server.port}`, `-u${administrator.name}`]
  const env = { ...environment, MYSQL_PWD: administrator.password }
  const client = `mariadb ${connect.join(' ')}`
  return {
    name: 'mariadb',
    url: server.url('app'),
    refusalGoalMs: 50,
    spoil: async () => void (await server.sql('app', 'INSERT INTO spoiled VALUES (1)')),
    plainBackup: () => {
      const args = [
        '--single-transaction',
        '--routines',
        '--triggers',
        '--events',
        `--result-file=${file}`,
        'app',
      ]
      execFileSync('mariadb-dump', [...connect, ...args], { env, stdio: 'pipe' })
    },
    plainRestore: () =>
      void execFileSync('mariadb', [...connect, '--database=app'], {
        env,
        stdio: [openSync(file, 'r'), 'pipe', 'pipe'],
      }),
    byHandBackup: () =>
      shell(
        `mariadb-dump ${connect.join(' ')} --single-transaction --routines --triggers --events app | zstd -1 -T2 -q -o ${file}.zst; sha256sum ${file}.zst; ${client} app -e 'CHECKSUM TABLE t, spoiled'`,
        env,
      ),
    byHandRestore: () =>
      shell(
        `sha256sum ${file}.zst; ${client} -e 'CREATE DATABASE copy; CREATE DATABASE kept'; zstd -dcq ${file}.zst | ${client} copy; ${client} copy -e 'CHECKSUM TABLE t, spoiled; RENAME TABLE app.t TO kept.t, app.spoiled TO kept.spoiled, copy.t TO app.t, copy.spoiled TO app.spoiled'`,
        env,
      ),
    stop: server.stop,
  }
}
