import type { Repository } from '../github/client.ts'
import { type Deployment, listDeployments, listNewestDeployments, readStates } from '../github/deployments.ts'

/** What is deployed to an environment. */
export interface DeployedRevision extends Deployment {
  /** deployments that were made later and have not succeeded, newest first: they wait, run or failed */
  readonly later: readonly Attempt[]
}

export interface Attempt {
  readonly revision: string
  /** GitHub's own word, such as `waiting`, `in_progress` or `failure` */
  readonly state: string
}

/** How many deployments are checked before the search fails. */
const furthest = 100

/**
 * What is deployed: the newest revision with which a deployment of the environment has succeeded. A deployment is made when
 * a job starts to wait for its reviewers, so the newest one may not have begun.
 * @returns undefined when none has succeeded
 */
export async function findDeployed(
  repository: Repository,
  environment: string,
): Promise<DeployedRevision | undefined> {
  const later: Attempt[] = []
  for await (const deployment of listDeployments(repository, { environment })) {
    if (!isOfCode(deployment)) continue
    const states = await readStates(repository, deployment)
    if (states.includes('success')) return { ...deployment, later }
    later.push({ revision: deployment.revision, state: states[0] ?? 'pending' })
    if (later.length === furthest) return undefined
  }
  return undefined
}

/**
 * What is deployed to the other environments of the repository, as far as its newest hundred deployments say. Environments
 * that go again, such as previews of pull requests, are left out.
 */
export async function findDeployedElsewhere(
  repository: Repository,
  environment: string,
): Promise<readonly Deployment[]> {
  const found = new Map<string, Promise<Deployment | undefined>>()
  const others = (await listNewestDeployments(repository)).filter(
    (each) => each.environment !== environment && isOfCode(each),
  )
  for (const { environment: other } of others) {
    if (found.has(other)) continue
    const own = others.filter((each) => each.environment === other)
    found.set(other, newestSuccessful(repository, own))
  }
  return (await Promise.all(found.values())).filter((each) => each !== undefined)
}

async function newestSuccessful(
  repository: Repository,
  deployments: readonly Deployment[],
): Promise<Deployment | undefined> {
  for (const deployment of deployments)
    if ((await readStates(repository, deployment)).includes('success')) return deployment
  return undefined
}

/** The tasks that put a revision into an environment: GitHub's default, and that of our own records. */
const tasks: ReadonlySet<string> = new Set(['deploy', 'rollback'])

/** False for what does something else than putting the code there, such as `deploy:migrations`, and for previews. */
export function isOfCode({ task, isTransient }: Pick<Deployment, 'task' | 'isTransient'>): boolean {
  return tasks.has(task) && !isTransient
}
