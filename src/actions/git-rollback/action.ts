import { recordDeployments } from '../../deployment/record.ts'
import { redeploy } from '../../deployment/redeploy.ts'
import { applyPlan } from '../../layers/code/apply.ts'
import { demandAutomatic, demandPerson } from '../../layers/code/automatic.ts'
import { tellPulls } from '../../layers/code/comment.ts'
import { conclude } from '../../layers/code/conclude.ts'
import {
  describePlan,
  describeReceipt,
  summarizePlan,
  summarizeReceipt,
  summarizeRecent,
} from '../../layers/code/describe.ts'
import { receiptCode, viewCode } from '../../layers/code/layer.ts'
import type { RollbackTrace } from '../../layers/code/message.ts'
import { goalOf, type RollbackPlan, takesBack } from '../../layers/code/plan.ts'
import { demandReady } from '../../layers/code/preflight.ts'
import { writeProposal } from '../../layers/code/proposal.ts'
import type { RollbackReceipt } from '../../layers/code/receipt.ts'
import {
  describeRecent,
  listRollbackTags,
  type TaggedRollback,
  tellRecent,
} from '../../layers/code/recent.ts'
import { readFacts } from '../../layers/code/repository.ts'
import { findReset, takeResetBack } from '../../layers/code/reset.ts'
import { sayWarning } from '../../layers/code/warnings.ts'
import { describeApplied, describeFailed, describeTakenBack } from '../../rollback/record.ts'
import { runAction } from '../../runner/action.ts'
import { heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import { gitRollback } from './contract.ts'
import { type GitRollbackStep, openPlace, type RollbackPlace } from './place.ts'
import { makePlan } from './plan.ts'

await runAction(gitRollback, async (step) => {
  const { inputs, context, log, secrets } = step
  const startedAt = step.now().toISOString()
  const workplace = await openPlace(step)
  const { repository, github, config, environment } = workplace
  if (inputs.mode === 'list') return list(step, workplace)
  const facts = await readFacts(repository)
  const branch = inputs.branch || config.branch || facts.defaultBranch
  if (inputs.target === 'undo') {
    const whose = inputs.revision === '' ? undefined : workplace.incident
    const reset = await findReset(repository, { branch, incident: whose })
    if (reset !== undefined) return undoBranchReset(step, workplace, branch, reset)
  }
  const plan = await makePlan(step, workplace, branch)
  for (const line of describePlan(plan)) log.info(line)
  for (const warning of plan.warnings) log.warning(sayWarning(warning))

  if (inputs['dry-run'] || plan.sameContent) return finish(step, workplace, plan)
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
  await demandReady(repository, facts, { redeploy: inputs.redeploy, head: plan.head })
  const receipt = await recordFailure(step, workplace, trace, async () => {
    if (!context.byHand && plan.done === undefined) await guard(step, workplace, plan)
    return apply(step, workplace, plan, trace)
  })
  if (plan.mode === 'deploy-only') await deploy(step, workplace, plan, receipt.commit)
  log.info(describeReceipt(plan, receipt))
  if (receipt.untagged !== undefined) log.warning(`the rollback has no tag: ${receipt.untagged}`)
  await record(step, workplace, plan, receipt, { trace, startedAt })
  if (github !== undefined && inputs.comment && !takesBack(plan)) {
    const untold = await tellPulls(github, plan, receipt, trace)
    if (untold !== undefined) log.info(`the pull requests that are undone were not told: ${untold}`)
  }
  await finish(step, workplace, plan, receipt)
  const isDeployed = inputs.redeploy !== '' && receipt.pull === undefined
  if (isDeployed && plan.mode !== 'deploy-only') await deploy(step, workplace, plan, receipt.commit)
  if (github !== undefined && inputs['record-deployment'] && receipt.pull === undefined && !takesBack(plan)) {
    const { reason, runUrl, incident } = trace
    const restored = isDeployed ? receipt.commit : undefined
    const about = { environment, incident, bad: workplace.revision, reason, restored, runUrl }
    const untold = await recordDeployments(github, about)
    if (untold !== undefined) log.info(`GitHub's deployments were not told: ${untold}`)
  }
})

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
  { inputs, context, log, secrets, setOutputs, writeSummary }: GitRollbackStep,
  { repository, record, environment }: RollbackPlace,
  branch: string,
  reset: TaggedRollback,
): Promise<void> {
  demandPerson(context.byHand)
  const { incident, from, to, tag } = reset
  const isDryRun = inputs['dry-run']
  const said = await takeResetBack(repository, branch, reset, { isDryRun })
  log.info(said)
  const decision = isDryRun ? 'planned' : 'undone'
  const ids = { incident, decision, 'reason-code': 'taken-back', from: to, to: from, commit: from, tag }
  setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await writeSummary(
    renderMarkdown([heading(2, isDryRun ? 'Planned' : 'Reset taken back'), paragraph(text(said))]),
  )
  if (isDryRun) return
  const because = secrets.redact(inputs.reason)
  await record({ kind: 'rollback-undone', layer: 'code', from: to, now: from, because }, ['code', to, from], {
    incident,
    environment,
    revision: from,
  })
}

