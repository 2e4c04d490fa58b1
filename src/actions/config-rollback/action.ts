import { openConfigStep } from '../../rollback/config-step.ts'
import { rollbackTools } from '../rollback-tools.ts'
import { openWorkplace } from '../wiring.ts'
import { writeRollback } from '../write-rollback.ts'
import type { ConfigRollbackStep } from './contract.ts'
import { writeBackup, writeBackups, writeValidity } from './outputs.ts'

/** Backs up, lists, compares, checks or restores the configuration of an environment, or switches feature flags off. */
export async function run(step: ConfigRollbackStep): Promise<void> {
  const { inputs, secrets } = step
  const workplace = await openWorkplace(step)
  const configuration = openConfigStep(
    workplace,
    {
      ...inputs,
      allowRemoval: inputs['allow-removal'],
      token: inputs['variables-token'],
      reason: secrets.redact(inputs.reason),
    },
    rollbackTools(step),
  )
  for (const secret of configuration.secrets) secrets.add(secret)
  switch (inputs.mode) {
    case 'backup':
      return writeBackup(step, workplace, await configuration.backUp())
    case 'list':
      return writeBackups(step, workplace, await configuration.list())
    case 'validate':
      return writeValidity(step, workplace, await configuration.validate())
    case 'diff':
    case 'restore':
      return writeRollback(step, await configuration.restore(inputs.mode === 'diff'))
    case 'disable':
      return writeRollback(step, await configuration.disable())
  }
}
