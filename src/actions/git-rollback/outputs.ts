import { summarizeRecent } from '../../layers/code/describe.ts'
import { describeRecent, recentAsData, type TaggedRollback } from '../../layers/code/recent.ts'
import { concludeLayer } from '../../rollback/conclude-layer.ts'
import type { RollbackResult } from '../../rollback/result.ts'
import type { TakeBackResult } from '../../rollback/take-back.ts'
import { heading, renderMarkdown } from '../../text/markdown.ts'
import { writeLayer } from '../write-rollback.ts'
import type { GitContext } from './context.ts'
import type { GitRollbackStep } from './contract.ts'

/** Writes the result of a rollback of the code. */
export async function writeCodeRollback(step: GitRollbackStep, result: RollbackResult): Promise<void> {
  const { prepared, conclusion, environment, incident, commit, tag, pull, saved, obstacle } = result
  const { problems, now } = conclusion
  const view = prepared.plan.layers[0]?.plan.view
  const outputs = {
    ...{ incident, from: view?.from, to: view?.to, commit, tag, 'pull-request': pull?.number },
    'undone-commits': view?.undoneCount,
    plan: saved && (await step.writeReport('rollback-plan', saved)),
  }
  for (const warning of view?.warnings ?? []) step.log.warning(warning)
  await writeLayer(step, { ...concludeLayer(result), environment, outputs, problems, now, obstacle })
}

/** Writes the result of undoing a rollback. */
export async function writeTakeBack(
  step: GitRollbackStep,
  { environment, revision }: GitContext,
  { takeBack, receipt, deployment, error, waiting, ...conclusion }: TakeBackResult,
): Promise<void> {
  const { view, words } = takeBack.plan
  const outputs = {
    ...{ incident: takeBack.incident, from: view.from, to: view.to, commit: receipt?.now ?? revision },
    ...{ tag: receipt?.tag, 'pull-request': receipt?.pull?.number, 'undone-commits': view.undoneCount },
  }
  const problem = error ?? deployment?.problem ?? waiting
  const problems = problem === undefined ? [] : [problem]
  const isDeployed = deployment?.done !== undefined
  await writeLayer(step, {
    ...conclusion,
    ...{ environment, outputs, problems, standing: receipt, words, isDeployed },
  })
}

/** Writes the recent rollbacks. Outputs contain no free text. */
export async function writeRecent(
  step: GitRollbackStep,
  { incident }: GitContext,
  recent: readonly TaggedRollback[],
): Promise<void> {
  for (const line of describeRecent(recent)) step.log.info(line)
  step.setOutputs({ incident, decision: 'listed', 'reason-code': 'list', recent: recentAsData(recent) })
  await step.writeSummary(renderMarkdown([heading(2, 'Recent rollbacks'), ...summarizeRecent(recent)]))
}
