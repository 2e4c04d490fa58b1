import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const startMs = 20_000

/**
 * Starts a real server with its data in a temporary folder, and waits until it answers.
 * @param install what to do where the program is missing: a test that needs it fails then, and is not skipped
 */
export async function startServer({
  program,
  args,
  ready,
  install,
}: {
  readonly program: string
  readonly args: (directory: string) => Promise<readonly string[]>
  readonly ready: string
  readonly install: string
}) {
  const directory = await mkdtemp(join(tmpdir(), 'server-'))
  const child = spawn(program, [...(await args(directory))], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  let failure: Error | undefined
  child.once('error', () => {
    failure = new Error(`${program} is not installed, and this test needs it: ${install}`)
  })
  child.once('exit', (code) => {
    failure ??= new Error(`${program} ended with code ${code}: ${complaints}`)
  })
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
    }
    await rm(directory, { recursive: true, force: true })
  }
  for (const givesUpAt = Date.now() + startMs; ; ) {
    if (
      await fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return { stop, directory }
    if (failure !== undefined || Date.now() > givesUpAt) {
      await stop()
      throw failure ?? new Error(`${program} was not ready after ${startMs} ms: ${complaints}`)
    }
    await sleep(50)
  }
}
