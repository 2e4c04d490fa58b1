import type { LayerPlan, LayerPlanView, LayerReceipt } from '../layer.ts'
import { type CodeLayerOptions, planOf } from './layer.ts'
import type { TaggedRollback } from './recent.ts'
import { findReset, undoReset } from './reset.ts'
import { findUndoable, planUndo } from './undo.ts'

/** A rollback of the code that is to be taken back. */
export interface TakeBack {
  readonly plan: LayerPlan
  /** the incident that it was for */
  readonly incident: string
  /** where it had put the branch: the rollback commit, or the revision that a reset went to */
  readonly rollback: string
  /** what the history knows this event by */
  readonly naturalKey: readonly string[]
}

/** How a rollback is taken back: `undo` now, `reapply` by a draft on which its fault is fixed first. */
export type TakeBackMode = 'undo' | 'reapply'

/**
 * Plans to take the newest rollback of a branch back: what it undid is there again, and what came on top of it stays. Changes nothing.
 * @param incident whose rollback; undefined for the newest one of the branch
 * @throws InputError when there is none
 */
export async function planTakeBack(
  options: CodeLayerOptions,
  { mode, incident }: { readonly mode: TakeBackMode; readonly incident: string | undefined },
): Promise<TakeBack> {
  const { repository, rollback, openClone } = options
  const { branch, delivery } = rollback
  // a reset left no commit that could be reverted: the branch moves forward to where it was
  const reset = mode === 'undo' ? await findReset(repository, { branch, incident }) : undefined
  if (reset !== undefined) return takeResetBack(options, reset)
  const found = await findUndoable(repository, { branch, incident })
  const sha = found.commit.sha
  const asked = { mode, branch, incident: found.incident, rollback: sha, delivery }
  const plan = await planUndo(repository, asked, openClone)
  const own = { ...options, rollback: { ...rollback, incident: found.incident } }
  return { plan: planOf(own, plan), incident: found.incident, rollback: sha, naturalKey: ['code', sha] }
}

function takeResetBack({ repository, rollback }: CodeLayerOptions, reset: TaggedRollback): TakeBack {
  const { branch } = rollback
  const { incident, from, to, tag } = reset
  const view: LayerPlanView = {
    layer: 'code',
    state: 'pending',
    from: to,
    to: from,
    foundBy: `the tag ${tag}`,
    steps: [
      `move ${branch} from ${to.slice(0, 7)} forward to ${from.slice(0, 7)}, where it was before the reset`,
    ],
    undone: [],
    losses: [],
    warnings: [],
    needsPerson: [],
    basis: { [`head of ${branch}`]: to },
  }
  const apply = async (): Promise<LayerReceipt> => {
    const evidence = await undoReset(repository, branch, { from, now: to })
    const verified = { ok: true, evidence }
    return { outcome: 'rolled-back', from: to, to: from, now: from, tag, branch, kept: {}, verified }
  }
  return { plan: { view, apply }, incident, rollback: to, naturalKey: ['code', to, from] }
}
