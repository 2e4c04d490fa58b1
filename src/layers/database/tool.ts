import { spawn } from 'node:child_process'
import { PassThrough, type Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { RefusedError, UnavailableError } from '../../errors.ts'

export interface ToolRun {
  /** a name on the PATH, or a path */
  readonly command: string
  /** Debian's package that has it, for the message when it is not there */
  readonly debianPackage: string
  /** never a secret: everybody on the machine sees them */
  readonly args: readonly string[]
  /** all the environment it gets */
  readonly env: NodeJS.ProcessEnv
  readonly input?: AsyncIterable<Buffer> | undefined
  /** takes what the tool prints; else it is returned */
  readonly output?: (stdout: Readable) => Promise<void>
  readonly cwd?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is kept of a tool's complaints: the last lines say why it ended. */
const keptComplaint = 2000
const longestLine = 500

/**
 * Runs a tool of the database, without a shell. When what takes its output fails, the tool is ended: it would wait for ever.
 * @returns what it printed, unless `output` took it
 * @throws RefusedError with the tool's own last words when it is not there or ends with another code than 0, UnavailableError
 * when it is killed
 */
export async function runTool(run: ToolRun): Promise<string> {
  const { command, args, env, input, output, cwd, signal } = run
  const child = spawn(command, args, {
    env,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-keptComplaint)
  })
  let printed = ''
  const reading =
    output?.(child.stdout) ??
    (async () => {
      for await (const chunk of child.stdout.setEncoding('utf8')) printed += chunk
    })()
  reading.catch(() => child.kill('SIGKILL'))
  const ended = new Promise<{ readonly code: number | null; readonly by: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, by) => resolve({ code, by }))
    },
  )
  // a tool that ends early closes its input: why it did is in its own words
  const writing = input === undefined ? child.stdin.end() : pipeline(input, child.stdin)
  const [end, fed, read] = await Promise.allSettled([ended, writing, reading])
  if (end.status === 'rejected') throw explainStart(end.reason, run)
  // what took its output failed, and the tool ended for that
  if (read.status === 'rejected') throw read.reason
  const { code, by } = end.value
  // the system does that when memory runs out: it says nothing of the data
  if (by !== null) throw new UnavailableError(`${nameOf(command)} was ended by ${by} from outside`)
  if (code !== 0)
    throw new RefusedError(
      `${nameOf(command)} ended with code ${code}: ${wordsOf(complaint) || 'it did not say why'}`,
    )
  if (fed.status === 'rejected') throw fed.reason
  return printed
}

/**
 * What a tool prints, while it does. The stream ends once the tool has ended well, and not before: else what came so far would be
 * taken for all. It fails as the tool does; given up, it ends the tool.
 */
export function openTool(run: Omit<ToolRun, 'output'>): Readable {
  const printed = new PassThrough({ highWaterMark: 1 << 20 })
  // who reads it is told, also when that begins later
  printed.on('error', () => {})
  runTool({
    ...run,
    output: (stdout) => {
      stdout.pipe(printed, { end: false })
      printed.once('close', () => stdout.destroy())
      return finished(stdout)
    },
  }).then(
    () => printed.end(),
    (error: unknown) => printed.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return printed
}

/** Less the statements that a tool repeats, between two lines of dashes: they have rows in them, which belong in no log. */
function wordsOf(complaint: string): string {
  const said = complaint.split(/^-+$/m).at(-1) ?? ''
  const lines = said.split('\n').filter((line) => line.length <= longestLine)
  return lines.join('\n').trim()
}

/** The version that a tool says it has, e.g. 15.18; undefined when the tool is not there. */
export async function readToolVersion(
  command: string,
  env: NodeJS.ProcessEnv,
  pattern: RegExp,
): Promise<string | undefined> {
  try {
    const printed = await runTool({ command, debianPackage: '', args: ['--version'], env })
    return pattern.exec(printed)?.[1]
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}

function explainStart(error: unknown, { command, debianPackage }: ToolRun): unknown {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT')
    return new RefusedError(`${command} is not on this machine: install ${debianPackage}`)
  return error
}

function nameOf(command: string): string {
  return command.split('/').at(-1) ?? command
}

/** The few variables that a tool needs of the job's: no secret of the job reaches it. */
export function plainEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: env['PATH'], HOME: env['HOME'], TMPDIR: env['TMPDIR'], LC_ALL: 'C.UTF-8' }
}
