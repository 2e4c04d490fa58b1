import { recordDeployments } from '../../deployment/record.ts'
import { applyPlan } from '../../layers/code/apply.ts'
import { tellPulls } from '../../layers/code/comment.ts'
import { conclude, describeNow } from '../../layers/code/conclude.ts'
import {
  describePlan,
  describeReceipt,
  summarizePlan,
  summarizeReceipt,
  summarizeRecent,
} from '../../layers/code/describe.ts'
import { reasonsForApproval, receiptCode, viewCode } from '../../layers/code/layer.ts'
import type { RollbackTrace } from '../../layers/code/message.ts'
import { goalOf, type RollbackPlan, takesBack } from '../../layers/code/plan.ts'
import { demandReady } from '../../layers/code/preflight.ts'
import { writeProposal } from '../../layers/code/proposal.ts'
import { type RollbackReceipt, receiptUnchanged } from '../../layers/code/receipt.ts'
import {
  describeRecent,
  listRollbackTags,
  type TaggedRollback,
  tellRecent,
} from '../../layers/code/recent.ts'
import { readFacts } from '../../layers/code/repository.ts'
import { findReset, takeResetBack } from '../../layers/code/reset.ts'
import { sayWarning } from '../../layers/code/warnings.ts'
import { demandAllowed } from '../../rollback/allowed.ts'
import { tryToDeploy } from '../../rollback/carry-out.ts'
import type { Deployment } from '../../rollback/ending.ts'
import { limitsOf } from '../../rollback/guard.ts'
import { describeApplied, describeFailed, describeTakenBack } from '../../rollback/record.ts'
import { deployBy } from '../../rollback/redeployment.ts'
import { runAction } from '../../runner/action.ts'
import { heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { gitRollback } from './contract.ts'
import { type GitRollbackStep, openPlace, type RollbackPlace } from './place.ts'
import { makePlan } from './plan.ts'

await runAction(gitRollback, async (step) => {
  const { inputs } = step
  const workplace = await openPlace(step)
  const { repository, branch } = workplace
  if (inputs.mode === 'list') return list(step, workplace)
  const [lock, facts] = await Promise.all([workplace.openLock(), readFacts(repository)])
  try {
    const reset = inputs.target === 'undo' ? await findStandingReset(step, workplace, branch) : undefined
    if (reset !== undefined) {
      if (!inputs['dry-run']) await lock.take()
      return await undoBranchReset(step, workplace, branch, reset)
    }
    const plan = await makePlan(step, workplace, branch)
    if (inputs['dry-run']) {
      announce(step, plan)
      return await finish(step, workplace, plan)
    }
    await demandReady(repository, facts, { redeploy: inputs.redeploy, head: plan.head })
    // what another run has done meanwhile is planned on, and not against
    const isNew = (await lock.take()) === 'changed'
    await rollBack(step, workplace, isNew ? await makePlan(step, workplace, branch) : plan)
  } finally {
    await lock.release()
  }
})

function announce({ log }: GitRollbackStep, plan: RollbackPlan): void {
  for (const line of describePlan(plan)) log.info(line)
  for (const warning of plan.warnings) log.warning(sayWarning(warning))
}

function findStandingReset(
  { inputs }: GitRollbackStep,
  { repository, incident }: RollbackPlace,
  branch: string,
): Promise<TaggedRollback | undefined> {
  return findReset(repository, { branch, incident: inputs.revision === '' ? undefined : incident })
}

async function rollBack(step: GitRollbackStep, workplace: RollbackPlace, plan: RollbackPlan): Promise<void> {
  const { inputs, context, log, secrets } = step
  const { github, environment } = workplace
  const startedAt = step.now().toISOString()
  announce(step, plan)
  const trace = {
    incident: takesBack(plan) ? plan.incident : workplace.incident,
    environment,
    from: plan.head,
    to: goalOf(plan),
    // it goes into a commit, which nobody can take back
    reason: secrets.redact(inputs.reason),
    by: context.actor,
    runUrl: context.run?.url,
  }
  const receipt = await recordFailure(step, workplace, trace, async () => {
    if (plan.sameContent) return receiptUnchanged(plan)
    if (plan.done === undefined)
      await guard(step, workplace, { ...plan, needsApproval: reasonsForApproval(plan) })
    return apply(step, workplace, plan, trace)
  })
  // with this mode, the deployment is the rollback
  const early = plan.mode === 'deploy-only' ? await deploy(step, workplace, plan, receipt) : undefined
  log.info(describeReceipt(plan, receipt))
  if (receipt.untagged !== undefined) log.warning(`the rollback has no tag: ${receipt.untagged}`)
  const isApplied = !plan.sameContent && early?.problem === undefined
  if (isApplied) await record(workplace, plan, receipt, { trace, startedAt })
  if (github !== undefined && inputs.comment && isApplied && !takesBack(plan)) {
    const untold = await tellPulls(github, plan, receipt, trace)
    if (untold !== undefined) log.info(`the pull requests that are undone were not told: ${untold}`)
  }
  const deployment = early ?? (await deploy(step, workplace, plan, receipt))
  if (github !== undefined && inputs['record-deployment'] && receipt.pull === undefined && !takesBack(plan)) {
    const { reason, runUrl, incident } = trace
    const restored = deployment?.done?.revision
    const about = { environment, incident, bad: workplace.revision, reason, restored, runUrl }
    const untold = isApplied || restored !== undefined ? await recordDeployments(github, about) : undefined
    if (untold !== undefined) log.info(`GitHub's deployments were not told: ${untold}`)
  }
  await finish(step, workplace, plan, receipt, deployment)
}

async function list(
  { setOutputs, writeSummary, log }: GitRollbackStep,
  { repository, incident }: RollbackPlace,
) {
  const recent = await listRollbackTags(repository)
  for (const line of describeRecent(recent)) log.info(line)
  const told = tellRecent(recent)
  const ids = { incident, decision: 'listed', 'reason-code': 'list' }
  setOutputs({
    ...ids,
    recent: JSON.stringify(told),
    result: JSON.stringify({ schema: 1, ...ids, recent: told }),
  })
  await writeSummary(renderMarkdown([heading(2, 'Recent rollbacks'), ...summarizeRecent(recent)]))
}

/** A reset left no commit that could be reverted: the branch moves forward to where it was. */
async function undoBranchReset(
  step: GitRollbackStep,
  place: RollbackPlace,
  branch: string,
  reset: TaggedRollback,
): Promise<void> {
  const { inputs, log, secrets, setOutputs, writeSummary } = step
  const { repository, record, environment } = place
  await guard(step, place, { mode: 'undo', undoneCount: 0, needsApproval: [] })
  const { incident, from, to, tag } = reset
  const isDryRun = inputs['dry-run']
  const said = await takeResetBack(repository, branch, reset, { isDryRun })
  const decision = isDryRun ? 'planned' : 'undone'
  const ids = { incident, decision, 'reason-code': 'taken-back', from: to, to: from, commit: from, tag }
  setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await writeSummary(
    renderMarkdown([heading(2, isDryRun ? 'Planned' : 'Reset taken back'), paragraph(text(said))]),
  )
  log.info(`${environment}: ${decision}: ${said}`)
  if (isDryRun) return
  const because = secrets.redact(inputs.reason)
  await record({ kind: 'rollback-undone', layer: 'code', from: to, now: from, because }, ['code', to, from], {
    incident,
    environment,
    revision: from,
  })
}

/** Bringing the undone work back as a draft is always allowed. */
async function guard(
  step: GitRollbackStep,
  place: RollbackPlace,
  plan: Pick<RollbackPlan, 'mode' | 'undoneCount'> & { readonly needsApproval: readonly string[] },
): Promise<void> {
  const { repository, github, config, environment, incident, revision, readHistory, isManual } = place
  const { inputs, now, log } = step
  if (plan.mode === 'reapply') return
  const takesBack = plan.mode === 'undo'
  const automatic = !(await isManual())
  const subject = { environment, incident, revision, automatic, layers: ['code'] } as const
  await demandAllowed(
    repository,
    { ...subject, takesBack, undoneCount: plan.undoneCount, needsApproval: plan.needsApproval },
    {
      limits: {
        ...limitsOf(config),
        // a git server has no settings to change it in, and its tags do not say what was automatic
        ...(github === undefined && { cooldownMs: 0 }),
        maxCommits: inputs['max-commits'],
        maxAgeMs: inputs['max-age'],
        dailyCap: inputs['daily-cap'],
      },
      hold: inputs.hold,
      isPlanned: !takesBack,
      readHistory,
      now: now().getTime(),
      log: log.info,
    },
  )
}

async function apply(
  { inputs, now }: GitRollbackStep,
  { repository }: RollbackPlace,
  plan: RollbackPlan,
  trace: RollbackTrace,
): Promise<RollbackReceipt> {
  const { delivery, labels, reviewers, 'auto-merge': autoMerge } = inputs
  const proposal = writeProposal(repository, plan, trace, { labels, reviewers, autoMerge })
  return applyPlan(repository, plan, { trace, delivery, proposal, now: now() })
}

/** A rollback that failed for a reason that people should know is an event, too. */
async function recordFailure(
  { context, setOutputs }: GitRollbackStep,
  { incident, revision, record }: RollbackPlace,
  { from, to }: RollbackTrace,
  work: () => Promise<RollbackReceipt>,
): Promise<RollbackReceipt> {
  try {
    return await work()
  } catch (error) {
    const failed = describeFailed({ layer: 'code', from, to }, error, context.stepKey)
    if (failed?.what.kind === 'rollback-failed') {
      const why = { decision: 'failed', 'reason-code': failed.what.reasonCode }
      const ids = { incident, ...why, from, to, commit: revision }
      setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
      await record(failed.what, failed.naturalKey)
    }
    throw error
  }
}

async function record(
  workplace: RollbackPlace,
  plan: RollbackPlan,
  receipt: RollbackReceipt,
  { trace: { reason }, startedAt }: { trace: RollbackTrace; startedAt: string },
): Promise<void> {
  // a git server keeps no history
  if (workplace.github === undefined) return
  const layerReceipt = receiptCode(plan, receipt, undefined)
  if (!takesBack(plan)) {
    const automatic = !(await workplace.isManual())
    const applied = describeApplied(viewCode(plan), layerReceipt, { reason, automatic, startedAt })
    return workplace.record(applied.what, applied.naturalKey)
  }
  // what is only proposed has taken nothing back yet
  if (receipt.pull !== undefined) return
  const rollback = plan.rollback.sha
  const { what, naturalKey, subject } = describeTakenBack(await workplace.readHistory(), {
    rollback,
    now: receipt.commit,
    because: reason,
  })
  const unknown = { incident: plan.incident, environment: workplace.environment, revision: rollback }
  await workplace.record(what, naturalKey, subject ?? unknown)
}

/** Deploys what was restored, or sees that it is deployed; undefined where nothing is to be deployed. */
async function deploy(
  { inputs, context, log, now, sleep }: GitRollbackStep,
  { github, environment, revision, record }: RollbackPlace,
  { branch, mode }: RollbackPlan,
  { commit, outcome, tag, pull, proposedOn }: RollbackReceipt,
): Promise<Deployment | undefined> {
  if (github === undefined || inputs.redeploy === '' || pull !== undefined || proposedOn !== undefined)
    return undefined
  const settings = {
    workflow: inputs.redeploy,
    inputs: inputs['redeploy-inputs'],
    timeoutMs: inputs['redeploy-timeout'] ?? 0,
  }
  const older = mode === 'reset' || mode === 'deploy-only' ? revision : undefined
  const where = { environment, branch, older, run: context.run?.id }
  const clock = { log: log.info, sleep, now: () => now().getTime() }
  const { deploy: deployOnce } = deployBy(github, settings, { ...where, ...clock })
  const code = { now: commit, outcome, ...(tag !== undefined && { tag }) }
  return tryToDeploy({ deploy: deployOnce, record, now, log: log.info }, code)
}

async function finish(
  step: GitRollbackStep,
  { repository, environment, incident, revision }: RollbackPlace,
  plan: RollbackPlan,
  receipt?: RollbackReceipt,
  deployment?: Deployment,
): Promise<void> {
  const isDryRun = step.inputs['dry-run']
  const { decision, reasonCode, headline } = conclude(plan, receipt, { isDryRun, deployment })
  const ids = {
    incident: takesBack(plan) ? plan.incident : incident,
    decision,
    'reason-code': reasonCode,
    from: plan.head,
    to: goalOf(plan),
    commit: receipt?.commit ?? revision,
    ...(receipt?.tag !== undefined && { tag: receipt.tag }),
    ...(receipt?.pull !== undefined && { 'pull-request': receipt.pull.number }),
    'undone-commits': plan.undoneCount,
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  const done = receipt === undefined ? [] : summarizeReceipt(plan, receipt)
  await step.writeSummary(renderMarkdown([heading(2, headline), ...done, ...summarizePlan(plan, repository)]))
  if (deployment?.problem !== undefined) step.fail(deployment.problem)
  step.log.info(`${environment}: ${decision}: ${describeNow(plan, receipt, deployment)}`)
}
