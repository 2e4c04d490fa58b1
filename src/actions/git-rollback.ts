import { ConflictError, RefusedError, UnavailableError } from '../errors.ts'
import { describePlan, describeReceipt, summarizePlan, summarizeReceipt, title } from '../git/describe.ts'
import { applyRestore, planRestore, type RestorePlan, type RestoreReceipt } from '../git/restore.ts'
import { defaultBranch } from '../github/repository.ts'
import { runAction, type Step } from '../runner/action.ts'
import { heading, renderMarkdown } from '../text/markdown.ts'
import { gitRollback } from './git-rollback.contract.ts'
import { openWorkplace, type Workplace } from './wiring.ts'

type GitRollbackStep = Step<typeof gitRollback.inputs, keyof typeof gitRollback.outputs>

await runAction(gitRollback, async (step) => {
  const { inputs, context, log, secrets } = step
  // it goes into a commit, which nobody can take back
  const why = secrets.redact(inputs.reason)
  const startedAt = step.now().toISOString()
  const workplace = await openWorkplace(step)
  const { repository, config, environment, incident } = workplace
  const branch = inputs.branch || config.branch || (await defaultBranch(repository))
  const plan = await planRestore(repository, {
    branch,
    environment,
    incident,
    bad: workplace.revision,
    target: inputs.target,
  })
  for (const line of describePlan(plan)) log.info(line)

  if (inputs['dry-run']) return finish(step, workplace, plan, { decision: 'planned', reason: 'dry-run' })
  if (plan.sameContent)
    return finish(step, workplace, plan, { decision: 'already-rolled-back', reason: 'same-content' })
  const receipt = await apply(step, workplace, plan, why)
  log.info(describeReceipt(plan, receipt))
  if (receipt.untagged !== undefined) log.warning(`the rollback has no tag: ${receipt.untagged}`)
  await workplace.record(
    {
      kind: 'rollback-applied',
      layer: 'code',
      from: receipt.from,
      to: receipt.to,
      now: receipt.commit,
      ...(receipt.tag !== undefined && { tag: receipt.tag }),
      branch,
      reason: why,
      targetFoundBy: plan.target.foundBy,
      automatic: !context.byHand,
      undone: plan.undone.map(({ sha, message, author }) => ({
        revision: sha,
        title: title(message),
        author,
      })),
      startedAt,
    },
    ['code', receipt.from, receipt.to],
  )
  const reason = receipt.outcome === 'rolled-back' ? 'restored' : 'done-before'
  return finish(step, workplace, plan, { decision: receipt.outcome, reason, receipt })
})

async function apply(
  step: GitRollbackStep,
  workplace: Workplace,
  plan: RestorePlan,
  why: string,
): Promise<RestoreReceipt> {
  const { context } = step
  const { repository, incident, environment, record } = workplace
  const [from, to] = [plan.head, plan.target.commit.sha]
  try {
    const trace = {
      incident,
      environment,
      from,
      to,
      reason: why,
      by: context.actor,
      runUrl: context.run?.url,
    }
    return await applyRestore(repository, plan, trace)
  } catch (error) {
    const reasonCode =
      error instanceof ConflictError
        ? 'conflict'
        : error instanceof RefusedError
          ? 'refused'
          : error instanceof UnavailableError
            ? 'unavailable'
            : undefined
    if (reasonCode !== undefined && error instanceof Error) {
      const failed = {
        kind: 'rollback-failed',
        layer: 'code',
        from,
        to,
        reasonCode,
        because: error.message,
      } as const
      const ids = { incident, decision: 'failed', 'reason-code': reasonCode, from, to }
      step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
      await record(failed, ['code', from, to, reasonCode, context.stepKey])
    }
    throw error
  }
}

async function finish(
  step: GitRollbackStep,
  { repository, incident }: Workplace,
  plan: RestorePlan,
  { decision, reason, receipt }: { decision: string; reason: string; receipt?: RestoreReceipt },
): Promise<void> {
  const ids = {
    incident,
    decision,
    'reason-code': reason,
    from: plan.head,
    to: plan.target.commit.sha,
    ...(receipt && { commit: receipt.commit }),
    ...(receipt?.tag !== undefined && { tag: receipt.tag }),
    'undone-commits': plan.undoneCount,
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  const headline = {
    planned: 'Rollback planned (dry run: nothing was changed)',
    'already-rolled-back': 'Already rolled back',
    'rolled-back': 'Rolled back',
  }[decision]
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline ?? decision),
      ...(receipt === undefined ? [] : summarizeReceipt(plan, receipt)),
      ...summarizePlan(plan, repository),
    ]),
  )
}
