import { watchHealth } from '../../health/gate.ts'
import { issuesOf, listSamples, worstSeverity } from '../../health/report.ts'
import { summarizeReport } from '../../health/summary.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { Prepared } from './step.ts'

/** Before a deployment: one round of all checks, so that the gate after it knows what passed. It fails no step for what it finds. */
export async function snapshot({
  step,
  workplace,
  surroundings,
  plan,
  publish,
  fileName,
}: Prepared): Promise<void> {
  const { context, log } = step
  const { environment, record } = workplace
  const report = await watchHealth({
    ...plan(),
    ...surroundings,
    windowMs: 0,
    deployedAt: undefined,
    needsPass: false,
  })
  // nothing was deployed yet that it could be the doing of
  const verdict = report.verdict === 'unhealthy' ? 'pre-existing' : report.verdict
  const { because } = report
  const told = { decision: 'keep', reasonCode: 'snapshot', because } as const
  publish({
    verdict,
    decision: 'keep',
    'reason-code': 'snapshot',
    severity: worstSeverity(report),
    issues: issuesOf(report).join(','),
    report: await step.writeReport(fileName, { ...report, verdict }),
    samples: await step.writeReport(`${fileName}-samples`, listSamples(report)),
  })
  await record(
    { kind: 'health-checked', verdict, ...told, startedAt: report.startedAt, checks: [...report.checks] },
    [context.stepKey, 'snapshot'],
  )
  await step.writeSummary(renderMarkdown(summarizeReport({ ...report, verdict }, told, environment)))
  const message = `${environment} before the deployment: ${verdict}, because ${because}`
  if (verdict === 'healthy') log.info(message)
  else log.warning(message, 'Health gate')
}
