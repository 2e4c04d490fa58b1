import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { StepProcess } from '../../../src/drill/runner.ts'

const program = fileURLToPath(new URL('host.mjs', import.meta.url))
const answerSchema = z.object({ code: z.number(), bytes: z.number() })
/** Modules that were evaluated stay in memory. */
const bytesOfAFullHost = 600e6
/** All of that stays, so a search through the heap for garbage finds little: V8 begins the searches when a host is full, MB. */
const heap = ['--initial-old-space-size=1500', '--min-semi-space-size=16', '--max-semi-space-size=32']

const idle: ReturnType<typeof startHost>[] = []

/**
 * Runs a step in a process that has run others, if one is free: a new process compiles 1 MB of code and runs it cold, which
 * takes longer than what most steps do.
 */
export async function runInReusedProcess({
  main,
  directory,
  env,
  output,
}: StepProcess): Promise<number | null> {
  const host = idle.pop() ?? startHost()
  const { child, stdout, stderr } = host
  const marker = `\u0000${randomUUID()}\u0000`
  const closed = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  )
  const answered = new Promise<z.infer<typeof answerSchema>>((resolve) =>
    child.once('message', (answer) => resolve(answerSchema.parse(answer))),
  )
  const read = [readUntil(marker, stdout, output.stdout), readUntil(marker, stderr, output.stderr)]
  child.send({ main, directory, env, marker })
  const code = await Promise.race([
    closed,
    Promise.all([answered, ...read.map(({ ended }) => ended)]).then(([{ code, bytes }]) => {
      if (bytes > bytesOfAFullHost) child.disconnect()
      else idle.push(host)
      return code
    }),
  ])
  for (const { stop } of read) stop()
  child.removeAllListeners()
  return code
}

function startHost() {
  const child = fork(program, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'] },
    execArgv: heap,
  })
  const { stdout, stderr } = child
  if (!(stdout instanceof Socket && stderr instanceof Socket)) throw new TypeError('a host has pipes')
  // the tests may end while it waits for a step
  child.unref()
  child.channel?.unref()
  for (const stream of [stdout, stderr]) stream.setEncoding('utf8').unref()
  return { child, stdout, stderr }
}

/** Reads what a step prints, up to a mark that the host prints after it. */
function readUntil(marker: string, stream: Readable, print: (text: string) => void) {
  let rest = ''
  const end = Promise.withResolvers<void>()
  const read = (text: string) => {
    rest += text
    const at = rest.indexOf(marker)
    // what may be the beginning of the mark waits for more
    const begun = at === -1 ? rest.lastIndexOf('\u0000') : at
    print(begun === -1 ? rest : rest.slice(0, begun))
    rest = begun === -1 ? '' : rest.slice(begun)
    if (at !== -1) end.resolve()
  }
  stream.on('data', read)
  return {
    ended: end.promise,
    stop: () => {
      stream.off('data', read)
      if (!rest.startsWith(marker)) print(rest)
    },
  }
}
