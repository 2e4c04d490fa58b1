import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, message, setting } from '../../errors.ts'
import { count } from '../../text/count.ts'
import { type DashboardOptions, renderDashboard } from '../../views/dashboard/page.ts'
import { writeCsv } from '../../views/report/csv.ts'
import type { Gathered } from '../../views/report/gather.ts'
import { writeMetrics } from '../../views/report/metrics.ts'
import type { Report, ReportOptions } from '../../views/report/report.ts'
import { writeReportSummary } from '../../views/report/summary.ts'
import type { RollbackReportStep } from './contract.ts'

interface Reported {
  readonly gathered: Gathered
  readonly report: Report
  readonly options: ReportOptions
  readonly actionItems: DashboardOptions['actionItems']
  /** events that were removed before; undefined where the history was not pruned */
  readonly pruned: number | undefined
  /** events that were added before; undefined where nothing was to be imported */
  readonly imported: number | undefined
}

/** Writes the files and the summary, and sets the outputs. */
export async function publishReport(step: RollbackReportStep, reported: Reported): Promise<void> {
  const { report } = reported
  const folder = step.inputs.folder || join(step.temporary, 'report')
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new InputError(
      message`${setting('folder')} is "${folder}", which could not be created (${error}); name another`,
    )
  })
  for (const [name, parts] of filesOf(step, reported))
    await writeFile(join(folder, name), redacted(step, typeof parts === 'string' ? [parts] : parts))
  await step.writeSummary(writeReportSummary(report))
  const isEmpty = report.data.events === 0 && report.dora.deploymentFrequency.n === 0
  const reason = report.recommendations.length > 0 ? 'recommendations' : 'fine'
  step.setOutputs({
    decision: isEmpty ? 'empty' : 'reported',
    'reason-code': isEmpty ? 'no-events' : reason,
    folder,
    report: join(folder, 'report.json'),
    dashboard: join(folder, 'index.html'),
    pruned: reported.pruned,
    imported: reported.imported,
    rollbacks: report.rollbacks.total,
    recommendations: report.recommendations.length,
  })
  for (const { text, evidence } of report.recommendations) step.log.info(`${text} ${evidence}`)
  step.log.info(
    `${isEmpty ? 'empty' : 'reported'}: ${count(report.rollbacks.total, 'rollback')}; the files are in ${folder}`,
  )
}

/** A part of the CSV has whole rows: no secret is cut in two. */
function* redacted({ secrets }: RollbackReportStep, parts: Iterable<string>): Generator<string> {
  for (const part of parts) yield secrets.redact(part)
}

function filesOf(
  { inputs, context }: RollbackReportStep,
  { gathered, report, options, actionItems }: Reported,
): readonly (readonly [name: string, parts: string | Iterable<string>])[] {
  const { period, environment } = options
  const { records, deployments } = gathered
  const rollbacks = records.rollbacks.filter(
    (each) => environment === undefined || each.environment === environment,
  )
  const repository = `${context.owner}/${context.repo}`
  const workflow = inputs['rollback-workflow']
  const title = inputs.repositories.length === 0 ? repository : inputs.repositories.join(', ')
  const dispatchUrl =
    workflow === ''
      ? undefined
      : `${context.serverUrl}/${repository}/actions/workflows/${encodeURIComponent(workflow)}`
  return [
    ['index.html', renderDashboard(records, { ...options, title, dispatchUrl, actionItems })],
    ['report.json', `${JSON.stringify(report, null, 2)}\n`],
    ['rollbacks.csv', writeCsv({ ...records, rollbacks }, period)],
    ['metrics.prom', writeMetrics(report, 'prometheus')],
    ['metrics.openmetrics', writeMetrics(report, 'openmetrics')],
    ['deployments.jsonl', deployments.map((each) => `${JSON.stringify(each)}\n`).join('')],
  ]
}