function guard(
  { inputs, now, log }: GitRollbackStep,
  workplace: RollbackPlace,
  plan: RollbackPlan,
): Promise<void> {
  const { repository, environment, revision, readHistory } = workplace
  const { 'max-commits': maxCommits, 'max-age': maxAgeMs, 'daily-cap': dailyCap, hold } = inputs
  const guards = { maxCommits, maxAgeMs, dailyCap }
  const run = { environment, revision, guards, hold, readHistory, now: now().getTime(), log: log.info }
  return demandAutomatic(repository, plan, run)
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
  { incident, record }: RollbackPlace,
  { from, to }: RollbackTrace,
  work: () => Promise<RollbackReceipt>,
): Promise<RollbackReceipt> {
  try {
    return await work()
  } catch (error) {
    const failed = describeFailed({ layer: 'code', from, to }, error, context.stepKey)
    if (failed?.what.kind === 'rollback-failed') {
      const ids = { incident, decision: 'failed', 'reason-code': failed.what.reasonCode, from, to }
      setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
      await record(failed.what, failed.naturalKey)
    }
    throw error
  }
}

async function record(
  { context }: GitRollbackStep,
  workplace: RollbackPlace,
  plan: RollbackPlan,
  receipt: RollbackReceipt,
  { trace: { reason }, startedAt }: { trace: RollbackTrace; startedAt: string },
): Promise<void> {
  // a git server keeps no history
  if (workplace.github === undefined) return
  const layerReceipt = receiptCode(plan, receipt, undefined)
  if (!takesBack(plan)) {
    const automatic = !context.byHand
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

async function deploy(
  { inputs, context, log, now, sleep }: GitRollbackStep,
  { github }: RollbackPlace,
  { branch, mode }: RollbackPlan,
  commit: string,
): Promise<void> {
  if (github === undefined) return
  const given = Object.entries(inputs['redeploy-inputs'])
  const filled = given.map(([name, value]) => [name, value.replaceAll('{revision}', commit)])
  await redeploy(
    github,
    {
      workflow: inputs.redeploy,
      ref: branch,
      commit,
      again: mode === 'deploy-only',
      inputs: Object.fromEntries(filled),
      timeoutMs: inputs['redeploy-timeout'] ?? 0,
      ownRun: context.run?.id,
    },
    { say: log.info, sleep, now: () => now().getTime() },
  )
}

async function finish(
  step: GitRollbackStep,
  { repository, incident }: RollbackPlace,
  plan: RollbackPlan,
  receipt?: RollbackReceipt,
): Promise<void> {
  const { decision, reasonCode, headline } = conclude(plan, receipt, step.inputs['dry-run'])
  const ids = {
    incident: takesBack(plan) ? plan.incident : incident,
    decision,
    'reason-code': reasonCode,
    from: plan.head,
    to: goalOf(plan),
    ...(receipt && { commit: receipt.commit }),
    ...(receipt?.tag !== undefined && { tag: receipt.tag }),
    ...(receipt?.pull !== undefined && { 'pull-request': receipt.pull.number }),
    'undone-commits': plan.undoneCount,
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  const done = receipt === undefined ? [] : summarizeReceipt(plan, receipt)
  await step.writeSummary(renderMarkdown([heading(2, headline), ...done, ...summarizePlan(plan, repository)]))
}
