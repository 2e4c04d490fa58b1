import { attempt, ConflictError } from '../../errors.ts'
import { count } from '../../text/count.ts'
import type { LayerReceipt } from '../layer.ts'
import { keepBefore } from './kept-flags.ts'
import type { FlagsLayerOptions } from './layer-options.ts'
import { type Look, lookOnce, lookUntil, type Wanted } from './look.ts'
import type { Flag, FlagChange, FlagService, FlagsProposed } from './service.ts'
import { digestOfState } from './snapshot.ts'

/** What became of a change of flags. */
export type Applied = Pick<LayerReceipt, 'kept' | 'verified'> & {
  readonly problem?: string
  readonly outcome: 'rolled-back' | 'partial' | 'proposed'
  readonly proposed?: FlagsProposed
}

/**
 * Changes flags, and evaluates them as a client. What is not as it should be afterwards is in the receipt with what was changed, so that it
 * can be undone.
 * @throws ConflictError when one has changed since the plan, and what the service throws before anything is changed
 */
export async function applyFlags(
  options: FlagsLayerOptions,
  service: FlagService,
  changes: readonly FlagChange[],
): Promise<Applied> {
  const names = changes.map(({ flag }) => flag.name)
  refuseMoved(changes, await service.list(names))
  const backup = await options.backups?.keep(changes.map(({ flag }) => flag))
  const switched = changes
    .filter(({ state }) => state === undefined)
    .map(({ flag }) => [flag.name, false] as const)
  const before = switched.length === 0 ? undefined : await lookOnce(service, new Map(switched))
  options.log(`flags: ${changes.map((change) => `${change.flag.name}: ${describe(change)}`).join('; ')}`)
  const written = await attempt(() => service.change(changes))
  if (written !== undefined && !(written instanceof Error))
    return { kept: {}, verified: undefined, outcome: 'proposed', proposed: written }
  const after = await attempt(() => service.list(names))
  const isKnown = after instanceof Map
  const done = isKnown ? changes.filter(({ flag }) => after.get(flag.name)?.state !== flag.state) : changes
  if (written instanceof Error && done.length === 0) throw written
  const kept = {
    ...(backup !== undefined && { backup }),
    ...receiptOf(options, done, isKnown ? after : new Map()),
  }
  const problem =
    written instanceof Error
      ? written.message
      : isKnown
        ? wrongOf(service, changes, after)
        : `the flags could not be read back: ${after}`
  if (problem !== undefined) return { kept, verified: undefined, problem, outcome: 'partial' }
  const wanted: Wanted = new Map(
    changes.map(({ flag: { name } }) => [name, isKnown && after.get(name)?.on === true]),
  )
  return {
    kept,
    outcome: 'rolled-back',
    ...sayLook(await lookUntil(service, wanted, { before, sleep: options.sleep }), changes),
  }
}

function sayLook(
  { ok, evidence }: Look,
  changes: readonly FlagChange[],
): Pick<Applied, 'verified' | 'problem'> {
  if (ok === undefined) return { verified: undefined, problem: evidence }
  const restored = changes.filter(({ state }) => state !== undefined).length
  return {
    verified: {
      ok,
      evidence: restored === 0 ? evidence : `${count(restored, 'flag')} restored and read back; ${evidence}`,
    },
  }
}

/** The flags as they were, and as they are. */
function receiptOf(
  options: FlagsLayerOptions,
  changes: readonly FlagChange[],
  after: ReadonlyMap<string, Flag>,
): LayerReceipt['kept'] {
  const now = changes.map(
    ({ flag: { name } }) => [`after ${name}`, digestOfState(after.get(name)?.state ?? '')] as const,
  )
  return { ...keepBefore(options, changes), ...Object.fromEntries(now) }
}

export function describe({ flag, state }: FlagChange): string {
  if (state === undefined) return 'switched off; its targeting stays'
  return flag.archived ? 'restored, from the archive' : 'restored, with its targeting'
}

/** @throws ConflictError that names the flag, who changed it and when */
function refuseMoved(changes: readonly FlagChange[], now: ReadonlyMap<string, Flag>): void {
  for (const { flag } of changes) {
    const current = now.get(flag.name)
    if (current?.state === flag.state) continue
    const by = current === undefined || current.version === '' ? '' : ` (${current.version})`
    throw new ConflictError(
      `the flag ${flag.name} has changed since the plan was made${by}: nothing was changed; plan again`,
    )
  }
}

/** A service that says yes, and a flag that is not changed, is a written. @returns what is wrong, undefined for nothing */
export function wrongOf(
  { at }: Pick<FlagService, 'at'>,
  changes: readonly FlagChange[],
  after: ReadonlyMap<string, Flag>,
): string | undefined {
  const wrong = changes.flatMap(({ flag: { name }, state }) => {
    const now = after.get(name)
    if (state === undefined) return now === undefined || now.on ? [`${name} is still on`] : []
    return now?.state === state ? [] : [`${name} is not as it was`]
  })
  if (wrong.length === 0) return undefined
  return `${at} took the change, and does not have it: ${wrong.join(', ')}; somebody else may write it`
}
