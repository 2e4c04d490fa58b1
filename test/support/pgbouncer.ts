import { execFileSync, spawn } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './misbehaving-service.ts'
import { type PostgresServer, superuser } from './postgres.ts'

export interface PgBouncer {
  /** address of a database through it */
  readonly url: (database: string) => string
  readonly stop: () => Promise<void>
}

/**
 * Starts the real PgBouncer of the machine (`apt-get install -y pgbouncer`) before a server.
 * @param databases the names that it lets through; undefined for all
 */
export async function startPgBouncer(
  { port: serverPort }: PostgresServer,
  {
    mode,
    databases = ['*'],
  }: { mode: 'session' | 'transaction' | 'statement'; databases?: readonly string[] },
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const port = await freePort()
  await writeFile(join(folder, 'users'), `"${superuser.name}" ""\n`)
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${databases.map((name) => `${name} = host=127.0.0.1 port=${serverPort}`).join('\n')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users')}
pool_mode = ${mode}
`,
  )
  // it does not run as root
  const isRoot = process.getuid?.() === 0
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const as = isRoot ? { uid: id('-u'), gid: id('-g') } : {}
  if (as.uid !== undefined && as.gid !== undefined)
    for (const path of [folder, join(folder, 'users'), join(folder, 'pgbouncer.ini')])
      await chown(path, as.uid, as.gid)
  const child = spawn('/usr/sbin/pgbouncer', [join(folder, 'pgbouncer.ini')], { ...as, stdio: 'pipe' })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
    })
  const ended = new Promise((resolve) => child.once('close', resolve))
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries === 200 || child.exitCode !== null) throw new Error(`pgbouncer did not start: ${said}`)
    await sleep(50)
  }
  return {
    url: (database) =>
      `postgres://${superuser.name}:${encodeURIComponent(superuser.password)}@127.0.0.1:${port}/${database}`,
    stop: async () => {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
