import { applyPlan, type RollbackReceipt } from '../git/apply.ts'
import { tellPulls } from '../git/comment.ts'
import { describePlan, describeReceipt, summarizePlan, summarizeReceipt } from '../git/describe.ts'
import { demandGuards } from '../git/guards.ts'
import type { RollbackTrace } from '../git/message.ts'
import { prepareClone } from '../git/partial-clone.ts'
import { goalOf, type RollbackPlan } from '../git/plan.ts'
import { planRollback } from '../git/plan-rollback.ts'
import { writeProposal } from '../git/proposal.ts'
import { redeploy } from '../git/redeploy.ts'
import { readCommit } from '../github/commits.ts'
import { defaultBranch } from '../github/repository.ts'
import { receiptCode, viewCode } from '../rollback/layers/code.ts'
import { describeApplied, describeFailed } from '../rollback/record.ts'
import { runAction, type Step } from '../runner/action.ts'
import { heading, renderMarkdown } from '../text/markdown.ts'
import { gitRollback } from './git-rollback.contract.ts'
import { openWorkplace, type Workplace } from './wiring.ts'

type GitRollbackStep = Step<typeof gitRollback.inputs, keyof typeof gitRollback.outputs>

await runAction(gitRollback, async (step) => {
  const { inputs, context, log, secrets } = step
  const startedAt = step.now().toISOString()
  const workplace = await openWorkplace(step)
  const { repository, config, environment, incident } = workplace
  const branch = inputs.branch || config.branch || (await defaultBranch(repository))
  const plan = await makePlan(step, workplace, branch)
  for (const line of describePlan(plan)) log.info(line)
  for (const { message, paths } of plan.warnings) log.warning(`${message} (${paths.slice(0, 3).join(', ')})`)

  if (inputs['dry-run']) return finish(step, workplace, plan, { decision: 'planned', reason: 'dry-run' })
  if (plan.sameContent)
    return finish(step, workplace, plan, { decision: 'already-rolled-back', reason: 'same-content' })
  const trace = {
    incident,
    environment,
    from: plan.head,
    to: goalOf(plan),
    // it goes into a commit, which nobody can take back
    reason: secrets.redact(inputs.reason),
    by: context.actor,
    runUrl: context.run?.url,
  }
  const receipt = await recordFailure(step, workplace, trace, async () => {
    if (!context.byHand && plan.done === undefined) await guard(step, workplace, plan)
    return apply(step, workplace, plan, trace)
  })
  log.info(describeReceipt(plan, receipt))
  if (receipt.untagged !== undefined) log.warning(`the rollback has no tag: ${receipt.untagged}`)
  const { what, naturalKey } = describeApplied(viewCode(plan), receiptCode(plan, receipt, undefined), {
    reason: trace.reason,
    automatic: !context.byHand,
    startedAt,
  })
  await workplace.record(what, naturalKey)
  if (inputs.comment) {
    const untold = await tellPulls(repository, plan, receipt, trace)
    if (untold !== undefined) log.info(`the pull requests that are undone were not told: ${untold}`)
  }
  const reasons = {
    'rolled-back': 'restored',
    'already-rolled-back': 'done-before',
    proposed: 'pull-request',
  }
  await finish(step, workplace, plan, {
    decision: receipt.outcome,
    reason: reasons[receipt.outcome],
    receipt,
  })
  if (inputs.redeploy !== '' && receipt.pull === undefined) await deploy(step, workplace, plan, receipt)
})

async function makePlan(
  { inputs, context, env, secrets, signal, temporary }: GitRollbackStep,
  { repository, environment, incident, revision }: Workplace,
  branch: string,
): Promise<RollbackPlan> {
  const { mode, target, checks, paths, delivery, commits, mainline, 'tag-pattern': tagPattern } = inputs
  const request = { branch, environment, incident, bad: revision, delivery }
  const openClone = prepareClone({
    url: `${context.serverUrl}/${context.owner}/${context.repo}.git`,
    token: inputs.token,
    directory: temporary,
    path: env['PATH'] ?? '',
    signal,
  })
  secrets.add(Buffer.from(`x-access-token:${inputs.token}`).toString('base64'))
  return planRollback(
    repository,
    mode === 'restore'
      ? { ...request, mode, target, tagPattern, checks, paths }
      : { ...request, mode, commits, mainline: mainline || undefined },
    openClone,
  )
}

async function guard(
  { inputs, now }: GitRollbackStep,
  workplace: Workplace,
  plan: RollbackPlan,
): Promise<void> {
  const { repository, environment, revision, readHistory } = workplace
  const [bad, past] = await Promise.all([
    readCommit(repository, revision),
    readHistory({ since: new Date(now().getTime() - 24 * 60 * 60 * 1000) }),
  ])
  demandGuards(
    {
      environment,
      undoneCount: plan.undoneCount,
      badCommittedAt: bad.committedAt,
      badIsRollback: plan.badIsRollback,
    },
    {
      guards: {
        maxCommits: inputs['max-commits'],
        maxAgeMs: inputs['max-age'],
        dailyCap: inputs['daily-cap'],
      },
      past,
      now: now().getTime(),
    },
  )
}

async function apply(
  { inputs }: GitRollbackStep,
  { repository }: Workplace,
  plan: RollbackPlan,
  trace: RollbackTrace,
): Promise<RollbackReceipt> {
  const { delivery, labels, reviewers, 'auto-merge': autoMerge } = inputs
  const proposal = writeProposal(repository, plan, trace, { labels, reviewers, autoMerge })
  return applyPlan(repository, plan, { trace, delivery, proposal })
}

/** A rollback that failed for a reason that people should know is an event, too. */
async function recordFailure(
  { context, setOutputs }: GitRollbackStep,
  { incident, record }: Workplace,
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

async function deploy(
  { inputs, log, now, sleep }: GitRollbackStep,
  { repository }: Workplace,
  { branch }: RollbackPlan,
  { commit }: RollbackReceipt,
): Promise<void> {
  const given = Object.entries(inputs['redeploy-inputs'])
  const filled = given.map(([name, value]) => [name, value.replaceAll('{revision}', commit)])
  await redeploy(
    repository,
    {
      workflow: inputs.redeploy,
      ref: branch,
      commit,
      inputs: Object.fromEntries(filled),
      timeoutMs: inputs['redeploy-timeout'] ?? 0,
    },
    { say: log.info, sleep, now: () => now().getTime() },
  )
}

async function finish(
  step: GitRollbackStep,
  { repository, incident }: Workplace,
  plan: RollbackPlan,
  { decision, reason, receipt }: { decision: string; reason: string; receipt?: RollbackReceipt },
): Promise<void> {
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    from: plan.head,
    to: goalOf(plan),
    ...(receipt && { commit: receipt.commit }),
    ...(receipt?.tag !== undefined && { tag: receipt.tag }),
    ...(receipt?.pull !== undefined && { 'pull-request': receipt.pull.number }),
    'undone-commits': plan.undoneCount,
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  const headline = {
    planned: 'Rollback planned (dry run: nothing was changed)',
    'already-rolled-back': 'Already rolled back',
    'rolled-back': 'Rolled back',
    proposed: 'Rollback proposed',
  }[decision]
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline ?? decision),
      ...(receipt === undefined ? [] : summarizeReceipt(plan, receipt)),
      ...summarizePlan(plan, repository),
    ]),
  )
}
