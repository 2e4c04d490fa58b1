import type { Subject } from '../deployment/subject.ts'
import { ConflictError, InputError, isUserFacing, RefusedError, UnavailableError } from '../errors.ts'
import type { Ending, Event, EventOf, LayerName, Occurrence } from '../history/event.ts'
import type { LayerPlanView, LayerReceipt, UndoableRollback } from '../layers/layer.ts'

/** Appends an event to the history, once however often this is called. @param about another incident than that of the run */
export type Record = (what: Occurrence, naturalKey: readonly string[], about?: Subject) => Promise<void>

/** An event to be, and what makes it the same event when a step is run again. */
export interface Recordable {
  readonly what: Occurrence
  readonly naturalKey: readonly string[]
}

/**
 * What a layer did, for the history.
 * @param timesUndone how often the rollback was taken back before: done again it is another event
 * @param runKey of the run: what somebody brought back in between, and is rolled back again, is another event, too
 */
export function describeApplied(
  view: LayerPlanView,
  receipt: LayerReceipt,
  {
    reason,
    automatic,
    startedAt,
    timesUndone = 0,
    runKey = [],
  }: {
    reason: string
    automatic: boolean
    startedAt: string
    timesUndone?: number
    runKey?: readonly string[]
  },
): Recordable {
  const { layer } = view
  const { from, to, now, tag, branch, kept, pull, wayBack, deploys } = receipt
  // a backup that is restored twice by hand replaces another database each time
  const replaced = [kept['database'] ?? []].flat()
  const run = receipt.outcome === 'rolled-back' ? runKey : []
  const naturalKey = [layer, from, to, ...replaced, ...again(timesUndone), ...run]
  if (pull !== undefined) {
    const { number, url } = pull
    const where = { branch: branch ?? '', pull: number, url }
    return {
      what: { kind: 'rollback-proposed', layer, from, to, ...where, reason },
      naturalKey: [...naturalKey, String(number)],
    }
  }
  const what: Occurrence = {
    kind: 'rollback-applied',
    layer,
    from,
    to,
    now,
    ...(tag !== undefined && { tag }),
    ...(branch !== undefined && { branch }),
    ...(deploys !== undefined && { deploys: [...deploys] }),
    reason,
    targetFoundBy: view.foundBy,
    automatic,
    undone: [...view.undone],
    startedAt,
    ...(Object.keys(kept).length > 0 && { kept: keptOf(kept) }),
    ...(wayBack !== undefined && { wayBack: { steps: [...wayBack.steps], commands: [...wayBack.commands] } }),
  }
  return { what, naturalKey }
}

/** The safety copy, as recorded in an event. */
export function keptOf(kept: LayerReceipt['kept']): { [name: string]: string | string[] } {
  return Object.fromEntries(
    Object.entries(kept).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  )
}

/** What was taken back and is done again is another event than the first time. */
export function again(times: number): readonly string[] {
  return times === 0 ? [] : [`again-${times}`]
}

/** Why a layer could not be rolled back, for the history; undefined for a bug. */
export function describeFailed(
  { layer, from, to }: Pick<LayerPlanView, 'layer' | 'from' | 'to'>,
  error: unknown,
  stepKey: string,
): (Recordable & { readonly reasonCode: FailureCode }) | undefined {
  const reasonCode = failureCodeOf(error)
  if (reasonCode === undefined || !isUserFacing(error)) return undefined
  return {
    what: { kind: 'rollback-failed', layer, from, to, reasonCode, because: error.message },
    naturalKey: [layer, from, to, reasonCode, stepKey],
    reasonCode,
  }
}

/** The reason for which a layer failed, as one word of the history. */
export type FailureCode = 'conflict' | 'refused' | 'unavailable'

/** Why a layer failed; undefined for a bug. */
export function failureCodeOf(error: unknown): FailureCode | undefined {
  if (error instanceof ConflictError) return 'conflict'
  if (error instanceof RefusedError || error instanceof InputError) return 'refused'
  return error instanceof UnavailableError ? 'unavailable' : undefined
}

/** What the history says about a rollback that began. */
export interface Progress {
  /** the beginning that has no end yet, or one that leaves something to do; undefined when nothing is to be gone on with */
  readonly unfinished: Extract<Event, { kind: 'rollback-began' }> | undefined
  /** every layer of it is back, or proposed to be: what is left is to deploy, and to see production well */
  readonly isCarriedOut: boolean
  /** what makes the events of this run other ones than those of the run before, and of a run for another layer */
  readonly runKey: readonly string[]
  /** the layers that were rolled back, or proposed to be, since it began, and that were not taken back */
  readonly done: ReadonlyMap<LayerName, DoneLayer>
  /** the newest rollback of a layer that was not taken back, of those that fit; undefined for none */
  readonly doneBefore: (layer: LayerName, fits: (done: InForce) => boolean) => DoneLayer | undefined
  /** how often each layer's rollback was taken back */
  readonly undone: (layer: LayerName) => number
}

export type DoneLayer = Extract<Event, { kind: 'rollback-applied' | 'rollback-proposed' }>

/** A rollback of a layer that was not taken back. */
export interface InForce {
  readonly event: DoneLayer
  /** what of the layer it took back, as its plan said; undefined where there is no choice */
  readonly scope: string | undefined
}

/** With these, nothing is gone on with: the next run begins anew. */
const over: ReadonlySet<Ending> = new Set(['complete', 'rolled-back', 'failed', 'undone'])

