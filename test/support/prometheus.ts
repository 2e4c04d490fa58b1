import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './misbehaving-service.ts'

export interface PrometheusOptions {
  /** loopback ports whose /metrics it scrapes once a second */
  readonly scrape?: readonly number[]
  /** a path prefix, e.g. `/metrics-server` */
  readonly prefix?: string
  /** users by name, with the bcrypt hash of their password */
  readonly users?: Readonly<Record<string, string>>
}

const startMs = 20_000

/**
 * Starts the real Prometheus of the machine (`apt-get install -y prometheus`) on a free loopback port, with its data in a
 * temporary directory, and waits until it is ready.
 * @throws when it is not installed: a test that needs it fails then, and is not skipped
 */
export async function startPrometheus({ scrape = [], prefix = '', users = {} }: PrometheusOptions = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'prometheus-'))
  const port = await freePort()
  const targets = scrape.map((each) => `127.0.0.1:${each}`)
  const jobs = [{ job_name: 'service', scrape_interval: '1s', static_configs: [{ targets }] }]
  // both files are YAML, of which JSON is a part
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify({ scrape_configs: jobs }))
  await writeFile(join(directory, 'web.yml'), JSON.stringify({ basic_auth_users: users }))

  const address = `127.0.0.1:${port}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${directory}/prometheus.yml`,
      `--web.config.file=${directory}/web.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=${address}`,
      `--web.external-url=http://${address}${prefix}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaints = ''
  child.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', () => {
      reject(new Error('prometheus is not installed, and this test needs it: apt-get install -y prometheus'))
    })
    child.once('exit', (code) => reject(new Error(`prometheus ended with code ${code}: ${complaints}`)))
  })
  // the race below is over once it is ready; its later end is no failure
  failed.catch(() => {})

  const stop = async () => {
    await end(child)
    await rm(directory, { recursive: true, force: true })
  }
  const url = `http://${address}${prefix}`
  try {
    await Promise.race([failed, waitUntilReady(`${url}/-/ready`)])
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

/** Any answer but 503 will do: with users it is 401. */
async function waitUntilReady(url: string): Promise<void> {
  const givesUpAt = Date.now() + startMs
  while (Date.now() < givesUpAt) {
    const status = await fetch(url).then(
      (response) => response.body?.cancel().then(() => response.status),
      () => undefined,
    )
    if (status === 200 || status === 401) return
    await sleep(50)
  }
  throw new Error(`prometheus was not ready within ${startMs} ms`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}
