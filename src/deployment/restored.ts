import { attempt, isUserFacing, RefusedError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { isAncestor } from '../github/compare.ts'
import { type Deployment, listDeployments } from '../github/deployments.ts'
import { findDispatchedRun } from '../github/workflows.ts'
import { shortRevision } from '../text/revision.ts'
import { findDeployed } from './deployed.ts'

/** Whether a restored revision is deployed. */
export type Restored =
  | {
      readonly state: 'deployed'
      readonly revision: string
      /** address of the run; '' if only GitHub's deployments show it */
      readonly url: string
      /** one clause */
      readonly evidence: string
    }
  /** superseded: it was deployed, and another revision was deployed since */
  | { readonly state: 'superseded' | 'not-deployed' }
  /** because: one clause */
  | { readonly state: 'unreadable'; readonly because: string }

/**
 * Looks for what shows that a restored revision is deployed now: a deployment that succeeded, or a completed run of the workflow
 * that deploys. What was deployed later counts against it, unless it has the restored revision in its history and not the failed
 * one on top of it.
 * @param commit full id of the restored revision
 * @param bad the failed revision, when the restored one was deployed before it: only what came after its deployment counts
 */
export async function findRestored(
  repository: Repository,
  {
    environment,
    workflow,
    commit,
    bad,
  }: {
    readonly environment: string
    readonly workflow: string
    readonly commit: string
    readonly bad?: string | undefined
  },
): Promise<Restored> {
  const [run, current, failed] = await Promise.all([
    findDispatchedRun(repository, { workflow, commit }),
    visible(findDeployed(repository, environment)),
    bad === undefined ? undefined : visible(newestDeployment(repository, { environment, revision: bad })),
  ])
  const counts = ({ createdAt }: { readonly createdAt: Date }) =>
    failed === undefined || createdAt >= failed.createdAt
  if (current !== undefined && counts(current)) {
    const isIt = current.revision === commit
    // an older revision that is restored as it was is in the history of the failed one, too
    if (
      isIt ||
      (bad === undefined && (await isAncestor(repository, { older: commit, newer: current.revision })))
    ) {
      const evidence = sayNewest(environment, current.revision)
      return { state: 'deployed', revision: current.revision, url: run?.url ?? '', evidence }
    }
  }
  if (run?.conclusion !== 'success') return { state: 'not-deployed' }
  if (!counts(run) || (current !== undefined && current.createdAt > run.createdAt))
    return { state: 'superseded' }
  return {
    state: 'deployed',
    revision: commit,
    url: run.url,
    evidence: `${workflow} deployed it: ${run.url}`,
  }
}

/**
 * The same where nothing is known of what deploys: by GitHub's deployments alone.
 * @param commit full id of the restored revision
 * @param alike full ids of revisions with the same content, any of which may be deployed instead: after the failed one was
 * @param bad the failed revision
 * @returns undefined where GitHub's deployments do not say: the environment has none, or those of the failed revision are not there
 */
export async function findRestoredByDeployments(
  repository: Repository,
  {
    environment,
    commit,
    alike,
    bad,
  }: {
    readonly environment: string
    readonly commit: string
    readonly alike: readonly string[]
    readonly bad: string
  },
): Promise<Restored | undefined> {
  const read = await attempt(() =>
    Promise.all([
      findDeployed(repository, environment),
      newestDeployment(repository, { environment, revision: bad }),
      newestDeployment(repository, { environment }),
    ]),
  )
  if (isUserFacing(read)) return { state: 'unreadable', because: read.message }
  const [current, failed, newest] = read
  // all have failed, or have not ended
  if (current === undefined) return newest === undefined ? undefined : { state: 'not-deployed' }
  const { revision } = current
  if (alike.includes(revision)) {
    if (failed === undefined) return undefined
    if (!isLater(current, failed)) return { state: 'not-deployed' }
  } else if (!(await isAncestor(repository, { older: commit, newer: revision })))
    return { state: 'not-deployed' }
  return { state: 'deployed', revision, url: '', evidence: sayNewest(environment, revision) }
}

function sayNewest(environment: string, revision: string): string {
  return `the newest successful deployment of ${environment} is ${shortRevision(revision)}`
}

/** GitHub gives times in whole seconds; ids ascend. */
function isLater(one: Deployment, other: Deployment): boolean {
  const between = one.createdAt.getTime() - other.createdAt.getTime()
  return between === 0 ? one.id > other.id : between > 0
}

/** However it ended. */
async function newestDeployment(
  repository: Repository,
  of: { readonly environment: string; readonly revision?: string },
): Promise<Deployment | undefined> {
  for await (const deployment of listDeployments(repository, of)) return deployment
  return undefined
}

/** A token that may not see deployments sees none: the runs of the workflow remain. */
async function visible(deployment: Promise<Deployment | undefined>): Promise<Deployment | undefined> {
  try {
    return await deployment
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
}
