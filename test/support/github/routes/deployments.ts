import { type Call, pageOf, type Routes } from '../call.ts'
import type { Deployment, DeploymentStatus, HostedRepository } from '../hosted-repository.ts'
import { notFound, Refusal } from '../refusal.ts'
import { deployment, deploymentStatus } from '../represent.ts'

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
      await demandMergedDefault(repository, { autoMerge: body.auto_merge ?? true, sha, ref: body.ref })
      demandContexts(repository, { contexts: body.required_contexts, sha })
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
        environment: body.environment ?? found.environment,
        logUrl: body.log_url ?? body.target_url ?? '',
        environmentUrl: body.environment_url ?? '',
        creator: token,
        createdAt: new Date(),
      }
      found.statuses.unshift(stored)
      if (body.state === 'success' && (body.auto_inactive ?? true)) endOthers(repository, found, token)
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

/** A deployment of a branch that lacks commits of the default branch makes GitHub merge these, unless told not to. */
async function demandMergedDefault(
  { git, defaultBranch }: HostedRepository,
  { autoMerge, sha, ref }: { autoMerge: boolean; sha: string; ref: string },
): Promise<void> {
  const head = await git.resolve(defaultBranch)
  if (!autoMerge || head === undefined || (await git.isAncestor(head, sha))) return
  throw new Refusal(409, `Conflict merging ${defaultBranch} into ${ref}.`)
}

/** Left out, `required_contexts` means all contexts there are. */
function demandContexts(
  { statuses }: HostedRepository,
  { contexts, sha }: { contexts: readonly string[] | undefined; sha: string },
): void {
  const ofCommit = statuses.filter((each) => each.sha === sha)
  const required = contexts ?? ofCommit.map(({ context }) => context)
  const red = required.filter((name) => ofCommit.find(({ context }) => context === name)?.state !== 'success')
  if (red.length > 0) throw new Refusal(409, `Conflict: Commit status checks failed for ${sha}.`)
}

/** Only those that are neither transient nor of production, and that had succeeded. */
function endOthers(repository: HostedRepository, kept: Deployment, token: Call<'repos/get'>['token']): void {
  for (const each of repository.deployments) {
    if (each === kept || each.environment !== kept.environment || each.transient || each.production) continue
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
