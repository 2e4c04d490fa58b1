import { reasonOf } from '../../layers/ota/roll-back.ts'
import { rollBackUpdates } from '../../rollback/ota-rollback.ts'
import { secretsOfTools } from '../../settings/variables.ts'
import { planRequest } from '../plan-inputs.ts'
import { rollbackTools } from '../rollback-tools.ts'
import { openWorkplace } from '../wiring.ts'
import type { CodepushStep } from './contract.ts'
import { publish } from './outputs.ts'

/** Rolls back a bad over-the-air update. */
export async function run(step: CodepushStep): Promise<void> {
  const { inputs, secrets, env } = step
  for (const secret of secretsOfTools(env)) secrets.add(secret)
  try {
    const context = await openWorkplace(step)
    const ota = {
      kind: inputs['server-kind'],
      url: inputs['server-url'],
      accessKey: inputs['access-key'],
      eas: { folder: inputs.project, env },
      channels: inputs.channels,
      badLabels: inputs['from-label'],
      targets: inputs.target,
      appVersions: inputs['app-version'],
      knownBad: inputs['known-bad'],
      mode: inputs.mode,
      verifyTimeoutMs: inputs['verify-timeout'] ?? 0,
    }
    const { hold } = inputs
    // one layer is all that there is to stop: its channels do not wait for each other
    const onFailure = inputs['on-failure'] === 'undo' ? ('undo' as const) : ('stop' as const)
    const request = { ...planRequest(inputs), ota, hold, onFailure, reason: secrets.redact(inputs.reason) }
    await publish(step, await rollBackUpdates(context, request, rollbackTools(step)))
  } catch (error) {
    step.setOutputs({ decision: 'failed', 'reason-code': reasonOf(error), verified: false })
    throw error
  }
}
