import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Certificates } from './certificates.ts'
import { freePort } from './misbehaving-service.ts'
import { prepareFolder } from './prepared-folder.ts'
import { makeServerFolder } from './server-folder.ts'

export interface PostgresServer {
  readonly port: number
  /** address of a database, as db-backup takes it */
  readonly url: (database: string, user?: string, password?: string) => string
  readonly sql: (database: string, text: string, user?: string) => Promise<Record<string, unknown>[]>
  /** Ends every process of it at once, as a power cut does, and starts it again. */
  readonly crash: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const superuser = { name: 'admin', password: 'pa:ss\\wörd' }

/** What is written has to outlive the server's crash, and not that of the machine. */
const settings = ['listen_addresses=127.0.0.1', 'fsync=off', 'max_wal_size=1GB', 'shared_buffers=64MB']

/**
 * Starts the real PostgreSQL of the machine (`apt-get install -y postgresql`) on a free loopback port, with its data in a
 * temporary directory. It ends with this process.
 * @param tls takes no session without it
 * @param bin folder of its programs; by default that of Debian's package
 * @throws when it is not installed: a test that needs it fails then, and is not skipped
 */
export async function startPostgres({
  tls,
  bin = findBin(),
}: {
  tls?: Pick<Certificates, 'certificate' | 'key'>
  bin?: string
} = {}): Promise<PostgresServer> {
  const { directory, remove } = await makeServerFolder('postgres-', { pidFile: 'data/postmaster.pid' })
  const as = owner()
  if (as !== undefined) chownSync(directory, as.uid, as.gid)
  const data = join(directory, 'data')
  const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }
  const options = ['-U', superuser.name, '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8']
  const version = execFileSync(join(bin, 'initdb'), ['--version'], { env: environment, encoding: 'utf8' })
  prepareFolder(data, [bin, version, ...options, String(as?.uid)], () => {
    const there = { ...as, env: environment, stdio: 'pipe', cwd: directory } as const
    execFileSync(join(bin, 'initdb'), ['-D', data, ...options], there)
  })
  if (tls !== undefined) requireTls(data, tls, as)
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    child = spawn(
      join(bin, 'postgres'),
      [
        ...['-D', data, '-p', String(port), '-k', directory],
        ...settings.flatMap((each) => ['-c', each]),
        ...['-c', `ssl=${tls === undefined ? 'off' : 'on'}`],
      ],
      { ...as, env: environment, stdio: ['ignore', 'ignore', 'pipe'], cwd: directory, detached: true },
    )
    child.stderr?.resume()
    for (let tries = 0; ; tries += 1) {
      try {
        await sql('postgres', 'SELECT 1')
        return
      } catch (error) {
        if (tries === 200) throw error
        await sleep(50)
      }
    }
  }
  const sql = async (database: string, text: string, user = superuser.name) => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user,
      password: superuser.password,
      database,
      ssl: tls === undefined ? false : { rejectUnauthorized: false },
    })
    await client.connect()
    try {
      const result: unknown = await client.query(text)
      const last = Array.isArray(result) ? result.at(-1) : result
      return last.rows
    } finally {
      await client.end()
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    if (signal === 'SIGKILL' && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
    await ended
  }
  try {
    await start()
    await sql('postgres', `ALTER ROLE ${superuser.name} PASSWORD '${superuser.password}'`)
  } catch (error) {
    await end('SIGQUIT')
    await remove()
    throw error
  }
  return {
    port,
    url: (database, user = superuser.name, password = superuser.password) =>
      `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    sql,
    crash: async () => {
      await end('SIGKILL')
      await rm(join(data, 'postmaster.pid'), { force: true })
      await start()
    },
    stop: async () => {
      await end('SIGQUIT')
      await remove()
    },
  }
}

/** The key has to be the server's own, and nobody else may read it. */
function requireTls(
  data: string,
  { certificate, key }: Pick<Certificates, 'certificate' | 'key'>,
  as: { readonly uid: number; readonly gid: number } | undefined,
): void {
  for (const [from, name] of [
    [certificate, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    copyFileSync(from, join(data, name))
    chmodSync(join(data, name), 0o600)
    if (as !== undefined) chownSync(join(data, name), as.uid, as.gid)
  }
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n',
  )
}

function findBin(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort() : []
  const bin = join(root, versions[0] ?? '', 'bin')
  if (!existsSync(join(bin, 'initdb')))
    throw new Error('PostgreSQL is not installed, and this test needs it: apt-get install -y postgresql')
  return bin
}

/** PostgreSQL does not run as root: then it runs as the user that its package made. */
function owner(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
