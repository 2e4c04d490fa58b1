import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from './authority.ts'
import { freePort } from './misbehaving-service.ts'

export interface NginxServer {
  /** speaks TLS with this one */
  readonly tls?: Certificate
  /** what else is in its `server` block. @param urlOf where the other servers are, by name */
  readonly config: (urlOf: (name: string) => string) => string
}

const startMs = 10_000

/**
 * Starts the real nginx of the machine (`apt-get install -y nginx`) with these servers, each on a free port of loopback.
 * @param files what it serves, by path
 * @throws when it is not installed: a test that needs it fails then, and is not skipped
 */
export async function startNginx(
  servers: Readonly<Record<string, NginxServer>>,
  files: Readonly<Record<string, string>> = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'))
  await mkdir(join(directory, 'html'))
  for (const [path, text] of Object.entries(files)) await writeFile(join(directory, 'html', path), text)
  const ports = new Map<string, number>()
  for (const name of Object.keys(servers)) ports.set(name, await freePort())
  const urlOf = (name: string) =>
    `${servers[name]?.tls === undefined ? 'http' : 'https'}://localhost:${ports.get(name)}/`
  const blocks = Object.entries(servers).map(([name, { tls, config }]) => {
    const listen = `listen 127.0.0.1:${ports.get(name)}${tls === undefined ? '' : ' ssl'};`
    const secret =
      tls === undefined ? '' : `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};`
    return `server { ${listen} ${secret} ${config(urlOf)} }`
  })
  await writeFile(join(directory, 'nginx.conf'), configOf(directory, blocks))

  const child = spawn('nginx', ['-e', 'stderr', '-p', directory, '-c', join(directory, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      complaints += `nginx could not be started, and this test needs it (apt-get install -y nginx): ${error.message}`
      resolve()
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  const isUp = Promise.all([...ports.values()].map(waitForPort)).then(() => true)
  // when it ends at once, nobody waits for that any more
  isUp.catch(() => {})
  const isRunning = await Promise.race([isUp, ended.then(() => false)]).catch(() => false)
  if (!isRunning) {
    await stop()
    throw new Error(`nginx did not start: ${complaints}`)
  }
  return { urlOf, stop }
}

/** One process, as whoever runs the tests, that writes nowhere else. */
function configOf(directory: string, servers: readonly string[]): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`)
  return `daemon off; master_process off; pid ${directory}/pid;
events {}
http {
  access_log off; root ${directory}/html; default_type text/plain;
  ${temporary.join(' ')}
  ${servers.join('\n  ')}
}
`
}

async function waitForPort(port: number): Promise<void> {
  for (const givesUpAt = Date.now() + startMs; Date.now() < givesUpAt; await sleep(20)) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
  }
  throw new Error(`nothing listens on port ${port}`)
}
