import { watchHealth } from '../../health/gate.ts'
import { keepOutcomes } from '../../health/outcome.ts'
import { beforeDeployment } from '../../health/report.ts'
import { publishReport } from './outputs.ts'
import type { Prepared } from './prepare.ts'

/** Before a deployment: one round of all checks, so that the gate after it knows what passed. It fails no step for what it finds. */
export async function snapshot(prepared: Prepared): Promise<void> {
  const { step, workplace, surroundings, plan } = prepared
  const { context, log } = step
  const { environment, record } = workplace
  const once = { windowMs: 0, deployedAt: undefined, needsPass: false }
  const report = beforeDeployment(await watchHealth({ ...plan(), ...surroundings, ...once }))
  const { verdict, because, startedAt } = report
  const response = { decision: 'keep', reasonCode: 'snapshot', because } as const
  await publishReport(prepared, report, response)
  await record({ kind: 'health-checked', verdict, ...response, startedAt, checks: keepOutcomes(report) }, [
    context.stepKey,
    'snapshot',
  ])
  const message = `${environment} before the deployment: ${verdict}, because ${because}`
  if (verdict === 'healthy') log.info(message)
  else log.warning(message, 'Health gate')
}
