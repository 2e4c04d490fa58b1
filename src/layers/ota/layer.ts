import { ConflictError, isUserFacing, RefusedError, UnavailableError } from '../../errors.ts'
import type { Layer, LayerPlanView, LayerReceipt, UndoableRollback } from '../layer.ts'
import type { Circumstances } from './apply.ts'
import { describeDevices, stepsOf } from './describe.ts'
import type { EasProject } from './eas-command.ts'
import { explainUndecided, haltMeans } from './explain.ts'
import { prepareServer } from './open.ts'
import { changes, type Plan, type RollbackRequest } from './plan.ts'
import { planAll } from './plan-all.ts'
import { foundBy, keptOf, labelsOf, namesOf } from './record.ts'
import { describe, formatChannel, formatLabel } from './release.ts'
import { isEncrypted, readChannel, readRequests } from './request.ts'
import { applyAll, type ChannelResult, lookAtAll } from './roll-back.ts'
import { undoRollback } from './undo.ts'
import type { ServerKind, UpdateServer } from './update-server.ts'
import { isVerified } from './verify.ts'
import { wayBackOf } from './way-back.ts'

export interface OtaLayerOptions {
  readonly kind: ServerKind | 'auto'
  /** address of the update server's API; none for eas */
  readonly url?: string | undefined
  /** a secret; none for eas */
  readonly accessKey?: string | undefined
  /** for eas: the Expo project, and the job's variables with EXPO_TOKEN */
  readonly eas?: Omit<EasProject, 'signal'>
  /** `Shop-ios/Production`; for hot-updater `ios/production`, for eas `all/production` */
  readonly channels: readonly string[]
  /** labels of the bad releases, as the caller knows them: one for each channel, one for all, or none for the newest; the same for the next two */
  readonly badLabels?: readonly string[]
  /** labels to go back to; none for the newest good ones */
  readonly targets?: readonly string[]
  /** binaries to roll back for; none for those of the bad releases */
  readonly appVersions?: readonly string[]
  /** labels that are not to be gone back to */
  readonly knownBad?: readonly string[]
  /** stop: the bad releases are halted, with nothing in their place */
  readonly mode?: RollbackRequest['mode']
  /** only what was released from then on is the bad deployment's; undefined to take the newest release whenever it was made */
  readonly since?: Date | undefined
  readonly incident: string
  /** how long devices may be answered from a cache, ms */
  readonly verifyTimeoutMs: number
  readonly fetch: typeof globalThis.fetch
  /** ms since the epoch */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly signal: AbortSignal
  readonly log: (line: string) => void
  /** Gets what is planned, and what became of it, for people who roll back nothing else. */
  readonly observe?: (state: OtaState) => void
}

/** A rollback of updates, by channel. */
export interface OtaState {
  readonly server: UpdateServer
  readonly plans: readonly Plan[]
  /** one for each plan that was carried out, or was found to be done; empty while it is only planned */
  readonly results: readonly ChannelResult[]
}

/**
 * Over-the-air updates: the bad bundles of all channels go back together, and devices have to agree.
 * @throws InputError for options that cannot be meant; nothing is asked yet
 */
export function openOtaLayer(options: OtaLayerOptions): Layer {
  const requests = readRequests({
    channels: options.channels,
    targets: options.targets ?? [],
    fromLabels: options.badLabels ?? [],
    appVersions: options.appVersions ?? [],
    knownBad: options.knownBad ?? [],
    mode: options.mode ?? 'roll-back',
    incident: options.incident,
  })
  const { kind, url = '', accessKey = '', eas = { folder: '.', env: {} }, fetch, now, signal } = options
  const open = prepareServer({ ...eas, kind, url, accessKey, fetch, now, signal })
  return {
    name: 'ota',
    async plan() {
      const server = await open()
      const all = await planAll(server, requests)
      const plans = all.filter((plan) => !isOlder(plan, options.since))
      // releases and marks say that it was done; whether it holds, devices say
      const seen = stateOf(plans) === 'done' ? await lookAtAll(server, plans, options) : []
      options.observe?.({ server, plans, results: seen })
      return {
        view: viewOf(plans, server, seen),
        apply: async () => {
          const results = await applyAll(server, plans, options)
          options.observe?.({ server, plans, results })
          for (const line of results.flatMap(describeDevices)) options.log(line)
          return receiptOf(results, server)
        },
      }
    },
    undo: async (done) => undoAll(await open(), done, options),
  }
}

