import { InputError, message, RefusedError, setting } from '../../errors.ts'
import { findChanges } from './changes.ts'
import { demandOlder } from './elsewhere.ts'
import { warnOfLater } from './later.ts'
import { type RollbackTrace, tagOf, writeMessage } from './message.ts'
import { neighboursOf } from './neighbours.ts'
import { demandHead, findCollateral, findPulls, type RestorePlan, scopeOf } from './plan.ts'
import { publishReset } from './publish.ts'
import type { RollbackReceipt } from './receipt.ts'
import { listRollbackTags, type TaggedRollback } from './recent.ts'
import {
  type CodeRepository,
  compareCommits,
  isAncestor,
  isPlain,
  moveBranch,
  readCommit,
  readFacts,
  resetBranch,
} from './repository.ts'
import { demandUndone, filesOf, type RestoreRequest } from './restore.ts'
import { findTarget } from './target.ts'
import { findWarnings } from './warnings.ts'

export interface ResetRequest extends RestoreRequest {
  /** the default branch is reset too: everybody's clone has what is taken away, and brings it back by its next push */
  readonly allowDefaultBranch: boolean
}

/**
 * Plans to move a branch back to a good revision, so that what came after it is on the branch no more; changes nothing.
 * @throws InputError as a restore does, and for the default branch unless that is allowed
 */
export async function planReset(repository: CodeRepository, request: ResetRequest): Promise<RestorePlan> {
  const { branch, environment, bad, incident, paths, delivery, allowDefaultBranch } = request
  if (paths.length > 0)
    throw new InputError(
      message`${setting('paths')} is given, and a reset moves the whole branch; use mode: restore`,
    )
  if (delivery === 'pull-request')
    throw new InputError(
      message`${setting('code.delivery')} is pull-request, and a pull request cannot move a branch back; use mode: restore`,
    )
  if (!allowDefaultBranch && branch === (await readFacts(repository)).defaultBranch) {
    throw new InputError(
      message`mode: reset would remove commits from ${branch}, the default branch, which every clone has; use mode: restore, or set ${setting('allow-reset-default-branch')} to true`,
    )
  }
  const head = await demandHead(repository, branch)
  const resets = (await listRollbackTags(repository)).filter((each) => each.reset === branch)
  const earlier = resets.find((each) => each.incident === incident)
  const base = earlier !== undefined && head === earlier.to ? earlier.from : head
  const rolledBack = new Set(resets.map((each) => each.incident))
  const target = await findTarget(repository, { ...request, head: base, rolledBack, mayBeElsewhere: false })
  const comparison = await compareCommits(repository, { base: target.commit.sha, head: base })
  const asked = { comparison, branch, environment, from: base, target, request: request.target }
  await demandOlder(repository, { ...asked, mayBeElsewhere: false })
  const undone = comparison.commits
  await demandUndone(repository, { bad, from: base, branch, target, undone })
  const current = undone.find(({ sha }) => sha === base) ?? (await readCommit(repository, base))
  const [changes, pulls, collateral, neighbours] = await Promise.all([
    findChanges(repository, comparison.files, { current, target: target.commit }),
    findPulls(repository, undone),
    findCollateral(repository, { bad, head: base, undone }),
    neighboursOf(repository, { environment, target, from: base }),
  ])
  const later = await warnOfLater(repository, { bad, current, undone, collateral, paths })
  return {
    mode: 'reset',
    branch,
    head: base,
    target,
    paths: [],
    content: { kind: 'tree', tree: target.commit.tree },
    undone,
    undoneCount: comparison.aheadBy,
    collateral,
    files: filesOf(changes, comparison),
    done: head === target.commit.sha && base !== head ? target.commit : undefined,
    since: [],
    takenBackBy: undefined,
    sameContent: false,
    pulls,
    warnings: [...neighbours, ...findWarnings(changes, isPlain(repository)), ...later],
    way: { way: 'reset', because: 'the mode is reset' },
    badIsRollback: false,
    ...(earlier?.from === base && { safetyTag: earlier.tag }),
  }
}

/**
 * Resets the branch. What it was at is tagged first, so that nothing is lost.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function applyReset(
  repository: CodeRepository,
  plan: RestorePlan,
  { trace, now }: { trace: RollbackTrace; now: Date },
): Promise<Omit<RollbackReceipt, 'verified'>> {
  const { branch, head: from, target, done, safetyTag } = plan
  const { sha: to, tree } = target.commit
  const receipt = { from, to, commit: to, tree, untagged: undefined, pull: undefined }
  if (done !== undefined) return { ...receipt, tag: safetyTag, outcome: 'already-rolled-back' }
  const move = { branch, from, to }
  if (safetyTag !== undefined) {
    await resetBranch(repository, move)
    return { ...receipt, tag: safetyTag, outcome: 'rolled-back' }
  }
  const said = writeMessage(trace, scopeOf(plan))
  const tag = await publishReset(repository, move, { tag: tagOf(now), message: said })
  return { ...receipt, tag, outcome: 'rolled-back' }
}

/**
 * Moves a branch that was reset forward to where it was; done twice, it does nothing the second time.
 * @returns one sentence: where it is now
 * @throws RefusedError when others have put commits on it since
 */
export async function undoReset(
  repository: CodeRepository,
  branch: string,
  { from, now }: { readonly from: string; readonly now: string },
): Promise<string> {
  const head = await demandHead(repository, branch)
  const at = `${branch} is at ${head.slice(0, 7)}`
  if (await isAncestor(repository, { older: from, newer: head }))
    return `${at}, which has ${from.slice(0, 7)} in its history already`
  if (head !== now) {
    throw new RefusedError(
      `${at}, and no longer at ${now.slice(0, 7)}, where the reset moved it: nothing was changed; merge ${from} into ${branch} to have both`,
    )
  }
  await moveBranch(repository, { branch, from: head, to: from })
  return `${branch} is at ${from.slice(0, 7)} again`
}

/** The newest reset of a branch that still stands; undefined when there is none. @param incident whose; undefined for anybody's */
export async function findReset(
  repository: CodeRepository,
  { branch, incident }: { branch: string; incident: string | undefined },
): Promise<TaggedRollback | undefined> {
  const head = await demandHead(repository, branch)
  const tags = await listRollbackTags(repository)
  return tags.find(
    (each) =>
      each.reset === branch && each.to === head && (incident === undefined || each.incident === incident),
  )
}
