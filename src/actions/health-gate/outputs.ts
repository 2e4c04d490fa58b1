import type { Recovery } from '../../health/recovery.ts'
import { type GateReport, issuesOf, listSamples, worstSeverity } from '../../health/report.ts'
import type { Response } from '../../health/response.ts'
import { summarizeReport } from '../../health/summary.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import { type HealthGateStep, healthGate } from './contract.ts'
import type { HealthGateOutputs, Prepared } from './prepare.ts'

/**
 * Sets the outputs of a look at production, and writes its reports and its summary.
 * @param full what the report file has instead of the report
 * @returns the outputs
 */
export async function publishReport(
  { step, workplace, publish, fileName }: Prepared,
  report: GateReport,
  response: Response,
  full: object = report,
): Promise<HealthGateOutputs> {
  const outputs = {
    decision: response.decision,
    'reason-code': response.reasonCode,
    verdict: report.verdict,
    severity: worstSeverity(report),
    issues: issuesOf(report).join(','),
    report: await step.writeReport(fileName, full),
    samples: await step.writeReport(`${fileName}-samples`, listSamples(report)),
  }
  publish(outputs)
  await step.writeSummary(renderMarkdown(summarizeReport(report, response, workplace.environment)))
  return outputs
}

/** One annotation for each failing check, and the verdict itself: an error where it fails the step, else a warning. */
export function announceVerdict(
  { inputs, log, fail }: HealthGateStep,
  { checks, verdict, decidedBy }: GateReport,
  environment: string,
  { decision, because }: Response,
): void {
  const fails = inputs['fail-on'].some((each) => each === verdict)
  for (const { name, state, evidence } of checks) {
    if (state === 'ok') continue
    const annotate = fails && decidedBy.includes(name) ? log.error : log.warning
    annotate(evidence, `Health check ${name}`)
  }
  const message = `verdict on ${environment}: ${verdict} (${decision}), because ${because}`
  if (fails) fail(message)
  else if (verdict !== 'healthy') log.warning(message, 'Health gate')
}

/** Whether the rollback helped: an error where that fails the step, which all but a recovery does unless `fail-on` is given. */
export function announceRecovery(
  { inputs, log, fail }: HealthGateStep,
  { outcome, because, report: { verdict } }: Pick<Recovery, 'outcome' | 'because' | 'report'>,
  environment: string,
): void {
  const message = `${environment} after the rollback: ${outcome}, because ${because}`
  const isChosen = inputs['fail-on'].join(', ') !== healthGate.inputs['fail-on'].default
  const fails = isChosen ? inputs['fail-on'].some((each) => each === verdict) : outcome !== 'recovered'
  if (fails) fail(message)
  else if (outcome !== 'recovered') log.warning(message, 'Health gate')
  log.info(message)
}
