import { watchHealth } from '../../health/gate.ts'
import type { GateReport } from '../../health/report.ts'
import { respondTo } from '../../rollback/respond.ts'
import { announceVerdict, publishReport } from './outputs.ts'
import type { Prepared } from './prepare.ts'

/** Watches from now on, and decides whether to roll back. */
export async function gate({ surroundings, ...prepared }: Prepared): Promise<void> {
  const { deployedAt } = prepared
  const report = await watchHealth({ ...prepared.plan(), ...surroundings, deployedAt })
  await respond({ surroundings, ...prepared }, report, { always: true })
}

/**
 * Publishes a verdict and what to do about it, and starts the workflow that rolls back.
 * @param always false records a verdict only if it is another one than the last of the revision
 */
export async function respond(
  prepared: Prepared,
  report: GateReport,
  { always }: { readonly always: boolean },
): Promise<void> {
  const { step, workplace, publish } = prepared
  const { inputs, context, log, now, explain } = step
  const { environment } = workplace
  log.info(`verdict on ${environment}: ${report.verdict}, because ${report.because}`)
  let outputs = {}
  const run = await respondTo(report, {
    ...workplace,
    hold: inputs.hold,
    dispatch: inputs.dispatch
      ? { workflow: inputs.dispatch, ref: inputs['dispatch-ref'], inputs: inputs['dispatch-inputs'] }
      : undefined,
    always,
    stepKey: context.stepKey,
    explain,
    now: () => now().getTime(),
    log: log.info,
    warn: (remark) => log.warning(remark, 'Hold'),
    publish: async (response) => {
      outputs = await publishReport(prepared, report, response)
      announceVerdict(step, report, environment, response)
    },
  })
  if (run !== undefined) publish({ ...outputs, 'dispatched-run': run })
  await workplace.compactHistory()
}
