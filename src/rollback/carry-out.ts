import type { Restored } from '../deployment/restored.ts'
import { isUserFacing, type Message, message, setting } from '../errors.ts'
import type { Ending } from '../history/event.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import { shortRevision } from '../text/revision.ts'
import { sayUnreadable } from './afterwards.ts'
import { type ApplyOptions, applyLayers, type LayerOutcome } from './apply.ts'
import { type Assessment, isFailing, sayBefore } from './assessment.ts'
import { type Deployment, endOf, endOfLayers, type Recovery, type Redeployed } from './ending.ts'
import { intentionOf, isOnly, type Plan } from './plan.ts'
import { sayWaiting } from './proposed.ts'
import { keptOf } from './record.ts'
import type { Deployer, FindRestored } from './redeployment.ts'
import { demandRecorded } from './say-layers.ts'

export interface CarryOutOptions extends Omit<ApplyOptions, 'onDone'> {
  readonly plan: Plan
  readonly environment: string
  /** it is undone at the end */
  readonly rehearsal?: boolean
  /** login of the reviewer who approved the plan; undefined when none did */
  readonly approver?: string | undefined
  /** when the run first checked production */
  readonly startedAt: Date
  /** Deploys the restored revision and waits for it, unless it is seen to be deployed, see `RollbackMeans.deployer`. */
  readonly deployer: Deployer | 'external' | undefined
  /** see `RollbackMeans.findRestored` */
  readonly findRestored?: FindRestored
  /** the state of production when the run begins; undefined if no checks ran */
  readonly assessment: Assessment | undefined
  /** production was failing in this incident, see `wasFailing` */
  readonly wasFailing: boolean
  /** see `RollbackMeans.isProposalWanted` */
  readonly isProposalWanted: boolean
  /**
   * Watches production until it is known to be well or not.
   * @param restored the revisions that may be served now; empty where the code stayed as it was
   */
  readonly verify: (restored: readonly string[]) => Promise<Recovery>
}

/** The result of a rollback of several layers. */
export interface RollbackReport {
  readonly environment: string
  readonly ending: Ending
  readonly layers: readonly LayerOutcome[]
  readonly redeployed: Redeployed | undefined
  /** what showed that somebody else has deployed the restored revision, one clause */
  readonly deploymentSeen?: string
  /** whether anybody has deployed it could not be read */
  readonly isDeploymentUnknown?: true
  /** what deploys the restored revision; `external`: something outside of this run */
  readonly deployedBy: 'workflow' | 'external' | 'nothing'
  readonly recovery: Recovery
  /** what is left to do, and how */
  readonly problems: readonly (string | Message)[]
  /** from the first check of the first run to the end of the verification, ms: the time to recover */
  readonly tookMs: number
  /** how long each phase took, ms, in their order */
  readonly phases: Readonly<Record<string, number>>
}

/**
 * Rolls back, deploys, checks whether production is well, and records it all. Nothing waits that need not: the code is
 * being deployed while the layers after it go back. Can be killed at any instant; the next run goes on from the history.
 * @throws whatever is no user's business
 */
