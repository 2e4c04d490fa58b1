import { isUserFacing } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { readIssue } from '../../github/issues.ts'
import { isOverdue } from './action-items.ts'
import { openActionItems } from './sub-issues.ts'

/** An action item of a post-mortem that is not done. */
export interface OpenItem {
  readonly text: string
  /** a login; null for none */
  readonly owner: string | null
  /** `2026-12-04`; null for none */
  readonly due: string | null
  readonly isOverdue: boolean
  readonly issue: number
  readonly url: string
}

/** The newest post-mortems: each is a request or two. */
const mostPostmortems = 30

/**
 * What is still to do after incidents, as it stands in their post-mortems now: overdue items first, then by due date.
 * @param issues addresses of post-mortems with their incidents, oldest first; those of other repositories are passed over
 * @returns a clause that says why instead, where they cannot be read
 */
export async function listOpenItems(
  repository: Repository,
  issues: readonly { readonly url: string; readonly incident: string }[],
  now: Date,
): Promise<readonly OpenItem[] | string> {
  const { owner, repo } = repository
  const own = new Map(
    issues.flatMap(({ url, incident }) => {
      const [, path = '', number = ''] = /^https?:\/\/[^/]+\/(.+)\/issues\/(\d+)$/.exec(url) ?? []
      return path.toLowerCase() === `${owner}/${repo}`.toLowerCase()
        ? [[Number(number), incident] as const]
        : []
    }),
  )
  try {
    const found: OpenItem[] = []
    for (const [number, incident] of [...own].slice(-mostPostmortems)) {
      const issue = await readIssue(repository, number)
      if (issue === undefined) continue
      for (const item of await openActionItems(repository, issue, incident))
        found.push({
          text: item.text,
          owner: item.owner ?? null,
          due: item.due ?? null,
          isOverdue: isOverdue(item, now),
          issue: number,
          url: issue.url,
        })
    }
    return found.sort((a, b) => Number(b.isOverdue) - Number(a.isOverdue) || compare(a.due, b.due))
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return error.message
  }
}

/** What has no day comes last. */
function compare(a: string | null, b: string | null): number {
  if (a === b) return 0
  return (a ?? '9') < (b ?? '9') ? -1 : 1
}
