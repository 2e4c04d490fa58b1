/** Real databases of the three kinds, alike, for tests that ask the same of each. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { makeBackup } from '../../src/layers/database/backup.ts'
import { parseConnection } from '../../src/layers/database/connection.ts'
import type { Contents, Engine } from '../../src/layers/database/engine.ts'
import type { Manifest } from '../../src/layers/database/manifest.ts'
import { openEngine } from '../../src/layers/database/open.ts'
import { type RestoreOptions, type RestoreReport, restoreBackup } from '../../src/layers/database/restore.ts'
import { openFolderStore } from '../../src/layers/database/store/folder.ts'
import { difficultSchema as difficultMariaDb } from '../layers/database/difficult-mariadb.ts'
import { difficultSchema as difficultPostgres } from '../layers/database/difficult-postgres.ts'
import { difficultSchema as difficultSqlite } from '../layers/database/difficult-sqlite.ts'
import { type MariaDbServer, startMariaDb } from './mariadb.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

export type Kind = 'sqlite' | 'postgres' | 'mysql'
export const kinds: readonly Kind[] = ['sqlite', 'postgres', 'mysql']

export interface Servers {
  readonly postgres: PostgresServer
  readonly mysql: MariaDbServer
  readonly stop: () => Promise<void>
}

/** Starts PostgreSQL and MariaDB. @throws when one of them is not installed */
export async function startServers(): Promise<Servers> {
  const postgres = await startPostgres()
  const mysql = await startMariaDb().catch(async (error: unknown) => {
    await postgres.stop()
    throw error
  })
  return { postgres, mysql, stop: async () => void (await Promise.all([postgres.stop(), mysql.stop()])) }
}

/** Servers for all tests of a file, and a folder for each test. */
export function useServers(): { readonly servers: Servers; readonly folder: string } {
  let servers: Servers
  let folder: string
  beforeAll(async () => {
    servers = await startServers()
  }, 90_000)
  afterAll(() => servers.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'database-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  return {
    get servers() {
      return servers
    },
    get folder() {
      return folder
    },
  }
}

/** A database of a test, with a folder for its backups. */
export interface TestDatabase {
  readonly kind: Kind
  readonly url: string
  readonly backups: string
  readonly run: (...statements: string[]) => Promise<void>
  /** A table `t` of so many rows that compress badly. */
  readonly fill: (rows: number) => Promise<void>
  /** All that is difficult in databases of this kind; no event of it runs. */
  readonly fillDifficult: () => Promise<void>
  /** This database and those that were made of it, by name. */
  readonly names: () => Promise<readonly string[]>
  readonly engine: (env?: NodeJS.ProcessEnv, log?: (line: string) => void) => Promise<Engine>
  /** The same database, by another address. */
  readonly as: (url: string) => TestDatabase
  /** All that is in it, with digests. @throws when it is gone */
  readonly contents: () => Promise<Contents>
  readonly back: (options?: Partial<Parameters<typeof makeBackup>[0]>) => Promise<Manifest>
  readonly restore: (manifest: Manifest, options?: Partial<RestoreOptions>) => Promise<RestoreReport>
  /** Backs up or restores in a process of its own. */
  readonly start: (action: 'backup' | 'restore', options?: Start) => ChildProcess
}

export interface Start {
  /** the backup to restore */
  readonly name?: string
  /** a folder for the rows that a restore takes away */
  readonly exportTo?: string
  /** another server to verify a backup on */
  readonly verifyOn?: 'local'
  /** gives it a disk of its own under a folder, of so many KiB */
  readonly disk?: { readonly folder: string; readonly size: number }
  readonly env?: NodeJS.ProcessEnv
}

/** An empty database `shop`; what an earlier test left is dropped. @param folder of the test @param user of PostgreSQL who uses it, instead of the superuser */
export async function makeDatabase(
  kind: Kind,
  servers: Servers,
  folder: string,
  user?: string,
): Promise<TestDatabase> {
  const made = await make[kind](servers, folder)
  const url = user === undefined ? made.url : servers.postgres.url('shop', user)
  return useDatabase(kind, { mysql: servers.mysql, folder, ...made, url })
}

