import { mkdir, readFile } from 'node:fs/promises'
import { InputError } from '../../errors.ts'
import { approvalsOfRun } from '../../github/approvals.ts'
import { defaultBranch } from '../../github/repository.ts'
import { openRevisionReader } from '../../github/revision-reader.ts'
import { planWatch } from '../../health/plan.ts'
import { subjectAfterRollback } from '../../health/subject.ts'
import type { Event } from '../../history/event.ts'
import type { Lock } from '../../history/lock.ts'
import { demandHead } from '../../layers/code/plan.ts'
import { findRefusal } from '../../rollback/allowed.ts'
import { findApprover } from '../../rollback/approval.ts'
import { carryOut, type RollbackReport } from '../../rollback/carry-out.ts'
import { conclude, concludeRehearsal } from '../../rollback/conclude.ts'
import {
  describePlan,
  summarizePhases,
  summarizePlan,
  summarizeRehearsal,
  summarizeReport,
} from '../../rollback/describe.ts'
import { limitsOf } from '../../rollback/guard.ts'
import { assessNow, secretsOfChecks, type Viewer, verifyRecovery } from '../../rollback/look.ts'
import { availableLayers, openLayers, secretsOfLayers } from '../../rollback/open-layers.ts'
import { viewsOf } from '../../rollback/plan.ts'
import { type Preparation, type Prepared, prepare } from '../../rollback/prepare.ts'
import { type Deployer, deployBy } from '../../rollback/redeployment.ts'
import { demandRehearsable, type RehearsalReport, rehearse } from '../../rollback/rehearse.ts'
import { makeSavedPlan, readSavedPlan, type SavedPlan } from '../../rollback/saved-plan.ts'
import { chooseLayers } from '../../rollback/strategy.ts'
import { runAction, type Step } from '../../runner/action.ts'
import type { FailureRule } from '../../settings/rollback.ts'
import { heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { prepareJobClone } from '../job-clone.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import { rollback } from './contract.ts'
import { checkReadiness } from './doctor.ts'

export type RollbackStep = Step<typeof rollback.inputs, keyof typeof rollback.outputs>

/** What the parts of a run share. */
interface Scene extends Workplace {
  readonly startedAt: Date
  readonly branch: string
  readonly viewer: Viewer
  readonly history: readonly Event[]
  /** those of the incident */
  readonly own: readonly Event[]
  /** the plan that is applied; undefined to do what is planned now */
  readonly saved: SavedPlan | undefined
  /** who approved it */
  readonly approver: string | undefined
  readonly automatic: boolean
  readonly reason: string
  /** undefined where no workflow deploys */
  readonly deployer: Deployer | undefined
}

await runAction(rollback, async (step) => {
  const { lock, ...opened } = await openScene(step)
  try {
    const preparation = await preparationOf(step, opened)
    if (step.inputs.mode === 'doctor') return await checkReadiness(step, opened, preparation)
    const prepared = await prepare(preparation)
    const isDone = prepared.kind !== 'ready' || step.inputs.mode === 'plan'
    if (isDone || (await lock.take()) === 'taken') return await run(step, opened, prepared)
    // another run has held it meanwhile: what was planned is planned anew, on what that has left
    const scene = await refresh(opened)
    await run(step, scene, await prepare(await preparationOf(step, scene)))
  } finally {
    await lock.release()
  }
})

async function refresh(scene: Scene): Promise<Scene> {
  const history = await scene.readHistory()
  return { ...scene, history, own: history.filter(({ incident }) => incident === scene.incident) }
}

async function run(step: RollbackStep, scene: Scene, prepared: Prepared): Promise<void> {
  const { inputs, log, context } = step
  const { repository, config, automatic, reason, record, viewer, startedAt } = scene
  for (const line of describePlan(prepared.plan)) log.info(line)
  if (prepared.kind !== 'ready') return finish(step, scene, { prepared })
  if (inputs.mode === 'plan')
    return finish(step, scene, { prepared, plan: await savePlan(step, scene, prepared) })

  const options = {
    plan: prepared.plan,
    environment: scene.environment,
    approver: scene.approver,
    progress: prepared.progress,
    startedAt,
    reason,
    // practising counts for no cap
    automatic: automatic && !inputs.rehearsal,
    onFailure: failureRule(step, scene),
    record,
    stepKey: context.stepKey,
    now: step.now,
    log: log.info,
    deploy: scene.deployer?.deploy,
    verify: (restored: readonly string[]) =>
      verifyRecovery(viewer, {
        withinMs: config.rollback.verifyMs,
        events: scene.own,
        subject: subjectAfterRollback(scene.environment, { failed: scene.revision, restored }),
      }),
  }
  if (!inputs.rehearsal) return finish(step, scene, { prepared, report: await carryOut(options) })
  const head = () => demandHead(repository, scene.branch)
  await finish(step, scene, { prepared, rehearsal: await rehearse({ ...options, head }) })
}

async function openScene(step: RollbackStep): Promise<Scene & { readonly lock: Lock }> {
  const { inputs, context, env, log, secrets, signal, sleep } = step
  const startedAt = step.now()
  const workplace = await openWorkplace(step)
  const { config, repository } = workplace
  if (!workplace.isConfigured)
    log.info(
      `there is no ${inputs.config}: the code is rolled back, and nothing else; that file could add checks to look with (health), a workflow that deploys (code.redeploy), a database and over-the-air updates`,
    )
  const viewer: Viewer = {
    health: inputs.url === '' ? config.health : withUrl(config.health, inputs.url),
    revision: openRevisionReader(repository, { ...workplace, branch: config.branch }),
    env,
    fetch,
    now: () => step.now().getTime(),
    sleep,
    log: log.info,
    redact: secrets.redact,
    signal,
  }
  for (const secret of [...secretsOfChecks(viewer), ...secretsOfLayers(config, env)]) secrets.add(secret)
  const { branch } = workplace
  const [{ lock, history }, isManual, usual] = await Promise.all([
    // in this order: what is written after the lock was looked at is seen by the lock
    workplace.openLock().then(async (opened) => ({ lock: opened, history: await workplace.readHistory() })),
    workplace.isManual(),
    inputs.rehearsal ? defaultBranch(repository) : branch,
  ])
  if (inputs.rehearsal)
    demandRehearsable({ environment: workplace.environment, branch, defaultBranch: usual, mode: inputs.mode })
  const saved = await readPlan(step, workplace, history)
  const approver =
    saved &&
    context.run &&
    (await findApprover(repository, saved, {
      run: context.run.id,
      environment: inputs.approval || workplace.environment,
      events: history,
    }))
  if (approver !== undefined) log.info(`${approver} approved the plan`)
  return {
    ...workplace,
    startedAt,
    lock,
    viewer,
    history,
    own: history.filter((event) => event.incident === workplace.incident),
    saved,
    approver,
    automatic: !isManual && approver === undefined,
    deployer:
      config.code.redeploy &&
      deployBy(repository, config.code.redeploy, {
        ...viewer,
        branch,
        environment: workplace.environment,
        run: context.run?.id,
      }),
    // it goes into a commit, which nobody can take back
    reason: secrets.redact(inputs.reason),
  }
}

/** An address that has to answer is a check by itself, beside the configured ones. */
function withUrl(health: Scene['config']['health'], url: string): Viewer['health'] {
  const { checks } = planWatch(health, { url, checks: '', windowMs: undefined, intervalMs: undefined })
  return { ...health, checks }
}

async function preparationOf(step: RollbackStep, scene: Scene): Promise<Preparation> {
  const { inputs, context, log, temporary } = step
  const { repository, config, environment, revision, incident, history, own } = scene
  const { viewer, automatic, branch, reason } = scene
  const openClone = prepareJobClone(step)
  await mkdir(temporary, { recursive: true })
  return {
    events: own,
    onFailure: failureRule(step, scene),
    openLayers: ({ target, choice, progress }) =>
      openLayers({
        ...viewer,
        repository,
        config,
        branch,
        environment,
        incident,
        bad: revision,
        target: target ?? (inputs.target || config.code.target),
        choice,
        automatic,
        progress,
        reason,
        by: context.actor,
        runUrl: context.run?.url,
        openClone,
        scratch: temporary,
      }),
    choice: chooseLayers({
      wanted: inputs.layers,
      issueType: inputs['issue-type'],
      strategies: config.rollback.strategies,
      available: availableLayers(config),
    }),
    automatic,
    rehearsal: inputs.rehearsal,
    isAskedFor: inputs.target !== '' || inputs.layers.length > 0,
    findRestored: scene.deployer?.find,
    assess: (restored) =>
      assessNow(
        viewer,
        restored.length === 0
          ? { environment, revisions: [revision] }
          : subjectAfterRollback(environment, { failed: revision, restored }),
      ),
    guard: (plan, isAgreed) => {
      const views = viewsOf(plan)
      const code = views.find(({ layer }) => layer === 'code')
      const needsApproval = views.flatMap((view) => view.needsPerson.map((why) => `${view.layer}: ${why}`))
      return findRefusal(
        repository,
        {
          environment,
          incident,
          revision,
          // what it examines is what a machine may do
          automatic: automatic || inputs.mode === 'doctor',
          layers: views.map(({ layer }) => layer),
          undoneCount: code?.undoneCount ?? code?.undone.length,
          needsApproval,
          isAgreed,
        },
        {
          limits: limitsOf(config),
          hold: inputs.hold,
          readHistory: async () => history,
          now: viewer.now(),
          log: log.info,
        },
      )
    },
    saved: scene.saved,
  }
}

function failureRule({ inputs }: RollbackStep, { config }: Scene): FailureRule {
  const rule = inputs['on-failure']
  return rule === 'configured' ? config.rollback.onFailure : rule
}

async function readPlan(
  { inputs: { mode, plan: path }, now }: RollbackStep,
  { repository, incident }: Workplace,
  events: readonly Event[],
): Promise<SavedPlan | undefined> {
  if (mode !== 'apply') return undefined
  if (path === '')
    throw new InputError('input "plan" is needed to apply one; write the path that mode: plan gave')
  const saved = await readFile(path, 'utf8').catch(() => undefined)
  if (saved === undefined)
    throw new InputError(`input "plan" is ${path}, and there is no such file; write the path of a saved plan`)
  const name = `${repository.owner}/${repository.repo}`
  return readSavedPlan(saved, { path, repository: name, incident, events, at: now().getTime() })
}

async function savePlan(step: RollbackStep, scene: Scene, { plan }: Prepared): Promise<string> {
  const { repository, environment, incident, revision, config, viewer, record } = scene
  const at = viewer.now()
  const { saved, digest } = makeSavedPlan(
    {
      repository: `${repository.owner}/${repository.repo}`,
      environment,
      incident,
      revision,
      madeAt: new Date(at).toISOString(),
      expiresAt: new Date(at + config.rollback.planValidMs).toISOString(),
    },
    viewsOf(plan),
  )
  const layers = saved.layers.map(({ layer, from, to }) => ({ layer, from, to }))
  const approvals = step.context.run && (await approvalsOfRun(repository, step.context.run.id))
  await record(
    { kind: 'rollback-planned', plan: digest, layers, ...(approvals && { approvals: [...approvals] }) },
    [digest],
  )
  return step.writeReport('rollback-plan', saved)
}

/** That an earlier rollback holds was looked at, and so was production, where there are checks. */
function recoveryOf({ assessment }: Prepared): 'recovered' | 'unknown' {
  return assessment?.verdict === 'healthy' ? 'recovered' : 'unknown'
}

async function finish(
  step: RollbackStep,
  { incident, environment, revision, config }: Scene,
  {
    prepared,
    rehearsal,
    report = rehearsal,
    plan,
  }: {
    readonly prepared: Prepared
    readonly report?: RollbackReport
    readonly rehearsal?: RehearsalReport
    readonly plan?: string
  },
): Promise<void> {
  const { objectiveMs } = config.rollback
  const { decision, reasonCode, headline, problems, now } =
    rehearsal === undefined
      ? conclude(environment, prepared, report)
      : concludeRehearsal(rehearsal, objectiveMs)
  // what was taken back again is not to be deployed
  const code = report?.layers.find(({ layer, outcome }) => layer === 'code' && outcome !== 'undone')?.receipt
  const standing = viewsOf(prepared.plan).find(({ layer }) => layer === 'code')?.now
  const ids = {
    incident,
    decision,
    'reason-code': reasonCode,
    layers: viewsOf(prepared.plan)
      .map(({ layer }) => layer)
      .join(','),
    ...(plan !== undefined && { plan }),
    commit: code?.now ?? standing ?? revision,
    ...(code?.tag !== undefined && { tag: code.tag }),
    ...(code?.pull !== undefined && { 'pull-request': code.pull.number }),
    recovery: report?.recovery.outcome ?? (prepared.kind === 'done' ? recoveryOf(prepared) : 'unknown'),
    report: await step.writeReport(
      'rollback',
      report ?? { plan: viewsOf(prepared.plan), left: prepared.plan.left },
    ),
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline),
      ...(prepared.kind === 'ready' ? [] : [paragraph(text(`${step.explain(prepared.because)}.`))]),
      ...(report === undefined ? [] : summarizeReport(report)),
      ...summarizePlan(prepared.plan),
      ...(rehearsal === undefined ? [] : summarizeRehearsal(rehearsal)),
      ...(report === undefined ? [] : summarizePhases(report, objectiveMs)),
    ]),
  )
  if (problems.length > 0) step.fail(problems.map(step.explain).join('\n'))
  step.log.info(step.explain(now))
}
