import { isUserFacing } from '../errors.ts'
import type { endings } from '../history/event.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import { type ApplyOptions, applyLayers, type LayerOutcome } from './apply.ts'
import type { Plan } from './plan.ts'

export type Ending = (typeof endings)[number]

/** What was seen of production after the rollback. */
export interface Recovery {
  readonly outcome: 'recovered' | 'not-recovered' | 'unknown'
  readonly because: string
}

/** Where the restored revision was deployed. */
export interface Redeployed {
  readonly revision: string
  readonly workflow: string
  readonly url: string
}

export interface CarryOutOptions extends Omit<ApplyOptions, 'onDone'> {
  readonly plan: Plan
  readonly environment: string
  /** when the run looked at production first */
  readonly startedAt: Date
  /** Deploys the restored revision and waits for it; undefined when nothing in this run deploys. */
  readonly deploy: ((code: Pick<LayerReceipt, 'now'>) => Promise<Redeployed>) | undefined
  /** Watches production until it is known to be well or not. */
  readonly verify: () => Promise<Recovery>
}

/** What a rollback of several layers came to. */
export interface RollbackReport {
  readonly environment: string
  readonly ending: Ending
  readonly layers: readonly LayerOutcome[]
  readonly redeployed: Redeployed | undefined
  readonly recovery: Recovery
  /** what is left to do, and how */
  readonly problems: readonly string[]
  /** from the first look of the first run to the end of the verification, ms: the time to recover */
  readonly tookMs: number
  /** how long each phase took, ms, in their order */
  readonly phases: Readonly<Record<string, number>>
}

/**
 * Rolls back, deploys, looks whether production is well, and records it all. Nothing waits that need not: the code is
 * being deployed while the layers after it go back. Can be killed at any instant; the next run goes on from the history.
 * @throws whatever is no user's business
 */
export async function carryOut(options: CarryOutOptions): Promise<RollbackReport> {
  const { plan, environment, progress, record, now, log, reason, automatic, startedAt } = options
  if (progress.unfinished === undefined) {
    const layers = plan.layers.map(({ layer, plan: { view } }) => ({
      layer: layer.name,
      from: view.from,
      to: view.to,
    }))
    await record({ kind: 'rollback-began', layers, reason, automatic, startedAt: startedAt.toISOString() }, [
      String(progress.ended),
    ])
  } else log(`going on with the rollback that began at ${progress.unfinished.at}`)

  const plannedAt = now()
  let deployment: Promise<Deployment> | undefined
  const deploySoon = ({ layer, receipt }: LayerOutcome) => {
    if (layer !== 'code' || receipt === undefined || receipt.pull !== undefined) return
    deployment = deployOnce(options, receipt)
    // it is awaited below, unless a bug ends everything before
    deployment.catch(() => {})
  }
  // what may be taken back again is not deployed before all of it holds
  const isEager = options.onFailure !== 'undo'
  const outcomes = await applyLayers(plan.layers, { ...options, onDone: isEager ? deploySoon : () => {} })
  if (!isEager && endOf(outcomes) === 'complete') outcomes.forEach(deploySoon)
  const deployed = await deployment
  const ending = endOf(outcomes)
  const problems = outcomes.flatMap(({ layer, problem }) =>
    problem === undefined ? [] : [`${layer}: ${problem}`],
  )
  if (deployed?.problem !== undefined) problems.push(`deployment: ${deployed.problem}`)

  const verifiedFrom = now()
  const recovery = await lookAt(options, outcomes, deployed)
  log(`${environment}: ${recovery.outcome}, ${recovery.because}`)
  await record({ kind: 'recovery-verified', ...recovery, startedAt: verifiedFrom.toISOString() }, [
    String(progress.ended),
  ])
  if (recovery.outcome === 'not-recovered') problems.push(`${environment} is not well: ${recovery.because}`)

  const endedAt = now().getTime()
  const beganAt =
    progress.unfinished === undefined ? startedAt.getTime() : Date.parse(progress.unfinished.startedAt)
  const phases = {
    plan: plannedAt.getTime() - startedAt.getTime(),
    ...Object.fromEntries(outcomes.map(({ layer, tookMs }) => [layer, tookMs])),
    ...(deployed && { deploy: deployed.tookMs }),
    verify: endedAt - verifiedFrom.getTime(),
  }
  await record(
    {
      kind: 'rollback-ended',
      outcome: ending,
      layers: outcomes.map(({ layer, outcome }) => ({ layer, outcome })),
      phases,
    },
    [String(progress.ended)],
  )
  return {
    environment,
    ending,
    layers: outcomes,
    redeployed: deployed?.done,
    recovery,
    problems,
    tookMs: endedAt - beganAt,
    phases,
  }
}

interface Deployment {
  readonly done?: Redeployed
  readonly problem?: string
  /** ms */
  readonly tookMs: number
}

/** One deployment of a restored revision, however often the rollback is gone on with. Never rejects for what users can mend. */
async function deployOnce(
  { deploy, progress, record, now, log }: CarryOutOptions,
  code: LayerReceipt,
): Promise<Deployment> {
  const { deployed } = progress
  if (deployed?.deployed === code.now) {
    const { workflow, url } = deployed
    return { done: { revision: code.now, workflow, url }, tookMs: 0 }
  }
  if (deploy === undefined) {
    log(
      `nothing has been redeployed: a push with the token of a workflow starts none; deploy ${code.now} now, or configure code.redeploy`,
    )
    return { tookMs: 0 }
  }
  const from = now().getTime()
  try {
    const done = await deploy(code)
    const { revision, workflow, url } = done
    await record({ kind: 'revision-deployed', deployed: revision, workflow, url }, [revision])
    return { done, tookMs: now().getTime() - from }
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return { problem: error.message, tookMs: now().getTime() - from }
  }
}

/** Production is only looked at when the rollback can have reached it. */
async function lookAt(
  { verify }: CarryOutOptions,
  outcomes: readonly LayerOutcome[],
  deployed: Deployment | undefined,
): Promise<Recovery> {
  const unknown = (because: string) => ({ outcome: 'unknown', because }) as const
  if (outcomes.some(({ outcome }) => outcome === 'proposed'))
    return unknown('the rollback of the code waits for its pull request')
  const done = outcomes.filter(isInForce)
  if (done.length === 0) return unknown('nothing was rolled back')
  if (done.some(({ layer }) => layer === 'code') && deployed?.done === undefined)
    return unknown('the restored code is not deployed yet')
  return verify()
}

function isInForce({ outcome }: LayerOutcome): boolean {
  return outcome === 'rolled-back' || outcome === 'already-rolled-back' || outcome === 'stopped'
}

const incomplete: readonly LayerOutcome['outcome'][] = ['failed', 'not-tried', 'partial', 'undone']

/** One word for all layers together. */
export function endOf(outcomes: readonly Pick<LayerOutcome, 'outcome'>[]): Ending {
  const words = new Set(outcomes.map(({ outcome }) => outcome))
  const isWhole = incomplete.every((word) => !words.has(word))
  if (isWhole) return 'complete'
  if (words.has('undone')) return 'undone'
  const isAnyDone = outcomes.some(({ outcome }) => outcome !== 'failed' && outcome !== 'not-tried')
  return isAnyDone ? 'partial' : 'failed'
}
