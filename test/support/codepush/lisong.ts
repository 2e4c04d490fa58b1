import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { freePort } from '../misbehaving-service.ts'
import { copyPrepared } from '../prepared-folder.ts'
import { type Bundle, formOf, type Platform } from './bundle.ts'
import { installedServer, run, runToEnd } from './process.ts'

export type LisongServer = Awaited<ReturnType<typeof startLisong>>

/**
 * Starts the real `code-push-server` of npm on a MariaDB of its own, both on free loopback ports with their data in a
 * temporary folder. It needs no Redis: answers to devices are not cached, and rollouts go by chance.
 */
export async function startLisong() {
  const started: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of started.splice(0).reverse()) await each()
  }
  try {
    return await start(started, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(started: (() => Promise<void>)[], stop: () => Promise<void>) {
  const folder = installedServer('code-push-server')
  const directory = await mkdtemp(join(tmpdir(), 'lisong-'))
  started.push(() => rm(directory, { recursive: true, force: true }))
  const [databasePort, port] = [await freePort(), await freePort()]
  const data = join(directory, 'db')
  const socket = join(directory, 'm.sock')
  const options = [
    '--no-defaults',
    `--user=${userInfo().username}`,
    `--datadir=${data}`,
    // a server that starts removes what others left in a folder of temporary tables: each has its own
    `--tmpdir=${directory}`,
  ]
  const startDatabase = async () => {
    const database = run(
      'mariadbd',
      [
        ...options,
        '--bind-address=127.0.0.1',
        `--port=${databasePort}`,
        `--socket=${socket}`,
        `--pid-file=${join(directory, 'm.pid')}`,
        '--skip-name-resolve',
        '--innodb-flush-log-at-trx-commit=0',
      ],
      { cwd: directory },
    )
    started.push(database.stop)
    await database.untilReady(() =>
      runToEnd('mariadb', ['--no-defaults', '-uroot', '-S', socket, '-e', 'select 1'], directory).then(
        () => true,
      ),
    )
    return database
  }
  const bin = join(folder, 'node_modules', 'code-push-server', 'bin')
  const setUp = ['--auth-root-authentication-method=normal', '--skip-test-db']
  const [version, packageText] = [
    execFileSync('mariadbd', ['--version'], { encoding: 'utf8' }),
    readFileSync(join(bin, '..', 'package.json'), 'utf8'),
  ]
  // with the tables of the update server, which has not run on them
  const keep = copyPrepared(data, [version, packageText, ...setUp, userInfo().username])
  if (keep !== undefined) {
    await runToEnd('mariadb-install-db', [...options, ...setUp], directory)
    const database = await startDatabase()
    const access = ['--dbhost', '127.0.0.1', '--dbport', String(databasePort), '--dbuser', 'root']
    await runToEnd(
      process.execPath,
      [join(bin, 'db'), 'init', ...access, '--dbname', 'codepush', '--force'],
      folder,
    )
    // ended in order, so that what is kept is whole
    await runToEnd('mariadb-admin', ['--no-defaults', '-uroot', '-S', socket, 'shutdown'], directory)
    await database.stop()
    keep()
  }
  await startDatabase()
  await Promise.all(['storage', 'data'].map((each) => mkdir(join(directory, each))))
  const url = `http://127.0.0.1:${port}`
  const server = run(process.execPath, [join(bin, 'www')], {
    cwd: folder,
    env: {
      RDS_HOST: '127.0.0.1',
      RDS_PORT: String(databasePort),
      RDS_USERNAME: 'root',
      DATA_BASE: 'codepush',
      STORAGE_TYPE: 'local',
      STORAGE_DIR: join(directory, 'storage'),
      DATA_DIR: join(directory, 'data'),
      LOCAL_DOWNLOAD_URL: `${url}/download`,
      TOKEN_SECRET: 'tests',
      HOST: '127.0.0.1',
      PORT: String(port),
      NODE_ENV: 'production',
    },
  })
  started.push(server.stop)
  await server.untilReady(async () => (await fetch(url)).ok)
  const accessKey = await createAccessKey(url)
  const call = openCall(url, accessKey)

  return {
    url,
    accessKey,
    call,
    async createApp(name: string, platform: Platform = 'android') {
      const os = platform === 'ios' ? 'iOS' : 'Android'
      await call('POST', '/apps', { name, os, platform: 'React-Native' })
    },
    async release(app: string, bundle: Bundle, platform: Platform = 'android') {
      await call('POST', `/apps/${app}/deployments/Production/release`, formOf(bundle, platform))
    },
    /** What so many devices say of an update that they installed, and of one that they took back. */
    async report(app: string, label: string, { installed, failed }: { installed: number; failed: number }) {
      const { deployments } = deploymentsSchema.parse(
        JSON.parse(await call('GET', `/apps/${app}/deployments`)),
      )
      const key = deployments.find(({ name }) => name === 'Production')?.key
      const statuses = [
        ...Array<string>(installed).fill('DeploymentSucceeded'),
        ...Array<string>(failed).fill('DeploymentFailed'),
      ]
      // twenty at a time
      const queue = statuses.entries()
      const send = async () => {
        for (const [device, status] of queue) {
          await call('POST', '/v0.1/public/codepush/report_status/deploy', {
            deployment_key: key,
            label,
            app_version: '1.0.0',
            status,
            client_unique_id: `device-${device}`,
          })
        }
      }
      await Promise.all(Array.from({ length: 20 }, send))
    },
    stop,
  }
}

const deploymentsSchema = z.object({ deployments: z.array(z.object({ name: z.string(), key: z.string() })) })

async function createAccessKey(url: string): Promise<string> {
  const login = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'admin', password: '123456' }),
  })
  const { results } = z.object({ results: z.object({ tokens: z.string() }) }).parse(await login.json())
  const created = await openCall(url, results.tokens)('POST', '/accessKeys', {
    createdBy: 'tests',
    friendlyName: `tests-${Date.now()}`,
    ttl: 86_400_000,
    description: 'tests',
  })
  return z.object({ accessKey: z.object({ name: z.string() }) }).parse(JSON.parse(created)).accessKey.name
}

/** What a test does to a server past our own client. @throws when the answer is not a 2xx */
export function openCall(url: string, key: string) {
  return async (method: string, path: string, body?: FormData | object): Promise<string> => {
    const isForm = body instanceof FormData
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text
  }
}
