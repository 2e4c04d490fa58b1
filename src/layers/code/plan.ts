import { InputError, message, RefusedError, setting, UnavailableError } from '../../errors.ts'
import type { Commit } from '../../github/commits.ts'
import type { Comparison } from '../../github/compare.ts'
import { type PullRequest, pullsOfCommits } from '../../github/pulls.ts'
import type { Content } from './content.ts'
import type { Delivery } from './deliveries.ts'
import type { Way } from './delivery.ts'
import { type EarlierRollback, findRollbacks, lookAfter } from './earlier.ts'
import type { Target } from './found-target.ts'
import { type RollbackScope, writeRevertGoal } from './message.ts'
import { type CodeRepository, compareHistories, isPlain, listCommits, readRef } from './repository.ts'
import type { Warning } from './warnings.ts'

/** What a rollback of the code would do: one commit on top of the branch. */
interface PlanBase {
  readonly branch: string
  /** where the branch stood when this was planned: it is moved from there or not at all */
  readonly head: string
  /** what the branch gets */
  readonly content: Content
  /** what is undone, oldest first; GitHub lists at most 250 */
  readonly undone: readonly Commit[]
  readonly undoneCount: number
  /** those of them that came after the failed revision: it may not be their fault, and they go all the same */
  readonly collateral: readonly Commit[]
  readonly files: Comparison['files']
  /** the rollback commit that an earlier run of the same rollback has already put on the branch, and that still holds */
  readonly done: Commit | undefined
  /** what came on top of that commit, oldest first: it stays */
  readonly since: readonly Commit[]
  /** the commit that took an earlier rollback of this incident back: what it brought back is undone again */
  readonly takenBackBy: Commit | undefined
  /** true when the branch already has that content by other means */
  readonly sameContent: boolean
  /** the merged pull requests that brought what is undone */
  readonly pulls: Pulls
  readonly warnings: readonly Warning[]
  readonly way: Way
  /** the failed revision is itself a rollback */
  readonly badIsRollback: boolean
}

/**
 * A good revision comes back: by its content or some of its paths (restore), by the branch going back to it (reset), or by
 * being deployed while the branch stays (deploy-only).
 */
export interface RestorePlan extends PlanBase {
  readonly mode: 'restore' | 'reset' | 'deploy-only'
  readonly target: Target
  /** the paths that are restored; all of them when there are none */
  readonly paths: readonly string[]
  /** the failed revision has at these paths what the good one has: its deployment changed nothing there */
  readonly isUntouched?: boolean
  /** with reset: the tag that an earlier run has put on the head, so that nothing is lost */
  readonly safetyTag?: string
}

/** Some commits are undone, and what came after them stays. */
export interface RevertPlan extends PlanBase {
  readonly mode: 'revert'
}

/**
 * A rollback is taken back: now (undo), or by a draft pull request on which its fault is mended first (reapply). `done` is
 * the commit that has taken it back already.
 */
export interface UndoPlan extends PlanBase {
  readonly mode: 'undo' | 'reapply'
  /** the incident that it was for */
  readonly incident: string
  /** the commit that is taken back */
  readonly rollback: Commit
}

export type RollbackPlan = RestorePlan | RevertPlan | UndoPlan

/** What every way of rolling back has to know. */
export interface RollbackRequest {
  readonly branch: string
  readonly environment: string
  readonly incident: string
  /** the revision whose deployment failed */
  readonly bad: string
  readonly delivery: Delivery
}

/** What a plan goes to, for the history: the id of a revision, the commits that are taken away, or the rollback that is. */
export function goalOf(plan: RollbackPlan): string {
  switch (plan.mode) {
    case 'revert':
      return writeRevertGoal(plan.undone)
    case 'undo':
    case 'reapply':
      return `${plan.mode}:${plan.rollback.sha}`
    default:
      return plan.target.commit.sha
  }
}

/** True when a plan takes a rollback back. */
export function takesBack(plan: RollbackPlan): plan is UndoPlan {
  return plan.mode === 'undo' || plan.mode === 'reapply'
}

