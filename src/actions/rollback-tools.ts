import { adviseOnce } from '../health/advice.ts'
import type { RunTools } from '../rollback/front-door.ts'
import type { Step } from '../runner/action.ts'
import type { commonInputs } from './contract-parts.ts'
import { prepareJobClone } from './job-clone.ts'

/** What a rollback uses of the step that it is run by. */
export function rollbackTools(
  step: Pick<
    Step<typeof commonInputs, string>,
    | 'inputs'
    | 'context'
    | 'env'
    | 'log'
    | 'secrets'
    | 'signal'
    | 'now'
    | 'sleep'
    | 'temporary'
    | 'openRepository'
  >,
): RunTools {
  const { context, env, log, secrets, signal, now, sleep, temporary } = step
  return {
    now,
    sleep,
    log: adviseOnce(log.info),
    redact: secrets.redact,
    env,
    fetch,
    signal,
    scratch: temporary,
    openClone: prepareJobClone(step),
    openRepository: step.openRepository,
    by: context.actor,
    run: context.run?.id,
    runUrl: context.run?.url,
    stepKey: context.stepKey,
  }
}
