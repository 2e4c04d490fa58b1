import type { Message } from '../errors.ts'
import type { LayerName } from '../history/event.ts'
import type { Layer } from '../layers/layer.ts'
import type { FailureRule } from '../settings/rollback-choices.ts'
import { type Afterwards, lookAfterwards } from './afterwards.ts'
import { describeRefusal } from './allowed.ts'
import type { Assessment } from './assessment.ts'
import type { Refusal } from './guard.ts'
import { isDone, type Plan, planLayers, targetsOf, viewsOf } from './plan.ts'
import { type Progress, readProgress } from './record.ts'
import { demandNoneInForce } from './rehearse.ts'
import { refuseIfMoved, type SavedPlan } from './saved-plan.ts'
import type { Choice } from './strategy.ts'

/** The facts that a run has when it opens its layers. */
export interface LayerCircumstances {
  /** the good revision, where an earlier run or a saved plan has chosen it */
  readonly target: string | undefined
  /** what is to be rolled back */
  readonly choice: Choice
  readonly progress: Progress
  /** true when no person asked for it */
  readonly automatic: boolean
}

export interface Preparation extends Afterwards {
  /** Opens the layers that are configured, in the order in which they are rolled back. */
  readonly openLayers: (circumstances: LayerCircumstances) => readonly Layer[]
  readonly choice: Choice
  /** the layers of a run that has no others; undefined for one that has all */
  readonly only: readonly LayerName[] | undefined
  /** what is rolled back where the deployment changed nothing in these; undefined for nothing */
  readonly otherwise?: Choice | undefined
  readonly onFailure: FailureRule
  /** a person asked for a target or for layers: what was carried out, and left something to do, is not gone on with */
  readonly isAskedFor: boolean
  /** the one layer has several targets: only what began for all that are asked for is gone on with */
  readonly isPerTarget: boolean
  /** nothing needs to be wrong, and what an earlier rehearsal left rolled back is no reason not to */
  readonly rehearsal: boolean
  /** true when no person asked for it */
  readonly automatic: boolean
  /** @param isAgreed true for a rollback that began before or that leaves the layers as they are, and for a rehearsal */
  readonly guard: (plan: Plan, isAgreed: boolean) => Promise<Refusal | undefined>
  /** the plan that people looked at; undefined to do what is planned now */
  readonly saved: SavedPlan | undefined
}

export type Prepared =
  /** there is something to roll back, and the guards allow it */
  | (PreparedPlan & { readonly kind: 'ready' })
  /**
   * nothing: the deployment changed nothing that is configured. done: rolled back before. well: production is not failing
   * any more. held: a guard wants manual approval
   */
  | (PreparedPlan & {
      readonly kind: 'nothing' | 'done' | 'well' | 'held'
      readonly because: string | Message
      /** of `done`: whether a deployment of the restored revision was found */
      readonly isDeployed?: boolean
      /** with `nothing`: what of the layers that were asked for could not be seen, or is seen to be wrong; a line each */
      readonly unverified?: readonly string[]
    })

interface PreparedPlan {
  readonly plan: Plan
  readonly progress: Progress
  /** the state of production; undefined if it was not checked */
  readonly assessment: Assessment | undefined
}

/**
 * Decides what to do, and whether the guards allow it. Reads only.
 * @throws InputError, ConflictError when the state has changed since a plan was saved, and what the layers throw
 */
export async function prepare(preparation: Preparation): Promise<Prepared> {
  const { otherwise } = preparation
  const prepared = await prepareChosen(preparation)
  if (prepared.kind !== 'nothing' || otherwise === undefined) return prepared
  return prepareChosen({ ...preparation, choice: otherwise })
}

