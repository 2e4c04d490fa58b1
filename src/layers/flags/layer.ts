import { InputError, message, setting } from '../../errors.ts'
import { comparedView, type Layer, type LayerPlan, type WayBack } from '../layer.ts'
import { applyFlags, describe } from './apply.ts'
import { keepBefore, keptOfEarlierRuns, rollbackOfEarlierRuns } from './kept-flags.ts'
import type { FlagsLayerOptions } from './layer-options.ts'
import { type Look, lookOnce } from './look.ts'
import type { Flag, FlagChange, FlagService } from './service.ts'
import { digestOfState, type FlagSnapshot } from './snapshot.ts'
import { undoFlags } from './undo.ts'

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
  /** names of the flags of a backup that are to be as it has them; empty where flags are switched off */
  readonly restored: readonly string[]
  readonly warnings: readonly string[]
  /** what of the target cannot be brought back, one clause; undefined for nothing */
  readonly missing?: string
}

async function planFlags(options: FlagsLayerOptions, service: FlagService): Promise<LayerPlan> {
  const { disable, only } = options
  const snapshot = disable.length > 0 ? undefined : await options.findSnapshot()
  const flags = await service.list(snapshot === undefined ? disable : wantedOf(snapshot, only))
  const goal =
    snapshot === undefined ? goalOff(disable, flags, service) : goalRestored(snapshot, only, flags, service)
  const { changes } = goal
  const way = changes.length > 0 ? await service.way?.() : undefined
  const problems = (await service.problems?.()) ?? []
  const isPending = changes.length > 0
  const changed = new Set(changes.map(({ flag }) => flag.name))
  const names = disable.length > 0 ? disable : goal.restored
  const before = keptOfEarlierRuns(options, names, { changed, now: flags })
  const earlier = options.earlier ?? rollbackOfEarlierRuns(options, { to: goal.name, kept: before })
  const from = isPending
    ? `flags-${digestOfState(changes.map(({ flag: { name, state } }) => `${name} ${state}`).join('\n')).slice(0, 12)}`
    : undefined
  const head = comparedView('flags', { from, to: goal.name, foundBy: goal.foundBy, earlier })
  const look = isPending ? undefined : await lookOnce(service, wantedNow(options, goal, flags))
  const unverified = join(look?.ok === true ? undefined : look?.evidence, goal.missing)
  return {
    view: {
      ...head,
      steps: [
        ...changes.map((change) => `${change.flag.name}: ${describe(change)} (${service.at})`),
        ...(way === undefined ? [] : [way]),
      ],
      warnings: [
        ...goal.warnings,
        ...(isPending && service.caveat !== undefined ? [service.caveat] : []),
        ...sayUnkept(options, changes),
        ...(isPending && service.serve === undefined
          ? [
              'the flags will not be evaluated as a client, and the rollback ends as not verified: describe a client in `flags.client`',
            ]
          : []),
        ...problems.slice(0, mostProblems),
      ],
      basis: Object.fromEntries(
        changes.map(({ flag }) => [`flag ${flag.name}`, digestOfState(flag.state).slice(0, 12)]),
      ),
      ...(!isPending && unverified !== undefined && { unverified }),
      ...(!isPending && {
        left:
          disable.length > 0 ? sayOff(disable, look) : `${listed(goal.restored)} as in ${goal.name} already`,
      }),
    },
    ...(isPending && { before: keepBefore(options, changes) }),
    apply: async () => {
      const done = isPending ? await applyFlags(options, service, changes) : undefined
      const problem = done === undefined ? unverified : join(done.problem, goal.missing)
      return {
        outcome: done?.outcome ?? 'already-rolled-back',
        from: head.from,
        to: goal.name,
        now: goal.name,
        kept: { ...before, ...(done?.kept ?? earlier?.kept) },
        ...(done?.outcome === 'rolled-back' && { wayBack: wayBackOf(changes) }),
        ...done?.proposed,
        verified:
          goal.missing !== undefined
            ? undefined
            : done === undefined
              ? look && verifiedOf(look)
              : done.verified,
        ...(problem !== undefined && { problem }),
        ...(isPending && {
          warnings: [
            'clients that poll or cache may serve the earlier value for a while: only one client was checked',
          ],
        }),
      }
    },
  }
}

