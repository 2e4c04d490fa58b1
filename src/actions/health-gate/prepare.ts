import type { DeploymentContext } from '../../deployment/context.ts'
import { openRevisionReader, type RevisionReader } from '../../github/revision-reader.ts'
import { adviseOnce } from '../../health/advice.ts'
import type { Surroundings } from '../../health/checks/look.ts'
import { ruleOfPasses } from '../../health/passes.ts'
import { planWatch, readDeployedAt, type WatchPlan } from '../../health/plan.ts'
import { secretsOf } from '../../health/target.ts'
import type { Check } from '../../settings/schema.ts'
import type { HealthGateStep } from './contract.ts'

export type HealthGateOutputs = Parameters<HealthGateStep['setOutputs']>[0]

/** What every mode of the action works with. */
export interface Prepared {
  readonly step: HealthGateStep
  readonly workplace: DeploymentContext
  /** how to look at production, less what is looked at */
  readonly surroundings: ReturnType<typeof surroundingsOf> &
    Pick<Surroundings, 'passedBefore' | 'needsPass' | 'subject'> & { readonly revision: RevisionReader }
  /** What is watched; masks the secrets of its checks. @param reservedMs what the step does beside it @throws InputError */
  readonly plan: (reservedMs?: number) => WatchPlan
  /** Makes the secrets that checks read known to the log, before the first look. */
  readonly mask: (checks: readonly Check[]) => void
  /** when the deployment began, ms since the epoch; undefined where nobody says */
  readonly deployedAt: number | undefined
  /** Sets the outputs, and `result` with all of them. */
  readonly publish: (outputs: HealthGateOutputs) => void
  /** a name for the files of this step, which no other step of the job has */
  readonly fileName: string
}

export function prepareStep(step: HealthGateStep, workplace: DeploymentContext): Prepared {
  const { inputs, context, env, log, secrets } = step
  const mask = (checks: readonly Check[]) => {
    for (const secret of secretsOf(checks, env)) secrets.add(secret)
  }
  const event = context.event.deployment?.created_at
  return {
    step,
    workplace,
    mask,
    surroundings: {
      ...surroundingsOf(step),
      revision: readerOf(workplace),
      subject: { environment: workplace.environment, revisions: [workplace.revision] },
      ...ruleOfPasses(workplace.readHistory, workplace.environment),
    },
    plan: (reservedMs = 0) => {
      const wishes = {
        url: inputs.url,
        checks: inputs.checks,
        windowMs: inputs.window,
        intervalMs: inputs.interval,
      }
      const longest = inputs['max-duration']
      const longestMs = longest === undefined ? undefined : Math.max(0, longest - reservedMs)
      const plan = planWatch(workplace.config.health, { ...wishes, longestMs })
      if (plan.cut) log.warning(`the window is shortened to fit max-duration`, 'Health gate')
      mask(plan.checks)
      return plan
    },
    deployedAt: readDeployedAt(inputs['deployed-at'], event, step.now().getTime()),
    publish: (outputs) => {
      const { incident, revision } = workplace
      step.setOutputs({ incident, revision, ...outputs })
    },
    fileName: `health-gate-${context.stepKey.replace(/[^\w-]+/g, '-')}`,
  }
}

function surroundingsOf({ env, log, secrets, signal, sleep, now }: HealthGateStep) {
  return {
    fetch,
    env,
    now: () => now().getTime(),
    sleep,
    random: Math.random,
    log: adviseOnce(log.info),
    redact: secrets.redact,
    signal,
  } as const
}

/** What GitHub says of the revision of a workplace. */
export function readerOf({ repository, config, environment, revision }: DeploymentContext): RevisionReader {
  return openRevisionReader(repository, { branch: config.branch, environment, revision })
}
