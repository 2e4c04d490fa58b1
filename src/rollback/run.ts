import type { Message } from '../errors.ts'
import { approvalsOfRun } from '../github/approvals.ts'
import type { Event, LayerName } from '../history/event.ts'
import type { Lock } from '../history/lock.ts'
import { demandHead } from '../layers/code/plan.ts'
import { isPlain, readFacts } from '../layers/code/repository.ts'
import { findRefusal } from './allowed.ts'
import { findApprover } from './approval.ts'
import { wasFailing } from './assessment.ts'
import { carryOut } from './carry-out.ts'
import { describePlan } from './describe.ts'
import type { RollbackOptions } from './options.ts'
import { intentionOf, type Plan, targetsOf, viewsOf } from './plan.ts'
import { demandNoObstacle, describeObstacle } from './preflight.ts'
import { type Preparation, type Prepared, prepare } from './prepare.ts'
import { unlessExternal } from './redeployment.ts'
import { demandEndable, demandRehearsable, rehearse } from './rehearse.ts'
import { type RollbackResult, resultOf } from './result.ts'
import { makeSavedPlan, openSavedPlan, type SavedPlan } from './saved-plan.ts'

/** What a run reads before it plans. */
export interface Beginning {
  readonly startedAt: Date
  readonly lock: Lock
  readonly history: readonly Event[]
  /** the plan that is applied; undefined to do what is planned now */
  readonly saved: SavedPlan | undefined
  /** who approved it */
  readonly approver: string | undefined
  /** not requested by a person */
  readonly automatic: boolean
}

/**
 * The one pipeline of every rollback: open, plan, check the guards, lock, apply, conclude. The layers, the deployment, and what observes
 * production are parameters; nothing else differs between actions. Can be killed at any instant and run again.
 * @throws InputError, ConflictError when the state has changed since a plan was saved, and what layers throw that cannot be planned
 */
export async function runRollback(options: RollbackOptions): Promise<RollbackResult> {
  const begun = await begin(options)
  const { lock } = begun
  try {
    const prepared = await prepare(preparationOf(options, begun))
    const changesNothing = options.mode === 'plan' || options.mode === 'dry-run'
    const isLocked = prepared.kind === 'ready' && !changesNothing
    // what an earlier rehearsal left rolled back is taken back with what there is
    if (options.rehearsal && prepared.kind === 'ready' && prepared.progress.unfinished === undefined)
      demandEndable(prepared.plan, options)
    if (isLocked) demandNoObstacle(await options.findObstacle?.(prepared.plan))
    if (!isLocked) return await carryOn(options, begun, prepared)
    const isAlone = (await lock.take()) === 'taken'
    if (isAlone && !(await hasCodeMoved(options, prepared.plan)))
      return await carryOn(options, begun, prepared)
    // what was planned is planned anew, on what another run, or a push, has left
    const anew = { ...begun, history: await options.readHistory() }
    return await carryOn(options, anew, await prepare(preparationOf(options, anew)))
  } finally {
    await lock.release()
  }
}

/**
 * Whether the branch has moved since it was planned, where other layers go back before the code: the code's own compare-and-swap would
 * come too late for them.
 */
async function hasCodeMoved({ repository, branch }: RollbackOptions, plan: Plan): Promise<boolean> {
  const [, ...later] = viewsOf(plan)
  const code = later.find(({ layer, state }) => layer === 'code' && state === 'pending')
  return code !== undefined && code.from !== (await demandHead(repository, branch))
}

/** Reads what a run goes by; changes nothing. @throws InputError, RefusedError for a rehearsal that must not be, and for a plan that is not valid */
export async function begin(options: RollbackOptions): Promise<Beginning> {
  const { repository, environment, incident, branch, mode, now, run, log, only } = options
  const startedAt = now()
  const [{ lock, history }, isManual, facts] = await Promise.all([
    // in this order: what is written after the lock was looked at is seen by the lock
    options.openLock().then(async (lock) => ({ lock, history: await options.readHistory() })),
    options.isManual(),
    options.rehearsal ? readFacts(repository) : undefined,
  ])
  if (facts !== undefined)
    demandRehearsable({
      environment,
      branch,
      defaultBranch: facts.defaultBranch,
      changesBranch: only?.some(putsCommits) ?? true,
    })
  const saved =
    mode === 'apply'
      ? await openSavedPlan(options.plan ?? '', {
          repository: `${repository.owner}/${repository.repo}`,
          incident,
          events: history,
          at: now().getTime(),
        })
      : undefined
  const approver =
    saved === undefined || run === undefined || isPlain(repository)
      ? undefined
      : await findApprover(repository, saved, {
          run,
          environment: options.approval || environment,
          events: history,
        })
  if (approver !== undefined) log(`${approver} approved the plan`)
  return { startedAt, lock, history, saved, approver, automatic: !isManual && approver === undefined }
}

