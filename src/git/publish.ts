import { ConflictError, isUserFacing } from '../errors.ts'
import type { Commit } from '../github/commits.ts'
import { tagOf } from './message.ts'
import { type Move, moveAndTag, taggedCommit } from './plain/push.ts'
import { type RollbackPlan, takesBack } from './plan.ts'
import type { RollbackReceipt } from './receipt.ts'
import { type CodeRepository, isPlain, moveBranch, resetBranch, tagCommit } from './repository.ts'

type Tagged = Pick<RollbackReceipt, 'tag' | 'untagged'>

/**
 * Moves the branch forward to the rollback commit, and tags that: on GitHub one after the other, over plain git in one push.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function publishRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  { commit, message }: { commit: Commit; message: string },
): Promise<Tagged> {
  const move = { branch: plan.branch, from: plan.head, to: commit.sha }
  if (!isPlain(repository)) {
    await moveBranch(repository, move)
    return tagRollback(repository, plan, { commit, message })
  }
  return repository.inTurn(async () => {
    const [name = '', longer = ''] = tagNames(plan, commit)
    const tag = (await taggedCommit(repository, name)) === undefined ? name : longer
    await moveAndTag(repository, move, { tag, commit: commit.sha, message })
    return { tag, untagged: undefined }
  })
}

/** Tags a rollback commit that is on the branch: a tag that is refused does not make the rollback undone, and is said instead. */
export async function tagRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  { commit, message }: { commit: Commit; message: string },
): Promise<Tagged> {
  let untagged: string | undefined
  for (const tag of tagNames(plan, commit)) {
    try {
      await tagCommit(repository, { tag, commit: commit.sha, message })
      return { tag, untagged: undefined }
    } catch (error) {
      if (!isUserFacing(error)) throw error
      untagged = error.message
      if (!(error instanceof ConflictError)) break
    }
  }
  return { tag: undefined, untagged }
}

/** Another branch may have been rolled back in the same second: then the second one is taken. */
function tagNames(plan: RollbackPlan, { sha, committedAt }: Commit): readonly string[] {
  const tag = tagOf(committedAt, takesBack(plan) ? 'rollback_undone' : 'rollback')
  return [tag, `${tag}_${sha.slice(0, 7)}`]
}

/**
 * Moves a branch back, after what it was at was tagged, or together with that.
 * @param safety undefined when it is tagged already
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function publishReset(
  repository: CodeRepository,
  move: Move,
  safety: { tag: string; message: string } | undefined,
): Promise<void> {
  if (safety === undefined) return resetBranch(repository, move)
  const tag = { ...safety, commit: move.from }
  if (isPlain(repository)) return repository.inTurn(() => moveAndTag(repository, move, tag))
  await tagCommit(repository, tag)
  await resetBranch(repository, move)
}
