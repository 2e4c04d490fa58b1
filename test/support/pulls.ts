import type { Issue } from './github/hosted-repository.ts'

/** A pull request that was merged into main as a commit. */
export function mergedPull(number: number, title: string, sha: string): Issue {
  const author = { login: 'ada', kind: 'user', permissions: {}, value: '', isBot: false } as const
  const at = new Date()
  const times = { createdAt: at, updatedAt: at, closedAt: at }
  const rest = { stateReason: null, labels: [], assignees: [], body: null } as const
  const pull = {
    head: `b${number}`,
    base: 'main',
    draft: false,
    mergedAs: sha,
    reviewers: [],
    autoMerge: false,
  }
  return { id: number, number, title, author, state: 'closed', ...times, ...rest, pull }
}
