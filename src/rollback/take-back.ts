import type { Subject } from '../deployment/subject.ts'
import { isUserFacing, type Message, type UserFacingError } from '../errors.ts'
import type { TakeBack, TakeBackMode } from '../layers/code/take-back.ts'
import type { LayerReceipt } from '../layers/layer.ts'
import { shortRevision } from '../text/revision.ts'
import { demandAllowed } from './allowed.ts'
import { tryToDeploy } from './carry-out.ts'
import type { Deployment } from './ending.ts'
import type { RollbackOptions } from './options.ts'
import { demandNoObstacle, describeObstacle } from './preflight.ts'
import { sayProposal, sayWaiting } from './proposed.ts'
import { describeFailed, type FailureCode } from './record.ts'
import { unlessExternal } from './redeployment.ts'

/** The result of undoing a rollback. */
export interface TakeBackResult {
  readonly decision: 'undone' | 'already-undone' | 'proposed' | 'planned' | 'not-deployed' | 'failed'
  readonly reasonCode: string
  readonly headline: string
  readonly takeBack: TakeBack
  /** undefined if nothing was done */
  readonly receipt: LayerReceipt | undefined
  readonly deployment: Deployment | undefined
  /** why it failed */
  readonly error: UserFacingError | undefined
  /** what must be merged before anything is undone, if no pull request was requested */
  readonly waiting: string | undefined
  /** of what was only planned: what would keep it from being applied, in sentences */
  readonly obstacle?: Message | undefined
  /** what is true now */
  readonly now: string
}

/**
 * Undoes a rollback of the code: plan, lock, check the guards, apply, record, deploy. Done twice, it does nothing the second time.
 * @param plan plans it; called again when another run has held the lock meanwhile
 * @throws what the plan throws
 */
export async function takeBack(
  options: Omit<RollbackOptions, 'openLayers' | 'choice'>,
  mode: TakeBackMode,
  plan: () => Promise<TakeBack>,
): Promise<TakeBackResult> {
  const lock = await options.openLock()
  try {
    let planned = await plan()
    const find = async () => options.findObstacle?.()
    if (options.mode === 'dry-run') {
      sayPlan(options, planned)
      return { ...concludeTakeBack(planned, {}), obstacle: await describeObstacle(find) }
    }
    demandNoObstacle(await find())
    if ((await lock.take()) === 'changed') planned = await plan()
    sayPlan(options, planned)
    return await apply(options, mode, planned)
  } finally {
    await lock.release()
  }
}

async function apply(
  options: Omit<RollbackOptions, 'openLayers' | 'choice'>,
  mode: TakeBackMode,
  planned: TakeBack,
): Promise<TakeBackResult> {
  const { record, stepKey, deployer, now, log } = options
  const { view } = planned.plan
  let receipt: LayerReceipt
  try {
    // bringing the undone work back as a draft is always allowed
    if (mode === 'undo' && view.state !== 'done') await guard(options, view.undoneCount ?? 0)
    receipt = await planned.plan.apply()
  } catch (error) {
    const failed = describeFailed(view, error, stepKey)
    if (failed === undefined || !isUserFacing(error)) throw error
    await record(failed.what, failed.naturalKey)
    return concludeTakeBack(planned, { error, reasonCode: failed.reasonCode })
  }
  if (receipt.outcome === 'proposed') {
    // undone work comes back as a draft: it is asked for
    const isWanted = mode === 'reapply' || options.isProposalWanted
    return concludeTakeBack(planned, {
      receipt,
      waiting: isWanted ? undefined : sayWaiting(receipt, 'taken back'),
    })
  }
  await recordTakenBack(options, planned, receipt)
  const own = unlessExternal(deployer)
  const deployment = own && (await tryToDeploy({ deployer: own, record, now, log }, receipt))
  return concludeTakeBack(planned, { receipt, deployment })
}

