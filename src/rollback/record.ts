import { ConflictError, InputError, isUserFacing, RefusedError, UnavailableError } from '../errors.ts'
import type { Ending, Event, LayerName, Occurrence } from '../history/event.ts'
import type { LayerPlanView, LayerReceipt, UndoableRollback } from '../layers/layer.ts'

/** Appends an event to the history, once however often it is told. */
export type Record = (what: Occurrence, naturalKey: readonly string[]) => Promise<void>

/** An event to be, and what makes it the same event when a step is run again. */
export interface Recordable {
  readonly what: Occurrence
  readonly naturalKey: readonly string[]
}

/**
 * What a layer did, for the history.
 * @param timesUndone how often the rollback was taken back before: done again it is another event
 */
export function describeApplied(
  view: LayerPlanView,
  receipt: LayerReceipt,
  {
    reason,
    automatic,
    startedAt,
    timesUndone = 0,
  }: { reason: string; automatic: boolean; startedAt: string; timesUndone?: number },
): Recordable {
  const { layer } = view
  const { from, to, now, tag, branch, kept, pull } = receipt
  // a backup that is restored twice by hand replaces another database each time
  const replaced = kept['database'] === undefined ? [] : [kept['database']]
  const naturalKey = [layer, from, to, ...replaced, ...again(timesUndone)]
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
    reason,
    targetFoundBy: view.foundBy,
    automatic,
    undone: [...view.undone],
    startedAt,
    ...(Object.keys(kept).length > 0 && { kept }),
  }
  return { what, naturalKey }
}

/** That a rollback of the code was taken back, and which incident that is about; undefined when the history does not know it. */
export function describeTakenBack(
  events: readonly Event[],
  { rollback, now, because }: { rollback: string; now: string; because: string },
): Recordable & { readonly subject: Pick<Event, 'incident' | 'environment' | 'revision'> | undefined } {
  const subject = events.findLast(
    (event) => event.kind === 'rollback-applied' && event.layer === 'code' && event.now === rollback,
  )
  return {
    what: { kind: 'rollback-undone', layer: 'code', from: rollback, now, because },
    naturalKey: ['code', rollback],
    subject,
  }
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
): Recordable | undefined {
  const reasonCode = reasonCodeOf(error)
  if (reasonCode === undefined || !isUserFacing(error)) return undefined
  return {
    what: { kind: 'rollback-failed', layer, from, to, reasonCode, because: error.message },
    naturalKey: [layer, from, to, reasonCode, stepKey],
  }
}

/** The reason for which a layer failed, as one word of the history; undefined for a bug. */
function reasonCodeOf(error: unknown): 'conflict' | 'refused' | 'unavailable' | undefined {
  if (error instanceof ConflictError) return 'conflict'
  if (error instanceof RefusedError || error instanceof InputError) return 'refused'
  return error instanceof UnavailableError ? 'unavailable' : undefined
}

/** What the history says of a rollback that began. */
export interface Progress {
  /** the beginning that has no end yet, or one that leaves something to do; undefined when nothing is to be gone on with */
  readonly unfinished: Extract<Event, { kind: 'rollback-began' }> | undefined
  /** every layer of it is back, or proposed to be: what is left is to deploy, and to see production well */
  readonly isCarriedOut: boolean
  /** how many rollbacks of the incident have ended */
  readonly ended: number
  /** the layers that were rolled back, or proposed to be, since it began, and that were not taken back */
  readonly done: ReadonlyMap<LayerName, DoneLayer>
  /** how often each layer's rollback was taken back */
  readonly undone: (layer: LayerName) => number
}

export type DoneLayer = Extract<Event, { kind: 'rollback-applied' | 'rollback-proposed' }>

/** With these, nothing is gone on with: the next run begins anew. */
const over: ReadonlySet<Ending> = new Set(['complete', 'failed', 'undone'])

/** Reads how far a rollback has come. @param events of the incident, oldest first */
export function readProgress(events: readonly Event[]): Progress {
  const began = events.findLastIndex(({ kind }) => kind === 'rollback-began')
  const since = began === -1 ? [] : events.slice(began)
  const first = since[0]
  const end = since.findLast((event) => event.kind === 'rollback-ended')
  const isOver = end !== undefined && over.has(end.outcome)
  const done = new Map<LayerName, DoneLayer>()
  for (const event of since) {
    if (event.kind === 'rollback-applied' || event.kind === 'rollback-proposed') done.set(event.layer, event)
    if (event.kind === 'rollback-undone') done.delete(event.layer)
  }
  return {
    unfinished: first?.kind === 'rollback-began' && !isOver ? first : undefined,
    isCarriedOut: end !== undefined && !isOver && end.outcome !== 'partial',
    ended: events.filter(({ kind }) => kind === 'rollback-ended').length,
    done,
    undone: (layer) =>
      events.filter((event) => event.kind === 'rollback-undone' && event.layer === layer).length,
  }
}

/** A rollback of the history, as its layer takes it back. */
export function undoableOf(event: DoneLayer): UndoableRollback {
  const { from, to } = event
  if (event.kind === 'rollback-proposed') return { from, to, now: from, kept: {} }
  return { from, to, now: event.now, kept: event.kept ?? {} }
}