/** What the messages of its commit and its tag say a plan is about. */
export function scopeOf(plan: RollbackPlan): RollbackScope {
  const { mode } = plan
  const paths = 'paths' in plan ? plan.paths : []
  return {
    mode,
    paths,
    ...(mode === 'reset' && { reset: plan.branch }),
    ...(takesBack(plan) && { undoes: plan.rollback.sha }),
    ...(mode === 'revert' && { without: plan.undone.map(({ sha }) => sha) }),
  }
}

/** A rollback of this incident that still holds. */
export interface HoldingRollback extends EarlierRollback {
  /** what came on top of it, oldest first */
  readonly since: readonly Commit[]
}

/** How the branch stands, and what of this incident's rollbacks is on it already. */
export interface Standing {
  readonly head: string
  readonly rollbacks: readonly EarlierRollback[]
  /** those of this incident that still hold, newest first: several where each restored other paths */
  readonly holding: readonly HoldingRollback[]
  /** where the branch stood before the first of them */
  readonly base: string
  readonly takenBackBy: Commit | undefined
}

/** Where a branch is. @throws InputError when there is no such branch */
export async function demandHead(repository: CodeRepository, branch: string): Promise<string> {
  const head = await readRef(repository, `heads/${branch}`)
  if (head !== undefined) return head
  const short = branch.replace(/^(?:refs\/)?(?:heads\/|remotes\/)?(?:origin\/)?/, '')
  const cure = short === branch || short === '' ? 'name the deployed branch' : `write ${short}`
  throw new InputError(
    message`${setting('branch')} is "${branch}", and ${repository.owner}/${repository.repo} has no such branch; ${cure}`,
  )
}

/** @throws InputError when there is no such branch */
export async function readStanding(
  repository: CodeRepository,
  { branch, incident }: Pick<RollbackRequest, 'branch' | 'incident'>,
): Promise<Standing> {
  const head = await demandHead(repository, branch)
  const rollbacks = findRollbacks(await listCommits(repository, { branch: head, count: 100 }))
  const holding: HoldingRollback[] = []
  for (const earlier of rollbacks.filter((each) => each.incident === incident)) {
    const { since, takenBackBy } = await lookAfter(repository, earlier, head)
    const base = holding.at(-1)?.from ?? head
    if (takenBackBy !== undefined)
      return { head, rollbacks, holding, base, takenBackBy: base === head ? takenBackBy : undefined }
    holding.push({ ...earlier, since })
  }
  return { head, rollbacks, holding, base: holding.at(-1)?.from ?? head, takenBackBy: undefined }
}

/** The undone commits that came after the failed revision. */
export async function findCollateral(
  repository: CodeRepository,
  { bad, head, undone }: { bad: string; head: string; undone: readonly Commit[] },
): Promise<readonly Commit[]> {
  if (bad === head || !undone.some(({ sha }) => sha === bad)) return []
  const { commits } = await compareHistories(repository, { base: bad, head })
  const later = new Set(commits.map(({ sha }) => sha))
  return undone.filter(({ sha }) => later.has(sha))
}

/** Pull requests are asked for of the newest commits, as many as one query takes. */
const askedCommits = 100

/** Undefined where the token may not see them, and on plain git. */
export type Pulls = readonly PullRequest[] | 'not-answered' | undefined

/** The pull requests, as far as they are known. */
export function knownPulls({ pulls = [] }: { readonly pulls: Pulls }): readonly PullRequest[] {
  return pulls === 'not-answered' ? [] : pulls
}

/** A token that may not see pull requests may still roll back, and so may a run that gets no answer; plain git knows none. */
export async function findPulls(repository: CodeRepository, commits: readonly Commit[]): Promise<Pulls> {
  if (isPlain(repository)) return undefined
  try {
    return await pullsOfCommits(
      repository,
      commits.slice(-askedCommits).map(({ sha }) => sha),
    )
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    if (error instanceof UnavailableError) return 'not-answered'
    throw error
  }
}
