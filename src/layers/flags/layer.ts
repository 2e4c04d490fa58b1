import { ConflictError, InputError, message, RefusedError, setting } from '../../errors.ts'
import { keptText, type Layer, type LayerPlan, type LayerReceipt, type UndoableRollback } from '../layer.ts'
import type { Flag, FlagChange, FlagService } from './service.ts'
import { digestOfState, type FlagSnapshot } from './snapshot.ts'

export interface FlagsLayerOptions {
  readonly open: () => Promise<FlagService>
  /** flags to switch off; empty to restore */
  readonly disable: readonly string[]
  /** flags to restore; empty for all of the snapshot */
  readonly only: readonly string[]
  /** what is restored; not asked for where flags are switched off */
  readonly findSnapshot: () => Promise<FlagSnapshot>
  /** Keeps the flags that are about to be changed. @returns the name of the backup; undefined where there is no storage */
  readonly keep: (flags: readonly Flag[]) => Promise<string | undefined>
  /** what the history says of an earlier run of this rollback; undefined for nothing */
  readonly earlier: UndoableRollback | undefined
  readonly log: (line: string) => void
}

/** Feature flags: switched off now, or as they were. Never both in one call. */
export function openFlagsLayer(options: FlagsLayerOptions): Layer {
  return {
    name: 'flags',
    plan: async () => planFlags(options, await options.open()),
    undo: async (done) => undoFlags(await options.open(), done, options),
  }
}

/** So many problems of a file are shown: nobody reads more while production is failing. */
const mostProblems = 5

interface Goal {
  readonly name: string
  readonly foundBy: string
  readonly changes: readonly FlagChange[]
  readonly warnings: readonly string[]
}

async function planFlags(options: FlagsLayerOptions, service: FlagService): Promise<LayerPlan> {
  const { disable, only } = options
  const snapshot = disable.length > 0 ? undefined : await options.findSnapshot()
  const flags = await service.list(snapshot === undefined ? disable : wantedOf(snapshot, only))
  const goal = snapshot === undefined ? goalOff(disable, flags, service) : goalRestored(snapshot, only, flags)
  const { changes } = goal
  const problems = (await service.problems?.()) ?? []
  const isPending = changes.length > 0
  const { earlier } = options
  const names = changes.map(({ flag }) => flag.name)
  const from = isPending
    ? `flags-${digestOfState(changes.map(({ flag }) => flag.state).join('\n')).slice(0, 12)}`
    : (earlier?.from ?? goal.name)
  return {
    view: {
      layer: 'flags',
      state: isPending ? 'pending' : earlier === undefined ? 'nothing' : 'done',
      from,
      to: goal.name,
      foundBy: goal.foundBy,
      steps: changes.map((change) => `${change.flag.name}: ${describe(change)} (${service.at})`),
      undone: [],
      losses: [],
      warnings: [
        ...goal.warnings,
        ...(isPending && service.caveat !== undefined ? [service.caveat] : []),
        ...problems.slice(0, mostProblems),
      ],
      needsPerson: [],
      basis: Object.fromEntries(
        changes.map(({ flag }) => [`flag ${flag.name}`, digestOfState(flag.state).slice(0, 12)]),
      ),
      ...(options.disable.length > 0 && {
        left: `${options.disable.join(', ')} ${options.disable.length === 1 ? 'is' : 'are'} off already`,
      }),
    },
    apply: async () => {
      const kept = isPending ? await applyFlags(options, service, changes) : earlier?.kept
      return {
        outcome: isPending ? 'rolled-back' : 'already-rolled-back',
        from,
        to: goal.name,
        now: goal.name,
        kept: { ...kept },
        verified: isPending ? await look(service, changes) : await lookOff(service, options.disable),
        ...(names.length > 0 && {
          warnings: [
            'clients that poll or cache may serve the earlier value for a while: the server was asked, not each client',
          ],
        }),
      }
    },
  }
}

function goalOff(
  names: readonly string[],
  flags: ReadonlyMap<string, Flag>,
  { at, offMeans }: FlagService,
): Goal {
  const unknown = names.filter((name) => !flags.has(name))
  if (unknown.length > 0)
    throw new InputError(
      message`${setting('flags.disable')} has ${unknown.map((name) => JSON.stringify(name)).join(', ')}, which ${at} does not have; write names it has, such as ${[...flags.keys()].slice(0, 5).join(', ') || 'none: it has no flag'}`,
    )
  const changes = names.flatMap((name): readonly FlagChange[] => {
    const flag = flags.get(name)
    return flag === undefined || !flag.on ? [] : [{ flag, state: undefined }]
  })
  return {
    name: `off: ${names.join(', ')}`,
    foundBy: 'these flags were named',
    changes,
    warnings: changes.length > 0 && offMeans !== undefined ? [offMeans] : [],
  }
}

function wantedOf({ flags }: FlagSnapshot, only: readonly string[]): readonly string[] {
  return only.length > 0 ? only : [...flags.keys()]
}