/** What is planned, and by which rules. */
export function preparationOf(
  options: RollbackOptions,
  { history, saved, automatic }: Beginning,
): Preparation {
  const { environment, incident, revision, repository, limits, hold, now, log } = options
  return {
    events: ownOf(options, history),
    onFailure: options.onFailure,
    openLayers: options.openLayers,
    choice: options.choice,
    only: options.only,
    otherwise: options.otherwise,
    automatic,
    rehearsal: options.rehearsal === true,
    isAskedFor: options.isAskedFor,
    isPerTarget: options.isPerTarget === true,
    findRestored: unlessExternal(options.deployer)?.find ?? options.findRestored,
    production: options.production,
    saved,
    guard: (plan, isAgreed) => {
      const views = viewsOf(plan)
      const code = views.find(({ layer }) => layer === 'code')
      const intent = {
        environment,
        incident,
        revision,
        automatic,
        layers: views.map(({ layer }) => layer),
        ...(options.isPerTarget && { from: views.flatMap(targetsOf) }),
        paths: code?.paths,
        undoneCount: code?.undoneCount ?? code?.undone.length,
        needsApproval: views.flatMap((view) => view.needsPerson.map((why) => `${view.layer}: ${why}`)),
        isAgreed,
      }
      const readHistory = async () => history
      return findRefusal(repository, intent, { limits, hold, readHistory, now: now().getTime(), log })
    },
  }
}

async function carryOn(
  options: RollbackOptions,
  { startedAt, history, approver, automatic }: Beginning,
  prepared: Prepared,
): Promise<RollbackResult> {
  const { mode, rehearsal = false, production, log, repository, branch } = options
  const own = ownOf(options, history)
  for (const line of describePlan(prepared.plan)) log(line)
  if (prepared.kind === 'done' && mode !== 'dry-run' && mode !== 'plan') await announceStanding(prepared, log)
  const isOnlyPlanned = prepared.kind === 'ready' && (mode === 'plan' || mode === 'dry-run')
  if (isOnlyPlanned || prepared.kind === 'held') {
    // what is reviewed says what would keep it from being applied
    const obstacle = await describeObstacle(async () => options.findObstacle?.(prepared.plan))
    const isSaved = isOnlyPlanned && mode === 'plan'
    const saved = isSaved ? await savePlan(options, prepared, obstacle) : undefined
    return resultOf(options, own, { prepared, obstacle, ...(saved && { saved }) })
  }
  if (prepared.kind !== 'ready') return resultOf(options, own, { prepared })
  const work = {
    ...options,
    plan: prepared.plan,
    progress: prepared.progress,
    approver,
    startedAt,
    assessment: prepared.assessment,
    wasFailing: wasFailing(own),
    // a rehearsal does not count toward the daily cap
    automatic: automatic && !rehearsal,
    verify: (restored: readonly string[]) => production.verify(restored, own),
  }
  if (!rehearsal) return resultOf(options, own, { prepared, report: await carryOut(work) })
  const head = () => demandHead(repository, branch)
  return resultOf(options, own, { prepared, rehearsal: await rehearse({ ...work, head }) })
}

/** Repeats announcements that an earlier run may not have made. Each is made once. */
async function announceStanding({ plan }: Prepared, log: (line: string) => void): Promise<void> {
  for (const { plan: planned } of plan.layers) {
    const { from, to, now = to } = planned.view
    const receipt = { outcome: 'already-rolled-back', from, to, now, kept: {}, verified: undefined } as const
    for (const unsaid of (await planned.announce?.(receipt, undefined)) ?? []) log(unsaid)
  }
}

/** The events of the incident. */
function ownOf({ incident }: RollbackOptions, history: readonly Event[]): readonly Event[] {
  return history.filter((event) => event.incident === incident)
}

/** Makes a plan that a later run may apply: the history has its digest, so that an edited one is not applied. */
async function savePlan(
  options: RollbackOptions,
  { plan }: Prepared,
  obstacle: Message | undefined,
): Promise<SavedPlan> {
  const { repository, environment, incident, revision, planValidMs, record, run } = options
  const at = options.now().getTime()
  const { saved, digest } = makeSavedPlan(
    {
      repository: `${repository.owner}/${repository.repo}`,
      environment,
      incident,
      revision,
      madeAt: new Date(at).toISOString(),
      expiresAt: new Date(at + planValidMs).toISOString(),
      ...(obstacle && { obstacle: String(obstacle) }),
    },
    viewsOf(plan),
  )
  const layers = saved.layers.map(intentionOf)
  const approvals =
    run === undefined || isPlain(repository) ? undefined : await approvalsOfRun(repository, run)
  await record(
    { kind: 'rollback-planned', plan: digest, layers, ...(approvals && { approvals: [...approvals] }) },
    [digest],
  )
  return saved
}

/** Whether a layer's rollback may be a commit on the branch: all but those whose state is never in the repository. */
function putsCommits(layer: LayerName): boolean {
  return layer !== 'database' && layer !== 'ota'
}
