import { execFileSync, spawn } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RefusedError } from '../../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import type { Surroundings } from '../engine.ts'
import { plainEnvironment, runTool } from '../tool.ts'
import { withSession } from './connect.ts'

export interface LocalServer {
  readonly connection: ServerConnection
  readonly stop: () => Promise<void>
}

/** How long a server may take to start, ms. */
const startMs = 60_000

/**
 * Ends the server when this process ends, however it does: its standard input is closed then. The folder goes with it.
 * `$1` is the folder, the rest the server with its arguments.
 */
const untilInputEnds =
  'folder=$1; shift; exec 3<&0; "$@" </dev/null 3<&- & server=$!; { cat <&3 >/dev/null; kill -QUIT $server; } 2>/dev/null & watcher=$!; wait $server; kill $watcher 2>/dev/null; rm -rf "$folder"'

/**
 * Starts an empty server of PostgreSQL on this machine, by the programs of Debian's package `postgresql-<version>`. It listens
 * on a socket in a folder of its own, which only its user can enter, and its files are not kept.
 * @param superuser name of its superuser
 * @throws RefusedError when the programs are not there or it does not start
 */
export async function startLocalServer(
  { version, superuser }: { readonly version: string; readonly superuser: string },
  { env }: Surroundings,
): Promise<LocalServer> {
  const bin = `/usr/lib/postgresql/${Number.parseInt(version, 10)}/bin`
  // the path of a socket has 107 bytes at most
  const folder = await mkdtemp(join(tmpdir(), 'verify-'))
  const [data, debianPackage] = [join(folder, 'data'), `postgresql-${Number.parseInt(version, 10)}`]
  const [setUser, owner] = userOf()
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  const connection: ServerConnection = {
    engine: 'postgres',
    host: folder,
    port: 5432,
    user: superuser,
    password: '',
    database: 'postgres',
    tls: 'off',
    ca: undefined,
  }
  try {
    const init = [
      `${bin}/initdb`,
      '-D',
      data,
      '-U',
      superuser,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ]
    const [command = '', ...args] = [...setUser, ...init, '--no-sync']
    await runTool({ command, debianPackage, args, env: plainEnvironment(env), cwd: folder })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const server = [
    `${bin}/postgres`,
    '-D',
    data,
    '-k',
    folder,
    '-c',
    'listen_addresses=',
    '-c',
    'unix_socket_permissions=0700',
  ]
  // what it writes has to live no longer than it
  const fast = [
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'max_wal_size=4GB',
    'wal_level=minimal',
    'max_wal_senders=0',
  ]
  const child = spawn(
    'sh',
    ['-c', untilInputEnds, 'sh', folder, ...setUser, ...server, ...fast.flatMap((each) => ['-c', each])],
    { env: plainEnvironment(env), stdio: ['pipe', 'ignore', 'pipe'], cwd: '/' },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  let isOver = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true
      resolve()
    })
  })
  const stop = async () => {
    child.stdin.end()
    await ended
  }
  const givesUpAt = performance.now() + startMs
  for (;;) {
    try {
      await withSession(connection, 'postgres', (session) => session.query('SELECT 1'))
      return { connection, stop }
    } catch (error) {
      if (performance.now() < givesUpAt && !isOver) {
        await sleep(50)
        continue
      }
      await stop()
      throw new RefusedError(
        `a local server of PostgreSQL ${version} did not start: ${said.trim() || (error instanceof Error ? error.message : error)}`,
      )
    }
  }
}

/** PostgreSQL does not run as root: then it runs as the user that its package made. */
function userOf(): readonly [readonly string[], { readonly uid: number; readonly gid: number } | undefined] {
  if (userInfo().uid !== 0) return [[], undefined]
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  try {
    return [
      ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'],
      { uid: idOf('-u'), gid: idOf('-g') },
    ]
  } catch {
    throw new RefusedError(
      'PostgreSQL does not run as root, and this machine has no user postgres to run it as',
    )
  }
}
