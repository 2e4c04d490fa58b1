import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './misbehaving-service.ts'

export interface BucketServer {
  /** what opens the bucket, as env of a job */
  readonly env: Readonly<Record<string, string>>
  /** the objects as files */
  readonly directory: string
  readonly stop: () => Promise<void>
}

const program = join(import.meta.dirname, '../../.cache/test-servers/versitygw/versitygw')

/**
 * Starts a real server that speaks S3's language and checks its signatures (versitygw, installed by `script/bootstrap
 * --tests`), on a free loopback port, with an empty bucket.
 * @throws when it is not installed: a test that needs it fails then, and is not skipped
 */
export async function startBucketServer({ bucket }: { bucket: string }): Promise<BucketServer> {
  if (!existsSync(program))
    throw new Error('versitygw is not installed, and this test needs it: script/bootstrap --tests')
  const directory = await mkdtemp(join(tmpdir(), 'bucket-'))
  mkdirSync(join(directory, bucket))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalr/XUtn+FEMI=K7MDENG' }
  const child: ChildProcess = spawn(
    program,
    ['--quiet', '--port', `127.0.0.1:${port}`, '--region', 'eu-central-1', 'posix', directory],
    {
      env: {
        PATH: process.env['PATH'],
        ROOT_ACCESS_KEY: keys.AWS_ACCESS_KEY_ID,
        ROOT_SECRET_KEY: keys.AWS_SECRET_ACCESS_KEY,
      },
      stdio: 'ignore',
    },
  )
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await ended
    }
    await rm(directory, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries += 1) {
    // without a signature it refuses, and that is an answer
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) break
    if (tries === 200) {
      await stop()
      throw new Error('versitygw did not start within 10 seconds')
    }
    await sleep(50)
  }
  return {
    env: { ...keys, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: url },
    directory: join(directory, bucket),
    stop,
  }
}
