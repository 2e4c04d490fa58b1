import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type Deployment, listDeployments, listNewestDeployments, readStates } from '../github/deployments.ts'
import { isOfCode } from './deployed.ts'

export interface LastGood {
  readonly deployment: Deployment
  /** in words, e.g. `the newest successful deployment of production before that of 1234567, made …` */
  readonly foundBy: string
}

/** How many older deployments are checked before the search fails. */
const furthest = 100
/** How many of these an error lists if there is no good one. */
const listed = 5

/**
 * The newest deployment of the environment that was made before that of the failed revision, and has ever succeeded. Not the
 * active deployment, nor the last green run: both forget.
 * @param reject why a deployment is no target, in words that follow its revision; undefined when it is one
 * @throws InputError that lists what was passed over, and why
 */
export async function findLastGood(
  repository: Repository,
  {
    environment,
    bad,
    reject,
  }: {
    readonly environment: string
    readonly bad: string
    readonly reject: (deployment: Deployment) => Promise<string | undefined>
  },
): Promise<LastGood> {
  const failed = await newestDeployment(repository, { environment, revision: bad })
  const passedOver: string[] = []
  for await (const deployment of listDeployments(repository, { environment })) {
    const { id, revision, createdAt } = deployment
    // ids grow with time, and two deployments may be made in the same second
    if (revision === bad || (failed !== undefined && id > failed.id)) continue
    if (passedOver.length === furthest) break
    const why = (await notGood(repository, deployment)) ?? (await reject(deployment))
    if (why !== undefined) {
      passedOver.push(`${revision.slice(0, 7)} ${why}`)
      continue
    }
    const before = failed === undefined ? '' : ` before that of ${bad.slice(0, 7)}`
    const foundBy = `the newest successful deployment of ${environment}${before}, made ${createdAt.toISOString()}`
    return { deployment, foundBy }
  }
  if (passedOver.length === 0 && failed === undefined) await refuseUnknown(repository, environment)
  throw new InputError(
    message`no successful deployment of the environment "${environment}" was found from before ${bad.slice(0, 7)} (${sayPassedOver(passedOver)}); name the good revision in ${setting('code.target')}`,
  )
}

async function notGood(repository: Repository, deployment: Deployment): Promise<string | undefined> {
  const { task, isTransient } = deployment
  if (isTransient) return 'was in a transient environment'
  if (!isOfCode(deployment)) return `was deployed by the task ${task}, not by deploy`
  const states = await readStates(repository, deployment)
  return states.includes('success') ? undefined : 'never succeeded'
}

/** True when a deployment of the revision to the environment has succeeded. */
export async function hasBeenDeployed(
  repository: Repository,
  of: { environment: string; revision: string },
): Promise<boolean> {
  for await (const deployment of listDeployments(repository, of))
    if ((await notGood(repository, deployment)) === undefined) return true
  return false
}

async function newestDeployment(
  repository: Repository,
  of: { environment: string; revision: string },
): Promise<Deployment | undefined> {
  for await (const deployment of listDeployments(repository, of)) if (isOfCode(deployment)) return deployment
  return undefined
}

/** @throws InputError if the environment has no deployments, and other environments have some */
async function refuseUnknown(repository: Repository, environment: string): Promise<void> {
  const newest = await listNewestDeployments(repository)
  const known = [...new Set(newest.map((each) => each.environment))].sort()
  if (known.length === 0 || known.includes(environment)) return
  throw new InputError(
    message`there is no deployment to an environment "${environment}"; write an existing one in ${setting('environment')}: ${known.slice(0, 20).join(', ')}`,
  )
}

function sayPassedOver(passedOver: readonly string[]): string {
  if (passedOver.length === 0) return 'there is no earlier one'
  const more = passedOver.length > listed ? `, and ${passedOver.length - listed} more` : ''
  return `not suitable: ${passedOver.slice(0, listed).join(', ')}${more}`
}
