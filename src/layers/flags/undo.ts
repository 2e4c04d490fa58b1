import { ConflictError, RefusedError } from '../../errors.ts'
import { keptText, type UndoableRollback } from '../layer.ts'
import { wrongOf } from './apply.ts'
import type { FlagsLayerOptions } from './layer-options.ts'
import type { Flag, FlagService } from './service.ts'
import { digestOfState } from './snapshot.ts'

/** Puts each flag back as it was, unless somebody has changed it since. */
export async function undoFlags(
  service: FlagService,
  done: UndoableRollback,
  options: FlagsLayerOptions,
): Promise<string> {
  const { log } = options
  const before = Object.entries(done.kept).flatMap(([key, state]) =>
    key.startsWith('before ') && typeof state === 'string'
      ? [[key.slice('before '.length), state] as const]
      : [],
  )
  if (before.length === 0)
    throw new RefusedError('this rollback changed no flag, so there is nothing to undo')
  const states = await wholeStates(new Map(before), done, options)
  const names = [...states.keys()]
  const flags = await service.list(names)
  const open: [Flag, string][] = []
  for (const [name, state] of states) {
    const now = flags.get(name)
    if (now === undefined)
      throw new RefusedError(`the flag ${name} was deleted after the rollback: nothing was changed`)
    if (now.state === state) continue
    if (digestOfState(now.state) !== keptText(done, `after ${name}`))
      throw new ConflictError(
        `the flag ${name} was changed after the rollback${now.version === '' ? '' : ` (${now.version})`}: nothing was changed`,
      )
    open.push([now, state])
  }
  if (open.length > 0) log(`flags: taking the rollback of ${open.map(([{ name }]) => name).join(', ')} back`)
  const restored = open.map(([flag, state]) => ({ flag, state }))
  const proposed = open.length === 0 ? undefined : await service.change(restored)
  if (proposed !== undefined)
    throw new RefusedError(
      `${names.join(', ')}: a pull request undoes the rollback (${proposed.pull?.url ?? proposed.proposedOn}); merge it`,
    )
  const wrong = open.length === 0 ? undefined : wrongOf(service, restored, await service.list(names))
  if (wrong !== undefined) throw new RefusedError(wrong)
  return `${names.join(', ')}: as before the rollback${open.length === 0 ? ' already' : ' again'} (${service.at})`
}

/** What the history lost to the masking of secrets comes from the seal, or from the backup. */
async function wholeStates(
  before: ReadonlyMap<string, string>,
  done: UndoableRollback,
  { seal, backups }: FlagsLayerOptions,
): Promise<ReadonlyMap<string, string>> {
  const isWhole = (name: string, state: string | undefined) =>
    state !== undefined && digestOfState(state) === keptText(done, `digest ${name}`)
  const found = new Map<string, string>()
  for (const [name, state] of before) {
    const sealed = keptText(done, `sealed ${name}`)
    const opened = isWhole(name, state) ? state : sealed && seal.open(sealed)
    if (opened && isWhole(name, opened)) {
      found.set(name, opened)
      continue
    }
    const copy = await backups?.find(name, keptText(done, `digest ${name}`) ?? '')
    if (copy === undefined || !isWhole(name, copy))
      throw new RefusedError(
        `the history does not have all of the flag ${name} as it was, because a part of it looks like a secret, and ${backups === undefined ? 'there is no backup: set `flags.storage` to have one the next time' : 'no backup in `flags.storage` has it'}; nothing was changed`,
      )
    found.set(name, copy)
  }
  return found
}
