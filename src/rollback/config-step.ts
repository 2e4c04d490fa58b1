import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { listCommits } from '../github/commits.ts'
import { readFile } from '../github/contents.ts'
import type { Manifest } from '../layers/config/backup.ts'
import { readState } from '../layers/config/file.ts'
import { describeBackups, makeSnapshot, validateFiles } from '../layers/config/snapshots.ts'
import type { Config } from '../settings/schema.ts'
import { type ConfigWish, withConfiguration } from './configuration.ts'
import { type ConfiguredContext, openFrontDoor, type RunTools } from './front-door.ts'
import { readVariable } from './layer-surroundings.ts'
import { secretsOfLayers } from './open-layers.ts'
import { unobserved } from './production.ts'
import type { RollbackResult } from './result.ts'
import { runRollback } from './run.ts'

/** The request for a step that handles only the configuration. */
export interface ConfigRequest extends Omit<ConfigWish, 'variablesToken'> {
  /** for the variables; '' for that of the settings */
  readonly token: string
  /** flags to switch off, or to restore */
  readonly flags: readonly string[]
  readonly reason: string
  readonly hold: string
}

/** The operations on the configuration of an environment. */
export interface ConfigStep {
  /** values that no text may contain */
  readonly secrets: readonly string[]
  /** Makes a backup. @throws InputError, RefusedError if the configuration cannot be read or the backup cannot be written */
  readonly backUp: () => Promise<Manifest>
  /** The backups, or the commits that changed the files, newest first. */
  readonly list: () => Promise<{ readonly backups: readonly Manifest[]; readonly lines: readonly string[] }>
  /** The problems of the current configuration, one line each. */
  readonly validate: () => Promise<readonly string[]>
  /** Restores it, as the front door does. @param dryRun only plans */
  readonly restore: (dryRun: boolean) => Promise<RollbackResult>
  /** Switches flags off. */
  readonly disable: () => Promise<RollbackResult>
}

/** The variable that holds a token that the step was given. */
const tokenVariable = 'CONFIG_ROLLBACK_VARIABLES_TOKEN'

