import type { CheckState } from './checks.ts'
import type { Repository } from './client.ts'
import { foreseeable } from './once.ts'
import { explained } from './refusal.ts'

export interface Deployment {
  readonly id: number
  readonly environment: string
  readonly revision: string
  readonly createdAt: Date
  /** `deploy` unless whoever made it said something else, such as `deploy:migrations` */
  readonly task: string
  /** of an environment that goes again, such as the preview of a pull request */
  readonly isTransient: boolean
}

interface ListedDeployment {
  readonly id: number
  readonly environment: string
  readonly sha: string
  readonly created_at: string
  readonly task: string
  readonly transient_environment?: boolean
}

const toDeployment = (listed: ListedDeployment): Deployment => {
  const {
    id,
    environment,
    sha: revision,
    created_at,
    task,
    transient_environment: isTransient = false,
  } = listed
  return { id, environment, revision, createdAt: new Date(created_at), task, isTransient }
}

const permission = 'deployments: read'

/** The newest hundred deployments of all environments, newest first. */
export const listNewestDeployments = foreseeable<void, readonly Deployment[]>(
  () => '',
  async ({ octokit, owner, repo }) => {
    const { data } = await explained({ doing: 'list the deployments', permission }, () =>
      octokit.rest.repos.listDeployments({ owner, repo, per_page: 100 }),
    )
    return data.map(toDeployment)
  },
)

/** The newest hundred deployments of an environment, newest first. */
export const listNewestOf = foreseeable<string, readonly Deployment[]>(
  (environment) => environment,
  async ({ octokit, owner, repo }, environment) => {
    const { data } = await explained({ doing: `list the deployments of ${environment}`, permission }, () =>
      octokit.rest.repos.listDeployments({ owner, repo, environment, per_page: pageSize }),
    )
    return data.map(toDeployment)
  },
)

const pageSize = 100

/** The deployments of an environment, or of a revision in it, newest first, a page of a hundred at a time so that a caller stops when it has what it seeks. */
export async function* listDeployments(
  repository: Repository,
  { environment, revision }: { environment: string; revision?: string },
): AsyncGenerator<Deployment> {
  const newest =
    revision === undefined
      ? await listNewestOf(repository, environment)
      : await listNewestOf.foreseen(repository, environment)
  yield* (newest ?? []).filter((each) => revision === undefined || each.revision === revision)
  if (newest !== undefined && newest.length < pageSize) return
  const { octokit, owner, repo } = repository
  const need = { doing: `list the deployments of ${environment}`, permission }
  // of a revision the list is another one, which begins anew
  const last = revision === undefined ? newest?.at(-1)?.id : undefined
  for (let page = last === undefined ? 1 : 2; ; page += 1) {
    const { data } = await explained(need, () =>
      octokit.rest.repos.listDeployments({
        ...{ owner, repo, environment, per_page: pageSize, page },
        ...(revision && { sha: revision }),
      }),
    )
    const known = new Set(newest?.map(({ id }) => id))
    yield* data.map(toDeployment).filter(({ id }) => !known.has(id))
    if (data.length < pageSize) return
  }
}

/** A state and why: GitHub takes 140 characters. */
export interface DeploymentMark {
  readonly state: 'success' | 'failure'
  readonly description: string
  /** where it was done, e.g. the run's address */
  readonly logUrl: string | undefined
}

/** Says how a deployment ended; one that ended so already is left as it is. @param description longer ones are cut off */
export async function markDeployment(
  { octokit, owner, repo }: Repository,
  { id }: Pick<Deployment, 'id'>,
  { state, description: given, logUrl }: DeploymentMark,
): Promise<void> {
  const description = given.length > 140 ? `${given.slice(0, 139)}…` : given
  const need = { doing: `mark deployment ${id}`, permission: 'deployments: write' }
  await explained(need, async () => {
    const about = { owner, repo, deployment_id: id }
    const { data } = await octokit.rest.repos.listDeploymentStatuses({ ...about, per_page: 1 })
    if (data[0]?.state === state) return
    await octokit.rest.repos.createDeploymentStatus({
      ...about,
      state,
      description,
      ...(logUrl !== undefined && { log_url: logUrl }),
      // the newest deployment is another one, and stays as it is
      auto_inactive: state === 'success',
    })
  })
}

/**
 * Records that a revision is put into an environment by a rollback. Without auto-merge and required contexts: GitHub would
 * merge the default branch into it, and want checks of it that ran long ago.
 */
export async function createDeployment(
  { octokit, owner, repo }: Repository,
  {
    environment,
    revision,
    description,
    payload,
  }: {
    environment: string
    revision: string
    description: string
    payload: Readonly<Record<string, string>>
  },
): Promise<Pick<Deployment, 'id'>> {
  const need = {
    doing: `record the deployment of ${revision.slice(0, 7)}`,
    permission: 'deployments: write',
  }
  const { data } = await explained(need, () =>
    octokit.rest.repos.createDeployment({
      owner,
      repo,
      ref: revision,
      task: 'rollback',
      environment,
      description: description.slice(0, 140),
      payload,
      auto_merge: false,
      required_contexts: [],
    }),
  )
  if (!('id' in data)) throw new TypeError(`no deployment was made: ${data.message ?? ''}`)
  return { id: data.id }
}

/**
 * The states that a deployment was in, newest first; empty for one that only just began. The newest alone does not say
 * whether it succeeded: a newer deployment turns an older one `inactive`, and in production environments not even that.
 */
export const readStates = foreseeable<Pick<Deployment, 'id'>, readonly string[]>(
  ({ id }) => String(id),
  async ({ octokit, owner, repo }, { id }) => {
    const { data } = await explained({ doing: `read the statuses of deployment ${id}`, permission }, () =>
      octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id, per_page: 100 }),
    )
    return data.map(({ state }) => state)
  },
)

/** How the newest deployment of a revision to an environment stands; `missing` when there is none. */
export async function deploymentState(
  repository: Repository,
  { environment, revision }: { environment: string; revision: string },
): Promise<CheckState> {
  const found = await listDeployments(repository, { environment, revision }).next()
  if (found.done) return 'missing'
  const states = await readStates(repository, found.value)
  if (states[0] === 'failure' || states[0] === 'error') return 'failure'
  // a newer deployment turns one that succeeded `inactive`
  return states.includes('success') ? 'success' : 'pending'
}
