import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readCommit, resolveRevision } from '../github/commits.ts'
import { readFile } from '../github/contents.ts'
import { digestOf } from '../layers/config/file.ts'
import { openConfigLayer } from '../layers/config/layer.ts'
import { findTarget as findConfigTarget } from '../layers/config/target.ts'
import { partOf } from '../layers/join-layers.ts'
import type { Layer } from '../layers/layer.ts'
import { hasChoice, scoped } from '../layers/scoped.ts'
import { isChosen, type LayerSurroundings, readVariable } from './layer-surroundings.ts'
import { undoableOf } from './record.ts'

/**
 * Opens the configuration as the settings describe it.
 * @param good finds the revision that the code goes back to @param commits puts just the configuration files back
 */
export async function openConfig(
  surroundings: LayerSurroundings,
  { good, commits }: { readonly good: () => Promise<string>; readonly commits: Layer },
): Promise<Layer> {
  const { repository, config, environment, bad, env, progress } = surroundings
  const settings = config.config
  if (settings === undefined) throw new TypeError('there is no configuration in the settings')
  const { files, keys, folder, storage = '', variables, target, allowRemoval, required } = settings
  const { organizationVariables } = settings
  const chosen = { target: target ?? '', files, keys, variables, organizationVariables }
  // what was restored of other files, keys or variables says nothing of these
  const earlier = progress.doneBefore('config', hasChoice(chosen))
  const isInterrupted = progress.unfinished?.layers.some(({ layer }) => layer === 'config') === true
  const secrets = surroundings.secrets
  const goesWithCode = isChosen(surroundings, 'code')
  const read = async (path: string, ref: string) => (await readFile(repository, { path, ref }))?.bytes
  // the revision that runs afterwards has to understand what is restored
  const rules = async (findGood: () => Promise<string>) => {
    const { schema: path } = settings
    if (path === undefined) return { schema: undefined, required, secrets, warnings: [] }
    const runs = goesWithCode ? await findGood() : bad
    const textAt = async (ref: string) => (await readFile(repository, { path, ref }))?.text
    const text = await textAt(runs)
    if (text === undefined && (runs === bad || (await textAt(bad)) === undefined))
      throw new InputError(
        message`${setting('config.schema')} is ${path}, and ${runs.slice(0, 7)}, which runs afterwards, has no such file; name one that it has, or leave the setting out to restore without a check`,
      )
    if (text !== undefined) return { schema: { path, text }, required, secrets, warnings: [] }
    const unchecked = `not checked by \`config.schema\`: ${runs.slice(0, 7)}, which runs afterwards, has no ${path}`
    return { schema: undefined, required, secrets, warnings: [unchecked], unchecked }
  }
  const circumstances = {
    storage,
    environment,
    revision: bad,
    by: surroundings.by,
    reason: surroundings.reason,
    allowRemoval,
    now: () => new Date(surroundings.now()),
  }
  const findTarget = async (paths: readonly string[]) =>
    findConfigTarget({
      target,
      storage,
      environment,
      paths,
      deployment: { revision: bad, since: (await readCommit(repository, bad)).committedAt },
      readRevision: (name) => filesOfRevision(repository, name, paths),
    })
  const layer = openConfigLayer({
    variables:
      variables.length === 0
        ? undefined
        : {
            ...circumstances,
            earlier: earlier && partOf(undoableOf(earlier), 'variables'),
            repository: surroundings.openRepository(
              readVariable(env, 'config.variables-token', settings.variablesToken?.env ?? ''),
            ),
            scopes: variables,
            organizationVariables,
            findTarget,
            secrets,
            isInterrupted,
          },
    repositoryFiles:
      files.length === 0 || folder !== undefined
        ? undefined
        : {
            files,
            commits,
            goesWithCode,
            keys,
            earlier: earlier && partOf(undoableOf(earlier), 'files'),
            read,
            rules: (to) => rules(async () => to),
            allowRemoval,
          },
    folderFiles:
      folder === undefined
        ? undefined
        : {
            ...circumstances,
            earlier: earlier && partOf(undoableOf(earlier), 'folder'),
            isInterrupted,
            folder,
            files,
            keys,
            findTarget: () => findTarget(files),
            rules: () => rules(good),
          },
  })
  return scoped(layer, chosen)
}

/** The files of a commit, tag or branch; undefined when the repository has no such revision. */
async function filesOfRevision(repository: Repository, name: string, paths: readonly string[]) {
  const id = await resolveRevision(repository, name)
  if (id === undefined) return undefined
  const files = paths.map(async (path) => {
    const bytes = (await readFile(repository, { path, ref: id }))?.bytes
    return [path, bytes && { bytes: Buffer.from(bytes), digest: digestOf(bytes) }] as const
  })
  return { name: id, foundBy: `the revision ${name}`, files: new Map(await Promise.all(files)) }
}
