import { runAction } from '../runner/action.ts'
import { assess } from './health-gate/assess.ts'
import { gate } from './health-gate/gate.ts'
import { prepareStep } from './health-gate/step.ts'
import { verify } from './health-gate/verify.ts'
import { watch } from './health-gate/watch.ts'
import { healthGate } from './health-gate.contract.ts'
import { openWorkplace } from './wiring.ts'

const modes = { gate, watch, verify, assess } as const

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
