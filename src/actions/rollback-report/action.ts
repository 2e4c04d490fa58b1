import { pruneHistory } from '../../history/carry-out-prune.ts'
import { importHistory } from '../../import/import-history.ts'
import { listOpenItems } from '../../views/postmortem/open-items.ts'
import { gather } from '../../views/report/gather.ts'
import { makeReport, periodBefore } from '../../views/report/report.ts'
import { openSettings } from '../wiring.ts'
import type { RollbackReportStep } from './contract.ts'
import { publishReport } from './outputs.ts'
import { thresholdsOf } from './thresholds.ts'

const usualPeriodMs = 90 * 24 * 60 * 60_000

/** Reports what the histories of one repository or many say. */
export async function run(step: RollbackReportStep): Promise<void> {
  const { inputs } = step
  // without a settings file the one environment would be whatever is asked for
  const asked = { ...inputs, environment: '', revision: '', secrets: '' }
  const { repository, settings } = await openSettings({ ...step, inputs: asked })
  const [config = undefined] = [...settings.environments.values()]
  const now = step.now()
  const period = periodBefore(now, inputs.period ?? usualPeriodMs)
  const thresholds = thresholdsOf(inputs, config?.rollback.objectiveMs)
  const environment = inputs.environment || undefined
  const branch = config?.history.branch ?? 'rollback-history'
  const { log } = step
  // before it is read: the report is of what is there afterwards
  const pruned =
    inputs['retention-days'] === 0
      ? undefined
      : await pruneHistory(repository, {
          branch,
          retentionDays: inputs['retention-days'],
          now,
          log: log.info,
        })
  const environments = [...settings.environments.keys()]
  const imported = inputs.import
    ? await importHistory(repository, {
        ...{ branch, environments, now, log: log.info },
        labels: config?.postmortem.labels ?? [],
        retentionDays: inputs['retention-days'] || undefined,
        warn: (line) => log.warning(line, 'Import'),
      })
    : undefined
  const gathered = await gather(repository, {
    ...{ repositories: inputs.repositories, folder: inputs.history, period, environment },
    branch,
    environments,
    warn: (line) => log.warning(line, 'Report'),
    log: log.info,
  })
  const options = { period, now, environment, unreadable: gathered.unreadable, thresholds }
  const { records } = gathered
  const actionItems = await listOpenItems(repository, records.incidents.postmortems(), now)
  if (typeof actionItems === 'string') log.info(`the dashboard has no action items: ${actionItems}`)
  const report = makeReport(records, options)
  await publishReport(step, { gathered, report, options, actionItems, pruned: pruned?.removed, imported })
}
