import { spawn } from 'node:child_process'
import type { CheckOf } from '../../../settings/schema.ts'
import { formatDuration } from '../../../text/duration.ts'
import type { Reading } from '../../reading.ts'
import type { Env } from '../../target.ts'
import type { Look, Surroundings } from '../look.ts'

/** Enough for a number; the rest of what a program prints is not kept. */
const keptBytes = 4096

/**
 * Runs a program once a round, without a shell and with no variables but those named. Nothing that it prints is shown,
 * as it may be a secret, but the number in its last line, where that is what is asked for.
 */
export function prepareCommandCheck(check: CheckOf<'command'>, { env, timeoutMs }: Surroundings): Look {
  const [program = '', ...parameters] = check.run
  return {
    at: `the program ${program}`,
    look: async (_at, signal): Promise<Reading> => {
      signal.throwIfAborted()
      const ended = await run({
        program,
        parameters,
        env: pick(env, ['PATH', 'HOME', ...check.passes]),
        timeoutMs,
        signal,
      })
      if (ended.kind === 'failed') return { kind: 'error', note: `the program ${program} ${ended.why}` }
      if (check.value === 'exit-status') {
        return { kind: 'value', value: ended.status, note: `the program ended with status ${ended.status}` }
      }
      if (ended.status !== 0) return { kind: 'error', note: `the program ended with status ${ended.status}` }
      const line = ended.output.trim().split('\n').at(-1)?.trim() ?? ''
      if (line === '') return { kind: 'no-data', note: 'the program printed nothing' }
      return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(line)
        ? { kind: 'value', value: Number(line) }
        : { kind: 'error', note: 'the last line that the program printed is not a number' }
    },
  }
}

type Ended =
  | { readonly kind: 'ended'; readonly status: number; readonly output: string }
  | { readonly kind: 'failed'; readonly why: string }

function run(input: {
  readonly program: string
  readonly parameters: readonly string[]
  readonly env: Env
  readonly timeoutMs: number
  readonly signal: AbortSignal
}): Promise<Ended> {
  const { program, parameters, env, timeoutMs, signal } = input
  return new Promise((resolve, reject) => {
    // a group of its own, so that what it starts ends with it
    const child = spawn(program, parameters, {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    let output = ''
    let late = false
    const kill = () => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // it has ended by itself
      }
    }
    const timer = setTimeout(() => {
      late = true
      kill()
    }, timeoutMs)
    signal.addEventListener('abort', kill, { once: true })
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', kill)
    }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-keptBytes)
    })
    child.once('error', (error) => {
      done()
      const isMissing = 'code' in error && error.code === 'ENOENT'
      resolve({ kind: 'failed', why: isMissing ? 'was not found' : 'could not be started' })
    })
    child.once('close', (status) => {
      done()
      if (signal.aborted) return reject(signal.reason)
      if (late) return resolve({ kind: 'failed', why: `did not end within ${formatDuration(timeoutMs)}` })
      if (status === null) return resolve({ kind: 'failed', why: 'was killed' })
      resolve({ kind: 'ended', status, output })
    })
  })
}

function pick(env: Env, names: readonly string[]): Env {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(env, name)).map((name) => [name, env[name]]))
}
