import { ConflictError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { type Commit, createCommit, readCommit } from '../github/commits.ts'
import { addLabels } from '../github/issues.ts'
import { enableAutoMerge, findOpenPull, openPull, type PullRequest, requestReviews } from '../github/pulls.ts'
import { createRef } from '../github/refs.ts'
import { type BranchRules, rulesAgainstPush } from '../github/rules.ts'

export const deliveries = ['auto', 'direct', 'pull-request'] as const
export type Delivery = (typeof deliveries)[number]

/** The way a rollback takes to its branch, and why, in a clause. */
export interface Way {
  /** reset: the branch goes back to an older commit. none: the branch stays */
  readonly way: 'direct' | 'pull-request' | 'reset' | 'none'
  readonly because: string
}

/** Chooses by the branch's rules, which are read before anything is tried. */
export function chooseWay(delivery: Delivery, rules: BranchRules): Way {
  if (delivery !== 'auto') return { way: delivery, because: `input "delivery" is ${delivery}` }
  const against = rulesAgainstPush(rules)
  if (against.length > 0)
    return { way: 'pull-request', because: `the branch has the rule ${against.join(', ')}` }
  return {
    way: 'direct',
    because: rules.isProtected
      ? 'no rule of the branch is known to forbid it'
      : 'the branch has no rule against it',
  }
}

export interface Proposal {
  readonly base: string
  /** the branch that the pull request comes from; the same each time this rollback is run */
  readonly branch: string
  readonly title: string
  /** Markdown */
  readonly body: string
  readonly labels: readonly string[]
  readonly reviewers: readonly string[]
  readonly draft: boolean
  readonly autoMerge: boolean
}

/** The commit that a rollback makes, as it is to be made. */
export interface CommitDraft {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
}

/**
 * Proposes a commit by a pull request. Can be killed anywhere and run again: a branch that is there already is taken
 * over when it holds the same content on the same parent, and so is its pull request.
 * @throws ConflictError when the branch's name is taken by something else
 */
export async function propose(
  repository: Repository,
  { draft, proposal }: { draft: CommitDraft; proposal: Proposal },
): Promise<{ readonly commit: Commit; readonly pull: PullRequest }> {
  // a token that may not see pull requests is refused before there is a branch
  await findOpenPull(repository, { head: proposal.branch, base: proposal.base })
  const made = await createCommit(repository, draft)
  const there = await createRef(repository, { ref: `heads/${proposal.branch}`, sha: made.sha })
  const commit = there === made.sha ? made : await readCommit(repository, there)
  if (commit.tree !== draft.tree || commit.parents.join() !== draft.parents.join()) {
    throw new ConflictError(
      `the branch ${proposal.branch} holds another change already (${there.slice(0, 7)}): merge or delete it, and run again`,
    )
  }
  const { base, branch: head, title, body, draft: isDraft } = proposal
  const pull = await openPull(repository, { head, base, title, body, draft: isDraft })
  await addLabels(repository, { number: pull.number, labels: proposal.labels })
  await requestReviews(repository, { number: pull.number, reviewers: proposal.reviewers })
  if (proposal.autoMerge) await enableAutoMerge(repository, pull)
  return { commit, pull }
}
