import { createHash } from 'node:crypto'
import {
  InputError,
  isUserFacing,
  message,
  RefusedError,
  setting,
  UnavailableError,
  type UserFacingError,
} from '../errors.ts'
import type { EventOf, LayerName } from '../history/event.ts'
import { emptyView, type Layer, type LayerPlan, type LayerPlanView } from '../layers/layer.ts'
import type { FailureRule } from '../settings/rollback-choices.ts'
import type { Choice } from './strategy.ts'

/** The plan of a rollback of several layers. */
export interface Plan {
  /** what is to be done, in the order in which it is; a layer without anything to undo is not among them */
  readonly layers: readonly PlannedLayer[]
  /** the layers that are not changed, each with the reason */
  readonly left: readonly LeftLayer[]
}

export interface PlannedLayer {
  readonly layer: Layer
  readonly plan: LayerPlan
}

export interface LeftLayer {
  readonly layer: LayerName
  /** one clause */
  readonly because: string
  /** absent for a layer that could not be planned */
  readonly plan?: LayerPlan
}

/**
 * Plans every layer, at the same time, and reads only: also those that are not chosen, as people want to know what stays.
 * @param layers all that are configured, in the order in which they are rolled back
 * @param onFailure with `continue`, a chosen layer that cannot be planned fails when its turn comes, and the others go on
 * @throws InputError, RefusedError, UnavailableError of a layer that was chosen; one that was not is only reported
 */
export async function planLayers(
  layers: readonly Layer[],
  choice: Choice,
  onFailure: FailureRule = 'stop',
): Promise<Plan> {
  const outcomes = await Promise.allSettled(layers.map((layer) => layer.plan()))
  const planned: PlannedLayer[] = []
  const left: LeftLayer[] = []
  for (const [index, layer] of layers.entries()) {
    const isChosen = choice === 'changed' || choice.includes(layer.name)
    const outcome = outcomes[index]
    if (outcome?.status === 'fulfilled') {
      const { view } = outcome.value
      if (isChosen && view.state !== 'nothing') planned.push({ layer, plan: outcome.value })
      else left.push({ layer: layer.name, because: whyLeft(view, isChosen), plan: outcome.value })
      continue
    }
    const error: unknown = outcome?.reason
    if (!isUserFacing(error)) throw error
    if (!isChosen)
      left.push({ layer: layer.name, because: `not chosen, and could not be read: ${error.message}` })
    else if (onFailure === 'continue') planned.push({ layer, plan: unplannable(layer.name, error) })
    // with a mistake in one layer that was chosen, none is touched
    else throw hasOthers(layers, choice) ? explainOthers(layer.name, error) : error
  }
  return { layers: planned, left }
}

/** Stands for a layer of which nothing is known but why: it fails when its turn comes, as any other failure of a layer does. */
function unplannable(layer: LayerName, error: UserFacingError): LayerPlan {
  return {
    view: {
      ...emptyView(layer),
      foundBy: 'it cannot be planned',
      warnings: [`cannot be rolled back: ${error.message}`],
    },
    apply: () => Promise.reject(error),
  }
}

/** True where more than one layer may be rolled back, so that the others could be without one of them. */
function hasOthers(layers: readonly Layer[], choice: Choice): boolean {
  return (choice === 'changed' ? layers.length : new Set(choice).size) > 1
}

/** The same error, with how to roll the other layers back without this one. */
function explainOthers(layer: LayerName, error: UserFacingError): UserFacingError {
  const kind = [InputError, RefusedError, UnavailableError].find((each) => error instanceof each)
  if (kind === undefined) return error
  const said = message`${layer}: ${error}. Nothing was changed: with ${setting('rollback.on-failure')} \`continue\` the other layers are rolled back without it`
  return new kind(said, { cause: error })
}

function whyLeft({ state, from, to, left }: LayerPlanView, isChosen: boolean): string {
  if (state === 'nothing') return left ?? 'the deployment changed nothing in it'
  if (isChosen || state === 'done') return 'already rolled back'
  return `not chosen: the deployment's change stays (${from} instead of ${to})`
}

/** True if nothing is left to do. */
export function isDone({ layers }: Plan): boolean {
  return layers.every(({ plan }) => plan.view.state !== 'pending')
}

/** True for a plan of one layer where there is no other: its texts need not name it. */
export function isOnly({ layers, left }: Plan): boolean {
  return layers.length === 1 && left.length === 0
}

/** What has to be deployed for layers that are back to take effect, see `LayerReceipt`; undefined where nothing has to be. */
export function deployedView(
  plan: Plan,
): (LayerPlanView & Required<Pick<LayerPlanView, 'deploys'>>) | undefined {
  const found = viewsOf(plan).findLast(({ deploys }) => deploys !== undefined)
  return found?.deploys === undefined ? undefined : { ...found, deploys: found.deploys }
}

/** The same of what is not chosen now, and an earlier run has rolled back: that holds, whatever else is rolled back. */
export function standingView({ left }: Plan): LayerPlanView | undefined {
  return left
    .flatMap(({ plan }) => plan?.view ?? [])
    .findLast(({ state, deploys }) => state === 'done' && deploys)
}

/** What is taken away from each target of a layer, such as a channel, as views and the history name it. */
export function targetsOf({ from }: Pick<LayerPlanView, 'from'>): readonly string[] {
  return from.split(', ')
}

/** What the history says of a layer before it is rolled back. */
export function intentionOf({
  layer,
  from,
  to,
  scope,
  paths,
}: Pick<LayerPlanView, 'layer' | 'from' | 'to'> & {
  readonly scope?: string | undefined
  readonly paths?: readonly string[] | undefined
}): EventOf<'rollback-planned'>['layers'][number] {
  return { layer, from, to, ...(scope !== undefined && { scope }), ...(paths && { paths: [...paths] }) }
}

/** The views of the layers to roll back, as they are printed and saved. */
export function viewsOf({ layers }: Plan): readonly LayerPlanView[] {
  return layers.map(({ plan }) => plan.view)
}

/** The view of what is to be deployed once it is back, and is not back yet; undefined where nothing is. */
export function viewToDeploy(plan: Plan): LayerPlanView | undefined {
  return viewsOf(plan).findLast(({ state, needsDeployment }) => state === 'pending' && needsDeployment)
}

/** A short name of a plan, made of all that it says: another plan, or an edited one, has another. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
}
