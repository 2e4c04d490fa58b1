import { InputError, isUserFacing, message, setting } from '../errors.ts'
import { readCommit } from '../github/commits.ts'
import { readFile } from '../github/contents.ts'
import { isBelow } from '../layers/code/paths.ts'
import { listBackups, makeBackup, readBackup } from '../layers/config/backup.ts'
import { privateState } from '../layers/config/file.ts'
import { pathOfFlags } from '../layers/config/snapshots.ts'
import { findTarget } from '../layers/config/target.ts'
import { readFlagdFile } from '../layers/flags/flagd-file.ts'
import { sealWith } from '../layers/flags/kept-state.ts'
import { openFlagsLayer } from '../layers/flags/layer.ts'
import { openFlagService } from '../layers/flags/open.ts'
import type { Flag } from '../layers/flags/service.ts'
import { decodeFlags, digestOfState, encodeFlags } from '../layers/flags/snapshot.ts'
import { emptyView, type Layer } from '../layers/layer.ts'
import { hasChoice, scoped } from '../layers/scoped.ts'
import { redact } from '../text/redact.ts'
import { type FlagFileSurroundings, inRepository, onMachine } from './flag-file.ts'
import { isChosen, type LayerSurroundings, readVariable } from './layer-surroundings.ts'
import { undoableOf } from './record.ts'

/** Opens the feature flags as the settings describe them. @param good finds the revision that the code goes back to */
export async function openFlags(
  surroundings: LayerSurroundings,
  good: () => Promise<string>,
): Promise<Layer> {
  const { repository, config, environment, bad, progress, log, by, reason } = surroundings
  const settings = config.flags
  if (settings === undefined) throw new TypeError('there are no feature flags in the settings')
  const { storage, target, disable, restore } = settings
  const chosen = { target: target ?? '', disable, restore }
  const earlier = progress.doneBefore('flags', hasChoice(chosen))
  const begun = progress.unfinished?.layers.find(({ layer }) => layer === 'flags')
  const isInRepository = settings.service === 'flagd' && settings.folder === undefined
  const findNamed = async (name: string) =>
    findTarget({
      target: name,
      storage: storage ?? '',
      environment,
      paths: [pathOfFlags],
      deployment: { revision: bad, since: (await readCommit(repository, bad)).committedAt },
      readRevision: async () => undefined,
    })
  const layer = openFlagsLayer({
    open: async () => serviceOf(surroundings),
    disable,
    only: restore,
    earlier: earlier && undoableOf(earlier),
    ...{ log, sleep: surroundings.sleep },
    redact: (text) => redact(text, surroundings.secrets),
    seal: sealWith(settings.token && surroundings.env[settings.token.env]),
    begun: begun && { from: begun.from, kept: begun.before ?? {} },
    backups:
      storage === undefined
        ? undefined
        : {
            keep: async (flags) => {
              const kept = await makeBackup({
                ...{ storage, environment, revision: bad, by, reason },
                kind: 'emergency',
                files: new Map([[pathOfFlags, fileOf(flags)]]),
                now: new Date(surroundings.now()),
              })
              return kept.name
            },
            find: (name, digest) => findState(storage, environment, { name, digest }),
          },
    findSnapshot: async () => {
      const found = await findNamed(target)
      const bytes = found.files.get(pathOfFlags)?.bytes ?? Buffer.alloc(0)
      return { name: found.name, foundBy: found.foundBy, flags: decodeFlags(found.name, bytes) }
    },
  })
  if (isInRepository && isChosen(surroundings, 'code'))
    return withCode(surroundings, { file: settings.file ?? '', disable, layer, good })
  return scoped(layer, chosen)
}

/** Looks for a flag as it was in the backups of what rollbacks replaced, the newest first; a damaged one has nothing. */
async function findState(
  storage: string,
  environment: string,
  { name, digest }: { readonly name: string; readonly digest: string },
): Promise<string | undefined> {
  const { manifests } = await listBackups(storage)
  for (const manifest of manifests) {
    if (manifest.environment !== environment || manifest.files.every(({ path }) => path !== pathOfFlags))
      continue
    try {
      const bytes = (await readBackup(storage, manifest)).get(pathOfFlags)?.bytes
      const state = bytes && decodeFlags(manifest.name, bytes).get(name)
      if (state !== undefined && digestOfState(state) === digest) return state
    } catch (error) {
      if (!isUserFacing(error)) throw error
    }
  }
  return undefined
}

/** The service, or the file, that the settings name. */
export function serviceOf({
  repository,
  config,
  branch,
  env,
  fetch,
  now,
  signal,
  reason,
  ownCommits,
}: FlagFileSurroundings & Pick<LayerSurroundings, 'env' | 'fetch' | 'now' | 'signal'>) {
  const settings = config.flags
  if (settings === undefined) throw new TypeError('there are no feature flags in the settings')
  const { file = '', folder, token, client } = settings
  const flagFile =
    folder === undefined
      ? inRepository({ repository, config, branch, reason, ownCommits }, file)
      : onMachine(folder, file)
  return openFlagService({
    ...settings,
    token: token && readVariable(env, 'flags.token', token.env),
    client: client && {
      ...client,
      key: client.key && readVariable(env, 'flags.client.key', client.key.env),
      off: client.off ?? 'false',
    },
    ...{ flagFile, fetch, now, signal },
  })
}

/** Flags as a backup keeps them. */
export function fileOf(flags: Iterable<Pick<Flag, 'name' | 'state'>>) {
  return privateState(encodeFlags(flags))
}

/**
 * The file of flags is a part of the code that goes back: the flags are then what they are there, and none is switched off beside it.
 * @throws InputError where flags were asked for that would be on afterwards
 */
function withCode(
  { repository, config: { paths }, branch, choice }: LayerSurroundings,
  {
    file,
    disable,
    layer,
    good,
  }: {
    readonly file: string
    readonly disable: readonly string[]
    readonly layer: Layer
    readonly good: () => Promise<string>
  },
): Layer {
  const stillOn = async () => {
    if (disable.length === 0) return []
    // what is wrong with the names or the file is said by the layer itself
    await layer.plan()
    const goesBack = paths.length === 0 || isBelow(file, paths)
    const text = (await readFile(repository, { path: file, ref: goesBack ? await good() : branch }))?.text
    const flags = text === undefined ? [] : readFlagdFile(file, text).flags
    return disable.filter((name) => flags.some((flag) => flag.name === name && flag.enabled))
  }
  // what is left as it is, nobody carries out or undoes
  const never = () => Promise.reject(new TypeError(`${file} goes with the code`))
  return {
    name: 'flags',
    plan: async () => {
      const on = (await stillOn()).join(', ')
      // a layer that was not asked for is left, and says so
      if (on !== '' && choice !== 'changed' && choice.includes('flags'))
        throw new InputError(
          message`${setting('flags.disable')} has ${on}, which would be on in ${file} after the rollback of the code: nothing was changed; roll back the code first, then run this again for the layer flags alone`,
        )
      const left =
        on === ''
          ? `${file} is restored with the code`
          : `${file} is restored with the code, in which ${on} is on; to switch it off, run the rollback again afterwards for the layer flags alone`
      return {
        view: { ...emptyView('flags'), state: 'nothing', left },
        apply: never,
      }
    },
    undo: never,
  }
}
