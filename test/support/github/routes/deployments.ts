import { type Call, pageOf, type Routes } from '../call.ts'
import type { Deployment, DeploymentStatus, HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { deployment, deploymentStatus } from '../represent.ts'
import type { Token } from '../tokens.ts'
import { toPerson } from './git-data.ts'

/** https://docs.github.com/en/rest/deployments */
export const deployments: Routes = {
  'repos/list-deployments': {
    permission: 'deployments:read',
    handle({ repository, query }) {
      const wanted = (['sha', 'ref', 'task', 'environment'] as const).map(
        (key) => [key, query.get(key)] as const,
      )
      const found = repository.deployments.filter((each) => {
        return wanted.every(([key, value]) => value === null || each[key] === value)
      })
      const { body, headers } = pageOf(found, query)
      return { status: 200, body: body.map((each) => deployment(repository, each)), headers }
    },
  },

  'repos/get-deployment': {
    permission: 'deployments:read',
    handle: (call) => ({ status: 200, body: deployment(call.repository, find(call)) }),
  },

  'repos/create-deployment': {
    permission: 'deployments:write',
    async handle({ repository, token, body }) {
      const sha = await repository.git.resolve(body.ref)
      if (sha === undefined) throw new Refusal(422, `No ref found for: ${body.ref}`)
      const merged =
        (body.auto_merge ?? true) && (await mergeDefault(repository, { sha, ref: body.ref, token }))
      if (merged) {
        const message = `Auto-merged ${repository.defaultBranch} into ${body.ref} on deployment.`
        return { status: 202, body: { message } }
      }
      demandContexts(repository, { contexts: body.required_contexts, sha, ref: body.ref })
      const environment = body.environment ?? 'production'
      const stored: Deployment = {
        id: repository.nextId(),
        sha,
        ref: body.ref,
        task: body.task ?? 'deploy',
        payload: body.payload ?? '',
        environment,
        description: body.description ?? null,
        transient: body.transient_environment ?? false,
        production: body.production_environment ?? environment === 'production',
        creator: token,
        createdAt: new Date(),
        statuses: [],
      }
      repository.deployments.unshift(stored)
      return { status: 201, body: deployment(repository, stored) }
    },
  },

  'repos/list-deployment-statuses': {
    permission: 'deployments:read',
    handle(call) {
      const found = find(call)
      const { body, headers } = pageOf(found.statuses, call.query)
      return {
        status: 200,
        body: body.map((each) => deploymentStatus(call.repository, found, each)),
        headers,
      }
    },
  },

  'repos/create-deployment-status': {
    permission: 'deployments:write',
    handle(call) {
      const { repository, token, body } = call
      const found = find(call)
      if ((body.description ?? '').length > 140)
        throw new Refusal(422, 'Validation Failed: description is too long')
      const stored: DeploymentStatus = {
        id: repository.nextId(),
        state: body.state,
        description: body.description ?? '',
        environment: body.environment ?? found.statuses[0]?.environment ?? found.environment,
        logUrl: [body.log_url, body.target_url].find((url) => url !== undefined) ?? '',
        environmentUrl: body.environment_url ?? '',
        creator: token,
        createdAt: new Date(),
      }
      found.statuses.unshift(stored)
      const endsOthers = body.auto_inactive ?? true
      if (body.state === 'success' && endsOthers) endPrior(repository, found, token)
      return { status: 201, body: deploymentStatus(repository, found, stored) }
    },
  },
}

function find({
  repository,
  params,
}: Pick<Call<'repos/get-deployment'>, 'repository' | 'params'>): Deployment {
  const found = repository.deployments.find(({ id }) => String(id) === params['deployment_id'])
  if (found === undefined) throw notFound()
  return found
}

/**
 * Where a branch lacks commits of the default branch GitHub merges these into it, and deploys nothing.
 * @returns true when it was so
 * @throws Refusal when they conflict, or what is to be deployed is not a branch
 */
async function mergeDefault(
  { git, defaultBranch }: HostedRepository,
  { sha, ref, token }: { sha: string; ref: string; token: Token },
): Promise<boolean> {
  const head = await git.resolve(defaultBranch)
  if (head === undefined || (await git.isAncestor(head, sha))) return false
  const branch = await git.readRef(`refs/heads/${ref}`)
  const tree = branch === undefined ? undefined : await git.mergeTrees(sha, head)
  if (branch === undefined || tree === undefined)
    throw new Refusal(409, `Conflict merging ${defaultBranch} into ${ref}.`)
  const person = toPerson(undefined, token)
  const message = `Merge ${defaultBranch} into ${ref}`
  const merge = await git.writeCommit({
    tree,
    parents: [sha, head],
    message,
    author: person,
    committer: person,
  })
  if (!(await git.moveRef(branch.name, { from: sha, to: merge })))
    throw new Refusal(409, `Conflict merging ${defaultBranch} into ${ref}.`)
  return true
}

/** Left out, `required_contexts` means all contexts there are. */
function demandContexts(
  { statuses }: HostedRepository,
  { contexts, sha, ref }: { contexts: readonly string[] | undefined; sha: string; ref: string },
): void {
  const ofCommit = statuses.filter((each) => each.sha === sha)
  const required = new Set(contexts ?? ofCommit.map(({ context }) => context))
  const states = [...required].map((context) => {
    return { context, state: ofCommit.find((each) => each.context === context)?.state ?? 'pending' }
  })
  if (states.every(({ state }) => state === 'success')) return
  const errors = [{ contexts: states, resource: 'Deployment', field: 'required_contexts', code: 'invalid' }]
  throw new Refusal(409, `Conflict: Commit status checks failed for ${ref}.`, { extra: { errors } })
}

/** Of those before it, only those that are neither transient nor of production, and that had succeeded. */
function endPrior(repository: HostedRepository, kept: Deployment, token: Token): void {
  // the newest is the first
  const prior = repository.deployments.slice(repository.deployments.indexOf(kept) + 1)
  for (const each of prior) {
    if (each.environment !== kept.environment || each.transient || each.production) continue
    if (each.statuses[0]?.state !== 'success') continue
    each.statuses.unshift({
      ...each.statuses[0],
      id: repository.nextId(),
      state: 'inactive',
      creator: token,
      createdAt: new Date(),
    })
  }
}