export async function carryOut(options: CarryOutOptions): Promise<RollbackReport> {
  const { plan, environment, progress, record, now, log, reason, automatic, startedAt } = options
  for (const { plan: planned } of plan.layers) planned.prepare?.()
  if (progress.unfinished === undefined) {
    const layers = plan.layers.map(({ plan: { view, before } }) => ({
      ...intentionOf(view),
      ...(before && { before: keptOf(before) }),
    }))
    await record(
      {
        kind: 'rollback-began',
        layers,
        reason,
        automatic,
        ...(options.rehearsal === true && { rehearsal: true }),
        ...(isFailing(options.assessment) && { failing: true }),
        ...(options.approver !== undefined && { approver: options.approver }),
        startedAt: startedAt.toISOString(),
      },
      progress.runKey,
    )
  } else log(`resuming the rollback that began at ${progress.unfinished.at}`)

  const plannedAt = now()
  const inParallel: Promise<void>[] = []
  /** What the world shows to the next run, too, is recorded while this one goes on: it is awaited at the end. */
  const recordInParallel: ApplyOptions['record'] = (...event) => {
    const recorded = record(...event)
    recorded.catch(() => {})
    inParallel.push(recorded)
    return Promise.resolve()
  }
  let pending: Promise<Deployment> | undefined
  const deploySoon = (outcome: LayerOutcome, recorded: Promise<void>) => {
    const restored = toDeploy(outcome)
    if (restored === undefined) return
    pending = tryToDeploy({ ...options, record: recordInParallel }, restored, recorded)
    // it is awaited below, unless a bug ends everything before
    pending.catch(() => {})
  }
  // what may be taken back again is not deployed before all of it holds
  const isEager = options.onFailure !== 'undo'
  const layers = await applyLayers(plan.layers, { ...options, onDone: isEager ? deploySoon : () => {} })
  if (!isEager && endOfLayers(layers) === 'whole')
    for (const each of layers) deploySoon(each, Promise.resolve())
  const attempt = await pending
  await announce(options, layers, attempt)

  const verifiedFrom = now()
  const seen = attempt?.done === undefined ? await findSeen(options, layers) : undefined
  if (seen?.state === 'deployed') log(`deployed already: ${seen.evidence}`)
  const looked = await lookAt(options, layers, { attempt, seen })
  const before = looked.looked || options.assessment === undefined ? undefined : sayBefore(options.assessment)
  const recovery = { ...looked, before }
  // where somebody else has deployed it, nothing is left of why this run did not
  const isDeployed = seen?.state === 'deployed' || recovery.outcome === 'recovered'
  const deployment = attempt && isDeployed ? withoutProblem(attempt) : attempt
  log(`${environment}: ${recovery.outcome}; ${recovery.because}`)
  const { outcome, because } = recovery
  const ending = endOf({ layers, deployment, recovery })

  const endedAt = now().getTime()
  const beganAt =
    progress.unfinished === undefined ? startedAt.getTime() : Date.parse(progress.unfinished.startedAt)
  const phases = {
    plan: plannedAt.getTime() - startedAt.getTime(),
    ...Object.fromEntries(layers.map(({ layer, tookMs }) => [layer, tookMs])),
    ...(deployment && { deploy: deployment.tookMs }),
    verify: endedAt - verifiedFrom.getTime(),
  }
  const outcomes = layers.map(({ layer, outcome }) => ({ layer, outcome }))
  const key = progress.runKey
  await demandRecorded(layers, [
    ...inParallel,
    record({ kind: 'recovery-verified', outcome, because, startedAt: verifiedFrom.toISOString() }, key),
    record({ kind: 'rollback-ended', outcome: ending, layers: outcomes, phases }, key),
  ])
  return {
    environment,
    ending,
    layers,
    redeployed: deployment?.done,
    ...(seen?.state === 'deployed' && { deploymentSeen: seen.evidence }),
    ...(seen?.state === 'unreadable' && { isDeploymentUnknown: true }),
    deployedBy:
      options.deployer === undefined ? 'nothing' : options.deployer === 'external' ? 'external' : 'workflow',
    recovery,
    problems: problemsOf(options, layers, deployment, { ending, recovery }),
    tookMs: endedAt - beganAt,
    phases,
  }
}

/** Announces the result, such as in comments. A failure to announce it does not affect the rollback. */
async function announce(
  { plan, log }: CarryOutOptions,
  outcomes: readonly LayerOutcome[],
  deployment: Deployment | undefined,
): Promise<void> {
  for (const [index, { receipt, outcome }] of outcomes.entries()) {
    const announced = plan.layers[index]?.plan
    if (announced?.announce === undefined || receipt === undefined || outcome === 'undone') continue
    for (const unsaid of await announced.announce(receipt, deployment)) log(unsaid)
  }
}

/** The remaining steps, one line each. */
function problemsOf(
  { environment, plan, isProposalWanted }: Pick<CarryOutOptions, 'environment' | 'plan' | 'isProposalWanted'>,
  layers: readonly LayerOutcome[],
  deployment: Deployment | undefined,
  { ending, recovery: { outcome, because } }: Pick<RollbackReport, 'ending' | 'recovery'>,
): RollbackReport['problems'] {
  const ofLayers = layers.flatMap(({ layer, problem, receipt }) => {
    const left = problem ?? (isProposalWanted ? undefined : sayWaiting(receipt, 'rolled back'))
    return left === undefined ? [] : [isOnly(plan) ? left : message`${layer}: ${left}`]
  })
  const ofDeployment =
    deployment?.problem === undefined
      ? []
      : [isOnly(plan) ? deployment.problem : message`deployment: ${deployment.problem}`]
  if (outcome === 'not-recovered')
    return [...ofLayers, ...ofDeployment, `${environment} is still failing: ${because}`]
  const isUnseen = ending === 'not-verified' && outcome === 'unknown'
  return [
    ...ofLayers,
    ...ofDeployment,
    ...(isUnseen ? [`${environment} was not verified to be healthy: ${because}`] : []),
  ]
}

