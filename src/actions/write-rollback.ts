import { summarizePhases, summarizePlan, summarizeRehearsal, summarizeReport } from '../rollback/describe.ts'
import { viewsOf } from '../rollback/plan.ts'
import type { RollbackResult } from '../rollback/result.ts'
import type { Step } from '../runner/action.ts'
import { heading, paragraph, renderMarkdown, text } from '../text/markdown.ts'

/** Outputs of a rollback, by their names: what of them an action has, its contract says. */
export interface RollbackOutputs {
  readonly [name: string]: string | number | boolean | undefined
}

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
    report: await step.writeReport('rollback', report ?? { plan: views, left: prepared.plan.left }),
  })
}

/**
 * Writes the outputs of a rollback, its summary and its last line, and fails the step when something is left to do.
 * @param outputs those of the action; undefined ones are not set
 * @param headline instead of the usual one, in an action with words of its own
 */
export async function writeConclusion(
  step: WritingStep,
  { conclusion, prepared, report, rehearsal, objectiveMs }: RollbackResult,
  outputs: RollbackOutputs,
  headline: string = conclusion.headline,
): Promise<void> {
  writeOutputs(step, outputs)
  await step.writeSummary(
    renderMarkdown([
      heading(2, headline),
      ...(prepared.kind === 'ready' ? [] : [paragraph(text(`${step.explain(prepared.because)}.`))]),
      ...(report === undefined ? [] : summarizeReport(report)),
      ...summarizePlan(prepared.plan),
      ...(rehearsal === undefined ? [] : summarizeRehearsal(rehearsal)),
      ...(report === undefined ? [] : summarizePhases(report, objectiveMs)),
    ]),
  )
  const { problems, now } = conclusion
  if (problems.length > 0) step.fail(problems.map(step.explain).join('\n'))
  step.log.info(step.explain(now))
}

/** Sets the outputs that are defined, each by itself, and all of them as `result`. */
export function writeOutputs(
  { setOutputs }: Pick<WritingStep, 'setOutputs'>,
  outputs: RollbackOutputs,
  more: RollbackOutputs = {},
): void {
  const defined: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(outputs)) if (value !== undefined) defined[name] = value
  setOutputs({ ...defined, result: JSON.stringify({ schema: 1, ...defined, ...more }) })
}