function goalRestored(
  snapshot: FlagSnapshot,
  only: readonly string[],
  flags: ReadonlyMap<string, Flag>,
): Goal {
  const missing = only.filter((name) => !snapshot.flags.has(name))
  if (missing.length > 0)
    throw new InputError(
      message`${setting('flags.restore')} has ${missing.join(', ')}, which the backup ${snapshot.name} does not have; write names it has, such as ${[...snapshot.flags.keys()].slice(0, 5).join(', ')}`,
    )
  const wanted = [...snapshot.flags].filter(([name]) => only.length === 0 || only.includes(name))
  const changes = wanted.flatMap(([name, state]): readonly FlagChange[] => {
    const flag = flags.get(name)
    return flag === undefined || flag.state === state ? [] : [{ flag, state }]
  })
  const deleted = wanted.filter(([name]) => !flags.has(name)).map(([name]) => name)
  const added = only.length > 0 ? [] : [...flags.keys()].filter((name) => !snapshot.flags.has(name))
  return {
    name: snapshot.name,
    foundBy: snapshot.foundBy,
    changes,
    warnings: [
      ...(deleted.length === 0 ? [] : [`deleted since, and not created again: ${deleted.join(', ')}`]),
      ...(added.length === 0
        ? []
        : [`added since, and left as they are: ${added.join(', ')}; switch them off with disable`]),
    ],
  }
}

function describe({ flag, state }: FlagChange): string {
  if (state === undefined) return 'switched off; its targeting stays'
  return flag.archived ? 'restored, from the archive' : 'restored, with its targeting'
}

/** @returns what the receipt keeps: each flag as it was, with its targeting */
async function applyFlags(
  { keep, log }: FlagsLayerOptions,
  service: FlagService,
  changes: readonly FlagChange[],
): Promise<Readonly<Record<string, string>>> {
  const names = changes.map(({ flag }) => flag.name)
  refuseMoved(changes, await service.list(names))
  const backup = await keep(changes.map(({ flag }) => flag))
  log(`flags: ${changes.map((change) => `${change.flag.name}: ${describe(change)}`).join('; ')}`)
  await service.change(changes)
  const after = await service.list(names)
  for (const { flag, state } of changes) demandChanged(service, after.get(flag.name), flag, state)
  const states = changes.flatMap(({ flag }) => [
    [`before ${flag.name}`, flag.state] as const,
    [`digest ${flag.name}`, digestOfState(flag.state)] as const,
    [`after ${flag.name}`, digestOfState(after.get(flag.name)?.state ?? '')] as const,
  ])
  return Object.fromEntries([...(backup === undefined ? [] : [['backup', backup] as const]), ...states])
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

/** A service that says yes, and a flag that is not changed, is a failure. */
function demandChanged(
  { at }: FlagService,
  now: Flag | undefined,
  flag: Flag,
  state: string | undefined,
): void {
  const isAsWanted = state === undefined ? now !== undefined && !now.on : now?.state === state
  if (!isAsWanted)
    throw new RefusedError(
      `the flag ${flag.name} was changed, and ${at} does not have it as it should be: ${state === undefined ? 'it is still on' : 'it is not as it was'}; somebody else may write it`,
    )
}

/** Asks as a client would. A flag that clients are still served is a failure, whatever the service's own list says. */
async function look(service: FlagService, changes: readonly FlagChange[]): Promise<LayerReceipt['verified']> {
  const off = changes.filter(({ state }) => state === undefined).map(({ flag }) => flag.name)
  if (off.length > 0) return lookOff(service, off)
  const names = changes.map(({ flag }) => flag.name)
  const served = await service.serve?.(names)
  const seen =
    served === undefined
      ? ''
      : `; clients are served ${names.map((name) => `${name} ${served.get(name)?.value ?? 'off'}`).join(', ')}`
  return { ok: true, evidence: `${names.length} flags read back as they were${seen}` }
}

async function lookOff(
  { serve, at }: FlagService,
  names: readonly string[],
): Promise<LayerReceipt['verified']> {
  if (names.length === 0 || serve === undefined) return undefined
  const served = await serve(names)
  const on = names.filter((name) => served.get(name)?.isOff === false)
  return on.length === 0
    ? { ok: true, evidence: `${at}: clients are served ${names.join(', ')} as off` }
    : {
        ok: false,
        evidence: `${at}: clients are still served ${on.map((name) => `${name} ${served.get(name)?.value} (${served.get(name)?.reason})`).join(', ')}`,
      }
}

/** Puts each flag back as the receipt has it, unless somebody has changed it since. */
async function undoFlags(
  service: FlagService,
  done: UndoableRollback,
  { log }: Pick<FlagsLayerOptions, 'log'>,
): Promise<string> {
  const before = Object.entries(done.kept).flatMap(([key, state]) =>
    key.startsWith('before ') && typeof state === 'string'
      ? [[key.slice('before '.length), state] as const]
      : [],
  )
  if (before.length === 0)
    throw new RefusedError('this rollback changed no flag, so that there is nothing to take back')
  const names = before.map(([name]) => name)
  const flags = await service.list(names)
  const open: [Flag, string][] = []
  for (const [name, state] of before) {
    if (digestOfState(state) !== keptText(done, `digest ${name}`))
      throw new RefusedError(
        `the history has not all of the flag ${name} as it was, because a part of it looks like a secret: restore it from the backup ${keptText(done, 'backup') ?? 'that was made before'}`,
      )
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
  if (open.length > 0) await service.change(open.map(([flag, state]) => ({ flag, state })))
  const after = await service.list(names)
  for (const [now, state] of open) demandChanged(service, after.get(now.name), now, state)
  return `${before.map(([name]) => name).join(', ')}: as before the rollback${open.length === 0 ? ' already' : ' again'} (${service.at})`
}
