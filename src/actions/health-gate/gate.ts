import { defaultBranch } from '../../github/repository.ts'
import { watchHealth } from '../../health/gate.ts'
import { type GateReport, issuesOf, listSamples, worstSeverity } from '../../health/report.ts'
import { chooseResponse, type Held, type Response } from '../../health/response.ts'
import { summarizeReport } from '../../health/summary.ts'
import type { Event } from '../../history/event.ts'
import { requestRollbackOnce } from '../../history/request-rollback.ts'
import { findRefusal } from '../../rollback/allowed.ts'
import { limitsOf } from '../../rollback/guard.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { HealthGateStep, Prepared } from './step.ts'

/** So far back is looked for the last verdict, to tell whether this one is news. */
const lastVerdictMs = 31 * 24 * 60 * 60_000

/** Watches from now on, and says whether to roll back. */
export async function gate({ surroundings, ...prepared }: Prepared): Promise<void> {
  const { deployedAt } = prepared
  const report = await watchHealth({ ...prepared.plan(), ...surroundings, deployedAt })
  await respond({ surroundings, ...prepared }, report, { always: true })
}

/**
 * Decides what to do about a report, and tells it: outputs, history, summary, annotations, and the start of the workflow that
 * rolls back.
 * @param always false records a verdict only if it is another one than the last of the incident
 */
export async function respond(
  prepared: Prepared,
  report: GateReport,
  { always }: { readonly always: boolean },
): Promise<void> {
  const { step, workplace, publish, fileName } = prepared
  const { context, log } = step
  const { environment, revision, record } = workplace
  log.info(`verdict on ${environment}: ${report.verdict}, because ${report.because}`)
  const { past, held } = await readCircumstances(prepared, report, always)
  const response = chooseResponse(report, held)

  const outputs = {
    decision: response.decision,
    'reason-code': response.reasonCode,
    verdict: report.verdict,
    severity: worstSeverity(report),
    issues: issuesOf(report).join(','),
    report: await step.writeReport(fileName, report),
    samples: await step.writeReport(`${fileName}-samples`, listSamples(report)),
  }
  publish(outputs)
  const last = past.findLast((event) => event.kind === 'health-checked' && event.revision === revision)
  if (always || last?.kind !== 'health-checked' || last.verdict !== report.verdict) {
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
  }
  await step.writeSummary(renderMarkdown(summarizeReport(report, response, environment)))
  announce(
    step,
    report,
    `verdict on ${environment}: ${report.verdict} (${response.decision}), because ${response.because}`,
  )
  // told by now, whatever becomes of it
  const run = await dispatch(prepared, response, past)
  if (run !== undefined) publish({ ...outputs, 'dispatched-run': run })
}

/** What else counts before something is undone: what happened so far, and whether a guard holds it. */
async function readCircumstances(
  { step: { inputs, log, now, explain }, workplace }: Prepared,
  { verdict }: GateReport,
  always: boolean,
): Promise<{ past: readonly Event[]; held: Held | undefined }> {
  const { repository, config, environment, incident, revision, readHistory } = workplace
  if (verdict !== 'unhealthy') {
    const since = new Date(now().getTime() - lastVerdictMs)
    return { past: always ? [] : await readHistory({ since }), held: undefined }
  }
  // all of it: neither a hold nor a rollback grows old
  const past = await readHistory()
  // what is undone is not planned yet
  const intent = { environment, incident, revision, automatic: true, layers: undefined }
  const refusal = await findRefusal(repository, intent, {
    limits: limitsOf(config),
    hold: inputs.hold,
    isPlanned: false,
    readHistory: async () => past,
    now: now().getTime(),
    log: (remark) => log.warning(remark, 'Hold'),
  })
  return { past, held: refusal && { reasonCode: refusal.guard.name, because: explain(refusal.because) } }
}

/** Starts the workflow that rolls back, where there is one and it is needed. @returns the id of its run; undefined where none was started */
async function dispatch(
  { step, workplace }: Prepared,
  { decision, because }: Response,
  past: readonly Event[],
): Promise<string | undefined> {
  const { inputs, log } = step
  const { repository, config, environment, revision, incident, claim } = workplace
  if (inputs.dispatch === '' || decision !== 'roll-back') return undefined
  const fill = (value: string) =>
    value
      .replaceAll('{revision}', revision)
      .replaceAll('{environment}', environment)
      .replaceAll('{incident}', incident)
  const given = Object.entries(inputs['dispatch-inputs']).map(([name, value]) => [name, fill(value)])
  const request = {
    incident,
    workflow: inputs.dispatch,
    ref: inputs['dispatch-ref'] || config.branch || (await defaultBranch(repository)),
    inputs: Object.fromEntries(given),
    because,
  }
  const { outcome, run } = await requestRollbackOnce(repository, request, {
    past,
    claim,
    now: step.now().getTime(),
  })
  const which = run === undefined ? '' : ` (run ${run})`
  log.info(
    outcome === 'started'
      ? `${inputs.dispatch} is started on ${request.ref}${which}`
      : `${inputs.dispatch} was started for this revision before${which}: once is enough`,
  )
  return outcome === 'started' ? run : undefined
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
