import { RefusedError, UnavailableError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { createDeployment, type Deployment, listDeployments, markDeployment } from '../github/deployments.ts'

export interface DeploymentsOfRollback {
  readonly environment: string
  readonly incident: string
  /** the revision whose deployment failed */
  readonly bad: string
  readonly reason: string
  /** the revision that is deployed now; undefined when nothing was deployed */
  readonly restored: string | undefined
  readonly runUrl: string | undefined
}

/**
 * Updates GitHub's deployments after a rollback: that of the failed revision gets the state failure, and the restored revision gets a
 * deployment of its own, unless the workflow that deploys made one. Done twice, it is done once.
 * @returns why it could not be recorded; undefined when it was
 */
export async function recordDeployments(
  repository: Repository,
  { environment, incident, bad, reason, restored, runUrl }: DeploymentsOfRollback,
): Promise<string | undefined> {
  try {
    const failed = await newestOf(repository, environment, bad)
    if (failed !== undefined) {
      const description = `rolled back: ${reason}`
      await markDeployment(repository, failed, { state: 'failure', description, logUrl: runUrl })
    }
    if (restored === undefined) return undefined
    const made = await newestOf(repository, environment, restored)
    if (made !== undefined && (failed === undefined || made.id > failed.id)) return undefined
    const description = `restored instead of ${bad.slice(0, 7)}`
    const payload = { incident, from: bad, to: restored }
    const deployment = await createDeployment(repository, {
      environment,
      revision: restored,
      description,
      payload,
    })
    await markDeployment(repository, deployment, { state: 'success', description, logUrl: runUrl })
    return undefined
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnavailableError) return error.message
    throw error
  }
}

async function newestOf(
  repository: Repository,
  environment: string,
  revision: string,
): Promise<Deployment | undefined> {
  for await (const deployment of listDeployments(repository, { environment, revision })) return deployment
  return undefined
}
