import { setting } from '../../errors.ts'
import { assessImpact, concludeImpact } from '../../health/impact.ts'
import { summarizeImpact } from '../../health/summary.ts'
import { parseChecks } from '../../settings/parse.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { Prepared } from './prepare.ts'

/** Measures what users noticed, before and after, for the incident. Its result never fails the step. */
export async function assess(prepared: Prepared): Promise<void> {
  const { step, workplace, surroundings, mask, publish, deployedAt, fileName } = prepared
  const { inputs, context, log } = step
  const { config, environment, record } = workplace
  const { windowMs, intervalMs, timeoutMs, impact: listed } = config.health
  const checks =
    inputs.checks === ''
      ? listed
      : parseChecks({ text: inputs.checks, file: setting('health.checks'), windowMs, intervalMs })
  mask(checks)
  const startedAt = step.now().toISOString()
  const impact = await assessImpact({ ...surroundings, checks, timeoutMs, intervalMs, deployedAt })
  const { because } = impact
  const { verdict, reasonCode, harmed } = concludeImpact(impact)
  publish({
    verdict,
    decision: 'keep',
    'reason-code': reasonCode,
    issues: harmed.join(','),
    report: await step.writeReport(fileName, { schema: 1, environment, ...impact }),
  })
  // the event has only the fields of its schema
  await record({ kind: 'impact-assessed', because, startedAt, checks: [...impact.checks] }, [context.stepKey])
  await step.writeSummary(renderMarkdown(summarizeImpact(impact, environment)))
  log.info(`what users of ${environment} noticed: ${because}`)
}
