import type { DeploymentContext } from '../deployment/context.ts'
import type { LayerName } from '../history/event.ts'
import { demandAllowed } from '../rollback/allowed.ts'
import { limitsOf } from '../rollback/guard.ts'
import type { Step } from '../runner/action.ts'
import type { guardInputs } from './guard-inputs.ts'

type GuardedStep = Pick<Step<typeof guardInputs, string>, 'inputs' | 'now' | 'log'>

/**
 * Asks the guards of a layer, for an action that rolls back no other.
 * @param from what is taken away, as the history names it, where the layer has several targets
 * @throws RefusedError that names the guard and the way past it
 */
export async function guardLayer(
  { inputs, now, log }: GuardedStep,
  { repository, config, environment, incident, revision, readHistory, isManual }: DeploymentContext,
  layer: LayerName,
  from?: readonly string[],
): Promise<void> {
  return demandAllowed(
    repository,
    {
      environment,
      incident,
      revision,
      automatic: !(await isManual()),
      layers: [layer],
      ...(from && { from }),
    },
    { limits: limitsOf(config), hold: inputs.hold, readHistory, now: now().getTime(), log: log.info },
  )
}