async function prepareChosen(preparation: Preparation): Promise<Prepared> {
  const { events, choice, automatic, rehearsal, production, guard, saved, isAskedFor } = preparation
  if (rehearsal) demandNoneInForce(events)
  const wanted = isAskedFor && choice !== 'changed' ? choice : undefined
  const all = readProgress(events, preparation.only, wanted)
  const begun = all.isCarriedOut && isAskedFor && !automatic ? undefined : all.unfinished
  // what was planned and looked at, or began before, is done as it was planned, unless something else is asked for now
  const agreed = saved?.layers ?? begun?.layers
  const isAskedAnew = saved === undefined && isAskedFor && choice !== 'changed'
  const agreedOn = (isAskedAnew ? undefined : agreed?.map(({ layer }) => layer)) ?? choice
  const layers = preparation.openLayers({
    target: agreed?.find(({ layer }) => layer === 'code')?.to,
    choice: agreedOn,
    progress: { ...all, unfinished: begun },
    automatic,
  })
  const look = () => (automatic && !rehearsal ? production.assess([]) : undefined)
  // looking costs no time beside planning
  const [plan, seen] = await Promise.all([
    planLayers(layers, agreedOn, preparation.onFailure),
    begun === undefined ? look() : undefined,
  ])
  const unfinished = begun !== undefined && isSame(begun, plan, preparation) ? begun : undefined
  const assessment = begun !== undefined && unfinished === undefined ? await look() : seen
  const progress = { ...all, unfinished }
  const goesOn = unfinished !== undefined
  if (saved !== undefined && !goesOn) refuseIfMoved(saved, viewsOf(plan))

  const settled = (kind: 'nothing' | 'done' | 'well' | 'held', because: string | Message) =>
    ({ kind, plan, progress, because, assessment }) as const
  if (plan.layers.length === 0) {
    const asked = agreedOn === 'changed' ? [] : plan.left.filter(({ layer }) => agreedOn.includes(layer))
    const [alone, ...others] = asked.length > 0 ? asked : plan.left
    const why = others.length === 0 ? alone?.plan?.view.left : undefined
    return {
      ...settled('nothing', why ?? 'the deployment changed nothing that is configured here'),
      unverified: asked.flatMap(({ layer, plan: own }) =>
        own?.view.unverified === undefined ? [] : [`${layer}: ${own.view.unverified}`],
      ),
    }
  }
  const isLayersDone = isDone(plan)
  const isSeen = viewsOf(plan).every(({ unverified }) => unverified === undefined)
  const isStanding = isLayersDone && isSeen && !goesOn && !rehearsal
  const standing = isStanding ? await lookAfterwards(plan, preparation) : undefined
  if (standing?.isOver) {
    const { isDeployed, because } = standing
    return { kind: 'done', plan, progress, isDeployed, because, assessment: standing.assessment }
  }
  // what leaves the layers as they are, or began before, needs no more than that nobody holds it
  const isAgreed = goesOn || rehearsal || isLayersDone
  if (assessment?.verdict === 'healthy' && !isAgreed)
    return settled('well', `nothing is failing at this moment: ${assessment.because}`)
  if (assessment?.verdict === 'not-deployed' && !isAgreed)
    return settled(
      'held',
      `production serves a different revision than the failed one, and a rollback would not change that: ${assessment.because}; check the deployment, and start the rollback manually if it is needed`,
    )
  const refusal = await guard(plan, isAgreed)
  if (refusal !== undefined) return settled('held', describeRefusal(refusal))
  // what was looked at last is what is said
  return { kind: 'ready', plan, progress, assessment: standing?.assessment ?? assessment }
}

/**
 * Whether what is planned is what began before. One of other layers, paths, commits, targets or channels, or in another mode, is a
 * rollback of its own: what began allows nothing of it.
 */
function isSame(
  { layers, ...began }: NonNullable<Progress['unfinished']>,
  plan: Plan,
  { choice, saved, isAskedFor, isPerTarget, rehearsal }: Preparation,
): boolean {
  if ((began.rehearsal === true) !== rehearsal) return false
  const asked = saved?.layers.map(({ layer }) => layer) ?? (isAskedFor ? choice : 'changed')
  if (asked !== 'changed' && layers.some(({ layer }) => !asked.includes(layer))) return false
  return viewsOf(plan).every((view) => {
    const begun = layers.find(({ layer }) => layer === view.layer)
    if (begun === undefined || begun.scope !== view.scope) return false
    if (begun.paths?.join('\0') !== view.paths?.join('\0')) return false
    const own = targetsOf(begun)
    return !isPerTarget || targetsOf(view).every((target) => own.includes(target))
  })
}