/** An empty database `shop` of one server of PostgreSQL. @param env of the engine: the PATH of its tools */
export async function makePostgres(
  postgres: PostgresServer,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<TestDatabase> {
  return useDatabase('postgres', { folder, env, ...(await makeOnPostgres(postgres)) })
}

/** An empty database `shop` of one server of MariaDB. */
export async function makeMariaDb(mysql: MariaDbServer, folder: string): Promise<TestDatabase> {
  return useDatabase('mysql', { mysql, folder, ...(await makeOnMariaDb(mysql)) })
}

function useDatabase(
  kind: Kind,
  place: Made & {
    readonly mysql?: MariaDbServer
    readonly folder: string
    readonly env?: NodeJS.ProcessEnv
  },
): TestDatabase {
  const { mysql, folder, run, names, url } = place
  const backups = join(folder, 'backups')
  const engine = (
    env: NodeJS.ProcessEnv = place.env ?? process.env,
    log: (line: string) => void = () => {},
  ) => openEngine(parseConnection(url), { env, scratch: join(folder, 'tools'), log })
  const common = async () => ({
    engine: await engine(),
    store: openFolderStore(backups),
    scratch: join(folder, 'scratch'),
    now: () => new Date(),
    log: () => {},
  })
  return {
    kind,
    url,
    backups,
    run,
    fill: (rows) => run('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))', manyRows[kind](rows)),
    fillDifficult: async () => {
      if (kind === 'mysql') mysql?.script('shop', `${difficultMariaDb}\nALTER EVENT ticking DISABLE;`)
      else await run(kind === 'postgres' ? difficultPostgres : difficultSqlite)
    },
    names,
    engine,
    as: (other) => useDatabase(kind, { ...place, url: other }),
    contents: async () => {
      const found = await (await engine()).contents({ digests: true })
      if (found === undefined) throw new Error('the database is gone')
      return found
    },
    back: async (options = {}) =>
      makeBackup({
        ...(await common()),
        environment: 'production',
        before: '1'.repeat(40),
        migrations: [],
        pinned: false,
        recipient: undefined,
        verify: 'restore',
        ...options,
      }),
    restore: async (manifest, options = {}) =>
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
      }),
    start: (action, { name = '', disk, exportTo, verifyOn, env = process.env } = {}) => {
      const given = JSON.stringify({
        action,
        url,
        backups,
        name,
        exportTo,
        verifyOn,
        scratch: join(folder, 'worker'),
      })
      const node = [process.execPath, '--disable-warning=ExperimentalWarning', worker, given]
      const [command = '', ...args] = disk === undefined ? node : onDisk(disk, node)
      return spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    },
  }
}

const worker = fileURLToPath(new URL('../layers/database/worker.ts', import.meta.url))

/** A command that sees a small disk where others see a folder, and prints what files it left there. Only root may mount one. */
function onDisk({ folder, size }: { folder: string; size: number }, command: readonly string[]): string[] {
  const root = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive', '--preserve-env']
  const script = `mkdir -p "$0" && mount -t tmpfs -o size=${size}k none "$0" && { "$@"; code=$?; find "$0" -type f -printf 'left %P\\n'; exit $code; }`
  return [...root, 'unshare', '--mount', 'bash', '-c', script, folder, ...command]
}

/** What a process printed and complained of, once it has ended. */
export async function ended(child: ChildProcess): Promise<string> {
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('close', resolve))
  return printed
}

type Made = Pick<TestDatabase, 'url' | 'run' | 'names'>

const make: Record<Kind, (servers: Servers, folder: string) => Promise<Made>> = {
  async sqlite(_servers, folder) {
    const path = join(folder, 'shop')
    return {
      url: `sqlite:${path}`,
      run: async (...statements) => {
        const database = new DatabaseSync(path, { timeout: 10_000 })
        for (const statement of statements) database.exec(statement)
        database.close()
      },
      names: async () => (await readdir(folder)).filter((name) => name.startsWith('shop')).sort(),
    }
  },
  postgres: ({ postgres }) => makeOnPostgres(postgres),
  mysql: ({ mysql }) => makeOnMariaDb(mysql),
}

async function makeOnMariaDb(mysql: MariaDbServer): Promise<Made> {
  const names = async () =>
    (
      await mysql.sql(
        undefined,
        "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'shop%' ORDER BY 1",
      )
    ).map(({ name }) => String(name))
  for (const name of await names()) await mysql.sql(undefined, `DROP DATABASE \`${name}\``)
  await mysql.sql(undefined, 'CREATE DATABASE shop')
  return {
    url: mysql.url('shop'),
    run: async (...statements) => void (await mysql.sql('shop', ...statements)),
    names,
  }
}

async function makeOnPostgres(postgres: PostgresServer): Promise<Made> {
  const names = async () =>
    (
      await postgres.sql(
        'postgres',
        "SELECT datname FROM pg_database WHERE datname LIKE 'shop%' ORDER BY datname",
      )
    ).map(({ datname }) => String(datname))
  for (const name of await names()) await postgres.sql('postgres', `DROP DATABASE "${name}" WITH (FORCE)`)
  await postgres.sql('postgres', 'CREATE DATABASE shop')
  return {
    url: postgres.url('shop'),
    run: async (...statements) => void (await postgres.sql('shop', statements.join(';\n'))),
    names,
  }
}

const manyRows: Record<Kind, (rows: number) => string> = {
  sqlite: (rows) =>
    `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${rows}) INSERT INTO t SELECT i, hex(randomblob(48)) FROM c`,
  postgres: (rows) =>
    `INSERT INTO t SELECT i, md5(random()::text) || md5(random()::text) || md5(random()::text) FROM generate_series(1, ${rows}) i`,
  mysql: (rows) =>
    `INSERT INTO t SELECT seq, CONCAT(MD5(RAND()), MD5(RAND()), MD5(RAND())) FROM seq_1_to_${rows}`,
}
