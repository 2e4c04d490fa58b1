import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './misbehaving-service.ts'

/**
 * Starts the real VictoriaMetrics of the machine (`apt-get install -y victoria-metrics`), which speaks the query API of
 * Prometheus and takes samples of the past: what happened in an hour is there in a second.
 */
export async function startVictoriaMetrics() {
  const directory = await mkdtemp(join(tmpdir(), 'victoria-metrics-'))
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'victoria-metrics',
    [
      `-storageDataPath=${directory}`,
      `-httpListenAddr=${address}`,
      '-search.latencyOffset=0s',
      '-search.cacheTimestampOffset=0s',
      '-search.disableCache',
      '-retentionPeriod=100y',
      '-loggerLevel=ERROR',
    ],
    { stdio: 'ignore' },
  )
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', () =>
      reject(
        new Error(
          'victoria-metrics is not installed, and this test needs it: apt-get install -y victoria-metrics',
        ),
      ),
    )
    child.once('exit', (code) => reject(new Error(`victoria-metrics ended with code ${code}`)))
  })
  failed.catch(() => {})
  const stop = async () => {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    if (child.exitCode === null && child.kill('SIGKILL')) await ended
    await rm(directory, { recursive: true, force: true })
  }
  const url = `http://${address}`
  try {
    await Promise.race([failed, waitUntilReady(`${url}/health`)])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    /** @param lines in the text format of Prometheus, each with a time in ms */
    write: async (lines: readonly string[]) => {
      const response = await fetch(`${url}/api/v1/import/prometheus`, {
        method: 'POST',
        body: lines.join('\n'),
      })
      if (!response.ok) throw new Error(`victoria-metrics refused the samples: ${await response.text()}`)
      // what was written can be found only after this
      await fetch(`${url}/internal/force_flush`)
    },
    stop,
  }
}

async function waitUntilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await sleep(50)
  }
  throw new Error('victoria-metrics was not ready in time')
}
