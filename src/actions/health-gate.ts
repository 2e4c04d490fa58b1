import { watchHealth } from '../health/gate.ts'
import { planWatch, readDeployedAt } from '../health/plan.ts'
import type { GateReport } from '../health/report.ts'
import { chooseResponse } from '../health/response.ts'
import { summarizeReport } from '../health/summary.ts'
import { secretsOf } from '../health/target.ts'
import type { Event } from '../history/event.ts'
import { describeHold, findHold } from '../history/hold.ts'
import { runAction, type Step } from '../runner/action.ts'
import { renderMarkdown } from '../text/markdown.ts'
import { healthGate } from './health-gate.contract.ts'
import { openWorkplace, type Workplace } from './wiring.ts'

type HealthGateStep = Step<typeof healthGate.inputs, keyof typeof healthGate.outputs>

await runAction(healthGate, async (step) => {
  const { inputs, context, env, log, secrets, signal, sleep } = step
  const workplace = await openWorkplace(step)
  const { config, environment, revision, incident, record } = workplace
  const { cooldownMs } = config.health
  const plan = planWatch(config.health, {
    url: inputs.url,
    checks: inputs.checks,
    windowMs: inputs.window,
    intervalMs: inputs.interval,
  })
  for (const secret of secretsOf(plan.checks, env)) secrets.add(secret)

  const now = () => step.now().getTime()
  const { redact } = secrets
  const deployedAt = readDeployedAt(inputs['deployed-at'], context.event.deployment?.created_at, now())
  const report = await watchHealth({
    ...plan,
    deployedAt,
    fetch,
    env,
    now,
    sleep,
    log: log.info,
    redact,
    signal,
  })
  log.info(`verdict on ${environment}: ${report.verdict}, because ${report.because}`)
  const { past, hold } =
    report.verdict === 'unhealthy' ? await readCircumstances(step, workplace) : { past: [], hold: '' }
  const response = chooseResponse({ report, past, environment, revision, hold, cooldownMs, now: now() })

  const ids = {
    incident,
    decision: response.decision,
    'reason-code': response.reasonCode,
    verdict: report.verdict,
    report: await step.writeReport(`health-gate-${context.stepKey.replace(/[^\w-]+/g, '-')}`, report),
  }
  step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
  await record(
    {
      kind: 'health-checked',
      verdict: report.verdict,
      ...response,
      startedAt: report.startedAt,
      // the event keeps of each check only what its schema names
      checks: [...report.checks],
    },
    [context.stepKey, report.verdict],
  )
  await step.writeSummary(renderMarkdown(summarizeReport(report, response, environment)))
  const { decision, because } = response
  announce(step, report, `verdict on ${environment}: ${report.verdict} (${decision}), because ${because}`)
})

/** What else counts before something is undone: what happened so far, and who holds automatic rollbacks. */
async function readCircumstances(
  { inputs, log }: HealthGateStep,
  { repository, environment, readHistory }: Workplace,
): Promise<{ past: readonly Event[]; hold: string }> {
  const past = await readHistory()
  const { hold, remarks } = await findHold(repository, { environment, text: inputs.hold, events: past })
  for (const remark of remarks) log.warning(remark, 'Hold')
  return { past, hold: hold === undefined ? '' : describeHold(hold) }
}

/** One annotation for each failing check, and the verdict itself: an error where it fails the step, else a warning. */
function announce({ inputs, log, fail }: HealthGateStep, report: GateReport, message: string): void {
  const fails = inputs['fail-on'].some((verdict) => verdict === report.verdict)
  for (const { name, state, evidence } of report.checks) {
    if (state === 'ok') continue
    const annotate = fails && report.decidedBy.includes(name) ? log.error : log.warning
    annotate(evidence, `Health check ${name}`)
  }
  if (fails) fail(message)
  else if (report.verdict !== 'healthy') log.warning(message, 'Health gate')
}
