import type { EmulatedGitHub } from '../../test/support/github/server.ts'
import type { Repository } from '../github/client.ts'
import type { Production } from './production.ts'

/** What a deploy workflow does: GitHub's record of the deployment, the deployment itself, and its success. */
export async function deploy(
  { octokit, owner, repo }: Repository,
  production: Production,
  { revision, environment }: { revision: string; environment: string },
): Promise<void> {
  const { data } = await octokit.rest.repos.createDeployment({
    owner,
    repo,
    ref: revision,
    environment,
    auto_merge: false,
    required_contexts: [],
  })
  if (!('id' in data)) throw new Error(`GitHub did not create the deployment: ${data.message}`)
  await production.deploy(revision)
  await octokit.rest.repos.createDeploymentStatus({ owner, repo, deployment_id: data.id, state: 'success' })
}

/**
 * Runs the workflow `deploy.yml` when it is dispatched, as GitHub's runners would: the run goes on beside the one that
 * started it. @returns what ends it, once no run is under way
 */
export function serveDeployments(
  github: Pick<EmulatedGitHub, 'onRequest'>,
  hosted: Awaited<ReturnType<EmulatedGitHub['createRepository']>>,
  run: (revision: string) => Promise<void>,
): () => Promise<void> {
  const under = new Set<Promise<void>>()
  const begun = new Set<number>()
  const stop = github.onRequest(() => {
    for (const [index, each] of hosted.runs.entries()) {
      const revision = hosted.dispatches[index]?.inputs['revision']
      if (begun.has(each.id) || each.workflow !== 'deploy.yml' || typeof revision !== 'string') continue
      begun.add(each.id)
      each.status = 'in_progress'
      const job = run(revision).then(
        () => void Object.assign(each, { status: 'completed', conclusion: 'success' }),
        () => void Object.assign(each, { status: 'completed', conclusion: 'failure' }),
      )
      under.add(job)
    }
  })
  return async () => {
    stop()
    await Promise.all(under)
  }
}
