import { foreseeable } from './once.ts'
import { explained, isRefused } from './refusal.ts'

/**
 * True when the account is a person's that may push to the repository now. An app is none: GitHub knows no user of its name
 * (`Copilot is not a user`), and neither does it know an account that is gone.
 */
export const mayWrite = foreseeable<string, boolean>(String, async ({ octokit, owner, repo }, login) => {
  if (login.endsWith('[bot]')) return false
  const need = { doing: `read what ${login} may do`, permission: 'metadata: read' }
  return explained(need, async () => {
    try {
      const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({
        owner,
        repo,
        username: login,
      })
      // GitHub reports `maintain` as write, and `triage` as read
      return data.permission === 'admin' || data.permission === 'write'
    } catch (error) {
      if (isRefused(error, 'not-found')) return false
      throw error
    }
  })
})
