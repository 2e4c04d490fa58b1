import { runAction } from '../../runner/action.ts'
import { openWorkplace } from '../wiring.ts'
import { assess } from './assess.ts'
import { healthGate } from './contract.ts'
import { gate } from './gate.ts'
import { snapshot } from './snapshot.ts'
import { prepareStep } from './step.ts'
import { verify } from './verify.ts'
import { watch } from './watch.ts'

const modes = { gate, snapshot, watch, verify, assess } as const

await runAction(healthGate, async (step) => {
  const workplace = await openWorkplace(step)
  const prepared = prepareStep(step, workplace)
  try {
    await modes[step.inputs.mode](prepared)
  } catch (error) {
    // a step that a time-out or a person ends says at least that it knows nothing
    if (step.signal.aborted)
      prepared.publish({ verdict: 'inconclusive', decision: 'keep', 'reason-code': 'cancelled' })
    throw error
  }
})
