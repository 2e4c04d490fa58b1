import type { Repository } from './client.ts'
import { explained, isRefused } from './refusal.ts'

/**
 * Whether only some branches or tags may deploy to an environment. One that does not exist has no such rule.
 * https://docs.github.com/en/rest/deployments/environments#get-an-environment
 */
export async function limitsRefs(
  { octokit, owner, repo }: Repository,
  environment: string,
): Promise<boolean> {
  const need = { doing: `read the rules of the environment ${environment}`, permission: 'actions: read' }
  return explained(need, async () => {
    try {
      const { data } = await octokit.rest.repos.getEnvironment({ owner, repo, environment_name: environment })
      return (data.deployment_branch_policy ?? null) !== null
    } catch (error) {
      if (isRefused(error, 'not-found')) return false
      throw error
    }
  })
}
