import { spawn } from 'node:child_process'
import { UnavailableError } from '../../errors.ts'
import { sayDuration } from '../../text/duration.ts'

/** A project whose own command line reaches its update server. */
export interface CommandProject {
  /** the folder with its configuration */
  readonly folder: string
  /** the job's variables; the credentials of the server are among them */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** A first run by npx downloads some hundred packages. */
const timeoutMs = 5 * 60_000
const keptBytes = 5 * 1024 * 1024

/** How a program ended. */
export interface Ended {
  readonly status: number | null
  readonly printed: string
  readonly complained: string
}

/** Runs a program without a shell. @returns undefined when there is no such program @throws UnavailableError when it does not end */
export function runCommand(
  { folder, env, signal }: CommandProject,
  program: string,
  args: readonly string[],
): Promise<Ended | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: limit,
    })
    let [printed, complained] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed = (printed + chunk).slice(-keptBytes)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complained = (complained + chunk).slice(-keptBytes)
    })
    child.once('error', (error) => {
      if (signal.aborted) return reject(signal.reason)
      if (limit.aborted)
        return reject(new UnavailableError(`${program} did not end within ${sayDuration(timeoutMs)}`))
      if ('code' in error && error.code === 'ENOENT') return resolve(undefined)
      reject(error)
    })
    child.once('close', (status) => resolve({ status, printed, complained }))
  })
}

/** A project's app.config.js may read any of the job's variables, but none of what the runner hands to actions. */
function environment(env: CommandProject['env']): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !/^(?:INPUT_|ACTIONS_|GITHUB_TOKEN$)/.test(name))
  return { ...Object.fromEntries(own), CI: '1', NO_COLOR: '1' }
}

/** The JSON that a program printed; undefined when it printed none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a program said, as one short line. @param noise lines that say nothing */
export function saidBy(output: string, noise: RegExp): string {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !noise.test(line))
    .join(' ')
    .slice(0, 500)
}