/** @throws InputError for inputs that cannot be combined */
export function openConfigStep(
  context: ConfiguredContext,
  { token, ...request }: ConfigRequest,
  given: RunTools,
): ConfigStep {
  const tools = token === '' ? given : { ...given, env: { ...given.env, [tokenVariable]: token } }
  const { repository, environment, branch } = context
  const configured = () => {
    const config = withConfiguration(context.config, { ...request, variablesToken: token && tokenVariable })
    if (config.config === undefined) throw new TypeError('there is no configuration in the settings')
    return { config, own: config.config }
  }
  const run = async (config: Config, layers: readonly string[], target: string, dryRun = false) => {
    const options = await openFrontDoor(
      { ...context, config },
      {
        mode: dryRun ? 'dry-run' : 'auto',
        issueType: 'config-error',
        layers,
        target,
        url: '',
        onFailure: 'configured',
        reason: request.reason,
        hold: request.hold,
      },
      tools,
    )
    const isObserved = config.health.checks.length > 0
    return runRollback({
      ...options,
      only: ['config', 'flags'],
      // it verifies the configuration, and production where there are checks
      deployer: options.deployer ?? 'external',
      production: isObserved ? options.production : unobserved(options.production.unseen),
    })
  }
  const demandFlags = () => {
    if (context.config.flags === undefined)
      throw new InputError(
        message`${setting('flags.disable')} names flags, and .github/rollback.yml does not say where they are; describe their service there, under \`flags\``,
      )
  }
  const readText = async (path: string) => (await readFile(repository, { path, ref: branch }))?.text
  return {
    secrets: [token, ...secretsOfLayers(context.config, tools.env)],
    backUp: async () => {
      const { own } = hasConfiguration(request, context.config) ? configured() : { own: undefined }
      const flags = await flagsToKeep(context, request, tools)
      const { revision } = context
      return makeSnapshot({
        ...{ files: own?.files ?? [], folder: own?.folder, variables: own?.variables ?? [] },
        organizationVariables: own?.organizationVariables ?? [],
        ...{ environment, revision, flags },
        storage: own?.storage ?? context.config.flags?.storage,
        openVariables: () =>
          tools.openRepository(
            readVariable(tools.env, 'config.variables-token', own?.variablesToken?.env ?? ''),
          ),
        by: tools.by,
        reason: request.reason,
        now: tools.now(),
      })
    },
    list: async () => {
      const storage = hasConfiguration(request, context.config)
        ? configured().own.storage
        : context.config.flags?.storage
      if (storage !== undefined) return describeBackups(storage, environment)
      return { backups: [], lines: await describeChanges(repository, branch, configured().own.files) }
    },
    validate: async () => {
      const { schema: path, required, files, folder } = configured().own
      if (path === undefined && required.length === 0)
        throw new InputError(
          message`${setting('config.schema')} and ${setting('config.required')} are empty; write one of them, to say what is valid`,
        )
      const text = path === undefined ? undefined : await readText(path)
      if (path !== undefined && text === undefined)
        throw new InputError(
          message`${setting('config.schema')} is ${path}, and ${branch} has no such file; name one of it`,
        )
      const read = async (file: string) =>
        folder === undefined
          ? (await readFile(repository, { path: file, ref: branch }))?.bytes
          : (await readState(folder, file))?.bytes
      const schema = path === undefined || text === undefined ? undefined : { path, text }
      return validateFiles(files, read, { required, schema })
    },
    restore: async (dryRun) => {
      if (request.flags.length > 0) demandFlags()
      const layers = [
        ...(request.flags.length > 0 ? ['flags'] : []),
        ...(request.flags.length === 0 || hasWish(request) ? ['config'] : []),
      ]
      const { config, own } = layers.includes('config')
        ? configured()
        : { config: context.config, own: undefined }
      const isInRepository = own !== undefined && own.storage === undefined
      const flags = config.flags && { ...config.flags, disable: [], restore: request.flags }
      return run({ ...config, flags }, layers, isInRepository ? request.target : '', dryRun)
    },
    disable: async () => {
      const { flags } = context.config
      if (request.flags.length === 0 && (flags?.disable.length ?? 0) === 0)
        throw new InputError(
          message`${setting('flags.disable')} is empty; write the names of the flags to switch off`,
        )
      demandFlags()
      const disable = request.flags.length > 0 ? request.flags : (flags?.disable ?? [])
      return run({ ...context.config, flags: flags && { ...flags, disable, restore: [] } }, ['flags'], '')
    },
  }
}

/** True when a step names configuration of its own. */
function hasWish({
  files,
  variables,
  keys,
  target,
}: Pick<ConfigWish, 'files' | 'variables' | 'keys' | 'target'>): boolean {
  return files.length > 0 || variables.length > 0 || keys.length > 0 || target !== ''
}

function hasConfiguration(request: Omit<ConfigRequest, 'token'>, config: Config): boolean {
  return hasWish(request) || config.config !== undefined || config.flags === undefined
}

/** All flags, where the settings keep them in backups. */
async function flagsToKeep(
  { repository, config, branch }: ConfiguredContext,
  { reason }: Pick<ConfigRequest, 'reason'>,
  { env, fetch, now, signal }: RunTools,
) {
  if (config.flags?.storage === undefined) return undefined
  const { fileOf, serviceOf } = await import('./open-flags.ts')
  const circumstances = { env, fetch, signal, reason, ownCommits: new Map(), now: () => now().getTime() }
  const service = serviceOf({ repository, config, branch, ...circumstances })
  return fileOf((await service.list()).values())
}

/** How many commits of each file are listed. */
const listed = 20

/** Who changed the files, when and why: the commits that touch them, newest first. */
async function describeChanges(
  repository: Repository,
  branch: string,
  files: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    files.map((path) => listCommits(repository, { branch, count: listed, path })),
  )
  const commits = new Map(found.flat().map((commit) => [commit.sha, commit]))
  return [...commits.values()]
    .sort((a, b) => b.committedAt.getTime() - a.committedAt.getTime())
    .slice(0, listed)
    .map(
      ({ sha, committedAt, author, message: said }) =>
        `${sha.slice(0, 7)} of ${committedAt.toISOString()} by ${author}: ${said.split('\n')[0]}`,
    )
}
