import { gather } from '../../views/report/gather.ts'
import { makeReport, usualThresholds } from '../../views/report/report.ts'
import { openSettings } from '../wiring.ts'
import type { RollbackReportStep } from './contract.ts'
import { publishReport } from './outputs.ts'

const usualPeriodMs = 90 * 24 * 60 * 60_000

/** Reports what the histories of one repository or many say. */
export async function run(step: RollbackReportStep): Promise<void> {
  const { inputs } = step
  const asked = { ...inputs, revision: '', secrets: '' }
  const { repository, settings } = await openSettings({ ...step, inputs: asked })
  const [config = undefined] = [...settings.environments.values()]
  const now = step.now()
  const period = { from: now.getTime() - (inputs.period ?? usualPeriodMs), to: now.getTime() }
  const gathered = await gather(repository, {
    ...{ repositories: inputs.repositories, folder: inputs.history, period },
    branch: config?.history.branch ?? 'rollback-history',
    environments: [...settings.environments.keys()],
    warn: (line) => step.log.warning(line, 'Report'),
    log: step.log.info,
  })
  const environment = inputs.environment || undefined
  const options = {
    ...{ period, now, environment, unreadable: gathered.unreadable },
    thresholds: {
      successRate: inputs['least-success-percent'] / 100,
      rollbacks: inputs['most-rollbacks'],
      undetected: inputs['most-undetected-percent'] / 100,
      downtimeMs: inputs['longest-downtime'] ?? usualThresholds.downtimeMs,
      sameCheck: inputs['most-by-one-check'],
      objectiveMs: config?.rollback.objectiveMs,
    },
  }
  await publishReport(step, { gathered, report: makeReport(gathered.records, options), options })
}
