import { RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { isAncestor } from '../github/commits.ts'
import type { Deployment } from '../github/deployments.ts'
import { findDispatchedRun, type WorkflowRun } from '../github/workflows.ts'
import { findDeployed } from './deployed.ts'

/** Whether a restored revision is deployed. */
export type Restored =
  | {
      readonly state: 'deployed'
      readonly revision: string
      /** address of the run; '' where only GitHub's deployments show it */
      readonly url: string
      /** one clause */
      readonly evidence: string
    }
  /** superseded: it was deployed, and another revision was deployed since */
  | { readonly state: 'superseded' | 'not-deployed' }

/**
 * Looks for what shows that a rollback commit is deployed now: a deployment that succeeded, or a completed run of the workflow
 * that deploys. What was put there later counts against it, unless it has the rollback in its history.
 * @param commit full id of the rollback commit
 */
export async function findRestored(
  repository: Repository,
  {
    environment,
    workflow,
    commit,
  }: { readonly environment: string; readonly workflow: string; readonly commit: string },
): Promise<Restored> {
  const [run, current] = await Promise.all([
    findDispatchedRun(repository, { workflow, commit }),
    readCurrentDeployment(repository, environment),
  ])
  if (current !== undefined && (await contains(repository, current.revision, commit))) {
    const evidence = `the newest successful deployment of ${environment} is ${current.revision.slice(0, 7)}`
    return { state: 'deployed', revision: current.revision, url: run?.url ?? '', evidence }
  }
  if (run?.conclusion !== 'success') return { state: 'not-deployed' }
  if (isNewer(current, run)) return { state: 'superseded' }
  return {
    state: 'deployed',
    revision: commit,
    url: run.url,
    evidence: `${workflow} deployed it: ${run.url}`,
  }
}

/** What is deployed; undefined where nothing is, or the token may not see deployments. */
export async function readCurrentDeployment(
  repository: Repository,
  environment: string,
): Promise<Deployment | undefined> {
  try {
    return await findDeployed(repository, environment)
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}

async function contains(repository: Repository, revision: string, commit: string): Promise<boolean> {
  return revision === commit || isAncestor(repository, { older: commit, newer: revision })
}

function isNewer(deployment: Deployment | undefined, { createdAt }: WorkflowRun): boolean {
  return deployment !== undefined && deployment.createdAt > createdAt
}
