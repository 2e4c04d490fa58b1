import type { LayerReceipt, UndoableRollback } from '../layer.ts'
import type { FlagsLayerOptions } from './layer-options.ts'
import type { Flag, FlagChange } from './service.ts'
import { digestOfState } from './snapshot.ts'

type Kept = LayerReceipt['kept']

/** The flags as they were, with their targeting; sealed, too, where the history would not keep all of it. */
export function keepBefore(
  { redact, seal }: Pick<FlagsLayerOptions, 'redact' | 'seal'>,
  changes: readonly FlagChange[],
): Kept {
  const entries = changes.flatMap(({ flag: { name, state } }) => {
    const sealed = redact(state) === state ? undefined : seal.seal(state)
    return [
      [`before ${name}`, state] as const,
      [`digest ${name}`, digestOfState(state)] as const,
      ...(sealed === undefined ? [] : [[`sealed ${name}`, sealed] as const]),
    ]
  })
  return Object.fromEntries(entries)
}

/**
 * What earlier runs of the rollback that this run goes on with have changed, and this one does not: an undo takes all of it back. What a run
 * did that was killed is seen from what was there when the rollback began, and what is there now.
 * @param names the flags that the rollback is about
 * @param changed those that this run changes
 */
export function keptOfEarlierRuns(
  { begun, earlier }: Pick<FlagsLayerOptions, 'begun' | 'earlier'>,
  names: readonly string[],
  { changed, now }: { readonly changed: ReadonlySet<string>; readonly now: ReadonlyMap<string, Flag> },
): Kept {
  if (begun === undefined) return {}
  return Object.assign(
    {},
    ...names
      .filter((name) => !changed.has(name))
      .map((name) => {
        const said = ofFlag(earlier?.kept ?? {}, name)
        if (said !== undefined) return said
        const before = ofFlag(begun.kept, name)
        const flag = now.get(name)
        if (before === undefined || flag === undefined) return {}
        const digest = digestOfState(flag.state)
        return digest === before[`digest ${name}`] ? {} : { ...before, [`after ${name}`]: digest }
      }),
  )
}

/** The rollback of runs that were killed before they said what they did; undefined where they changed nothing. */
export function rollbackOfEarlierRuns(
  { begun }: Pick<FlagsLayerOptions, 'begun'>,
  { to, kept }: { readonly to: string; readonly kept: Kept },
): UndoableRollback | undefined {
  if (begun === undefined || Object.keys(kept).length === 0) return undefined
  return { from: begun.from, to, now: to, kept }
}

const parts = ['before', 'digest', 'sealed', 'after'] as const

function ofFlag(kept: Kept, name: string): Kept | undefined {
  if (kept[`before ${name}`] === undefined) return undefined
  const own = parts.flatMap((part) => {
    const value = kept[`${part} ${name}`]
    return value === undefined ? [] : [[`${part} ${name}`, value] as const]
  })
  return Object.fromEntries(own)
}