/** One deployment of a restored revision, however often the rollback is gone on with. Never rejects for what users can mend. */
export async function tryToDeploy(
  { deployer, record, now, log }: Pick<CarryOutOptions, 'deployer' | 'record' | 'now' | 'log'>,
  code: Pick<LayerReceipt, 'now' | 'outcome' | 'tag'>,
  recorded?: Promise<void>,
): Promise<Deployment> {
  if (deployer === undefined)
    return {
      problem: message`nothing deploys ${code.now}, as pushes made with GITHUB_TOKEN do not trigger workflows: deploy it now, and name the workflow that deploys in ${setting('code.redeploy')}, or write external there if a later step deploys the output commit`,
      tookMs: 0,
    }
  if (deployer === 'external') {
    log(`nothing was deployed by this run: deploy ${code.now} now, and verify production`)
    return { tookMs: 0 }
  }
  const from = now().getTime()
  try {
    const done = await deployer.deploy(code, recorded)
    await record(describeDeployed(done), [done.revision])
    return { done, tookMs: now().getTime() - from }
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return { problem: message`${error}`, tookMs: now().getTime() - from }
  }
}

/** What the history records of a deployment. */
export function describeDeployed({ revision, workflow, url }: Redeployed) {
  return { kind: 'revision-deployed', deployed: revision, workflow, url } as const
}

function withoutProblem({ problem: _, ...deployment }: Deployment): Deployment {
  return deployment
}

/** Production is checked only once the rollback can have reached it. */
async function lookAt(
  { verify, deployer, wasFailing }: CarryOutOptions,
  outcomes: readonly LayerOutcome[],
  { attempt, seen }: { readonly attempt: Deployment | undefined; readonly seen: Restored | undefined },
): Promise<Recovery> {
  const unknown = (because: string) => ({ outcome: 'unknown', because, looked: false }) as const
  if (outcomes.some(({ outcome }) => outcome === 'proposed'))
    return unknown('nothing takes effect until the pull request is merged')
  const done = outcomes.filter(isInForce)
  if (done.length === 0) return unknown('nothing was rolled back')
  const isDeployed = attempt?.done !== undefined || seen?.state === 'deployed'
  const wanting = isDeployed ? [] : done.filter((each) => toDeploy(each) !== undefined)
  if (wanting.length > 0 && deployer === 'external')
    return { ...unknown(sayHandOver(wanting)), isHandedOver: true }
  // what an earlier run restored, somebody may have deployed since: where GitHub knows of no deployment, production that was failing
  // shows it
  const mayBeDeployed =
    deployer === undefined && seen === undefined && wasFailing && wanting.every(isBackBefore)
  if (seen?.state === 'unreadable') return unknown(sayUnreadable(seen))
  if (wanting.length > 0 && !mayBeDeployed) return unknown('the restored revision is not deployed yet')
  return verify(done.flatMap(({ receipt }) => receipt?.deploys ?? []))
}

/** Whether what an earlier run restored is deployed, as far as GitHub knows; undefined where nothing here is to say. */
async function findSeen(
  { deployer, findRestored }: CarryOutOptions,
  outcomes: readonly LayerOutcome[],
): Promise<Restored | undefined> {
  const wanting = outcomes.filter((each) => isInForce(each) && toDeploy(each) !== undefined)
  if (deployer !== undefined || !wanting.every(isBackBefore)) return undefined
  const [commit, ...alike] = wanting.at(-1)?.receipt?.deploys ?? []
  return commit === undefined ? undefined : findRestored?.(commit, alike)
}

function isBackBefore({ outcome }: LayerOutcome): boolean {
  return outcome !== 'rolled-back'
}

function sayHandOver(wanting: readonly LayerOutcome[]): string {
  const restored = wanting.flatMap((each) => toDeploy(each)?.now ?? []).at(-1) ?? ''
  return `something outside of this run deploys the restored revision: deploy ${shortRevision(restored)}, then verify production`
}

/** The revision to deploy for a layer's rollback to take effect; undefined if there is none, or if it waits for a merge. */
export function toDeploy({
  receipt,
}: Pick<LayerOutcome, 'receipt'>): Pick<LayerReceipt, 'now' | 'outcome' | 'tag'> | undefined {
  const [now] = receipt?.deploys ?? []
  return receipt === undefined || now === undefined ? undefined : { ...receipt, now }
}

function isInForce({ outcome }: LayerOutcome): boolean {
  return outcome === 'rolled-back' || outcome === 'already-rolled-back' || outcome === 'stopped'
}
