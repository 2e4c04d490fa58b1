import { isUserFacing, type Message, message } from '../errors.ts'
import type { EventOf, LayerName } from '../history/event.ts'
import type { Layer, LayerPlanView, LayerReceipt, UndoableRollback } from '../layers/layer.ts'
import type { FailureRule } from '../settings/rollback-choices.ts'
import type { PlannedLayer } from './plan.ts'
import {
  again,
  describeApplied,
  describeFailed,
  type FailureCode,
  type InForce,
  type Progress,
  type Record,
  undoableOf,
} from './record.ts'
import { demandRecorded } from './say-layers.ts'

/** The result of one layer. */
export interface LayerOutcome {
  readonly layer: LayerName
  readonly view: LayerPlanView
  readonly outcome: LayerReceipt['outcome'] | 'failed' | 'not-tried' | 'undone'
  /** absent when it failed, or was not tried */
  readonly receipt?: LayerReceipt
  /** what is wrong, and what to do; absent if nothing is wrong */
  readonly problem?: string | Message
  /** why it failed, as one word */
  readonly reasonCode?: FailureCode
  /** how long it took, ms; 0 for what an earlier run did */
  readonly tookMs: number
}

export interface ApplyOptions {
  readonly onFailure: FailureRule
  readonly progress: Progress
  readonly reason: string
  readonly automatic: boolean
  readonly record: Record
  /** what makes a failure of this step another one than that of another step */
  readonly stepKey: string
  readonly now: () => Date
  readonly log: (line: string) => void
  /**
   * Called when a layer is rolled back, in this run or an earlier one; not waited for.
   * @param recorded once the history has it
   */
  readonly onDone: (outcome: LayerOutcome, recorded: Promise<void>) => void
}

/**
 * Rolls the layers back, one after the other, and records each as soon as it is done; the next one goes back meanwhile, as a kill in
 * between is like one before the record: the next run sees in the world that the layer is back. One that fails, or is taken back,
 * is so after all before it are recorded. A layer that an earlier run has done is left as it is. Can be killed at any instant and run
 * again.
 * @throws whatever is no user's business: bugs, and the end of a cancelled job
 */
export async function applyLayers(
  planned: readonly PlannedLayer[],
  options: ApplyOptions,
): Promise<readonly LayerOutcome[]> {
  const outcomes: LayerOutcome[] = []
  const recordings: Promise<void>[] = []
  let isStopped = false
  for (const each of planned) {
    // no more than one layer is back without a record while another goes back
    if (isStopped || (await isLost(recordings.at(-2)))) {
      outcomes.push({ layer: each.layer.name, view: each.plan.view, outcome: 'not-tried', tookMs: 0 })
      continue
    }
    const outcome = await applyLayer(each, options, recordings)
    outcomes.push(outcome)
    if (isBroken(outcome) && options.onFailure !== 'continue') isStopped = true
  }
  await demandRecorded(outcomes, recordings)
  if (!isStopped || options.onFailure !== 'undo') return outcomes
  return undoAll(planned, outcomes, options)
}

/** True for what the history does not get. */
async function isLost(recorded: Promise<void> | undefined): Promise<boolean> {
  return (
    recorded !== undefined &&
    (await recorded.then(
      () => false,
      () => true,
    ))
  )
}

/** A layer that failed for some of its targets has failed. */
function isBroken({ outcome }: LayerOutcome): boolean {
  return outcome === 'failed' || outcome === 'partial'
}

