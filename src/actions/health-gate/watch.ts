import { aboutRevision, type DeploymentContext } from '../../deployment/context.ts'
import { type DeployedRevision, findDeployed } from '../../deployment/deployed.ts'
import { watchHealth } from '../../health/gate.ts'
import { planLookBack } from '../../health/look-back.ts'
import { formatDuration } from '../../text/duration.ts'
import { formatMoment } from '../../text/time.ts'
import { respond } from './gate.ts'
import { type Prepared, readerOf } from './prepare.ts'

/** For a schedule: looks back at the newest deployment of the environment, if it is young enough to be suspected. */
export async function watch(prepared: Prepared): Promise<void> {
  const { step, workplace, surroundings } = prepared
  const { inputs, log } = step
  const { environment } = workplace
  const now = step.now().getTime()
  const longestMs = inputs['watch-for'] ?? 0
  const deployment = await findYoungDeployment(workplace, now - longestMs)
  if (deployment === undefined) {
    log.info(
      `no deployment of ${environment} succeeded within ${formatDuration(longestMs)}: nothing is watched`,
    )
    prepared.publish({ verdict: 'inconclusive', decision: 'keep', 'reason-code': 'no-recent-deployment' })
    return
  }
  const { revision, createdAt } = deployment
  const deployedAt = createdAt.getTime()
  log.info(`watching ${revision.slice(0, 7)}, deployed to ${environment} at ${formatMoment(deployedAt)}`)
  const plan = prepared.plan()
  const about = await aboutRevision(workplace, revision)
  const report = await watchHealth({
    ...plan,
    ...planLookBack(plan, { deployedAt, now }),
    ...surroundings,
    revision: readerOf(about),
    subject: { environment, revisions: [revision] },
    deployedAt,
  })
  const publish: Prepared['publish'] = (outputs) =>
    prepared.publish({ ...outputs, incident: about.incident, revision })
  await respond({ ...prepared, publish, workplace: about }, report, { always: false })
}

/** What is deployed; undefined if that is too long ago. */
async function findYoungDeployment(
  { repository, environment }: DeploymentContext,
  since: number,
): Promise<DeployedRevision | undefined> {
  const deployed = await findDeployed(repository, environment)
  return deployed !== undefined && deployed.createdAt.getTime() >= since ? deployed : undefined
}
