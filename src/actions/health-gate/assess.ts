import { setting } from '../../errors.ts'
import { assessImpact } from '../../health/impact.ts'
import { summarizeImpact } from '../../health/summary.ts'
import { parseChecks } from '../../settings/parse.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { Prepared } from './step.ts'

/** What users noticed, before and after, for the incident. It never fails the step for what it finds. */
export async function assess({
  step,
  workplace,
  surroundings,
  mask,
  publish,
  deployedAt,
  fileName,
}: Prepared): Promise<void> {
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
  const harmed = impact.checks.filter((each) => each.harmed).map(({ name }) => name)
  const isUnknown = impact.checks.every(({ after }) => after === undefined)
  const verdict = isUnknown ? 'inconclusive' : harmed.length > 0 ? 'unhealthy' : 'healthy'
  publish({
    verdict,
    decision: 'keep',
    'reason-code': isUnknown ? 'no-data' : harmed.length > 0 ? 'users-harmed' : 'users-unharmed',
    issues: harmed.join(','),
    report: await step.writeReport(fileName, { schema: 1, environment, ...impact }),
  })
  await record(
    {
      kind: 'impact-assessed',
      because: impact.because,
      startedAt,
      checks: impact.checks.map(({ name, before, after, harmed, evidence }) => ({
        name,
        ...(before !== undefined && { before }),
        ...(after !== undefined && { after }),
        harmed,
        evidence,
      })),
    },
    [context.stepKey],
  )
  await step.writeSummary(renderMarkdown(summarizeImpact(impact, environment)))
  log.info(`what users of ${environment} noticed: ${impact.because}`)
}
