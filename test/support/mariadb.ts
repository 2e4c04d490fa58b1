import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { Certificates } from './certificates.ts'
import { freePort } from './misbehaving-service.ts'
import { prepareFolder } from './prepared-folder.ts'
import { makeServerFolder } from './server-folder.ts'

export interface MariaDbServer {
  readonly port: number
  readonly url: (database: string, user?: string, password?: string) => string
  /** Runs statements; the rows of the last one. */
  readonly sql: (database: string | undefined, ...statements: string[]) => Promise<Record<string, unknown>[]>
  /** Runs a whole script by the server's own client, which knows DELIMITER. */
  readonly script: (database: string, text: string) => void
  /** Ends it at once, as a power cut does, and starts it again. */
  readonly crash: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const administrator = { name: 'admin', password: 'pa"ss\\wö#rd' }

/**
 * Starts the real MariaDB of the machine (`apt-get install -y mariadb-server`) on a free loopback port, with its data in a
 * temporary directory. It ends with this process.
 * @param tls takes no session without it
 * @param place folder that gets the data; by default in memory
 * @param version that it says it has; by default its own
 * @throws when it is not installed: a test that needs it fails then, and is not skipped
 */
export async function startMariaDb({
  tls,
  place,
  version,
}: {
  tls?: Pick<Certificates, 'certificate' | 'key'>
  place?: string
  version?: string
} = {}): Promise<MariaDbServer> {
  const { directory, remove } = await makeServerFolder('mariadb-', { pidFile: 'pid', place })
  const data = join(directory, 'data')
  const socket = join(directory, 'socket')
  // a server that starts removes what others left in a folder of temporary tables: each has its own
  const temporary = `--tmpdir=${directory}`
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? ['--user=mysql'] : []
  try {
    if (isRoot) {
      const id = (flag: string) => Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }))
      chownSync(directory, id('-u'), id('-g'))
    }
    const options = ['--auth-root-authentication-method=normal', '--skip-test-db', ...user]
    const version = execFileSync('mariadbd', ['--version'], { encoding: 'utf8' })
    prepareFolder(data, [version, ...options], () => {
      const all = ['--no-defaults', `--datadir=${data}`, temporary, ...options]
      execFileSync('mariadb-install-db', all, { stdio: 'pipe' })
    })
  } catch (error) {
    await remove()
    throw new Error(
      `MariaDB cannot be set up, and this test needs it (apt-get install -y mariadb-server): ${error}`,
    )
  }
  const secure =
    tls === undefined
      ? []
      : [`--ssl-cert=${tls.certificate}`, `--ssl-key=${tls.key}`, '--require-secure-transport=ON']
  const port = await freePort()
  let child: ChildProcess
  const connectAs = (name: string, password: string, database?: string) =>
    createConnection({
      host: '127.0.0.1',
      port,
      user: name,
      password,
      charset: 'utf8mb4',
      ...(tls && { ssl: { rejectUnauthorized: false } }),
      ...(database && { database }),
    })
  const start = async (name: string, password: string) => {
    child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        `--datadir=${data}`,
        ...(version === undefined ? [] : [`--version=${version}`]),
        `--socket=${socket}`,
        `--pid-file=${join(directory, 'pid')}`,
        `--port=${port}`,
        temporary,
        ...['--bind-address=127.0.0.1', '--event-scheduler=ON', '--innodb-flush-log-at-trx-commit=2'],
        ...['--innodb-buffer-pool-size=256M', '--max-allowed-packet=256M', ...user, ...secure],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child.stderr?.resume()
    for (let tries = 0; ; tries += 1) {
      try {
        await (await connectAs(name, password)).end()
        return
      } catch (error) {
        if (tries === 200) throw error
        await sleep(50)
      }
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }
  const stop = async () => {
    await end('SIGKILL')
    await remove()
  }
  const { name, password } = administrator
  try {
    await start('root', '')
    const root = await connectAs('root', '')
    await root.query('CREATE USER ?@? IDENTIFIED BY ?', [name, '%', password])
    await root.query('GRANT ALL PRIVILEGES ON *.* TO ?@? WITH GRANT OPTION', [name, '%'])
    await root.end()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    url: (database, as = name, secret = password) =>
      `mysql://${as}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    async sql(database, ...statements) {
      const client = await connectAs(name, password, database)
      try {
        let rows: RowDataPacket[] = []
        for (const statement of statements) [rows] = await client.query<RowDataPacket[]>(statement)
        return rows
      } finally {
        await client.end()
      }
    },
    script: (database, text) => {
      execFileSync(
        'mariadb',
        [
          '--no-defaults',
          '--default-character-set=utf8mb4',
          '-h127.0.0.1',
          `-P${port}`,
          `-u${name}`,
          `--database=${database}`,
        ],
        {
          input: text,
          env: { PATH: process.env['PATH'], MYSQL_PWD: password },
          stdio: ['pipe', 'ignore', 'pipe'],
        },
      )
    },
    crash: async () => {
      await end('SIGKILL')
      await start(name, password)
    },
    stop,
  }
}
