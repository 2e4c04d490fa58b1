import { InputError, RefusedError, UnavailableError } from '../../errors.ts'
import { type CommandProject, parseJson, runCommand, saidBy } from './command-line.ts'

/** An Expo project; EXPO_TOKEN is among its variables. */
export type EasProject = CommandProject

/** The version that is taken from npm where the job has installed none. */
const easVersion = '24.8.0'

/**
 * Runs Expo's own command line, without a shell: the one that is installed, else a known version by npx.
 * @returns the JSON it printed; undefined when it printed none
 * @throws InputError for a token it does not accept, UnavailableError, RefusedError with its own words
 */
export async function runEas(project: EasProject, args: readonly string[]): Promise<unknown> {
  // looking at one group asks nothing, and knows no such flag
  const flags = [...args, '--json', ...(args[0] === 'update:view' ? [] : ['--non-interactive'])]
  const ended =
    (await runCommand(project, 'eas', flags)) ??
    (await runCommand(project, 'npx', ['--yes', `eas-cli@${easVersion}`, ...flags]))
  if (ended === undefined)
    throw new RefusedError(
      `neither eas nor npx is on this runner: set up Node, or install eas-cli@${easVersion} in a step before`,
    )
  if (ended.status === 0) return parseJson(ended.printed)
  throw explain(args[0] ?? 'eas', `${ended.printed}\n${ended.complained}`)
}

function explain(command: string, output: string): Error {
  const said = saidBy(output, /command failed\.$|without version control system/)
  if (/EXPO_TOKEN|bearer token is invalid/i.test(said))
    return new InputError(
      `eas ${command} does not accept the token (${said}); set EXPO_TOKEN in the step's env to an access token of Expo, from a secret`,
    )
  if (/failed, reason:|\[network\]|socket hang up|bad gateway|service unavailable|timed out/i.test(said))
    return new UnavailableError(`eas ${command} could not reach its service (${said})`)
  return new RefusedError(`eas ${command} failed: ${said || 'it did not say why'}`)
}