/** What is lost where neither the history nor a backup has a flag as it was, said before it is changed. */
function sayUnkept(
  { backups, redact, seal }: FlagsLayerOptions,
  changes: readonly FlagChange[],
): readonly string[] {
  if (backups !== undefined) return []
  const lost = changes.filter(
    ({ flag: { state } }) => redact(state) !== state && seal.seal(state) === undefined,
  )
  if (lost.length === 0) return []
  const names = lost.map(({ flag }) => flag.name).join(', ')
  return [
    `${names} cannot be restored by an undo: a part of ${lost.length === 1 ? 'it' : 'them'} looks like a secret, which the history does not keep; set \`flags.storage\` to keep it in a backup`,
  ]
}

function join(...clauses: readonly (string | undefined)[]): string | undefined {
  const said = clauses.filter((clause) => clause !== undefined)
  return said.length === 0 ? undefined : said.join('; ')
}

function listed(names: readonly string[]): string {
  return names.length <= 10
    ? `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`
    : `${names.length} flags are`
}

function verifiedOf({ ok, evidence }: Look) {
  return ok === undefined ? undefined : { ok, evidence }
}

/** What clients should be served where nothing is to be changed. */
function wantedNow(
  { disable }: FlagsLayerOptions,
  { restored }: Goal,
  flags: ReadonlyMap<string, Flag>,
): ReadonlyMap<string, boolean> {
  if (disable.length > 0) return new Map(disable.map((name) => [name, false]))
  return new Map(restored.flatMap((name) => (flags.has(name) ? [[name, flags.get(name)?.on === true]] : [])))
}

function sayOff(names: readonly string[], look: Look | undefined): string {
  const seen = look === undefined || look.ok === true ? '' : `; ${look.evidence}`
  return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} off already${seen}`
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
    restored: [],
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
  { at }: FlagService,
): Goal {
  const unknown = only.filter((name) => !snapshot.flags.has(name))
  if (unknown.length > 0)
    throw new InputError(
      message`${setting('flags.restore')} has ${unknown.join(', ')}, which the backup ${snapshot.name} does not have; write names it has, such as ${[...snapshot.flags.keys()].slice(0, 5).join(', ')}`,
    )
  const wanted = [...snapshot.flags].filter(([name]) => only.length === 0 || only.includes(name))
  const changes = wanted.flatMap(([name, state]): readonly FlagChange[] => {
    const flag = flags.get(name)
    return flag === undefined || flag.state === state ? [] : [{ flag, state }]
  })
  const deleted = wanted.filter(([name]) => !flags.has(name)).map(([name]) => name)
  if (only.length > 0 && deleted.length > 0)
    throw new InputError(
      message`${setting('flags.restore')} has ${deleted.join(', ')}, which ${at} no longer has: a flag that was deleted is not created again. Create it manually, or leave it out to restore the others`,
    )
  const added = only.length > 0 ? [] : [...flags.keys()].filter((name) => !snapshot.flags.has(name))
  const missing =
    deleted.length === 0 ? undefined : `deleted since, and not created again: ${deleted.join(', ')}`
  return {
    name: snapshot.name,
    foundBy: snapshot.foundBy,
    changes,
    restored: wanted.map(([name]) => name),
    ...(missing !== undefined && { missing }),
    warnings: [
      ...(missing === undefined ? [] : [missing]),
      ...(added.length === 0
        ? []
        : [`added since, and left as they are: ${added.join(', ')}; switch them off with disable`]),
    ],
  }
}

/** How people give flags back what the rollback took from them. */
function wayBackOf(changes: readonly FlagChange[]): WayBack {
  const namesOf = (isOff: boolean) =>
    changes.filter(({ state }) => (state === undefined) === isOff).map(({ flag }) => flag.name)
  const [off, restored] = [namesOf(true).join(', '), namesOf(false).join(', ')]
  return {
    steps: [
      ...(off === ''
        ? []
        : [`When the fault is fixed, switch ${off} on again. The rollback left the targeting as it was.`]),
      ...(restored === ''
        ? []
        : [`When the fault is fixed, change ${restored} again. The rollback restored an earlier state.`]),
    ],
    commands: [],
  }
}
