import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compileCache } from './compile-cache.ts'
import { type PostgresServer, startPostgres, superuser } from './postgres.ts'

/** A real Unleash server, with an environment `development` that is on, and a token for its admin API and one as a client has it. */
export interface UnleashServer {
  readonly url: string
  readonly adminToken: string
  readonly clientToken: string
  /** Asks its admin API. @throws Error when it refuses */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>
  readonly stop: () => Promise<void>
}

const folder = fileURLToPath(new URL('../../.cache/test-servers/unleash', import.meta.url))
const program = fileURLToPath(new URL('unleash-server.mjs', import.meta.url))

/** Starts it on a database of its own. @throws when it is not installed (`script/bootstrap --tests`): a test that needs it fails then */
export async function startUnleash(): Promise<UnleashServer> {
  if (!existsSync(folder)) throw new Error('unleash-server is not installed: run script/bootstrap --tests')
  const postgres: PostgresServer = await startPostgres()
  const adminToken = '*:*.rollback-tests-of-the-admin'
  const clientToken = 'default:development.rollback-tests-of-the-client'
  await postgres.sql('postgres', 'CREATE DATABASE unleash')
  const child = spawn(
    process.execPath,
    [
      program,
      folder,
      '127.0.0.1',
      String(postgres.port),
      superuser.name,
      superuser.password,
      'unleash',
      adminToken,
      clientToken,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], ...compileCache } },
  )
  let said = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk
      const found = /port (\d+)/.exec(said)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk
    })
    child.once('exit', () => reject(new Error(`Unleash did not start: ${said}`)))
  })
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    adminToken,
    clientToken,
    ask: async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: adminToken, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
    stop: async () => {
      child.removeAllListeners('exit')
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      await postgres.stop()
    },
  }
}