/** @param recordings of the layers before it; gets that of this one */
async function applyLayer(
  { layer, plan }: PlannedLayer,
  options: ApplyOptions,
  recordings: Promise<void>[],
): Promise<LayerOutcome> {
  const { progress, reason, automatic, record, now, log, onDone } = options
  const { view } = plan
  const earlier =
    progress.done.get(layer.name) ?? progress.doneBefore(layer.name, (done) => isOfView(done, view))
  // the history says who did it; the plan, which was just made, says that it still holds
  if (earlier?.kind === 'rollback-applied' && view.state === 'done') {
    log(`${layer.name}: done by an earlier run`)
    const receipt = receiptOf(earlier, view)
    const { unverified: problem } = view
    const outcome = {
      ...{ layer: layer.name, view, outcome: receipt.outcome, receipt, tookMs: 0 },
      ...(problem !== undefined && { problem }),
    }
    onDone(outcome, Promise.resolve())
    return outcome
  }
  const startedAt = now()
  const took = () => now().getTime() - startedAt.getTime()
  log(`${layer.name}: ${view.from || 'what is there'} → ${view.to || 'nothing in its place'}`)
  try {
    const receipt = await plan.apply()
    const timesUndone = progress.undone(layer.name)
    const circumstances = {
      reason,
      automatic,
      startedAt: startedAt.toISOString(),
      timesUndone,
      runKey: progress.runKey,
    }
    const { what, naturalKey } = describeApplied(view, receipt, circumstances)
    const problem =
      receipt.problem ??
      (receipt.verified?.ok === false ? `checked afterwards: ${receipt.verified.evidence}` : undefined)
    const done = {
      ...{ layer: layer.name, view, outcome: receipt.outcome, receipt },
      ...(problem !== undefined && { problem }),
    }
    const recorded = record(what, naturalKey)
    // it is awaited by the next layers, and at the end
    recorded.catch(() => {})
    recordings.push(recorded)
    onDone({ ...done, tookMs: took() }, recorded)
    for (const warning of receipt.warnings ?? []) log(`${layer.name}: warning: ${warning}`)
    log(
      `${layer.name}: ${receipt.outcome}${receipt.verified === undefined ? '' : `; ${receipt.verified.evidence}`}`,
    )
    return { ...done, tookMs: took() }
  } catch (error) {
    const failed = describeFailed(view, error, options.stepKey)
    if (failed === undefined || !isUserFacing(error)) {
      await Promise.allSettled(recordings)
      throw error
    }
    log(`${layer.name}: failed, ${error.message}`)
    const recorded = Promise.all(recordings).then(() => record(failed.what, failed.naturalKey))
    recorded.catch(() => {})
    recordings.push(recorded)
    const { reasonCode } = failed
    return {
      layer: layer.name,
      view,
      outcome: 'failed',
      problem: message`${error}`,
      reasonCode,
      tookMs: took(),
    }
  }
}

/** True for a rollback that led from and to the same, with the same scope. */
function isOfView({ event, scope }: InForce, view: LayerPlanView): boolean {
  return event.from === view.from && event.to === view.to && scope === view.scope
}

/**
 * Undoes the completed layers, the last one first. A layer that cannot be undone stays, and is reported.
 * @throws RefusedError, UnavailableError once all are undone, where the history could not be written
 */
export async function undoAll(
  planned: readonly PlannedLayer[],
  outcomes: readonly LayerOutcome[],
  options: Pick<ApplyOptions, 'record' | 'log' | 'progress'>,
): Promise<readonly LayerOutcome[]> {
  const after: LayerOutcome[] = [...outcomes]
  const recordings: Promise<void>[] = []
  for (const [index, outcome] of [...outcomes.entries()].reverse()) {
    const layer = planned[index]?.layer
    if (layer === undefined || outcome.receipt === undefined) continue
    after[index] = await undoLayer(layer, outcome, outcome.receipt, options, recordings)
  }
  await demandRecorded(after, recordings)
  return after
}

async function undoLayer(
  layer: Layer,
  outcome: LayerOutcome,
  done: UndoableRollback,
  { record, log, progress }: Pick<ApplyOptions, 'record' | 'log' | 'progress'>,
  recordings: Promise<void>[],
): Promise<LayerOutcome> {
  try {
    const because = await layer.undo(done)
    log(`${layer.name}: undone, ${because}`)
    const key = [layer.name, done.now, ...again(progress.undone(layer.name))]
    const what = {
      kind: 'rollback-undone',
      layer: layer.name,
      from: done.now,
      now: done.from,
      because,
    } as const
    recordings.push(record(what, key))
    // the next layer is undone whatever the history gets
    await Promise.allSettled(recordings)
    return { ...outcome, outcome: 'undone' }
  } catch (error) {
    if (!isUserFacing(error)) throw error
    log(`${layer.name}: could not be undone, ${error.message}`)
    return { ...outcome, problem: message`could not be undone: ${error}` }
  }
}

function receiptOf(event: EventOf<'rollback-applied'>, view: LayerPlanView): LayerReceipt {
  const { deploys = view.deploys, wayBack } = event
  return {
    ...undoableOf(event),
    outcome: 'already-rolled-back',
    ...(event.tag !== undefined && { tag: event.tag }),
    ...(event.branch !== undefined && { branch: event.branch }),
    ...(deploys !== undefined && { deploys }),
    ...(wayBack !== undefined && { wayBack }),
    verified: undefined,
  }
}
