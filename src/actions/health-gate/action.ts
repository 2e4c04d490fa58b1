import { openWorkplace } from '../wiring.ts'
import { assess } from './assess.ts'
import type { HealthGateStep } from './contract.ts'
import { gate } from './gate.ts'
import { prepareStep } from './prepare.ts'
import { snapshot } from './snapshot.ts'
import { verify } from './verify.ts'
import { watch } from './watch.ts'

const modes = { gate, snapshot, watch, verify, assess } as const

/** Watches production, and decides whether it is healthy. */
export async function run(step: HealthGateStep): Promise<void> {
  const workplace = await openWorkplace(step)
  const prepared = prepareStep(step, workplace)
  try {
    await modes[step.inputs.mode](prepared)
  } catch (error) {
    // a step that is cancelled or times out still reports an inconclusive verdict
    if (step.signal.aborted)
      prepared.publish({ verdict: 'inconclusive', decision: 'keep', 'reason-code': 'cancelled' })
    throw error
  }
}