/** @param seen what devices are offered, where it was done before */
function viewOf(plans: readonly Plan[], { at }: UpdateServer, seen: readonly ChannelResult[]): LayerPlanView {
  const names = plans.map(namesOf)
  const inEach = (lines: (plan: Plan) => readonly string[]) =>
    plans.flatMap((plan) => lines(plan).map((line) => `${formatChannel(plan.channel.name)}: ${line}`))
  const disagreeing = seen.filter(({ receipt }) => receipt?.devices.some(({ ok }) => !ok))
  return {
    layer: 'ota',
    state: disagreeing.length > 0 ? 'pending' : stateOf(plans),
    from: join(names.map(({ from }) => from)),
    to: join(names.map(({ to }) => to)),
    foundBy: [...new Set(plans.map(foundBy)), ...seen.map(sayOffered)].join('; '),
    steps: [
      ...inEach(stepsOf),
      ...disagreeing.map(({ plan }) => `${formatChannel(plan.channel.name)}: ask devices again`),
    ],
    undone: [],
    losses: [],
    warnings: [
      ...inEach((plan) =>
        plan.kind === 'stop'
          ? [
              `${plan.because ?? 'nothing is put in its place, as asked'}; ${haltMeans(plan)}`,
              ...plan.warnings,
            ]
          : plan.warnings,
      ),
      ...(isEncrypted(at)
        ? []
        : ['the update server has an http: address: whoever is on the way can read the access key']),
    ],
    needsPerson: inEach((plan) => {
      if (plan.kind === 'superseded')
        return [
          `${formatLabel(plan.expected)} is superseded by ${describe(plan.by)}, which is not changed: check it`,
        ]
      return plan.kind === 'undecided' ? [String(explainUndecided(plan))] : []
    }),
    basis: {
      // the same labels on another server are other releases
      'update server': at,
      ...byChannel(
        plans.map(({ channel, releases }) => [formatChannel(channel.name), releases[0]?.label ?? '']),
      ),
      ...byChannel(
        plans.map((plan) => [`bad release of ${formatChannel(plan.channel.name)}`, labelsOf(plan).from]),
      ),
    },
  }
}

/** True for a plan whose bad release was there before: it is not of this deployment, and stays. */
function isOlder(plan: Plan, since: Date | undefined): boolean {
  const { releasedAt } = ('bad' in plan ? plan.bad : plan.releases[0]) ?? {}
  return since !== undefined && releasedAt !== undefined && releasedAt < since
}

/** A channel has a plan for each binary: what is said of it is one text. */
function byChannel(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const all = new Map<string, string>()
  for (const [name, value] of entries) all.set(name, [all.get(name), value].filter(Boolean).join(','))
  return Object.fromEntries(all)
}

/** The releases that were taken back, one or several for a channel. */
function labelsByChannel(entries: readonly (readonly [string, string])[]): LayerReceipt['kept'] {
  const all = Map.groupBy(entries, ([channel]) => channel)
  return Object.fromEntries(
    [...all].map(([channel, of]) => {
      const labels = of.map(([, label]) => label)
      return [channel, labels.length === 1 ? (labels[0] ?? '') : labels]
    }),
  )
}

function keptOfAll(results: readonly ChannelResult[]): LayerReceipt['kept'] {
  return labelsByChannel(results.flatMap((each) => Object.entries(keptOf(each))))
}

/** The same, read; older events have several as one text. */
function labelsTaken(taken: string | readonly string[]): readonly string[] {
  return typeof taken === 'string' ? taken.split(',') : taken
}

function stateOf(plans: readonly Plan[]): LayerPlanView['state'] {
  const isOpen = (plan: Plan) => plan.kind === 'superseded' || plan.kind === 'undecided' || changes(plan)
  if (plans.some(isOpen)) return 'pending'
  return plans.some((plan) => 'bad' in plan) ? 'done' : 'nothing'
}

