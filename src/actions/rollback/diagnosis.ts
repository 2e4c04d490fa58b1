import {
  concludeDiagnosis,
  type Diagnosis,
  describeDiagnosis,
  problemsOf,
  summarizeDiagnosis,
} from '../../rollback/doctor/doctor.ts'
import { renderMarkdown } from '../../text/markdown.ts'
import type { RollbackStep } from './contract.ts'

/** Writes what `mode: doctor` found, and fails the step when a rollback would not work. */
export async function writeDiagnosis(
  step: RollbackStep,
  { incident }: { readonly incident: string },
  diagnosis: Diagnosis,
): Promise<void> {
  const { log } = step
  for (const line of describeDiagnosis(diagnosis)) log.info(line)
  const { decision, findings } = diagnosis
  const reason = findings.find(({ state }) => state === 'wrong' || state === 'unknown')?.check ?? 'checked'
  const report = await step.writeReport('rollback-doctor', diagnosis)
  step.setOutputs({ incident, decision, 'reason-code': reason.replaceAll(/[: ]+/g, '-'), report })
  await step.writeSummary(renderMarkdown(summarizeDiagnosis(diagnosis)))
  if (decision === 'unsure') log.warning(`not everything could be checked: see ${reason}`, 'Doctor')
  if (decision === 'not-ready') step.fail(problemsOf(diagnosis).join('\n'))
  log.info(concludeDiagnosis(diagnosis))
}
