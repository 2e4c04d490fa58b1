import type { RootContent } from 'mdast'
import { InputError, type Message, message } from '../errors.ts'
import type { Conclusion } from '../rollback/conclude.ts'
import type { LayerConclusion } from '../rollback/conclude-layer.ts'
import { summarizePhases, summarizePlan, summarizeRehearsal, summarizeReport } from '../rollback/describe.ts'
import { type Plan, viewsOf } from '../rollback/plan.ts'
import { failureCodeOf } from '../rollback/record.ts'
import type { RollbackResult } from '../rollback/result.ts'
import type { Outputs, Step } from '../runner/step.ts'
import { bulletList, heading, paragraph, renderMarkdown, strong, text } from '../text/markdown.ts'

type WritingStep = Pick<
  Step<Record<never, never>, string>,
  'setOutputs' | 'writeReport' | 'writeSummary' | 'fail' | 'explain' | 'log'
>

/** Writes outputs, summary and last line of the front door's rollback. */
export async function writeRollback(step: WritingStep, result: RollbackResult): Promise<void> {
  const { conclusion, prepared, report, saved, commit, tag, pull } = result
  const views = viewsOf(prepared.plan)
  await writeConclusion(step, result, {
    incident: result.incident,
    decision: conclusion.decision,
    'reason-code': conclusion.reasonCode,
    layers: views.map(({ layer }) => layer).join(','),
    plan: saved && (await step.writeReport('rollback-plan', saved)),
    commit,
    tag,
    'pull-request': pull?.number,
    recovery: result.recovery,
    report: await step.writeReport(
      'rollback',
      report ?? {
        plan: views,
        left: prepared.plan.left.map(viewLeft),
        ...(result.obstacle && { obstacle: step.explain(result.obstacle) }),
      },
    ),
  })
}

/** A layer that is left as it is, as data. */
function viewLeft({ layer, because, plan }: Plan['left'][number]) {
  return { layer, because, ...(plan && { view: plan.view }) }
}

/**
 * Writes the outputs of a rollback, its summary and its last line, and fails the step when something is left to do.
 * @param outputs those of the action; undefined ones are not set
 * @param headline instead of the usual one, in an action with words of its own
 */
async function writeConclusion(
  step: WritingStep,
  { environment, conclusion, prepared, report, rehearsal, objectiveMs, obstacle }: RollbackResult,
  outputs: Outputs<string>,
  headline: string = conclusion.headline,
): Promise<void> {
  step.setOutputs(outputs)
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline),
      ...(prepared.kind === 'ready' ? [] : [paragraph(text(`${step.explain(prepared.because)}.`))]),
      ...warnOf(step, obstacle),
      ...(report === undefined
        ? []
        : summarizeReport({ ...report, problems: report.problems.map(step.explain) })),
      ...summarizePlan(prepared.plan),
      ...(rehearsal === undefined ? [] : summarizeRehearsal(rehearsal)),
      ...(report === undefined ? [] : summarizePhases(report, objectiveMs)),
    ]),
  )
  endStep(step, environment, conclusion)
}

/** Warns of what would keep a plan from being applied. @returns the same for the summary */
function warnOf({ log, explain }: WritingStep, obstacle: Message | undefined): readonly RootContent[] {
  if (obstacle === undefined) return []
  log.warning(explain(obstacle))
  return [paragraph(strong('Warning:'), text(` ${explain(obstacle)}.`))]
}

/** Runs a rollback of one layer; where it cannot even be planned, the outputs say so, too. @throws what the work throws */
export async function withFailure(
  step: Pick<WritingStep, 'setOutputs'>,
  { incident }: { readonly incident: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const reason = failureCodeOf(error)
    // a mistake in the inputs is no rollback that failed
    if (reason !== undefined && !(error instanceof InputError))
      step.setOutputs({ incident, decision: 'failed', 'reason-code': reason })
    throw error
  }
}

/** What an action says of the one layer that it rolls back. */
export interface LayerDetails extends Omit<LayerConclusion, 'decision'> {
  readonly environment: string
  readonly decision: string
  /** those of the action, beside the decision and its reason */
  readonly outputs: Outputs<string>
  readonly problems: readonly (string | Message | Error)[]
  /** what would keep a plan from being applied */
  readonly obstacle?: Message | undefined
  /** what is true now */
  readonly now: string | Message
}

/** Writes outputs, summary and last lines in the words of a layer, and fails the step when something is left to do. */
export async function writeLayer(step: WritingStep, details: LayerDetails): Promise<void> {
  const { environment, decision, reasonCode, headline, outputs, standing, words, isDeployed } = details
  step.setOutputs({ decision, 'reason-code': reasonCode, ...outputs })
  const stands = standing && words?.standing(standing, isDeployed)
  const left = details.problems.map((problem) => step.explain(message`${problem}`))
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline),
      ...(left.length === 0 ? [] : [bulletList(left.map((problem) => [text(problem)]))]),
      ...warnOf(step, details.obstacle),
      ...(stands?.sections ?? []),
      ...(words?.sections ?? []),
    ]),
  )
  if (stands !== undefined) step.log.info(stands.line)
  endStep(step, environment, { decision, problems: left, now: details.now })
}

/** Fails the step with what is left to do, and ends its log with what is true now. */
function endStep(
  { fail, explain, log }: WritingStep,
  environment: string,
  { decision, problems, now }: Pick<Conclusion, 'problems' | 'now'> & { readonly decision: string },
): void {
  if (problems.length > 0) fail(problems.map(explain).join('\n'))
  log.info(explain(message`${environment}: ${decision}: ${now}`))
}
