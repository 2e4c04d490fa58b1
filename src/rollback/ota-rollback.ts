import { type OtaLayerOptions, type OtaState, openOtaLayer } from '../layers/ota/layer.ts'
import type { ConfiguredContext, RunTools } from './front-door.ts'
import { limitsOf } from './guard.ts'
import type { RollbackOptions } from './options.ts'
import { unobserved } from './production.ts'
import type { RollbackResult } from './result.ts'
import { runRollback } from './run.ts'

/** What is asked of a rollback of over-the-air updates alone. */
export interface OtaRequest {
  /** the server, the channels, and what to do there */
  readonly ota: Omit<
    OtaLayerOptions,
    'incident' | 'since' | 'fetch' | 'now' | 'sleep' | 'signal' | 'log' | 'observe'
  >
  readonly reason: string
  readonly hold: string
  readonly dryRun: boolean
}

/** What it came to; by channel, as far as it was planned. */
export interface OtaRollback {
  readonly result: RollbackResult
  readonly state: OtaState | undefined
}

/**
 * Rolls back over-the-air updates alone, in the way of every rollback.
 * @throws as `runRollback`
 */
export async function rollBackUpdates(
  context: ConfiguredContext,
  { ota, reason, hold, dryRun }: OtaRequest,
  tools: RunTools,
): Promise<OtaRollback> {
  const { config, incident } = context
  const now = () => tools.now().getTime()
  let state: OtaState | undefined
  const observe = (each: OtaState) => {
    state = each
  }
  const options: RollbackOptions = {
    ...tools,
    ...context,
    ...{ reason, hold },
    mode: dryRun ? 'dry-run' : 'auto',
    choice: ['ota'],
    only: ['ota'],
    // what is to be done is named by the inputs of each run
    isAskedFor: true,
    isPerTarget: true,
    onFailure: 'stop',
    openLayers: () => [openOtaLayer({ ...tools, ...ota, incident, now, observe })],
    production: unobserved('codepush-rollback asks devices, and nothing else'),
    deployer: undefined,
    limits: limitsOf(config),
    planValidMs: config.rollback.planValidMs,
    objectiveMs: undefined,
  }
  return { result: await runRollback(options), state }
}
