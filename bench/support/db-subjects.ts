/** A database of each kind, the plain tool of its engine, and a fault that a restore takes back. */
import { execFileSync } from 'node:child_process'
import { openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { administrator, startMariaDb } from '../../test/support/mariadb.ts'
import { startPostgres, superuser } from '../../test/support/postgres.ts'

export interface Subject {
  readonly url: string
  readonly spoil: () => Promise<void>
  readonly plainBackup: () => void
  readonly plainRestore: () => void
  readonly stop: () => Promise<void>
}

const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }

export async function openSqlite(directory: string, rows: number): Promise<Subject> {
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
  const sqlite = (command: string) =>
    void execFileSync('sqlite3', ['-cmd', '.timeout 60000', path, command], { stdio: 'pipe' })
  return {
    url: `sqlite:${path}`,
    spoil: async () => run('INSERT INTO spoiled VALUES (1)'),
    plainBackup: () => {
      rmSync(plain, { force: true })
      sqlite(`.backup ${plain}`)
    },
    plainRestore: () => sqlite(`.restore ${plain}`),
    stop: async () => {},
  }
}

export async function openPostgres(directory: string, rows: number): Promise<Subject> {
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
  const bin = `/usr/lib/postgresql/${readdirSync('/usr/lib/postgresql').sort()[0]}/bin`
  const connect = ['-h', '127.0.0.1', '-p', String(server.port), '-U', superuser.name, '-d', 'app']
  const tool = (name: string, ...args: string[]) =>
    void execFileSync(join(bin, name), [...connect, ...args], { env: environment, stdio: 'pipe' })
  return {
    url: server.url('app'),
    spoil: async () => void (await server.sql('app', 'INSERT INTO spoiled VALUES (1)')),
    plainBackup: () => {
      rmSync(dump, { recursive: true, force: true })
      tool('pg_dump', '-Fd', '-j2', '-f', dump)
    },
    plainRestore: () => tool('pg_restore', '-Fd', '-j2', '--clean', '--if-exists', dump),
    stop: server.stop,
  }
}

export async function openMariaDb(directory: string, rows: number): Promise<Subject> {
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
  return {
    url: server.url('app'),
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
    stop: server.stop,
  }
}
