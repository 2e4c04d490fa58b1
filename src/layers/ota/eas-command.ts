import { spawn } from 'node:child_process'
import { InputError, RefusedError, UnavailableError } from '../../errors.ts'

/** An Expo project, and what its command line gets. */
export interface EasProject {
  /** the folder with its app.json or app.config.js */
  readonly folder: string
  /** the job's variables; EXPO_TOKEN is among them, a secret */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** The version that is taken from npm where the job has installed none. */
export const easVersion = '24.8.0'

/** A first run by npx downloads some hundred packages. */
const timeoutMs = 5 * 60_000
const keptBytes = 5 * 1024 * 1024

/**
 * Runs Expo's own command line, without a shell: the one that is installed, else a known version by npx.
 * @returns the JSON it printed; undefined when it printed none
 * @throws InputError for a token it does not accept, UnavailableError, RefusedError with its own words
 */
export async function runEas(project: EasProject, args: readonly string[]): Promise<unknown> {
  // looking at one group asks nothing, and knows no such flag
  const flags = [...args, '--json', ...(args[0] === 'update:view' ? [] : ['--non-interactive'])]
  const ended =
    (await run(project, 'eas', flags)) ??
    (await run(project, 'npx', ['--yes', `eas-cli@${easVersion}`, ...flags]))
  if (ended === undefined)
    throw new RefusedError(
      `neither eas nor npx is on this runner: set Node up, or install eas-cli@${easVersion} in a step before`,
    )
  if (ended.status === 0) return parse(ended.printed)
  throw explain(args[0] ?? 'eas', `${ended.printed}\n${ended.complained}`)
}

interface Ended {
  readonly status: number | null
  readonly printed: string
  readonly complained: string
}

/** @returns undefined when there is no such program */
function run(
  { folder, env, signal }: EasProject,
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
        return reject(new UnavailableError(`${program} did not end within ${timeoutMs / 60_000} minutes`))
      if ('code' in error && error.code === 'ENOENT') return resolve(undefined)
      reject(error)
    })
    child.once('close', (status) => resolve({ status, printed, complained }))
  })
}

/** A project's app.config.js may read any of the job's variables, but none of what the runner hands to actions. */
function environment(env: EasProject['env']): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !/^(?:INPUT_|ACTIONS_|GITHUB_TOKEN$)/.test(name))
  return { ...Object.fromEntries(own), CI: '1', NO_COLOR: '1' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explain(command: string, output: string): Error {
  const said = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/command failed\.$|without version control system/.test(line))
    .join(' ')
    .slice(0, 500)
  if (/EXPO_TOKEN|bearer token is invalid/i.test(said))
    return new InputError(
      `eas ${command} does not accept the token (${said}); set EXPO_TOKEN in the step's env to an access token of Expo, from a secret`,
    )
  if (/failed, reason:|\[network\]|socket hang up|bad gateway|service unavailable|timed out/i.test(said))
    return new UnavailableError(`eas ${command} could not reach its service (${said})`)
  return new RefusedError(`eas ${command} failed: ${said || 'it did not say why'}`)
}
