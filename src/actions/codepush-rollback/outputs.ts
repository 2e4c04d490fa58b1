import { listLines } from '../../errors.ts'
import { concludeUpdates, type UpdatesDecision } from '../../layers/ota/conclude.ts'
import { describePlan, summarizePlans, summarizeResults } from '../../layers/ota/describe.ts'
import type { OtaRollback } from '../../rollback/ota-rollback.ts'
import { heading, paragraph, renderMarkdown, text } from '../../text/markdown.ts'
import type { CodepushStep } from './contract.ts'

const headlines: Readonly<Record<UpdatesDecision | 'undone' | 'rehearsed', string>> = {
  planned: 'Rollback of updates planned (dry run: nothing was changed)',
  'rolled-back': 'Updates rolled back',
  'already-rolled-back': 'Updates already rolled back',
  stopped: 'Update halted',
  partial: 'Updates rolled back in part',
  superseded: 'Updates not rolled back: another release is the newest by now',
  failed: 'Updates not rolled back',
  undone: 'The rollback failed on a channel and was undone',
  rehearsed: 'Rehearsed: rolled back, then undone',
}

/** Sets the outputs, writes the summary, and fails the step if something is left to do. */
export async function publish(step: CodepushStep, { result, state }: OtaRollback): Promise<void> {
  const { inputs, log, explain } = step
  const { plans = [], results = [], server } = state ?? {}
  const { conclusion, prepared, incident, rehearsal, report, saved } = result
  const isHeld = prepared.kind === 'held'
  const updates = concludeUpdates(plans, results, {
    isHeld,
    isPlanned: (inputs['dry-run'] || saved !== undefined) && !isHeld,
  })
  const { channels } = updates
  // a rollback that was undone does not count as verified, whatever devices were offered in between
  const isTakenBack = report?.layers.some(({ outcome }) => outcome === 'undone') ?? false
  const { decision, reasonCode, isVerified } =
    rehearsal === undefined && !isTakenBack
      ? updates
      : {
          decision: rehearsal === undefined ? ('undone' as const) : ('rehearsed' as const),
          reasonCode: conclusion.reasonCode,
          isVerified: false,
        }
  const join = (key: 'from' | 'to' | 'label') => channels.map((each) => each[key]).join(',')
  step.setOutputs({
    incident,
    decision,
    'reason-code': reasonCode,
    from: join('from'),
    to: join('to'),
    label: join('label'),
    verified: isVerified,
    channels,
    plan: saved && (await step.writeReport('rollback-plan', saved)),
  })
  // the steps that were applied are in the log already
  if (report === undefined) for (const line of plans.flatMap(describePlan)) log.info(line)
  const ofChannels = results.flatMap(({ problem }) => problem ?? [])
  const problems = ofChannels.length > 0 && !isTakenBack ? ofChannels : conclusion.problems
  await step.writeSummary(
    renderMarkdown([
      heading(2, rehearsal === undefined ? headlines[decision] : conclusion.headline),
      ...(isHeld ? [paragraph(text(`${explain(prepared.because)}.`))] : []),
      ...(server === undefined ? [] : summarizePlans(plans, server)),
      ...summarizeResults(results),
    ]),
  )
  if (problems.length > 0) step.fail(listLines(problems))
  log.info(explain(conclusion.now))
}
