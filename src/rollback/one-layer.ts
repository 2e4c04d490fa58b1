import type { LayerName } from '../history/event.ts'
import { type ConfiguredContext, productionOf, type RunTools } from './front-door.ts'
import { limitsOf } from './guard.ts'
import type { RollbackOptions, RollbackRequest } from './options.ts'
import { unobserved } from './production.ts'

/** The request for a rollback of one layer, without the options of the layer. */
export interface OneLayerRequest
  extends Pick<
    RollbackRequest,
    'mode' | 'plan' | 'approval' | 'rehearsal' | 'reason' | 'hold' | 'onFailure'
  > {}

/**
 * A rollback of one layer that a step describes with its own inputs. The layer verifies itself; a rehearsal, which has to
 * show that the environment is as before, observes production, too.
 * @param unseen why production is not observed, a clause
 */
export function openOneLayer(
  context: ConfiguredContext,
  request: OneLayerRequest,
  tools: RunTools,
  {
    layer,
    unseen,
    ...rest
  }: { readonly layer: LayerName; readonly unseen: string } & Pick<
    RollbackOptions,
    'openLayers' | 'isPerTarget'
  >,
): RollbackOptions {
  const { config } = context
  const { mode, plan = '', approval = '', rehearsal = false, reason, hold, onFailure } = request
  return {
    ...tools,
    ...context,
    ...rest,
    ...{ mode, plan, approval, rehearsal, reason, hold, onFailure },
    choice: [layer],
    only: [layer],
    // what is to be done is named by the inputs of each run
    isAskedFor: true,
    production: rehearsal ? productionOf(context, tools) : unobserved(unseen),
    deployer: 'external',
    isProposalWanted: config.code.delivery === 'pull-request',
    limits: limitsOf(config),
    planValidMs: config.rollback.planValidMs,
    objectiveMs: rehearsal ? config.rollback.objectiveMs : undefined,
  }
}
