import { foreseeable } from './once.ts'
import { explained, isRefused } from './refusal.ts'

/** The commit or tag object that a ref points at; undefined when there is no such ref. @param ref without `refs/`, e.g. `heads/main` */
export const readRef = foreseeable<string, string | undefined>(
  (ref) => ref,
  ({ octokit, owner, repo }, ref) =>
    explained({ doing: `read refs/${ref}`, permission: 'contents: read' }, async () => {
      try {
        const { data } = await octokit.rest.git.getRef({ owner, repo, ref })
        return data.object.sha
      } catch (error) {
        // an empty repository answers 409 to every question about refs
        if (isRefused(error, 'not-found') || isRefused(error, 'conflict')) return undefined
        throw error
      }
    }),
)
