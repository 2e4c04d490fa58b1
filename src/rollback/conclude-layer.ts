import type { Called, LayerStanding, LayerWords } from '../layers/layer.ts'
import type { LayerOutcome } from './apply.ts'
import type { RollbackResult } from './result.ts'

/** The result of a run for one layer, in the terms of the action for that layer. */
export interface LayerConclusion extends Called {
  readonly decision:
    | 'rolled-back'
    | 'already-rolled-back'
    | 'nothing'
    | 'stopped'
    | 'partial'
    | 'proposed'
    | 'not-deployed'
    | 'not-verified'
    | 'planned'
    | 'rehearsed'
    | 'failed'
  /** the current state of the layer; undefined if nothing was done */
  readonly standing: LayerStanding | undefined
  /** a workflow deployed what was restored, in this run or, as was looked up now, in an earlier one */
  readonly isDeployed: boolean
  /** undefined where the layer has no words of its own */
  readonly words: LayerWords | undefined
}

/** Concludes a run of one layer, as the front door concludes a run of all. */
export function concludeLayer(result: RollbackResult): LayerConclusion {
  const { prepared, report } = result
  const isDeployed =
    report?.redeployed !== undefined || (prepared.kind === 'done' && prepared.isDeployed === true)
  return { ...concludeOutcome(result), isDeployed }
}

function concludeOutcome({
  prepared,
  report,
  rehearsal,
  tag,
  conclusion,
}: RollbackResult): Omit<LayerConclusion, 'isDeployed'> {
  const planned = (prepared.plan.layers[0] ?? prepared.plan.left[0])?.plan
  const words = planned?.words
  const done = report?.layers[0]
  const before = words?.doneBefore ?? { reasonCode: 'done-before', headline: 'Already rolled back' }
  if (prepared.kind === 'held')
    return {
      decision: 'failed',
      reasonCode: 'refused',
      headline: conclusion.headline,
      standing: undefined,
      words,
    }
  if (prepared.kind === 'nothing' && words?.nothing !== undefined)
    return { decision: 'nothing', ...words.nothing, standing: undefined, words }
  if (prepared.kind !== 'ready') {
    const now = planned?.view.now
    const standing =
      now === undefined
        ? undefined
        : { from: planned?.view.from ?? '', now, ...(tag !== undefined && { tag }) }
    return { decision: 'already-rolled-back', ...before, standing, words }
  }
  if (rehearsal !== undefined) {
    const { reasonCode, headline } = conclusion
    return { decision: 'rehearsed', reasonCode, headline, standing: undefined, words }
  }
  if (done === undefined)
    return {
      decision: 'planned',
      reasonCode: 'dry-run',
      headline: 'Rollback planned (dry run: nothing was changed)',
      standing: undefined,
      words,
    }
  return {
    ...outcomeOf(done, conclusion.decision, { done: words?.done, before }),
    standing: done.receipt,
    words,
  }
}

function outcomeOf(
  { outcome, reasonCode }: LayerOutcome,
  ending: RollbackResult['conclusion']['decision'],
  { done, before }: { readonly done: Called | undefined; readonly before: Called },
): Pick<LayerConclusion, 'decision' | keyof Called> {
  switch (outcome) {
    case 'failed':
    case 'not-tried':
    case 'undone':
      return { decision: 'failed', reasonCode: reasonCode ?? 'refused', headline: 'Not rolled back' }
    case 'proposed':
      return { decision: outcome, reasonCode: 'pull-request', headline: 'Rollback proposed' }
    case 'partial':
      return { decision: outcome, reasonCode: 'layers-partial', headline: 'Rolled back in part' }
    case 'stopped':
      return { decision: outcome, reasonCode: 'halted', headline: 'Halted' }
    default:
  }
  if (ending === 'not-deployed')
    return { decision: ending, reasonCode: 'not-deployed', headline: 'Rolled back, and not deployed' }
  if (ending === 'not-verified')
    return { decision: ending, reasonCode: 'not-verified', headline: 'Rolled back, and not verified' }
  if (outcome === 'already-rolled-back') return { decision: outcome, ...before }
  return { decision: outcome, ...(done ?? { reasonCode: 'restored', headline: 'Rolled back' }) }
}
