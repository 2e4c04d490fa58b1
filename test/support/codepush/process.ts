import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compileCache } from '../compile-cache.ts'

const cache = fileURLToPath(new URL('../../../.cache/test-servers', import.meta.url))

/**
 * The folder that `script/bootstrap --tests` installed a server into: servers are no dependencies of ours.
 * @throws when it is not there: a test that needs it fails then, and is not skipped
 */
export function installedServer(name: string): string {
  const folder = join(cache, name)
  if (existsSync(join(folder, 'node_modules'))) return folder
  throw new Error(
    `the test server ${name} is not installed, and this test needs it: script/bootstrap --tests`,
  )
}

/** A program that runs as long as a test needs it. */
export interface Running {
  /** Waits until the check succeeds. @throws when the program ended, or it takes longer than 60 s */
  readonly untilReady: (check: () => Promise<boolean>) => Promise<void>
  readonly stop: () => Promise<void>
}

const startMs = 60_000

/** Starts a program. What it prints is kept for the message of its early end. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env = {}, stdin = '' }: { cwd: string; env?: Readonly<Record<string, string>>; stdin?: string },
): Running {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...compileCache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  const keep = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.stdin.end(stdin)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code) => resolve(`it ended with code ${code}`))
  })
  return {
    async untilReady(check) {
      let end: string | undefined
      void ended.then((why) => {
        end = why
      })
      const givesUpAt = Date.now() + startMs
      while (Date.now() < givesUpAt) {
        if (end !== undefined) throw new Error(`${command} did not start: ${end}\n${printed}`)
        if (await check().catch(() => false)) return
        await sleep(50)
      }
      throw new Error(`${command} was not ready within ${startMs} ms\n${printed}`)
    },
    stop: () => end(child),
  }
}

/** Runs a program to its end. @throws with what it printed when it fails */
export async function runToEnd(command: string, args: readonly string[], cwd: string): Promise<void> {
  // nothing of the tests' own environment: a server behaves otherwise with NODE_ENV=test
  const env = { PATH: process.env['PATH'], HOME: cwd, ...compileCache }
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed += chunk
  })
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  )
  if (code !== 0) throw new Error(`${command} ended with code ${code}: ${printed}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}
