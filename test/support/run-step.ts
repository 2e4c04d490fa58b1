import {
  type Job,
  runStep as run,
  runNewProcess,
  type StepOptions,
  type StepResult,
} from '../../src/drill/runner.ts'
import { runInReusedProcess } from './step-process/reused.ts'

/**
 * Runs a step of the compiled actions. One that is to be killed or cancelled, or that gives Node itself settings, has a
 * process to itself; all others share some (`step-process/`).
 */
export async function runStep(job: Job, options: StepOptions): Promise<StepResult> {
  const needsItsOwn =
    options.onStart !== undefined || Object.keys(options.env ?? {}).some((name) => name.startsWith('NODE_'))
  return run(job, options, needsItsOwn ? runNewProcess : runInReusedProcess)
}
