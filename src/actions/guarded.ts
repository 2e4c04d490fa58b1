import type { LayerName } from '../history/event.ts'
import { demandAllowed } from '../rollback/allowed.ts'
import { limitsOf } from '../rollback/guard.ts'
import type { Step } from '../runner/action.ts'
import { input } from '../runner/inputs.ts'
import type { Workplace } from './wiring.ts'

/** The input of every action whose automatic runs are guarded. */
export const guardInputs = {
  hold: input.text({
    description:
      'Why automatic rollbacks are on hold, e.g. from the variable `vars.ROLLBACK_HOLD`: with any text, manual approval is required.',
  }),
} as const

type GuardedStep = Pick<Step<typeof guardInputs, string>, 'inputs' | 'now' | 'log'>

/**
 * Asks the guards of a layer, for an action that rolls back no other.
 * @param from what is taken away, as the history names it, where the layer has several targets
 * @throws RefusedError that names the guard and the way past it
 */
export async function guardLayer(
  { inputs, now, log }: GuardedStep,
  { repository, config, environment, incident, revision, readHistory, isManual }: Workplace,
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