/** @throws ConflictError, RefusedError, UnavailableError when no channel was carried through */
function receiptOf(results: readonly ChannelResult[], { kind }: UpdateServer): LayerReceipt {
  const carried = results.filter(({ receipt }) => receipt !== undefined)
  const problems = results.flatMap(({ problem }) => problem ?? [])
  if (carried.length === 0) throw errorOf(results, problems.join('; '))
  const names = carried.map(({ plan }) => namesOf(plan))
  return {
    outcome: outcomeOf(results),
    from: join(names.map(({ from }) => from)),
    to: join(names.map(({ to }) => to)),
    now: join(
      carried.map(
        ({ plan, receipt }) => `${formatChannel(plan.channel.name)} ${receipt?.now?.label ?? 'halted'}`,
      ),
    ),
    kept: keptOfAll(results),
    ...wayBackOf(kind, keptOfAll(carried)),
    verified: seenOf(carried),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  }
}

function outcomeOf(results: readonly ChannelResult[]): LayerReceipt['outcome'] {
  const failing = results.filter(({ problem }) => problem !== undefined)
  const isSplit = failing.length > 0 && failing.length < results.length
  const outcomes = new Set(results.map(({ receipt }) => receipt?.outcome))
  const isHaltedInPart = outcomes.has('stopped') && outcomes.has('rolled-back')
  if (isSplit || isHaltedInPart || outcomes.has(undefined)) return 'partial'
  if (outcomes.has('rolled-back')) return 'rolled-back'
  return outcomes.has('stopped') ? 'stopped' : 'already-rolled-back'
}

/** Undefined where no device can be asked. */
function seenOf(carried: readonly ChannelResult[]): LayerReceipt['verified'] {
  const devices = carried.flatMap(({ receipt }) => receipt?.devices ?? [])
  if (devices.length === 0) return undefined
  const isWhole = carried.every(({ plan }) => plan.leftAlone.length === 0)
  return { ok: isWhole && isVerified(devices), evidence: carried.map(evidenceOf).join('; ') }
}

function sayOffered(result: ChannelResult): string {
  const isAsked = (result.receipt?.devices ?? []).length > 0
  return isAsked ? evidenceOf(result) : `${formatChannel(result.plan.channel.name)}: no device can be asked`
}

function evidenceOf({ plan, receipt }: ChannelResult): string {
  const name = formatChannel(plan.channel.name)
  const failing = receipt?.devices.find(({ ok }) => !ok)
  if (failing !== undefined) return `${name}: devices ${failing.device} are offered ${failing.offered}`
  const { now, bad } = receipt ?? {}
  if (plan.leftAlone.length > 0)
    return `${name}: devices of other binaries are still offered ${plan.leftAlone.map(describe).join(', ')}`
  if (now === undefined) return `${name}: no device is offered ${formatLabel(bad?.label ?? '')}`
  return `${name}: devices are offered ${formatLabel(now.label)}, package ${now.packageHash.slice(0, 12)}`
}

function errorOf(results: readonly ChannelResult[], message: string): Error {
  const codes = results.map(({ reasonCode }) => reasonCode)
  if (codes.includes('superseded')) return new ConflictError(message)
  return codes.includes('unavailable') ? new UnavailableError(message) : new RefusedError(message)
}

/** Tries every channel. @throws the error of the first that could not be put back, with what became of the others */
async function undoAll(
  server: UpdateServer,
  { kept }: UndoableRollback,
  circumstances: Circumstances,
): Promise<string> {
  const entries = Object.entries(kept)
  if (entries.length === 0)
    throw new RefusedError('this rollback changed no update, so there is none to restore')
  const told: string[] = []
  const errors: Error[] = []
  const labels = entries.flatMap(([channel, taken]) =>
    labelsTaken(taken).map((label) => [channel, label] as const),
  )
  for (const [channel, label] of labels) {
    try {
      told.push(await undoRollback(server, readChannel(channel), label, circumstances))
    } catch (error) {
      if (!isUserFacing(error)) throw error
      errors.push(error)
    }
  }
  const [first] = errors
  if (first === undefined) return told.join('; ')
  const message = [...errors.map((error) => error.message), ...told].join('; ')
  if (first instanceof ConflictError) throw new ConflictError(message)
  throw first instanceof UnavailableError ? new UnavailableError(message) : new RefusedError(message)
}

function join(names: readonly string[]): string {
  return names.filter((name) => name !== '').join(', ')
}
