import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const workerReport = z.object({ peakMb: z.number(), name: z.string() })
const clientReport = z.object({ refusedMs: z.number(), calmMs: z.number() })

/** How long clients query before the work begins, to see what they wait for without it, ms. */
const calmForMs = 1500

/** Our own process, as an action is one: its start is part of the time. */
export async function runWorker(options: Record<string, string>): Promise<z.infer<typeof workerReport>> {
  return workerReport.parse(JSON.parse(await finished(start('db-worker.ts', options))))
}

export interface Load {
  readonly clients: number
  /** between an answer and the next query, 0 for none */
  readonly intervalMs: number
}

/**
 * Works while clients query, each of which connects again when it is cut off.
 * @returns the longest time that one of them had no answer, while it worked and before
 */
export async function whileQueried<T>(
  url: string,
  load: Load,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly refusedMs: number; readonly calmMs: number }> {
  const client = start('db-client.ts', { url, ...load })
  const report = finished(client)
  await once(client, 'message')
  await sleep(calmForMs)
  // a process of its own: a plain tool is waited for without an event loop
  client.send('work')
  const result = await work()
  client.send('stop')
  return { result, ...clientReport.parse(JSON.parse(await report)) }
}

function start(file: string, options: object): ChildProcess {
  const path = fileURLToPath(new URL(`./${file}`, import.meta.url))
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // sources start as fast as a bundle does: what a start costs is the benchmark `start`
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'rollback-bench-compiled') },
  })
}

/** The last line that it prints. */
async function finished(child: ChildProcess): Promise<string> {
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`it ended with code ${code}: ${printed}`)
  if (process.env['BENCH_LOG'] !== undefined) process.stderr.write(printed)
  return printed.trim().split('\n').at(-1) ?? ''
}