function sayPlan({ log }: Pick<RollbackOptions, 'log'>, { plan: { view, words } }: TakeBack): void {
  for (const line of words?.lines ?? view.steps) log(line)
}

async function guard(
  {
    repository,
    limits,
    hold,
    readHistory,
    now,
    log,
    isManual,
    ...about
  }: Omit<RollbackOptions, 'openLayers' | 'choice'>,
  undoneCount: number,
): Promise<void> {
  const { environment, incident, revision } = about
  const automatic = !(await isManual())
  await demandAllowed(
    repository,
    {
      environment,
      incident,
      revision,
      automatic,
      layers: ['code'],
      takesBack: true,
      undoneCount,
      isAgreed: false,
    },
    { limits, hold, readHistory, isPlanned: false, now: now().getTime(), log },
  )
}

/** The event is one of the incident that the rollback was for. */
async function recordTakenBack(
  {
    record,
    readHistory,
    environment,
    reason,
  }: Pick<RollbackOptions, 'record' | 'readHistory' | 'environment' | 'reason'>,
  { incident, rollback, naturalKey }: TakeBack,
  { now }: LayerReceipt,
): Promise<void> {
  const applied = (await readHistory())
    .filter((event) => event.kind === 'rollback-applied')
    .findLast((event) => event.layer === 'code' && event.now === rollback)
  const about: Subject = applied ?? { incident, environment, revision: rollback }
  await record(
    { kind: 'rollback-undone', layer: 'code', from: rollback, now, because: reason },
    naturalKey,
    about,
  )
}

function concludeTakeBack(
  takeBack: TakeBack,
  {
    receipt,
    deployment,
    error,
    waiting,
    reasonCode = 'refused',
  }: {
    readonly receipt?: LayerReceipt
    readonly waiting?: string | undefined
    readonly deployment?: Deployment | undefined
    readonly error?: UserFacingError
    readonly reasonCode?: FailureCode
  },
): TakeBackResult {
  const { words } = takeBack.plan
  const now = describeNow(takeBack, { receipt, deployment })
  const came = { takeBack, receipt, deployment, error, waiting, now }
  if (error !== undefined) return { ...came, decision: 'failed', reasonCode, headline: 'Rollback not undone' }
  if (receipt === undefined)
    return { ...came, decision: 'planned', reasonCode: 'dry-run', headline: 'Planned: nothing was changed' }
  if (receipt.outcome === 'proposed') {
    const how = receipt.pull === undefined ? 'branch' : 'pull-request'
    return { ...came, decision: 'proposed', reasonCode: how, headline: 'The undone work is proposed again' }
  }
  if (deployment?.problem !== undefined)
    return {
      ...came,
      decision: 'not-deployed',
      reasonCode: 'not-deployed',
      headline: 'Rollback undone, but not deployed',
    }
  const before = { reasonCode: 'done-before', headline: 'Rollback already undone' }
  if (receipt.outcome === 'already-rolled-back')
    return { ...came, decision: 'already-undone', ...(words?.doneBefore ?? before) }
  const done = words?.done ?? { reasonCode: 'taken-back', headline: 'Reset undone' }
  return { ...came, decision: 'undone', ...done }
}

function describeNow(
  { plan: { view } }: TakeBack,
  {
    receipt,
    deployment,
  }: { readonly receipt?: LayerReceipt | undefined; readonly deployment?: Deployment | undefined },
): string {
  if (receipt === undefined) return `code is at ${shortRevision(view.now ?? view.from)}; nothing was changed`
  if (receipt.outcome === 'proposed') return `nothing is undone until ${sayProposal(receipt)} is merged`
  const deployed = deployment?.done
  return [
    `code is at ${shortRevision(receipt.now)}`,
    deployed === undefined
      ? deployment === undefined
        ? 'nothing was deployed by this run'
        : 'it is not deployed'
      : `${deployed.workflow} deployed ${shortRevision(deployed.revision)}`,
    'production was not checked',
  ].join('; ')
}
