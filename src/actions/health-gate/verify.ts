import { defaultRecovery, type Recovery, verifyRecovery } from '../../health/recovery.ts'
import { issuesOf, listSamples, worstSeverity } from '../../health/report.ts'
import { subjectAfterRollback } from '../../health/subject.ts'
import { summarizeReport } from '../../health/summary.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { Prepared } from './step.ts'

const verdicts = { recovered: 'healthy', 'not-recovered': 'unhealthy', unknown: 'inconclusive' } as const

/** After a rollback: is it up, and is it better. */
export async function verify(prepared: Prepared): Promise<void> {
  const { step, workplace, surroundings, publish, fileName } = prepared
  const { inputs, context, log } = step
  const { environment, revision, incident, readHistory, record } = workplace
  const upTries = Math.max(1, inputs['up-tries'])
  const upPauseMs = inputs['up-pause'] ?? defaultRecovery.upPauseMs
  const { windowMs, ...plan } = prepared.plan(upTries * (upPauseMs + workplace.config.health.timeoutMs))
  const startedAt = step.now().toISOString()
  const history = await readHistory()
  const applied = history.findLast(
    (event) => event.kind === 'rollback-applied' && event.layer === 'code' && event.incident === incident,
  )
  const restored = applied?.kind === 'rollback-applied' ? [applied.now, applied.to] : []
  const seen = history.findLast(
    (event) =>
      event.kind === 'health-checked' && event.revision === revision && event.verdict === 'unhealthy',
  )
  const recovery = await verifyRecovery({
    ...plan,
    ...surroundings,
    subject: subjectAfterRollback(environment, { failed: revision, restored }),
    settings: { upTries, upPauseMs, betterMs: windowMs },
    seenBefore: seen?.kind === 'health-checked' ? seen.checks : [],
  })
  const { outcome, because, checks, report } = recovery
  const reasonCode = recovery.up === false ? 'not-up' : outcome
  publish({
    verdict: verdicts[outcome],
    decision: 'keep',
    'reason-code': reasonCode,
    severity: worstSeverity(report),
    issues: issuesOf(report).join(','),
    report: await step.writeReport(fileName, recovery),
    samples: await step.writeReport(`${fileName}-samples`, listSamples(report)),
  })
  await record({ kind: 'recovery-verified', outcome, because, startedAt, checks: [...checks] }, [
    context.stepKey,
    outcome,
  ])
  const told = { decision: 'keep', reasonCode, because } as const
  await step.writeSummary(
    renderMarkdown(summarizeReport({ ...report, verdict: verdicts[outcome] }, told, environment)),
  )
  announce(prepared, recovery)
  log.info(`${environment} after the rollback: ${outcome}, because ${because}`)
}

function announce(
  { step: { inputs, log, fail }, workplace: { environment } }: Prepared,
  recovery: Recovery,
): void {
  const { outcome, because } = recovery
  const message = `${environment} after the rollback: ${outcome}, because ${because}`
  if (inputs['fail-on'].some((verdict) => verdict === verdicts[outcome])) fail(message)
  else if (outcome !== 'recovered') log.warning(message, 'Health gate')
}
