import { type OtaLayerOptions, type OtaState, openOtaLayer } from '../layers/ota/layer.ts'
import type { ConfiguredContext, RunTools } from './front-door.ts'
import { type OneLayerRequest, openOneLayer } from './one-layer.ts'
import type { RollbackResult } from './result.ts'
import { runRollback } from './run.ts'

/** The request for a rollback of only over-the-air updates. */
export interface OtaRequest extends OneLayerRequest {
  /** the server, the channels, and what to do there */
  readonly ota: Omit<
    OtaLayerOptions,
    'incident' | 'since' | 'fetch' | 'now' | 'sleep' | 'signal' | 'log' | 'observe'
  >
}

/** The result, by channel, as far as it was planned. */
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
  { ota, ...request }: OtaRequest,
  tools: RunTools,
): Promise<OtaRollback> {
  const { incident } = context
  const now = () => tools.now().getTime()
  let state: OtaState | undefined
  const observe = (each: OtaState) => {
    state = each
  }
  const options = openOneLayer(context, request, tools, {
    layer: 'ota',
    unseen: 'codepush-rollback asks devices, and nothing else',
    isPerTarget: true,
    openLayers: () => [openOtaLayer({ ...tools, ...ota, incident, now, observe })],
  })
  return { result: await runRollback(options), state }
}
