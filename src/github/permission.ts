import type { Repository } from './client.ts'
import { explained, isRefused } from './refusal.ts'

/** True when the account may push to the repository: an app's account and one that is gone may not. */
export async function mayWrite({ octokit, owner, repo }: Repository, login: string): Promise<boolean> {
  const need = { doing: `read what ${login} may do`, permission: 'metadata: read' }
  return explained(need, async () => {
    try {
      const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({
        owner,
        repo,
        username: login,
      })
      // `maintain` is told as write, `triage` as read
      return data.permission === 'admin' || data.permission === 'write'
    } catch (error) {
      if (isRefused(error, 'not-found')) return false
      throw error
    }
  })
}
