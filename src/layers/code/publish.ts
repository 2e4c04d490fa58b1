import { ConflictError, isUserFacing } from '../../errors.ts'
import type { Commit } from '../../github/commits.ts'
import { type PreparedTag, prepareTag } from '../../github/refs.ts'
import { tagOf } from './message.ts'
import type { PlainRepository } from './plain/open.ts'
import { type Move, moveAndTag, type NewTag, taggedCommit } from './plain/push.ts'
import { TagRefusedError } from './plain/refusal.ts'
import { type RollbackPlan, takesBack } from './plan.ts'
import type { RollbackReceipt } from './receipt.ts'
import {
  type CodeRepository,
  createCommit,
  isPlain,
  moveBranch,
  resetBranch,
  tagCommit,
} from './repository.ts'

type Tagged = Pick<RollbackReceipt, 'tag' | 'untagged'>

/** The commit of a rollback, and what is made for its tag: nothing points at either. */
export interface PreparedCommit {
  readonly commit: Commit
  readonly message: string
  /** undefined over plain git, where a tag is made as it is pushed */
  readonly tag: Promise<PreparedTag> | undefined
}

/** Makes the commit, and begins with what its tag takes: it changes nothing. */
export async function prepareCommit(
  repository: CodeRepository,
  plan: RollbackPlan,
  draft: { readonly tree: string; readonly parents: readonly string[]; readonly message: string },
): Promise<PreparedCommit> {
  const commit = await createCommit(repository, draft)
  const { message } = draft
  const tag = isPlain(repository) ? undefined : prepareTag(repository, tagFor(plan, { commit, message }))
  // a tag that is refused is said when the branch has moved
  tag?.catch(() => {})
  return { commit, message, tag }
}

/**
 * Moves the branch forward to the rollback commit, and tags that: on GitHub one after the other, over plain git in one push.
 * A tag that a rule forbids does not keep the branch from going back.
 * @returns once the branch has moved; `tagged` once the tag is there, too
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function publishRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  { commit, message, tag: prepared }: PreparedCommit,
): Promise<{ readonly tagged: Promise<Tagged> }> {
  const move = { branch: plan.branch, from: plan.head, to: commit.sha }
  if (!isPlain(repository)) {
    await moveBranch(repository, move)
    return { tagged: tagRollback(repository, plan, { commit, message }, prepared) }
  }
  try {
    const tag = await moveAndTagTogether(repository, move, tagFor(plan, { commit, message }))
    return { tagged: Promise.resolve({ tag, untagged: undefined }) }
  } catch (error) {
    if (!(error instanceof TagRefusedError)) throw error
    await moveBranch(repository, move)
    return { tagged: Promise.resolve({ tag: undefined, untagged: error.message }) }
  }
}

/** Tags a rollback commit that is on the branch: a tag that is refused does not make the rollback undone, and is said instead. */
export async function tagRollback(
  repository: CodeRepository,
  plan: RollbackPlan,
  { commit, message }: { commit: Commit; message: string },
  prepared?: Promise<NewTag>,
): Promise<Tagged> {
  try {
    const tag = await tagByFreeName(repository, (await prepared) ?? tagFor(plan, { commit, message }))
    return { tag, untagged: undefined }
  } catch (error) {
    if (!isUserFacing(error)) throw error
    return { tag: undefined, untagged: error.message }
  }
}

/**
 * Moves a branch back, after what it was at was tagged, or together with that.
 * @returns the tag
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
export async function publishReset(
  repository: CodeRepository,
  move: Move,
  safety: { readonly tag: string; readonly message: string },
): Promise<string> {
  const wanted = { ...safety, commit: move.from }
  if (isPlain(repository)) return moveAndTagTogether(repository, move, wanted)
  const tag = await tagByFreeName(repository, wanted)
  await resetBranch(repository, move)
  return tag
}

/**
 * Puts an annotated tag on a commit, by the next name when its own is taken.
 * @returns its name
 * @throws ConflictError when that is taken, too
 */
export async function tagByFreeName(repository: CodeRepository, wanted: NewTag): Promise<string> {
  try {
    await tagCommit(repository, wanted)
    return wanted.tag
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const tag = nextName(wanted)
    await tagCommit(repository, { tag, commit: wanted.commit, message: wanted.message })
    return tag
  }
}

function moveAndTagTogether(repository: PlainRepository, move: Move, wanted: NewTag): Promise<string> {
  return repository.inTurn(async () => {
    const isFree = (await taggedCommit(repository, wanted.tag)) === undefined
    const tag = isFree ? wanted.tag : nextName(wanted)
    await moveAndTag(repository, move, { ...wanted, tag })
    return tag
  })
}

function tagFor(plan: RollbackPlan, { commit, message }: { commit: Commit; message: string }): NewTag {
  const tag = tagOf(commit.committedAt, takesBack(plan) ? 'rollback_undone' : 'rollback')
  return { tag, commit: commit.sha, message }
}

/** Another branch may have been rolled back in the same second. */
function nextName({ tag, commit }: NewTag): string {
  return `${tag}_${commit.slice(0, 7)}`
}
