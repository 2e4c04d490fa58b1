import { ConflictError, InputError, message, RefusedError, setting } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import type { Commit } from '../../github/commits.ts'
import { addLabels } from '../../github/issues.ts'
import {
  enableAutoMerge,
  findOpenPull,
  openPull,
  type PullRequest,
  requestReviews,
} from '../../github/pulls.ts'
import { type BranchRules, rulesAgainstPush } from '../../github/rules.ts'
import type { Delivery } from './deliveries.ts'
import { type CodeRepository, createCommit, createRef, isPlain, readCommit, readRef } from './repository.ts'

/** The way a rollback takes to its branch, and why, in a clause. */
export interface Way {
  /** branch: one of its own, where there are no pull requests. reset: the branch goes back to an older commit. none: it stays */
  readonly way: 'direct' | 'pull-request' | 'branch' | 'reset' | 'none'
  readonly because: string
}

/** Chooses by the branch's rules, which are read before anything is tried. */
export function chooseWay(delivery: Delivery, rules: BranchRules): Way {
  if (delivery !== 'auto') return { way: delivery, because: `the delivery is ${delivery}` }
  const against = rulesAgainstPush(rules)
  if (against.length > 0)
    return { way: 'pull-request', because: `the branch has the rule ${against.join(', ')}` }
  return {
    way: 'direct',
    because: rules.isProtected
      ? 'no rule of the branch is known to forbid it'
      : 'no rule of the branch forbids it',
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

/** @throws InputError for what is neither a login nor `team:` and the name of a team */
export function demandReviewers(reviewers: readonly string[]): void {
  for (const reviewer of reviewers) {
    const [, team, name = ''] = /^(team:)?(.*)$/.exec(reviewer) ?? []
    if (/^[\w-]{1,100}$/.test(name) || (team !== undefined && /^[\w.-]{1,100}$/.test(name))) continue
    const short = name.replace(/^@/, '').replace(/^.*\//, '')
    const cure = short === '' ? 'octocat or team:ops' : `${team ?? ''}${short}`
    throw new InputError(
      message`${setting('reviewers')} names "${reviewer}", which is neither a login nor team: with the name of a team of the organization; write ${cure}`,
    )
  }
}

/** The commit that a rollback makes, as it is to be made. */
export interface CommitDraft {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
}

/** Where a proposed commit is. */
interface Proposed {
  /** undefined where there are no pull requests, and its branch is all there is */
  readonly pull: PullRequest | undefined
  readonly proposedOn: string
}

/**
 * Proposes a commit by a pull request, or by a branch of its own over plain git. Can be killed anywhere and run again: a
 * branch that is there already is taken over when it holds the same content on the same parent, and so is its pull request.
 * @throws ConflictError when the branch's name is taken by something else
 */
export async function propose(
  repository: CodeRepository,
  { draft, proposal }: { draft: CommitDraft; proposal: Proposal },
): Promise<Proposed & { readonly commit: Commit }> {
  const { branch, base } = proposal
  // a token that may not see pull requests is refused before there is a branch
  if (!isPlain(repository)) await findOpenPull(repository, { head: branch, base })
  const made = await createCommit(repository, draft)
  const there = await createRef(repository, { ref: `heads/${branch}`, sha: made.sha })
  const commit = there === made.sha ? made : await readCommit(repository, there)
  if (commit.tree !== draft.tree || commit.parents.join() !== draft.parents.join()) {
    throw new ConflictError(
      `the branch ${branch} holds another change already (${there.slice(0, 7)}): merge or delete it, and run again`,
    )
  }
  if (isPlain(repository)) return { commit, pull: undefined, proposedOn: branch }
  try {
    return { commit, pull: await askForMerge(repository, proposal), proposedOn: branch }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError(
      message`${error}. The commit is on the branch ${branch}: open a pull request from it into ${base} yourself, or run this again`,
      { cause: error.cause },
    )
  }
}

async function askForMerge(repository: Repository, proposal: Proposal): Promise<PullRequest> {
  const { base, branch: head, title, body, draft } = proposal
  const pull = await openPull(repository, { head, base, title, body, draft })
  await addLabels(repository, { number: pull.number, labels: proposal.labels })
  await requestReviews(repository, { number: pull.number, reviewers: proposal.reviewers })
  if (proposal.autoMerge) await enableAutoMerge(repository, pull)
  return pull
}

/** What an earlier run has proposed, on whatever people have made of it; undefined when there is nothing. */
export async function findProposed(
  repository: CodeRepository,
  { branch, base }: Proposal,
): Promise<(Proposed & { readonly commit: string }) | undefined> {
  const pull = isPlain(repository) ? undefined : await findOpenPull(repository, { head: branch, base })
  if (pull === undefined && !isPlain(repository)) return undefined
  const commit = await readRef(repository, `heads/${branch}`)
  return commit === undefined ? undefined : { commit, pull, proposedOn: branch }
}
