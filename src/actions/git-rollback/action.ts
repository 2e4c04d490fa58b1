import { listRollbackTags } from '../../layers/code/recent.ts'
import { planTakeBack } from '../../layers/code/take-back.ts'
import { openCodeRollback, pathsWithin } from '../../rollback/code-rollback.ts'
import { runRollback } from '../../rollback/run.ts'
import { takeBack } from '../../rollback/take-back.ts'
import { planRequest } from '../plan-inputs.ts'
import { rollbackTools } from '../rollback-tools.ts'
import { type GitContext, openContext } from './context.ts'
import type { GitRollbackStep } from './contract.ts'
import { writeCodeRollback, writeRecent, writeTakeBack } from './outputs.ts'

/** Rolls back the code, undoes a rollback of it, or lists the recent ones. */
export async function run(step: GitRollbackStep): Promise<void> {
  const { inputs } = step
  const context = await openContext(step)
  const { mode, target } = inputs
  if (mode === 'list') return writeRecent(step, context, await listRollbackTags(context.repository))
  const options = openCodeRollback(context, requestOf(step, context, mode), rollbackTools(step))
  if (target !== 'undo' && target !== 'reapply') return writeCodeRollback(step, await runRollback(options))
  // a run that was started manually is for the head of the branch, which is the rollback and not the revision that failed
  const incident = inputs.revision === '' ? undefined : context.incident
  const plan = () => planTakeBack(options.code, { mode: target, incident })
  await writeTakeBack(step, context, await takeBack(options, target, plan))
}

function requestOf(
  { inputs, secrets }: GitRollbackStep,
  { environment, paths, cooldownMs }: GitContext,
  mode: Exclude<GitRollbackStep['inputs']['mode'], 'list'>,
): Parameters<typeof openCodeRollback>[1] {
  const { target, checks, commits, mainline, labels, reviewers, redeploy: workflow } = inputs
  const timeoutMs = inputs['redeploy-timeout'] ?? 0
  const redeploy = workflow === '' ? undefined : { workflow, inputs: inputs['redeploy-inputs'], timeoutMs }
  const wish = { mode, target, checks, commits, mainline, redeploy, tagPattern: inputs['tag-pattern'] }
  return {
    wish: {
      ...wish,
      paths: pathsWithin({ environment, own: paths }, { mode, paths: inputs.paths }),
      allowDefaultBranch: inputs['allow-reset-default-branch'],
    },
    ...{ ...planRequest(inputs), redeploy, delivery: inputs.delivery, hold: inputs.hold },
    wishes: { labels, reviewers, autoMerge: inputs['auto-merge'] },
    announcement: { comment: inputs.comment, recordDeployment: inputs['record-deployment'] },
    limits: {
      ...{ cooldownMs, maxCommits: inputs['max-commits'] },
      ...{ maxAgeMs: inputs['max-age'], dailyCap: inputs['daily-cap'] },
    },
    reason: secrets.redact(inputs.reason),
  }
}
