import { openFrontDoor } from '../../rollback/front-door.ts'
import { secretsOfLayers } from '../../rollback/open-layers.ts'
import { secretsOfChecks } from '../../rollback/production.ts'
import { runRollback } from '../../rollback/run.ts'
import { rollbackTools } from '../rollback-tools.ts'
import { openWorkplace } from '../wiring.ts'
import { writeRollback } from '../write-rollback.ts'
import type { RollbackStep } from './contract.ts'
import { sayUnconfigured } from './outputs.ts'

/** Takes an environment back to the last good state, or plans that, or checks that it would work. */
export async function run(step: RollbackStep): Promise<void> {
  const { inputs, secrets, context, env } = step
  const workplace = await openWorkplace(step, { rollsBack: true })
  const { config } = workplace
  for (const secret of [...secretsOfChecks({ ...config, env }), ...secretsOfLayers(config, env)])
    secrets.add(secret)
  sayUnconfigured(step, workplace)
  const tools = rollbackTools(step)
  const options = await openFrontDoor(
    workplace,
    {
      mode: inputs.mode === 'doctor' ? 'dry-run' : inputs.mode,
      layers: inputs.layers,
      issueType: inputs['issue-type'],
      target: inputs.target,
      url: inputs.url,
      onFailure: inputs['on-failure'],
      rehearsal: inputs.rehearsal,
      hold: inputs.hold,
      plan: inputs.plan,
      approval: inputs.approval,
      reason: secrets.redact(inputs.reason),
    },
    tools,
  )
  if (inputs.mode !== 'doctor') return writeRollback(step, await runRollback(options))
  const [{ diagnoseRollback }, { writeDiagnosis }] = await Promise.all([
    import('../../rollback/doctor/diagnose-run.ts'),
    import('./diagnosis.ts'),
  ])
  const examined = { ...tools, ownWorkflow: context.workflow }
  await writeDiagnosis(step, workplace, await diagnoseRollback(options, workplace, examined))
}