/**
 * Reads how far a rollback has come.
 * @param events of the incident, oldest first
 * @param only the layers of a run that has no others: it goes on with no rollback of more than these
 * @param wanted the layers that are asked for: a rollback of no others is gone on with before one of more
 */
export function readProgress(
  events: readonly Event[],
  only?: readonly LayerName[],
  wanted: readonly LayerName[] | undefined = only,
): Progress {
  const all = beginningsOf(events).filter(({ own }) => only === undefined || isWithin(own, only))
  const open = all.filter(({ left }) => left.length > 0)
  const newest = open.findLast(({ own }) => wanted !== undefined && isWithin(own, wanted)) ?? open.at(-1)
  // one of fewer layers that began later does not hide one of more
  const widest = open.find(({ own }) => wanted === undefined && newest && isWithin(newest.own, own)) ?? newest
  const begun = widest ?? all.at(-1)
  const done = new Map<LayerName, DoneLayer>()
  for (const event of begun === undefined ? [] : events.slice(begun.index)) {
    if (event.kind === 'rollback-applied' || event.kind === 'rollback-proposed') done.set(event.layer, event)
    if (event.kind === 'rollback-undone') done.delete(event.layer)
  }
  const inForce = inForceOf(events)
  const unfinished = widest === undefined || widest.isContradicted ? undefined : widest
  const end = unfinished?.end
  return {
    unfinished: unfinished?.event,
    isCarriedOut: end !== undefined && end !== 'partial',
    runKey: [String(events.filter(({ kind }) => kind === 'rollback-ended').length), ...(only ?? [])],
    done,
    doneBefore: (layer, fits) => inForce.findLast((done) => done.event.layer === layer && fits(done))?.event,
    undone: (layer) =>
      events.filter((event) => event.kind === 'rollback-undone' && event.layer === layer).length,
  }
}

/** What was rolled back, or proposed to be, and not taken back, oldest first; each with the scope that it began with. */
export function inForceOf(events: readonly Event[]): readonly InForce[] {
  const scopes = new Map<LayerName, string | undefined>()
  let inForce: InForce[] = []
  for (const event of events) {
    if (event.kind === 'rollback-began') for (const { layer, scope } of event.layers) scopes.set(layer, scope)
    if (event.kind === 'rollback-applied' || event.kind === 'rollback-proposed')
      inForce.push({ event, scope: scopes.get(event.layer) })
    if (event.kind === 'rollback-undone')
      inForce = inForce.filter(
        ({ event: done }) => done.layer !== event.layer || undoableOf(done).now !== event.from,
      )
  }
  return inForce
}

/**
 * Whether a rollback began that left something to do, and that no later one of the same layers has taken the place of.
 * @param events of the incident, oldest first
 * @param layers those that are asked for; undefined for any
 */
export function isUnfinished(events: readonly Event[], layers: readonly LayerName[] | undefined): boolean {
  return beginningsOf(events).some(
    ({ left }) => left.length > 0 && (layers === undefined || left.some((each) => layers.includes(each))),
  )
}

interface Beginning {
  readonly index: number
  readonly event: EventOf<'rollback-began'>
  readonly own: readonly LayerName[]
  /** the layers that it left something to do for, and that no later rollback began with; none once it is over */
  readonly left: readonly LayerName[]
  /** how its last run ended; undefined for one that was killed */
  readonly end: Ending | undefined
  /** a later rollback took one of its layers elsewhere: going on would take that away */
  readonly isContradicted: boolean
}

/** The rollbacks that began, oldest first. Several overlap where a run was killed, and others of more or fewer layers follow. */
function beginningsOf(events: readonly Event[]): readonly Beginning[] {
  const all = events.flatMap((event, index) =>
    event.kind === 'rollback-began' ? [{ index, event, own: event.layers.map(({ layer }) => layer) }] : [],
  )
  const ends = events.flatMap((event, index) => {
    if (event.kind !== 'rollback-ended') return []
    const layers = event.layers.map(({ layer }) => layer)
    // a run that goes on may find nothing to do in a layer any more
    const ofWhich = all.findLast((began) => began.index < index && isWithin(layers, began.own))
    return [{ index, outcome: event.outcome, layers, ofWhich }]
  })
  return all.map((began) => {
    const { index, event, own } = began
    const end = ends.findLast(
      (each) => each.index > index && (each.ofWhich === began || isWithin(own, each.layers)),
    )?.outcome
    const later = all.filter((each) => each.index > index)
    const isOver = end !== undefined && over.has(end)
    const left = isOver ? [] : own.filter((layer) => later.every((each) => !each.own.includes(layer)))
    const isContradicted = later.some((each) =>
      each.event.layers.some((other) => event.layers.some((one) => isElsewhere(one, other))),
    )
    return { index, event, own, left, end, isContradicted }
  })
}

function isWithin(layers: readonly LayerName[], others: readonly LayerName[]): boolean {
  return layers.every((layer) => others.includes(layer))
}

type Begun = EventOf<'rollback-began'>['layers'][number]

function isElsewhere(one: Begun, other: Begun): boolean {
  return one.layer === other.layer && (one.to !== other.to || String(one.paths) !== String(other.paths))
}

/** A rollback from the history, in the form that its layer needs to undo it. */
export function undoableOf(event: DoneLayer): UndoableRollback {
  const { from, to } = event
  if (event.kind === 'rollback-proposed') return { from, to, now: from, kept: {} }
  return { from, to, now: event.now, kept: event.kept ?? {} }
}
