import { concludeLayer } from '../../rollback/conclude-layer.ts'
import type { DatabaseRollback } from '../../rollback/database-rollback.ts'
import { viewsOf } from '../../rollback/plan.ts'
import type { Outputs } from '../../runner/step.ts'
import { writeLayer } from '../write-rollback.ts'
import type { DbRestoreStep } from './contract.ts'

/** Writes the result of a rollback of the database. */
export async function publish(step: DbRestoreStep, { result, report }: DatabaseRollback): Promise<void> {
  const { conclusion, environment, incident, prepared, saved } = result
  const { problems, now } = conclusion
  const outputs = {
    incident,
    ...countsOf(report),
    plan: saved && (await step.writeReport('rollback-plan', saved)),
    report: await step.writeReport('db-restore', report ?? { plan: viewsOf(prepared.plan) }),
  }
  await writeLayer(step, { ...concludeLayer(result), environment, outputs, problems, now })
}

function countsOf(report: DatabaseRollback['report']): Outputs<string> {
  if (report === undefined) return {}
  const { backup } = report
  if ('undone' in report) return { backup, undone: report.outcome === 'undone' ? report.undone.length : 0 }
  const { kept, swapMs, losses } = report
  return { backup, kept, 'rows-lost': losses.reduce((sum, { rows }) => sum + rows, 0), 'swap-ms': swapMs }
}
